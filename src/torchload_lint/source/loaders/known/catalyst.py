"""Catalyst: checkpoints of its runners."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_CATALYST = (Behaviour(Does.DEFAULT, "catalyst 22.04, utils/torch.py"),)

LIBRARY = Library(
    roots=("catalyst",),
    distributions=("catalyst",),
    words=("load_checkpoint",),
    loaders=(Loader("load_checkpoint", "path", ("path",), _CATALYST),),
)
