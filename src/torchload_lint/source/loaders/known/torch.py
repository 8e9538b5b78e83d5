"""torch's own functions that load, besides ``torch.load``."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_HUB = (
    Behaviour(Does.FALSE, "torch before 2.0, which has no such parameter"),
    Behaviour(Does.FALSE, "torch 2.13.0, torch/hub.py", since="2.0", keyword="weights_only"),
)
_FROM_URL = (
    "url", "model_dir", "map_location", "progress", "check_hash", "file_name", "weights_only",
)  # fmt: skip

_SERIALIZATION = "torch 2.13.0, torch/serialization.py: by the pickle_module that it is given"
_FORMATS = "torch/distributed/checkpoint/format_utils.py"
_READS = (Behaviour(Does.UNPICKLES, "torch 2.13.0, torch/distributed/checkpoint/filesystem.py"),)
_NO_MODEL = tuple(
    ("model", name) for name in ("tokenizer", "config", "processor", "transforms", "utils")
)


def _of_hub(path: str) -> Loader:
    """A repository's own code decides; ``path=`` is how some (yolov5) are given a file."""
    return Loader(
        "load",
        path,
        ("repo_or_dir", "model"),
        (Behaviour(Does.UNPICKLES, "torch 2.13.0, torch/hub.py: runs the hubconf.py"),),
        within="hub",
        nothing_with=(*_NO_MODEL, ("pretrained", False), ("weights", None)),
        doubtful=True,
    )


LIBRARY = Library(
    roots=("torch",),
    distributions=("torch",),
    loaders=(
        Loader("load_state_dict_from_url", "url", _FROM_URL, _HUB, within="hub"),
        Loader("load_url", "url", _FROM_URL, _HUB, within="model_zoo"),
        _of_hub("path"),
        _of_hub(""),
        Loader(
            "load",
            "f",
            ("f",),
            (Behaviour(Does.DEFAULT, "torch 2.13.0, torch/export/__init__.py"),),
            within="export",
        ),
        Loader(
            "load",
            "checkpoint_id",
            ("state_dict",),
            _READS,
            within="checkpoint",
        ),
        Loader(  # the folder is its reader's
            "load",
            "",
            ("state_dict",),
            _READS,
            within="checkpoint",
        ),
        Loader(
            "dcp_to_torch_save",
            "dcp_checkpoint_dir",
            ("dcp_checkpoint_dir", "torch_save_path"),
            (Behaviour(Does.UNPICKLES, f"torch 2.13.0, {_FORMATS}"),),
        ),
        Loader(
            "torch_save_to_dcp",
            "torch_save_path",
            ("torch_save_path", "dcp_checkpoint_dir"),
            (Behaviour(Does.FALSE, f"torch 2.13.0, {_FORMATS}"),),
        ),
        Loader(
            "load_state_dict",
            "",
            ("state_dict", "storage_reader"),
            _READS,
            within="checkpoint",
        ),
        Loader(
            "load_sharded_optimizer_state_dict",
            "",
            ("model_state_dict", "optimizer_key", "storage_reader", "planner"),
            _READS,
        ),
        Loader("_load_state_dict_from_keys", "checkpoint_id", ("keys",), _READS),
        Loader("_load_state_dict_from_keys", "", ("keys",), _READS),
        Loader("read_metadata", "", (), _READS, of="FileSystemReader"),
        Loader(
            "_load_from_bytes",
            "b",
            ("b",),
            (Behaviour(Does.FALSE, "torch 2.13.0, torch/storage.py"),),
            within="storage",
        ),
        Loader(
            "_legacy_load",
            "f",
            ("f", "map_location", "pickle_module"),
            (Behaviour(Does.UNPICKLES, _SERIALIZATION),),
            within="serialization",
        ),
        Loader(
            "_load",
            "zip_file",
            ("zip_file", "map_location", "pickle_module", "pickle_file"),
            (Behaviour(Does.UNPICKLES, _SERIALIZATION),),
            within="serialization",
        ),
        Loader(
            "PackageImporter",
            "file_or_buffer",
            ("file_or_buffer", "module_allowed"),
            (
                Behaviour(
                    Does.UNPICKLES,
                    "torch 2.13.0, torch/package/package_importer.py: runs "
                    "the modules and pickles of the package",
                ),
            ),
        ),
    ),
)
