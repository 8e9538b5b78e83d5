"""DeepSpeed: engines, and states gathered from ZeRO's shards."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_DEEPSPEED = (Behaviour(Does.FALSE, "deepspeed 0.19.6, runtime/checkpoint_engine/"
                        "torch_checkpoint_engine.py, utils/zero_to_fp32.py"),)  # fmt: skip

_STATES = ("*_states.pt", "*/*_states.pt")
"""In the folder itself, or in that of a tag: model_states, optim_states, by rank and expert."""

LIBRARY = Library(
    roots=("deepspeed",),
    distributions=("deepspeed",),
    words=("load_checkpoint", "_from_zero_checkpoint"),
    loaders=(
        Loader("get_fp32_state_dict_from_zero_checkpoint", "checkpoint_dir",
               ("checkpoint_dir", "tag"), _DEEPSPEED, inside=_STATES),
        Loader("load_state_dict_from_zero_checkpoint", "checkpoint_dir",
               ("model", "checkpoint_dir", "tag"), _DEEPSPEED, inside=_STATES),
        Loader("load_checkpoint", "load_dir", ("load_dir", "tag"), _DEEPSPEED,
               of="DeepSpeedEngine", inside=_STATES, sign="load_module_strict"),
    ),
)  # fmt: skip
