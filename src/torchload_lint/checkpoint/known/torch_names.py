"""What dotted names of torch mean where its packages say something else.

The data beside this file is made by ``tools/torch_names.py`` from torch itself.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from torchload_lint.named_tuples import NamedTuple

_DATA = Path(__file__).with_name("torch_names.txt")


class _Tables(NamedTuple):
    hidden: frozenset[str]
    handed_out: dict[str, str]


def is_hidden_in_torch(module: str) -> bool:
    """Whether attributes do not lead to a module of torch: ``torch.nn.parallel.data_parallel`` is
    a function, and the module of that name can only be imported from.
    """
    parts = module.split(".")
    hidden = _tables().hidden
    return any(".".join(parts[:length]) in hidden for length in range(2, len(parts) + 1))


def defined_in_torch(dotted: str) -> str:
    """The name that a class of torch carries: ``torch.nn.parallel.data_parallel.DataParallel`` for
    ``torch.nn.DataParallel``. The name given where no package hands it out.
    """
    return _tables().handed_out.get(dotted, dotted) if dotted.startswith("torch.") else dotted


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    text = _DATA.read_text(encoding="ascii")
    _, hidden, handed_out = text.split("\n[")
    classes: dict[str, str] = {}
    for line in handed_out.splitlines()[1:]:
        head, _, names = line.partition(": ")
        public, _, home = head.partition(" = ")
        classes |= {f"{public}.{name}": f"{home}.{name}" for name in names.split()}
    return _Tables(frozenset(hidden.splitlines()[1:]), classes)
