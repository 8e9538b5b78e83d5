"""fairseq: checkpoint_utils."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_FAIRSEQ = (
    Behaviour(Does.DEFAULT, "fairseq before its commit 3d262bb2, checkpoint_utils.py"),
)  # fmt: skip

LIBRARY = Library(
    roots=("fairseq",),
    distributions=("fairseq",),
    words=("load_checkpoint_to_cpu", "load_model_ensemble"),
    loaders=(
        Loader("load_checkpoint_to_cpu", "path", ("path", "arg_overrides"), _FAIRSEQ),
        Loader("load_model_ensemble", "filenames", ("filenames", "arg_overrides"), _FAIRSEQ),
        Loader("load_model_ensemble_and_task", "filenames", ("filenames", "arg_overrides"),
               _FAIRSEQ),
    ),
)  # fmt: skip
