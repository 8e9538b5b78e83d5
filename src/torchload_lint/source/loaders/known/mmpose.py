"""mmpose: models from a configuration and a checkpoint."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_BY_MMENGINE = (Behaviour(Does.DEFAULT, "mmpose 1.3.2, apis/inference.py, by mmengine"),)

LIBRARY = Library(
    roots=("mmpose",),
    distributions=("mmpose",),
    words=("init_model",),
    loaders=(Loader("init_model", "checkpoint", ("config", "checkpoint", "device"), _BY_MMENGINE),),
)  # fmt: skip
