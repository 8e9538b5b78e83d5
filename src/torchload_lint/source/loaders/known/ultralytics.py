"""ultralytics: models made of a file, and its loaders."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_UNSAFE = (
    Behaviour(Does.DEFAULT, "ultralytics 8.1.0 and 8.2.50, nn/tasks.py"),
    Behaviour(Does.FALSE, "ultralytics 8.2.80 to 8.4.190, utils/patches.py", since="8.2.80"),
)
_TORCH_LOAD = (
    Behaviour(Does.FALSE, "ultralytics 8.2.80 to 8.4.190, utils/patches.py",
              keyword="weights_only"),
)  # fmt: skip
_MODELS = "YOLO|RTDETR|YOLOWorld|YOLOE|FastSAM|SAM|NAS"


def _model(name: str, *parameters: str) -> Loader:
    """Ultralytics 8.4.190, ``engine/model.py``: a ``.pt`` is loaded, a ``.yaml`` is built."""
    return Loader(name, "model", parameters, _UNSAFE, only=".pt")


def _function(name: str, path: str) -> Loader:
    """8.3.150 and 8.4.190, ``nn/tasks.py``."""
    return Loader(name, path, (path, "device", "inplace", "fuse"), _UNSAFE)


LIBRARY = Library(
    roots=("ultralytics",),
    distributions=("ultralytics",),
    words=(
        "YOLO", "RTDETR", "SAM", "NAS", "attempt_load", "torch_safe_load", "torch_load",
        "load_checkpoint",
    ),
    loaders=(
        _model("YOLO", "model", "task", "verbose"),
        _model("RTDETR", "model"),
        _model("YOLOWorld", "model", "verbose"),
        _model("YOLOE", "model", "task", "verbose"),
        _model("FastSAM", "model"),
        _model("SAM", "model"),
        _model("NAS", "model"),
        Loader("load", "weights", ("weights",), _UNSAFE, of=_MODELS, only=".pt"),
        _function("attempt_load_weights", "weights"),
        _function("attempt_load_one_weight", "weight"),
        _function("torch_safe_load", "weight"),
        Loader("load_checkpoint", "weight", ("weight", "device", "inplace", "fuse"), _UNSAFE,
               within="tasks"),
        Loader("torch_load", "f", ("f", "map_location", "pickle_module"), _TORCH_LOAD),
    ),
)  # fmt: skip
