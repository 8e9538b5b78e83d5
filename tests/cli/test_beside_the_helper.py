"""The module that fixes write into a project changes nothing for the loads that are left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from torchload_lint.helper_module import helper_text

DEMO = Path(__file__).parents[2] / "fixtures" / "demo"
SAFE = "[*] 1 fixable with the `--fix` option."


@pytest.fixture
def demo(folder):
    shutil.copytree(DEMO, folder, dirs_exist_ok=True)
    return folder


@pytest.mark.usefixtures("demo")
def test_a_safe_fix_stays_safe_after_another_has_written_it(cli):
    assert SAFE in cli("resume.py").stdout
    cli("--fix", "--unsafe-fixes", "predict.py")
    assert Path("restore_only.py").read_text() == helper_text()
    assert SAFE in cli("resume.py").stdout


def test_a_module_of_that_name_that_somebody_changed_is_as_any_other(cli, demo):
    (demo / "restore_only.py").write_text(
        f"{helper_text()}\nimport sys\nsys._getframe(1).f_locals\n"
    )
    assert "No safe fixes available" in cli("resume.py").stdout
