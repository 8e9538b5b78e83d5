"""What the language server keeps does not grow with the edits."""

from __future__ import annotations

from typing import Any

from lsprotocol import types

from torchload_lint.editors.lsp import create


def test_a_notification_that_was_handled_is_not_kept() -> None:
    protocol: Any = create().protocol
    for _ in range(50):
        told = types.SetTraceParams(types.TraceValue.Off)
        protocol._handle_notification("$/setTrace", told)
    assert not protocol._request_futures
