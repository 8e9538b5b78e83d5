"""mmsegmentation: models from a configuration and a checkpoint."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_BY_MMENGINE = (Behaviour(Does.DEFAULT, "mmsegmentation 1.2.2, apis/inference.py, by mmengine"),)

LIBRARY = Library(
    roots=("mmseg",),
    distributions=("mmsegmentation",),
    words=("init_model",),
    loaders=(Loader("init_model", "checkpoint", ("config", "checkpoint", "device"), _BY_MMENGINE),),
)  # fmt: skip
