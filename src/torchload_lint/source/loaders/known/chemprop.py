"""chemprop: its own loaders, which Lightning's never see."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_CHEMPROP = (Behaviour(Does.FALSE, "chemprop 2.3.1, models/model.py"),)
_COLUMNS = (Behaviour(Does.FALSE, "chemprop 2.3.1, models/utils.py"),)

LIBRARY = Library(
    roots=("chemprop",),
    distributions=("chemprop",),
    words=("load_from_file", "load_model", "load_output_columns", "convert_model_file"),
    loaders=(
        Loader("load_from_checkpoint", "checkpoint_path", ("checkpoint_path", "map_location"),
               _CHEMPROP, of="*"),
        Loader("load_from_file", "model_path", ("model_path", "map_location", "strict"), _CHEMPROP,
               of="*"),
        Loader("load_model", "path", ("path", "multicomponent", "mol_atom_bond"), _CHEMPROP),
        Loader("load_output_columns", "path", ("path",), _COLUMNS),
        Loader("convert_model_file_v1_to_v2", "model_v1_file", ("model_v1_file", "model_v2_file"),
               (Behaviour(Does.FALSE, "chemprop 2.3.1, utils/v1_to_v2.py"),)),
        Loader("convert_model_file_v2_0_to_v2_1", "model_v1_file",
               ("model_v1_file", "model_v2_file"),
               (Behaviour(Does.FALSE, "chemprop 2.3.1, utils/v2_0_to_v2_1.py"),)),
    ),
)  # fmt: skip
