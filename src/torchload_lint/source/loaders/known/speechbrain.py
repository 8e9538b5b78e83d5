"""speechbrain: what its checkpointers call."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_SPEECHBRAIN = (
    Behaviour(Does.DEFAULT, "speechbrain 1.0.2 and 1.1.2, utils/checkpoints.py"),
)  # fmt: skip

LIBRARY = Library(
    roots=("speechbrain",),
    distributions=("speechbrain",),
    words=("torch_recovery", "torch_parameter_transfer", "torch_patched_state_dict"),
    loaders=(
        Loader("torch_recovery", "path", ("obj", "path", "end_of_epoch"), _SPEECHBRAIN),
        Loader("torch_parameter_transfer", "path", ("obj", "path"), _SPEECHBRAIN),
        Loader("torch_patched_state_dict_load", "path", ("path", "device"), _SPEECHBRAIN),
    ),
)  # fmt: skip
