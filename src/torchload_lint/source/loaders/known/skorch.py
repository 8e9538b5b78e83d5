"""skorch: parameters of a net."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_SKORCH = (
    Behaviour(Does.DEFAULT, "skorch 1.0.0 and 1.1.0, net.py, utils.py"),
    Behaviour(Does.TRUE, "skorch 1.4.0, net.py", since="1.4"),
)  # fmt: skip

LIBRARY = Library(
    roots=("skorch",),
    distributions=("skorch",),
    words=("load_params",),
    loaders=(
        Loader("load_params", "f_params",
               ("f_params", "f_optimizer", "f_criterion", "f_history", "checkpoint"), _SKORCH,
               of="*", sign="f_params"),
    ),
)  # fmt: skip
