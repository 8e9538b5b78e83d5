"""transformers: a training that is resumed, and ``from_pretrained`` of ``.bin`` files."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_NUMPY_STATE = (
    "numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct", "numpy.ndarray",
    "numpy.dtype", "numpy.dtypes.UInt32DType",
)  # fmt: skip
_TRAINER_STATE = (
    "optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state*.pth", "pytorch_model*.bin",
)  # fmt: skip

LIBRARY = Library(
    roots=("transformers",),
    distributions=("transformers",),
    words=("resume_from_checkpoint", "import load_state_dict"),
    loaders=(
        Loader(
            "train", "resume_from_checkpoint", ("resume_from_checkpoint",),
            (
                Behaviour(Does.DEFAULT, "transformers 4.46.3, trainer.py"),
                Behaviour(Does.DEFAULT, "transformers 4.47.1 to 4.57.0, trainer.py", since="4.47",
                          allows=_NUMPY_STATE),
                Behaviour(Does.TRUE, "transformers 5.24.0, trainer.py", since="5.0",
                          allows=_NUMPY_STATE),
            ),
            of="Trainer", inside=_TRAINER_STATE, sign="resume_from_checkpoint",
        ),
        Loader(
            "from_pretrained", "pretrained_model_name_or_path", ("pretrained_model_name_or_path",),
            (Behaviour(Does.TRUE, "transformers 4.46.3 and 5.24.0, modeling_utils.py",
                       keyword="weights_only"),),
            of="*", inside=("pytorch_model*.bin",), only_with="weights_only",
        ),
        Loader(
            "load_state_dict", "checkpoint_file", ("checkpoint_file", "map_location",
                                                   "weights_only"),
            (Behaviour(Does.TRUE, "transformers 5.24.0, modeling_utils.py",
                       keyword="weights_only"),),
            within="modeling_utils",
        ),
    ),
)  # fmt: skip
