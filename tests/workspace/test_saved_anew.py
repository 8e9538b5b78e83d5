"""What is advised for a file that only its pickle protocol keeps from loading."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from torchload_lint.api import check

LOAD = "import torch\nstate = torch.load('x.pt', weights_only=True)\n"
SAVE = "import torch\ntorch.save(state, 'x.pt', pickle_protocol=4)\n"
ANEW = "save it anew with pickle protocol 2"
ARRAYS = ", with tensors in the place of numpy arrays"


def advised(folder, value, protocol, **programs):
    torch.save(value, folder / "x.pt", pickle_protocol=protocol)
    (folder / "load.py").write_text(LOAD)
    for name, text in programs.items():
        (folder / f"{name}.py").write_text(text)
    (result,) = check(folder / "load.py").results
    (found,) = result.diagnostics
    assert found.code == "TLL104"
    return found.message


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_saving_anew_comes_before_rewriting(protocol, tmp_path):
    said = advised(tmp_path, {"a": np.zeros(3)}, protocol)
    assert f"; {ANEW}, or else `torchload-lint migrate x.pt` rewrites" in said
    assert said.endswith(ARRAYS)


def test_the_save_in_sight_that_gives_the_protocol_is_named(tmp_path):
    said = advised(tmp_path, {"a": np.zeros(3)}, 4, keep=SAVE)
    assert f"; {ANEW} (take `pickle_protocol` away at keep.py:2), or else" in said


def test_arrays_are_spoken_of_where_there_are_some(tmp_path):
    said = advised(tmp_path, {"a": torch.zeros(3), "b": 1.5}, 4)
    assert ANEW in said
    assert "numpy" not in said


def test_a_file_of_protocol_2_is_not_said_to_be_saved_anew(tmp_path):
    cyclic = ([],)
    cyclic[0].append(cyclic)
    said = advised(tmp_path, {"a": np.zeros(3), "b": cyclic}, 2)
    assert ANEW not in said
