"""nnU-Net: predictors made of a folder."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_NNUNET = (Behaviour(Does.FALSE, "nnunetv2 2.8.1, inference/predict_from_raw_data.py"),)

LIBRARY = Library(
    roots=("nnunetv2",),
    distributions=("nnunetv2",),
    words=("initialize_from_trained_model_folder", "load_pretrained_weights"),
    loaders=(
        Loader("initialize_from_trained_model_folder", "model_training_output_dir",
               ("model_training_output_dir", "use_folds", "checkpoint_name"), _NNUNET,
               of="nnUNetPredictor", inside=("fold_*/checkpoint_*.pth",), sign="*"),
        Loader("load_pretrained_weights", "fname", ("network", "fname", "verbose"), _NNUNET),
    ),
)  # fmt: skip
