"""mace: calculators made of a whole model."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

LIBRARY = Library(
    roots=("mace",),
    distributions=("mace-torch",),
    words=("MACECalculator", "mace_mp", "mace_off"),
    loaders=(
        Loader("MACECalculator", "model_paths", ("model_paths", "models", "device"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, calculators/mace.py"),)),
        Loader("mace_mp", "model", ("model", "device"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, calculators/foundations_models.py"),),
               only=".model"),
        Loader("mace_off", "model", ("model", "device"),
               (Behaviour(Does.DEFAULT, "mace_torch 0.3.16, calculators/foundations_models.py"),),
               only=".model"),
    ),
)  # fmt: skip
