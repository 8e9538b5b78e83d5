"""timm: checkpoints of its models."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_TIMM = (
    Behaviour(Does.DEFAULT, "timm 1.0.3, models/_helpers.py"),
    Behaviour(Does.FALSE, "timm 1.0.11 to 1.0.25, models/_helpers.py", since="1.0.11",
              keyword="weights_only"),
    Behaviour(Does.TRUE, "timm 1.0.26 to 1.0.31, models/_helpers.py", since="1.0.26",
              keyword="weights_only", allows=("argparse.Namespace",)),
)  # fmt: skip
_TIMM_WITHOUT = tuple(one._replace(keyword="") for one in _TIMM)

LIBRARY = Library(
    roots=("timm",),
    distributions=("timm",),
    words=("checkpoint_path", "load_checkpoint", "load_state_dict(", "resume_checkpoint"),
    loaders=(
        Loader("create_model", "checkpoint_path",
               ("model_name", "pretrained", "pretrained_cfg", "pretrained_cfg_overlay",
                "checkpoint_path"), _TIMM_WITHOUT),
        Loader("load_checkpoint", "checkpoint_path", ("model", "checkpoint_path"), _TIMM),
        Loader("load_state_dict", "checkpoint_path",
               ("checkpoint_path", "use_ema", "device", "weights_only"), _TIMM),
        Loader("resume_checkpoint", "checkpoint_path",
               ("model", "checkpoint_path", "optimizer", "loss_scaler"), _TIMM_WITHOUT),
    ),
)  # fmt: skip
