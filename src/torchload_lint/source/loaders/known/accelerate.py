"""accelerate: the state of a run, and checkpoints spread over devices."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_NUMPY_STATE = (
    "numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct", "numpy.ndarray",
    "numpy.dtype", "numpy.dtypes.UInt32DType",
)  # fmt: skip
_ACCELERATE_STATE = (
    "pytorch_model*.bin", "optimizer*.bin", "scheduler*.bin", "sampler*.bin", "dl_state_dict*.bin",
    "scaler.pt", "random_states_*.pkl",
)  # fmt: skip

LIBRARY = Library(
    roots=("accelerate",),
    distributions=("accelerate",),
    words=("load_state(", "load_checkpoint_", "accelerate.utils & load"),
    loaders=(
        Loader(
            "load_state", "input_dir", ("input_dir",),
            (
                Behaviour(Does.DEFAULT, "accelerate 0.25.0 to 1.0.1, checkpointing.py"),
                Behaviour(Does.TRUE, "accelerate 1.1.0 to 1.15.0, checkpointing.py, utils/other.py",
                          since="1.1", allows=(*_NUMPY_STATE, "_codecs.encode")),
            ),
            of="Accelerator", inside=_ACCELERATE_STATE, sign="*",
        ),
        Loader(
            "load_checkpoint_and_dispatch", "checkpoint", ("model", "checkpoint"),
            (
                Behaviour(Does.DEFAULT, "accelerate 0.25.0 to 1.5.0, utils/modeling.py"),
                Behaviour(Does.TRUE, "accelerate 1.7.0 and 1.15.0, utils/modeling.py",
                          since="1.7"),
            ),
            inside=("pytorch_model*.bin",),
        ),
        Loader(
            "load_checkpoint_in_model", "checkpoint", ("model", "checkpoint"),
            (
                Behaviour(Does.DEFAULT, "accelerate 0.25.0 to 1.5.0, utils/modeling.py"),
                Behaviour(Does.TRUE, "accelerate 1.7.0 and 1.15.0, utils/modeling.py",
                          since="1.7"),
            ),
            inside=("pytorch_model*.bin",),
        ),
        Loader(
            "load", "f", ("f", "map_location"),
            (Behaviour(Does.TRUE, "accelerate 1.1.0 to 1.15.0, utils/other.py",
                       keyword="weights_only", allows=(*_NUMPY_STATE, "_codecs.encode")),),
            within="utils",
        ),
    ),
)  # fmt: skip
