"""What others have reported of their projects is solved by what the tool itself says to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from public_report_programs import REPORTS
from test_main_job import lint, make, run

if TYPE_CHECKING:
    from pathlib import Path

    from main_job_programs import Program

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("program", REPORTS, ids=lambda program: program.name)
def test_a_reported_failure_is_solved_by_the_flags_that_are_named(
    program: Program, tmp_path: Path
) -> None:
    make(tmp_path, program)
    assert "Weights only load failed" in run(tmp_path, "main.py").stderr
    told = lint(tmp_path, ".").stdout
    assert "TLL103" in told
    flags = [flag for flag in ("--fix", "--unsafe-fixes") if f"`{flag}`" in told]
    assert flags
    fixed = lint(tmp_path, *dict.fromkeys(("--fix", *flags)), ".")
    after = run(tmp_path, "main.py")
    assert after.stdout.strip() == program.prints, fixed.stdout + after.stderr
    assert "TLL103" not in lint(tmp_path, ".").stdout
