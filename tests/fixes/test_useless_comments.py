"""Comments that suppress nothing are taken away."""

from __future__ import annotations

from torchload_lint import api

LOAD = "import torch\n\ntorch.load(p, weights_only=True)\n"


def test_a_useless_comment_in_the_last_row_goes_without_a_row_after_it():
    assert api.fix(f"{LOAD}# torchload-lint: ignore[TLL101]", "a.py") == LOAD.rstrip()
    assert api.fix(f"{LOAD}# torchload-lint: ignore[TLL101]\n", "a.py") == LOAD
