"""GFPGAN: its restorer of faces."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_GFPGAN = (Behaviour(Does.DEFAULT, "gfpgan 1.3.8, utils.py"),)

LIBRARY = Library(
    roots=("gfpgan",),
    distributions=("gfpgan",),
    words=("GFPGANer",),
    loaders=(Loader("GFPGANer", "model_path", ("model_path", "upscale", "arch"), _GFPGAN),),
)
