"""A file that is not valid Python.

## What it does
Reports a file that may hold a load but cannot be parsed, by the running Python or by libcst.

## Why is this bad?
Nothing else can be said of the file: a load in it stays unseen.

## Example
```python
model = torch.load("model.pt"
```

## Use instead
```python
model = torch.load("model.pt", weights_only=True)
```

## Fix safety
There is no fix. Python 2 files have to be ported first; other files can be left out with
`extend-exclude`.

## References
- [Python's grammar](https://docs.python.org/3/reference/grammar.html)
"""

from __future__ import annotations

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule

RULE = Rule("TLL001", "unparsable-source", Severity.ERROR, __doc__)
