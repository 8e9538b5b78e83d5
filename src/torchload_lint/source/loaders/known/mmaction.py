"""mmaction2: recognizers from a configuration and a checkpoint."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_BY_MMENGINE = (Behaviour(Does.DEFAULT, "mmaction2 1.2.0, apis/inference.py, by mmengine"),)

LIBRARY = Library(
    roots=("mmaction",),
    distributions=("mmaction2",),
    words=("init_recognizer",),
    loaders=(Loader("init_recognizer", "checkpoint", ("config", "checkpoint", "device"),
                    _BY_MMENGINE),),
)  # fmt: skip
