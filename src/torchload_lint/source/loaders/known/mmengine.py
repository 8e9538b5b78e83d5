"""mmengine and mmcv: checkpoints, and runners that resume."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_MMENGINE = (Behaviour(Does.DEFAULT, "mmengine 0.10.5 and 0.10.7, runner/checkpoint.py"),)

LIBRARY = Library(
    roots=("mmengine", "mmcv"),
    distributions=("mmengine",),
    expands_home=True,  # mmengine 0.10, runner/checkpoint.py: load_from_local
    words=("load_checkpoint", ".resume("),
    loaders=(
        Loader("load_checkpoint", "filename", ("model", "filename", "map_location"), _MMENGINE,
               within="runner"),
        Loader("load_checkpoint", "filename", ("model", "filename", "map_location"), _MMENGINE,
               within="checkpoint"),
        Loader("_load_checkpoint", "filename", ("filename", "map_location"), _MMENGINE),
        Loader("load_checkpoint", "filename", ("filename", "map_location"), _MMENGINE, of="Runner"),
        Loader("resume", "filename", ("filename",), _MMENGINE, of="Runner"),
    ),
)  # fmt: skip
