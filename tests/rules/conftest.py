"""Rules look at no files: while one of their tests runs, none can be opened or listed."""

from __future__ import annotations

import builtins
import os
from typing import NoReturn

import pytest


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **_: object) -> NoReturn:
        raise AssertionError(f"a rule looks at a file: {args}")

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
