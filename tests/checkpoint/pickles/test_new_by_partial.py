"""``__getnewargs_ex__`` at protocol 2: an object made with keywords, and no call to be feared."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from checkpoint import sample_classes
from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import Verdict

if TYPE_CHECKING:
    from pathlib import Path

OWNER = b"cacme.things\nThing\n"
STATE = b"(h\x07" + OWNER + b"\x85}X\x04\x00\x00\x00sizeK\x03sNt"
"""``(new, (Thing,), {"size": 3}, None)``, where the memo holds ``new`` at 7."""


def new_of(owner: bytes, attribute: str = "__new__") -> bytes:
    return b"c__builtin__\ngetattr\n" + owner + forge.text(attribute) + b"\x86Rq\x07"


def partial(function: bytes, state: bytes, args: bytes = b")") -> bytes:
    """What pickle writes of ``functools.partial``, and its call."""
    return b"cfunctools\npartial\n" + function + b"\x85R" + state + b"b" + args + b"R"


def calls_something(program: bytes) -> bool:
    """Whether something is left for the policy to judge, or known to do harm."""
    report = inspect_bytes(forge.archive(b"\x80\x02" + program + b"."), "model.pt")
    assert report.verdict in {Verdict.CANNOT_LOAD, Verdict.DANGEROUS}
    return report.verdict is Verdict.DANGEROUS or bool(report.called)


@pytest.mark.torch
def test_what_torch_saves_of_it(tmp_path: Path) -> None:
    """No list makes it loadable: torch asks for the partial itself, which nobody can name."""
    import torch

    from migrate.helpers import migrated_with_plan

    path = tmp_path / "model.pt"
    torch.save({"made": sample_classes.NewArgsEx(a=3)}, path)
    allowed: list[Any] = [
        sample_classes.NewArgsEx,
        functools.partial,
        (getattr, "builtins.getattr"),
    ]
    with (
        torch.serialization.safe_globals(allowed),
        pytest.raises(Exception, match=r"reduce|REDUCE"),
    ):
        torch.load(path, weights_only=True)
    report = inspect_bytes(path.read_bytes(), str(path))
    assert report.verdict is Verdict.CANNOT_LOAD
    assert not report.called
    assert "functools.partial" in report.problems[0].message
    plain, plan = migrated_with_plan({"made": sample_classes.NewArgsEx(a=3)}, tmp_path)
    assert plain == {"made": {"a": 3, "__args__": ({"a": 3},)}}
    assert "NewArgsEx" in plan.notes[0].what


@pytest.mark.parametrize("owner", [OWNER, b"c__builtin__\nobject\n"])
def test_the_form_that_pickle_writes(owner: bytes) -> None:
    assert not calls_something(partial(new_of(owner), STATE))


@pytest.mark.parametrize(
    "program",
    [
        partial(new_of(OWNER, "make"), STATE),
        partial(new_of(b"cacme.things\nOther\n"), STATE),
        partial(new_of(OWNER), STATE, args=b"K\x01\x85"),
        partial(new_of(OWNER), STATE.replace(b"sNt", b"s}t")),
        partial(new_of(OWNER), STATE + b"b" + STATE),
        partial(new_of(OWNER), STATE.replace(b"h\x07", b"cacme.things\nrun\n")),
        partial(new_of(OWNER), STATE.replace(OWNER, b"K\x01")),
        partial(new_of(b"cos\nsystem\n"), STATE.replace(OWNER, b"cos\nsystem\n")),
        partial(
            new_of(b"ctypes\nFunctionType\n"), STATE.replace(OWNER, b"ctypes\nFunctionType\n")
        ),
        partial(new_of(OWNER), STATE.replace(b"K\x03", b"cposix\nsystem\n")),
    ],
    ids=["no-new", "another-new", "arguments", "a-dict", "two-states", "another-function",
         "no-class", "system", "a-function", "a-shell"],
)  # fmt: skip
def test_any_other_form_is_a_call(program: bytes) -> None:
    assert calls_something(program)
