"""Lightning (``lightning``, ``pytorch_lightning``, ``lightning_fabric``)."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_IO = "fabric/utilities/cloud_io.py"
_TAKES = (
    Behaviour(Does.DEFAULT, f"pytorch_lightning 1.9.5 to lightning_fabric 2.3.3, {_IO}",
              remote=Does.FALSE),
    Behaviour(Does.FALSE, f"lightning 2.4.0 and 2.5.6, {_IO}", since="2.4"),
    Behaviour(Does.DEFAULT, f"lightning 2.6.0, {_IO}", since="2.6", keyword="weights_only",
              remote=Does.FALSE),
)  # fmt: skip
_FABRIC = tuple(one._replace(keyword="") for one in _TAKES)
"""``Fabric.load`` passes nothing on (lightning 2.6.0, ``fabric/fabric.py``)."""


def _of_trainer(method: str, *parameters: str) -> Loader:
    """Lightning 2.6.0, ``pytorch/trainer/trainer.py``; what the words stand for:
    ``trainer/connectors/checkpoint_connector.py``.
    """
    return Loader(
        method, "ckpt_path", parameters, _TAKES, of="Trainer", sign="ckpt_path",
        choices=(
            ("best", "checkpoint_callback.best_model_path"),
            ("last", "checkpoint_callback.last_model_path"),
            ("hpc", ""),
            ("registry", ""),
        ),
    )  # fmt: skip


_RESTORES = (
    Behaviour(Does.DEFAULT, "pytorch_lightning 1.9.5 to lightning_fabric 2.3.3, tuner/"),
    Behaviour(Does.FALSE, f"lightning 2.4.0 and 2.5.6, {_IO}", since="2.4"),
    Behaviour(Does.DEFAULT, "lightning 2.6.6, tuner/lr_finder.py, tuner/batch_size_scaling.py",
              since="2.6"),
)  # fmt: skip
"""What was saved before the search is restored after it; the path is Lightning's own."""


def _searches(name: str, *, of: str = "") -> Loader:
    return Loader(name, "", ("model",), _RESTORES, of=of)


_RESUMES = (
    Behaviour(Does.DEFAULT, "pytorch_lightning 1.9.5, trainer/trainer.py and "
              "trainer/connectors/checkpoint_connector.py: fit() loads it; gone in 2.0"),
)  # fmt: skip
_ENTRY = ("checkpoint_path", "map_location", "hparams_file", "strict", "weights_only")

LIBRARY = Library(
    roots=("lightning", "pytorch_lightning", "lightning_fabric"),
    distributions=("lightning", "pytorch-lightning", "lightning-fabric"),
    expands_home=True,  # fsspec 2025.5, implementations/local.py: make_path_posix
    words=(
        ".ckpt", ".load(", "load_raw", "cloud_io", "pl_load", "lr_find", "scale_batch_size",
        "LearningRateFinder", "BatchSizeFinder", "resume_from_checkpoint",
    ),
    loaders=(
        _of_trainer("fit", "model", "train_dataloaders", "val_dataloaders", "datamodule",
                    "ckpt_path", "weights_only"),
        _of_trainer("validate", "model", "dataloaders", "ckpt_path", "verbose", "datamodule",
                    "weights_only"),
        _of_trainer("test", "model", "dataloaders", "ckpt_path", "verbose", "datamodule",
                    "weights_only"),
        _of_trainer("predict", "model", "dataloaders", "datamodule", "return_predictions",
                    "ckpt_path", "weights_only"),
        Loader("Trainer", "resume_from_checkpoint", (), _RESUMES,
               only_with="resume_from_checkpoint"),
        Loader("load_from_checkpoint", "checkpoint_path", _ENTRY, _TAKES, of="LightningModule",
               sign="*"),
        Loader("load_from_checkpoint", "checkpoint_path",
               ("checkpoint_path", "map_location", "hparams_file", "weights_only"), _TAKES,
               of="LightningDataModule"),
        Loader("load", "path", ("path", "state", "strict"), _FABRIC, of="Fabric"),
        Loader("load_raw", "path", ("path", "obj", "strict"), _FABRIC, of="Fabric"),
        _searches("lr_find", of="Tuner"),
        _searches("scale_batch_size", of="Tuner"),
        _searches("LearningRateFinder"),
        _searches("BatchSizeFinder"),
        Loader("_load", "path_or_url", ("path_or_url", "map_location", "weights_only"), _TAKES,
               within="cloud_io"),
        Loader("pl_load", "path_or_url", ("path_or_url", "map_location", "weights_only"), _TAKES),
    ),
)  # fmt: skip
