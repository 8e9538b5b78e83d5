"""The project's requirements let in a torch whose weights-only load has a known hole.

## What it does
Reports, once for a project, that its code relies on `weights_only=True` and that what it states
about torch (see `target-torch`) lets in a release in which a crafted file gets past it: before 2.6
(CVE-2025-32434, code is run) or before 2.10 (CVE-2026-24747, memory is corrupted). It stands at the
first load of the project that says `weights_only=True`, and names the line of the requirement.

## Why is this bad?
On such a torch the restricted load does not keep what it promises. Whoever installs the project
with the oldest release that is allowed is not protected.

## Example
```toml
dependencies = ["torch>=2.1"]
```

## Use instead
```toml
dependencies = ["torch>=2.10"]
```

## Fix safety
There is no fix: which releases a project supports is for its maintainers to say.

## Options
- `target-torch`: the torch that the code must run on; where it is set, nothing is reported

## References
- [CVE-2025-32434](https://nvd.nist.gov/vuln/detail/CVE-2025-32434)
- [CVE-2026-24747](https://nvd.nist.gov/vuln/detail/CVE-2026-24747)
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_versions import HOLES
from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule, finding
from torchload_lint.source.facts.calls import WeightsOnly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.diagnostic import Diagnostic
    from torchload_lint.rules.context import Context
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.module import Module


def check(
    module: Module, situations: Sequence[Situation], context: Context
) -> Iterator[Diagnostic]:
    """Report the first load of the project that relies on it, where the oldest torch is too old."""
    del situations
    torch = context.torch
    holes = [(name, fixed) for name, fixed in HOLES if torch.oldest < fixed]
    relying = next(filter(_relies, module.loads), None)
    if relying is None or not holes or torch.configured or not torch.stated:
        return
    if _first_to_rely(context) != module.path:
        return
    known = ", ".join(f"{name} (fixed in {fixed})" for name, fixed in holes)
    safe = max(fixed for _, fixed in holes)
    message = (
        f"{torch.stated[0]}, which lets in a torch whose `weights_only=True` has a known hole: "
        f"{known}; raise it to torch>={safe}"
    )
    yield finding(RULE, relying.span, message)


def _relies(load: LoadCall) -> bool:
    return load.weights_only is WeightsOnly.TRUE and load.pickle_module is None


def _first_to_rely(context: Context) -> str:
    """The first file that this requirement holds for, by path, and that says
    ``weights_only=True`` at a load.
    """
    for path in sorted(context.project.files.holding("weights_only")):
        if context.torch_in and context.torch_in(posixpath.dirname(path)) != context.torch:
            continue
        module = context.project.module_at(path)
        if module is not None and any(map(_relies, module.loads)):
            return path
    return ""


RULE = Rule("TLL303", "vulnerable-torch-allowed", Severity.INFO, __doc__, check_module=check)
