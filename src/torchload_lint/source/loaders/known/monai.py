"""monai: handlers and bundles."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_MONAI = (Behaviour(Does.TRUE, "monai 1.6.1, handlers/checkpoint_loader.py, bundle/scripts.py"),)

LIBRARY = Library(
    roots=("monai",),
    distributions=("monai",),
    words=("CheckpointLoader", "ckpt_export", "bundle"),
    loaders=(
        Loader("CheckpointLoader", "load_path", ("load_path", "load_dict"), _MONAI),
        Loader("ckpt_export", "ckpt_file", ("net_id", "filepath", "ckpt_file"), _MONAI),
        Loader("load", "", ("name", "model", "version", "workflow_type", "model_file"), _MONAI,
               within="bundle", nothing_with=(("load_ts_module", True),)),
    ),
)  # fmt: skip
