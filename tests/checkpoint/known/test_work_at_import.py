"""Modules of Python whose import alone does something: an unsafe load does it for a name."""

from __future__ import annotations

import pytest

from torchload_lint.checkpoint import Verdict, inspect_bytes


@pytest.mark.parametrize(
    "module", ["antigravity", "this", "test.autotest", "test.__main__", "turtledemo.clock"]
)
def test_naming_something_in_it_is_dangerous(module):
    report = inspect_bytes(f"\x80\x02c{module}\nfly\n.".encode("latin-1"), "net.pkl")
    assert report.verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("module", ["test.models", "tests.autotest", "thiss"])
def test_a_module_of_the_project_is_none(module):
    report = inspect_bytes(f"\x80\x02c{module}\nNet\n.".encode("latin-1"), "net.pkl")
    assert report.verdict is not Verdict.DANGEROUS
