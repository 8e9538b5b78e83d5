"""A suppression comment that suppresses nothing.

## What it does
Reports a `# noqa: TLL…` or `# torchload-lint: ignore[…]` comment on a line that has no such
finding, and single codes of it. Codes of other tools, and bare `# noqa` comments, are left alone.

## Why is this bad?
The comment says that somebody accepted a risk. Once the risk is gone, it hides the next one.

## Example
```python
state = torch.load("state.pt", weights_only=True)  # noqa: TLL101
```

## Use instead
```python
state = torch.load("state.pt", weights_only=True)
```

## Fix safety
The fix removes the codes without use, or the comment if none is left; it is safe. A reason that
follows goes with the comment, up to the next `#`.

## References
- [flake8, selecting and ignoring violations](https://flake8.pycqa.org/en/latest/user/violations.html)
"""

from __future__ import annotations

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule

RULE = Rule("TLL801", "unused-suppression", Severity.INFO, __doc__)
