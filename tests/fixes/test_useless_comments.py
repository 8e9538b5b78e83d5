"""Comments that suppress nothing are taken away."""

from __future__ import annotations

import pytest

from torchload_lint import api

LOAD = "import torch\n\ntorch.load(p, weights_only=True)\n"


def test_a_useless_comment_in_the_last_row_goes_without_a_row_after_it():
    assert api.fix(f"{LOAD}# torchload-lint: ignore[TLL101]", "a.py") == LOAD.rstrip()
    assert api.fix(f"{LOAD}# torchload-lint: ignore[TLL101]\n", "a.py") == LOAD


@pytest.mark.parametrize("sign", ["\x0c", "\u2028", "\x1c"])
def test_signs_that_end_no_row_of_python_move_no_comment(tmp_path, sign):
    before = f"import torch\n\ntext = 'a{sign}b'  # this row is longer than the next one but one\n"
    load = "state = torch.load(p, weights_only=True)"
    code = f"{before}{load}  # torchload-lint: ignore[TLL101]\nlast = 1\n"
    assert api.fix(code, "a.py") == f"{before}{load}\nlast = 1\n"
    code = f"{before}state = torch.load(p, weights_only=False)  # noqa: TLL101\n"
    (tmp_path / "a.py").write_text(code)
    results = api.check(tmp_path / "a.py").results
    assert "TLL101" not in [one.code for found in results for one in found.diagnostics]
