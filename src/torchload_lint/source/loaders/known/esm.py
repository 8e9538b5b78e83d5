"""fair-esm: models made of a file."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_ESM = (Behaviour(Does.DEFAULT, "fair-esm 2.0.1, pretrained.py"),)

LIBRARY = Library(
    roots=("esm",),
    distributions=("fair-esm",),
    words=("load_model_and_alphabet",),
    loaders=(
        Loader("load_model_and_alphabet_local", "model_location", ("model_location",), _ESM),
        Loader("load_model_and_alphabet", "model_name", ("model_name",), _ESM, only=".pt"),
    ),
)
