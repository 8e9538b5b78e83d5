"""ignite: objects restored by its Checkpoint."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_IGNITE = (Behaviour(Does.TRUE, "pytorch-ignite 0.5.5, handlers/checkpoint.py"),)

LIBRARY = Library(
    roots=("ignite",),
    distributions=("pytorch-ignite",),
    words=("load_objects",),
    loaders=(
        Loader("load_objects", "checkpoint", ("to_load", "checkpoint"), _IGNITE, of="Checkpoint"),
    ),
)  # fmt: skip
