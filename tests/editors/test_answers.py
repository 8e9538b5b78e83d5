"""A bounded run of ``answers_oracle.py``: the server answers as a fresh run over the same state."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls")
pytest.importorskip("torch")

from editors.answers_oracle import run

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("seed", [1, 2])
def test_the_server_answers_as_a_fresh_run(seed):
    compared = run(300, seed)
    assert compared.different == ()
    assert compared.telling > compared.answers / 10
