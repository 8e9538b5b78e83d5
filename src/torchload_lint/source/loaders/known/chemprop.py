"""chemprop: its own loaders, which Lightning's never see."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_CHEMPROP = (Behaviour(Does.FALSE, "chemprop 2.3.1, models/model.py"),)

LIBRARY = Library(
    roots=("chemprop",),
    distributions=("chemprop",),
    words=("load_from_file", "load_model"),
    loaders=(
        Loader("load_from_checkpoint", "checkpoint_path", ("checkpoint_path", "map_location"),
               _CHEMPROP, of="*"),
        Loader("load_from_file", "model_path", ("model_path", "map_location", "strict"), _CHEMPROP,
               of="*"),
        Loader("load_model", "path", ("path", "multicomponent", "mol_atom_bond"), _CHEMPROP),
    ),
)  # fmt: skip
