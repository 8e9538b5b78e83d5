"""TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD is set.

## What it does
Reports code that sets `TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD`, through `os.environ`, `setdefault`,
`putenv`, `monkeypatch.setenv`, a dictionary for a child process, or a command line; and
Dockerfiles, shell scripts, YAML, INI, TOML and `.env` files that do, where they are among the paths
given.

## Why is this bad?
From then on every `torch.load` of the process that does not say `weights_only=True` is a full
unpickling, in every library: the files decide what code runs.

## Example
```python
os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
```

## Use instead
Allow what each checkpoint needs, at the load that needs it.

## Fix safety
There is no fix: loads elsewhere may depend on the variable. A load that says `weights_only=True` is
not affected by it.

## References
- [torch 2.6 release notes](https://github.com/pytorch/pytorch/releases/tag/v2.6.0)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.text.settings_files import VARIABLE, switches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report each place that sets the variable."""
    del situations, context
    for switch in module.environment:
        yield finding(RULE, switch.span, _message(switch.value))


def in_settings(text: str) -> Iterator[Diagnostic]:
    """Report each place in a Dockerfile, shell script, YAML or INI file that sets the variable."""
    for span, value in switches(text):
        yield finding(RULE, span, _message(value))


def _message(value: str | None) -> str:
    set_to = "" if value is None else f"={value}"
    return f"{VARIABLE}{set_to} makes every load unsafe that does not say `weights_only=True`"


RULE = Rule(
    "TLL301",
    "forced-unsafe-load",
    Severity.ERROR,
    __doc__,
    check_module=check,
    security_severity="8.8",
)
