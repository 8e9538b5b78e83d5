"""flair: taggers, classifiers, language models."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_FLAIR = (
    Behaviour(Does.DEFAULT, "flair 0.14.0 and 0.15.0, file_utils.py"),
    Behaviour(Does.FALSE, "flair 0.15.1, file_utils.py", since="0.15.1"),
)  # fmt: skip

LIBRARY = Library(
    roots=("flair",),
    distributions=("flair",),
    loaders=(
        Loader("load", "model_path", ("model_path",), _FLAIR, of="*"),
        Loader("load_torch_state", "model_file", ("model_file",), _FLAIR),
    ),
)  # fmt: skip
