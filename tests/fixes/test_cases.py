"""The cases kept as text: each becomes what is written, stays so, and is the same program."""

from __future__ import annotations

import pytest

from fixes import tools
from fixes.tools import Case, cases, check

ALLOW = {
    "arguments.txt": (),
    "statements.txt": (tools.NAMESPACE,),
    "imports.txt": (tools.NET,),
    "allowlists.txt": (tools.NAMESPACE,),
}


@pytest.mark.parametrize(
    ("file", "case"),
    [
        pytest.param(file, one, id=f"{file[:-4]}: {one.name}")
        for file in ALLOW
        for one in cases(file)
    ],
)
def test_a_case(file: str, case: Case) -> None:
    fixed = check(case.before, case.after, *ALLOW[file])
    if case.refused:
        assert any(case.refused in reason for reason in fixed.reasons)
    else:
        assert fixed.how


@pytest.mark.parametrize("file", ALLOW)
def test_names_of_cases_are_unique(file: str) -> None:
    names = [case.name for case in cases(file)]
    assert len(names) == len(set(names)) > 20
