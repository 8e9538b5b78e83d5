"""NeMo: models restored of a ``.nemo`` file or of Lightning's."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_NEMO = (Behaviour(Does.DEFAULT, "nemo_toolkit 3.0.0, core/connectors/save_restore_connector.py"),)

LIBRARY = Library(
    roots=("nemo",),
    distributions=("nemo_toolkit", "nemo-toolkit"),
    words=("restore_from",),
    loaders=(
        Loader("restore_from", "restore_path", ("restore_path",), _NEMO, of="*"),
        Loader("load_from_checkpoint", "checkpoint_path", ("checkpoint_path",), _NEMO, of="*"),
    ),
)  # fmt: skip
