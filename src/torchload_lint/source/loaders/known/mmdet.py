"""mmdet: detectors from a configuration and a checkpoint."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_BY_MMENGINE = (Behaviour(Does.DEFAULT, "mmdet 3.3.0, apis/inference.py, by mmengine"),)

LIBRARY = Library(
    roots=("mmdet",),
    distributions=("mmdet",),
    words=("init_detector",),
    loaders=(Loader("init_detector", "checkpoint", ("config", "checkpoint", "palette", "device"),
                    _BY_MMENGINE),),
)  # fmt: skip
