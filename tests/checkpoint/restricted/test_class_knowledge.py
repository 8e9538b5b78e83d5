"""What the project's source says of the sample classes holds for the classes themselves.

The other tests here take the facts from the running classes; this one from their text.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from checkpoint import sample_classes
from project_files import project
from torchload_lint.names import GlobalName
from torchload_lint.source.proofs.class_lookup import find

pytest.importorskip("torch")


pytestmark = pytest.mark.torch

MODULE = "sample_classes"
CLASSES = sorted(
    name
    for name, value in vars(sample_classes).items()
    if isinstance(value, type) and value.__module__ == sample_classes.__name__
)


@pytest.fixture(scope="module")
def index():
    return project({f"{MODULE}.py": Path(sample_classes.__file__).read_text(encoding="utf-8")})


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_that_sets_its_state_is_never_taken_for_one_that_does_not(name, index):
    facts = find(index, GlobalName(MODULE, name))
    own = vars(getattr(sample_classes, name))
    assert facts.may_set_state or "__setstate__" not in own
    assert facts.kind == "class"
