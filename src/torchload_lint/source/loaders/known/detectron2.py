"""detectron2 and fvcore: checkpointers."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_DETECTRON2 = (
    Behaviour(Does.DEFAULT, "detectron2 0.6, checkpoint/detection_checkpoint.py, over fvcore's"),
)  # fmt: skip

LIBRARY = Library(
    roots=("detectron2", "fvcore"),
    distributions=("detectron2", "fvcore"),
    words=("Checkpointer",),
    loaders=(
        Loader("load", "path", ("path", "checkpointables"), _DETECTRON2,
               of="DetectionCheckpointer"),
        Loader("resume_or_load", "path", ("path",), _DETECTRON2, of="DetectionCheckpointer"),
        Loader("load", "path", ("path", "checkpointables"), _DETECTRON2, of="Checkpointer"),
        Loader("resume_or_load", "path", ("path",), _DETECTRON2, of="Checkpointer"),
    ),
)  # fmt: skip
