"""What the tests of trust share."""

from __future__ import annotations

import types

import pytest

from torchload_lint.helper_module import helper_text


@pytest.fixture(scope="module")
def helper():
    """The module that fixes import, as a project has it."""
    module = types.ModuleType("restore_only")
    exec(compile(helper_text(), "restore_only.py", "exec"), vars(module))
    return module
