"""mace: calculators and models made of a whole model."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_FOUNDATIONS = (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, calculators/foundations_models.py"),)


def _foundation(name: str) -> Loader:
    """A name (``medium``) is downloaded, a path is loaded."""
    return Loader(name, "model", ("model", "device"), _FOUNDATIONS, only=".model")


LIBRARY = Library(
    roots=("mace",),
    distributions=("mace-torch",),
    words=("MACECalculator", "mace_", "MaceTorchSim", "extract_load", "CheckpointHandler"),
    loaders=(
        Loader("MACECalculator", "model_paths", ("model_paths", "models", "device"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, calculators/mace.py"),)),
        _foundation("mace_mp"),
        _foundation("mace_off"),
        _foundation("mace_polar"),
        _foundation("mace_omol"),
        Loader("mace_anicc", "model_path", ("device", "model_path"), _FOUNDATIONS),
        Loader("MaceTorchSimModel", "model", ("model",),
               (Behaviour(Does.FALSE, "mace_torch 0.3.16, calculators/mace_torchsim.py"),)),
        Loader("extract_load", "f", ("f", "map_location"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, tools/scripts_utils.py"),)),
        Loader("load_latest", "", ("state", "swa"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, tools/checkpoint.py"),),
               of="CheckpointHandler"),
        Loader("load", "path", ("state", "path", "strict"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, tools/checkpoint.py"),),
               of="CheckpointHandler"),
    ),
)  # fmt: skip
