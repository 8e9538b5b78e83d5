"""A source file that cannot be read.

## What it does
Reports a file that was asked for and cannot be read: no permission, a dangling link, bytes that
are not text in the encoding that the file declares, a notebook that is not valid JSON.

## Why is this bad?
A file that is silently skipped looks like a file without problems.

## Example
```console
$ torchload-lint secret.py
secret.py:1:1: TLL002 cannot be read: Permission denied
```

## Use instead
Make the file readable, or leave it out with `extend-exclude`.

## Fix safety
There is no fix.

## References
- [PEP 263, source encodings](https://peps.python.org/pep-0263/)
"""

from __future__ import annotations

from torchload_lint.diagnostic import Severity
from torchload_lint.rules.base import Rule

RULE = Rule("TLL002", "unreadable-source", Severity.ERROR, __doc__)
