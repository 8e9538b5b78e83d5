"""What the project's source says of the sample classes holds for the classes themselves.

The other tests here take the facts from the running classes; this one from their text.
"""

from __future__ import annotations

from pathlib import Path
from typing import Generic

import pytest

from checkpoint import sample_classes
from project_files import project
from torchload_lint.checkpoint.restricted.untried.plain_classes import is_plain_class
from torchload_lint.names import GlobalName
from torchload_lint.source.proofs.class_lookup import find

torch = pytest.importorskip("torch")


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


@pytest.mark.parametrize("name", CLASSES)
def test_the_text_of_a_class_claims_no_more_than_the_class(name, index):
    facts, running = find(index, GlobalName(MODULE, name)), getattr(sample_classes, name)
    if is_plain_class(name, facts):
        assert running.__new__ in (object.__new__, Generic.__new__)
        assert getattr(running, "__setstate__", None) in (None, torch.nn.Module.__setstate__)
    members = getattr(running, "__members__", {}).values()
    assert facts.values <= {one.value for one in members}


@pytest.mark.parametrize("name", ["Cfg", "PlainObject", "Net", "Box", "Data", "Empty"])
def test_ordinary_classes_are_plain(name, index):
    assert is_plain_class(name, find(index, GlobalName(MODULE, name)))


@pytest.mark.parametrize("name", ["Colour", "Level", "Word"])
def test_the_values_of_members_are_known(name, index):
    members = getattr(sample_classes, name)
    assert find(index, GlobalName(MODULE, name)).values == {one.value for one in members}
