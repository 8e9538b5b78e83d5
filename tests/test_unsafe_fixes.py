"""Every unsafe fix that the tool makes says its risk, where people and programs see it, and leaves
out nothing that is known: over the samples of all rules, and over programs that are made up.
"""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from code_samples import SAMPLES
from rules.in_memory import World, needing, plain
from torchload_lint.cli.group import root
from torchload_lint.diagnostic import Applicability
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.linter import lint

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.diagnostic import Diagnostic

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

CHECKPOINTS = {
    **dict.fromkeys(("x.pt", "y.pt", "m.pt", "a.pt"), plain()),
    **dict.fromkeys(("ckpt.pt", "old/m.pt", "old.x.pt"), needing("argparse.Namespace")),
}
PROGRAMS = 150


def run(*arguments: str) -> str:
    result = CliRunner().invoke(root, [*arguments, "--unsafe-fixes"])
    assert result.exit_code in {0, 1}, result.output
    return result.stdout


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples") / "code_samples"
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("*.fixed.*", "*.unsafe.*"))
    return folder


def test_each_unsafe_fix_of_the_samples_says_its_risk(samples: Path) -> None:
    found = json.loads(run("--output-format", "json", "--isolated", str(samples)))
    unsafe = [each for each in found if each["fix"] and each["fix"]["applicability"] == "unsafe"]
    assert len(unsafe) > 40
    assert {each["code"] for each in unsafe} >= {"TLL101", "TLL103", "TLL107", "TLL302"}
    silent = [each for each in unsafe if "(unsafe: " not in each["fix"]["message"]]
    assert [(each["code"], each["filename"]) for each in silent] == []


def test_each_unsafe_fix_of_the_samples_says_its_risk_in_the_diff(samples: Path) -> None:
    found = json.loads(run("--output-format", "json", "--isolated", str(samples)))
    diff = run("--diff", "--isolated", str(samples))
    risks = {line.partition("(unsafe: ")[2] for line in diff.splitlines() if line[:5] == "# TLL"}
    told = {
        each["fix"]["message"].partition("(unsafe: ")[2]
        for each in found
        if each["fix"] and each["fix"]["applicability"] == "unsafe"
    }
    assert len(told) > 10
    assert len(told & risks) > 0.8 * len(told)


def made(count: int) -> list[dict[str, str]]:
    from programs.generator import programs

    return [dict(program.files) for program in programs(8, 0, count)]


def findings(files: dict[str, str], path: str) -> list[Diagnostic]:
    others = {name: text for name, text in files.items() if name != path}
    world = World(files=others, checkpoints=CHECKPOINTS, infers=True)
    module, _, context = world.read(files[path])
    return list(lint(module, context))


def test_each_unsafe_fix_of_made_up_programs_says_its_risk() -> None:
    unsafe = 0
    for files in made(PROGRAMS):
        for found in (each for path in files for each in findings(files, path)):
            if found.fix is None:
                continue
            is_unsafe = found.fix.applicability is Applicability.UNSAFE
            assert bool(found.fix.risk) is is_unsafe, (files, found.message)
            unsafe += is_unsafe
    assert unsafe > 0.2 * PROGRAMS


def test_no_fix_leaves_out_what_a_file_that_was_read_needs() -> None:
    restricted = 0
    for files in made(PROGRAMS):
        for path, text in files.items():
            fixes = [found.fix for found in findings(files, path) if found.fix]
            fixed, _ = apply_edits(text, fixes)
            if fixed == text:
                continue
            restricted += 1
            left = findings({**files, path: fixed}, path)
            assert [each.code for each in left if each.code in {"TLL103", "TLL104"}] == [], fixed
    assert restricted > 0.2 * PROGRAMS
