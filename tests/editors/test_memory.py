"""What the language server keeps does not grow with the edits."""

from __future__ import annotations

import ast
import gc
import weakref
from typing import Any

from lsprotocol import types

from torchload_lint.editors.lsp import create
from torchload_lint.source.branches import endings
from torchload_lint.source.names.members import member


def test_a_notification_that_was_handled_is_not_kept() -> None:
    protocol: Any = create().protocol
    for _ in range(50):
        told = types.SetTraceParams(types.TraceValue.Off)
        protocol._handle_notification("$/setTrace", told)
    assert not protocol._request_futures


def test_the_tree_of_an_earlier_text_is_not_kept() -> None:
    tree = ast.parse("class A:\n    def f(self): ...\n")
    owner = tree.body[0]
    assert isinstance(owner, ast.ClassDef)
    assert member(owner, "f") is owner.body[0]
    assert member(owner, "g") is None
    known = weakref.ref(owner)
    del tree, owner
    gc.collect()
    assert known() is None


def test_few_earlier_texts_are_kept() -> None:
    for number in range(50):
        endings._may_test_endings(f"x = {number}")
    assert endings._may_test_endings.cache_info().currsize < 10
