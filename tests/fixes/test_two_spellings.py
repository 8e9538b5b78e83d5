"""Files of one load that name the same object differently: those of numpy 1 and of numpy 2."""

from __future__ import annotations

import os

import pytest

from running import run_script, run_text, write
from torchload_lint import api

pytest.importorskip("torch")
pytest.importorskip("numpy", minversion="2")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are run in forks"),
]

SAVES = """
    import zipfile
    import numpy as np
    import torch

    torch.save({"step": np.float64(2.5)}, "new.pt")
    with zipfile.ZipFile("new.pt") as new, zipfile.ZipFile("old.pt", "w") as old:
        for name in new.namelist():
            data = new.read(name)
            old.writestr(name, data.replace(b"numpy._core", b"numpy.core"))
"""
LOADS = """
    import numpy as np
    import torch
    from numpy._core.multiarray import scalar
    from torch.serialization import safe_globals

    for path in ("new.pt", "old.pt"):
        with safe_globals([scalar, np.dtype, type(np.dtype("float64"))]):
            print(float(torch.load(path, weights_only=True)["step"]))
"""


def test_the_second_name_is_added_beside_the_first(tmp_path, monkeypatch):
    write(tmp_path, {"run.py": LOADS})
    monkeypatch.chdir(tmp_path)
    assert run_text(tmp_path, SAVES).error == ""
    assert "numpy.core.multiarray.scalar" in run_script(tmp_path, "run.py").error
    found = [one.code for result in api.check([tmp_path]).results for one in result.diagnostics]
    assert found == ["TLL103"]
    path = tmp_path / "run.py"
    path.write_text(api.fix(path.read_text(), path))
    assert run_script(tmp_path, "run.py").printed.split() == ["2.5", "2.5"]
    assert api.fix(path.read_text(), path) == path.read_text()


def test_the_only_name_is_put_right(tmp_path, monkeypatch):
    """Where no file needs it as it is, the item itself becomes the pair."""
    write(tmp_path, {"run.py": LOADS.replace('("new.pt", "old.pt")', '("old.pt",)')})
    monkeypatch.chdir(tmp_path)
    assert run_text(tmp_path, SAVES).error == ""
    found = {one.code for result in api.check([tmp_path]).results for one in result.diagnostics}
    assert "TLL204" in found
    path = tmp_path / "run.py"
    path.write_text(api.fix(path.read_text(), path))
    assert run_script(tmp_path, "run.py").printed.split() == ["2.5"]
