"""The plugin in real flake8, by its entry point where this package is installed, and otherwise by
``[flake8:local-plugins]``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import torch

SOURCE = Path(__file__).parents[2] / "src"
INSTALLED = any(
    point.value == "torchload_lint.editors.flake8_plugin:Plugin"
    for point in entry_points(group="flake8.extension")
)
CONFIG = "[flake8]\nselect = TLL\n"
if not INSTALLED:
    CONFIG += """
[flake8:local-plugins]
extension =
    TLL = torchload_lint.editors.flake8_plugin:Plugin
"""
CODE = """\
import torch

é = "日本"; m = torch.load("m.pt", weights_only=False)
n = torch.load("n.pt")  # noqa: TLL102
k = torch.load("k.pt")
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "setup.cfg").write_text(CONFIG)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\nmin-severity = "info"\n')
    (tmp_path / "a.py").write_text(CODE, encoding="utf-8")
    return tmp_path


def flake8(project, *arguments, stdin=None, code=None):
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "-j1", *arguments],
        cwd=project,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"},
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    if code is not None:
        assert done.returncode == code, done.stderr
    return done.stdout


def codes(output):
    return [tuple(line.split(" ")[:2]) for line in output.splitlines()]


def test_findings_with_their_places_and_flake8s_own_noqa(project):
    # Columns are code points, as the command line tells them; flake8 adds one to what it is given.
    assert codes(flake8(project, "a.py", code=1)) == [
        ("a.py:3:15:", "TLL101"),
        ("a.py:5:5:", "TLL102"),
    ]


def test_standard_input_has_the_name_it_is_given(project):
    output = flake8(project, "--stdin-display-name", "b.py", "-", stdin=CODE, code=1)
    assert codes(output)[0] == ("b.py:3:15:", "TLL101")


def test_flake8_selects_and_ignores(project):
    assert codes(flake8(project, "--extend-ignore=TLL102", "a.py")) == [("a.py:3:15:", "TLL101")]
    assert flake8(project, "--per-file-ignores=a.py:TLL", "a.py", code=0) == ""
    assert codes(flake8(project, "--disable-noqa", "a.py"))[1] == ("a.py:4:5:", "TLL102")


def test_comments_that_flake8_does_not_know_are_honoured(project):
    (project / "b.py").write_text(
        "import torch\nx = torch.load(\n    p,\n)  # noqa: TLL102\n"
        "y = torch.load(p)  # torchload-lint: ignore[TLL102]\n"
    )
    assert flake8(project, "b.py", code=0) == ""
    shown = codes(flake8(project, "--disable-noqa", "b.py", code=1))
    assert shown == [("b.py:2:5:", "TLL102"), ("b.py:5:5:", "TLL102")]


def test_the_target_comes_from_the_option_or_the_configuration(project):
    newest = flake8(project, "--select=TLL102", "a.py")
    config = '[tool.torchload-lint]\nmin-severity = "info"\ntarget-torch = "2.4"\n'
    (project / "pyproject.toml").write_text(config)
    configured = flake8(project, "--select=TLL102", "a.py")
    given = flake8(project, "--select=TLL102", "--tll-target-torch=2.13", "a.py")
    assert configured != newest
    assert given == newest


def test_a_target_that_is_no_version_is_refused(project):
    told = flake8(project, "--tll-target-torch=new", "a.py", code=1)
    assert "--tll-target-torch must be a version such as" in told


def test_only_what_needs_no_project_by_default(project):
    assert "TLL502" not in flake8(project, "a.py")
    whole = flake8(project, "--tll-project", "a.py", code=1)
    assert ("a.py:3:15:", "TLL502") in codes(whole)


def test_broken_code_is_left_to_flake8(project):
    (project / "broken.py").write_text("import torch\ntorch.load(\n")
    assert "E999" in flake8(project, "--select=E9,TLL", "broken.py", code=1)


def test_importing_the_plugin_is_cheap():
    heavy = ["libcst", "click", "torch", "torchload_lint.rules", "torchload_lint.workspace"]
    code = "import sys, torchload_lint.editors.flake8_plugin; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        check=True,
    )
    assert not set(heavy) & set(done.stdout.split())
    assert "torchload_lint.editors.flake8_plugin" in done.stdout


def test_a_run_without_fixes_needs_no_libcst(project):
    """flake8 applies no fixes, so that the half second of libcst is not spent."""
    code = (
        "import sys; from pathlib import Path;"
        "from torchload_lint.editors.by_itself import FileLinter;"
        "found = FileLinter().lint(Path('a.py').read_text(encoding='utf-8'), Path('a.py'));"
        "print(len(found), 'libcst' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        check=True,
    )
    assert done.stdout.split() == ["2", "False"]


@pytest.mark.parametrize("mode", [[], ["--tll-project"]])
def test_flake8_alone_decides_what_is_reported(project, mode):
    for name in ("m.pt", "n.pt", "k.pt"):  # they load: nothing else is reported
        torch.save({"epoch": 3}, project / name)
    (project / "pyproject.toml").write_text(
        '[tool.torchload-lint]\nmin-severity = "info"\nignore = ["TLL101"]\n'
        "[tool.torchload-lint.per-file-ignores]\n"
        '"a.py" = ["TLL102"]\n'
    )
    assert [code for _, code in codes(flake8(project, *mode, "a.py"))] == ["TLL101", "TLL102"]
    everything = [code for _, code in codes(flake8(project, *mode, "--disable-noqa", "a.py"))]
    assert everything == ["TLL101", "TLL102", "TLL102"]
    own = "import torch\nx = torch.load(p)  # torchload-lint: ignore[TLL102]\n"
    (project / "a.py").write_text(own)
    assert flake8(project, *mode, "a.py") == ""
    assert codes(flake8(project, *mode, "--disable-noqa", "a.py")) == [("a.py:2:5:", "TLL102")]


def test_loads_that_nothing_is_known_of_are_the_projects_gate(project):
    (project / "a.py").write_text("import sys, torch\ntorch.load(sys.argv[1], weights_only=True)\n")
    assert flake8(project, "--tll-project", "a.py", code=0) == ""
    (project / "pyproject.toml").write_text('[tool.torchload-lint]\nextend-select = ["TLL109"]\n')
    found = codes(flake8(project, "--tll-project", "a.py", code=1))
    assert found == [("a.py:2:1:", "TLL109")]
    assert flake8(project, "--tll-project", "--ignore=TLL109", "a.py", code=0) == ""


def test_a_wrong_configuration_is_one_line(project):
    (project / "pyproject.toml").write_text("[tool.torchload-lint]\nnonsense = 1\n")
    (line,) = flake8(project, "--tll-project", "a.py", code=1).splitlines()
    assert line.startswith("a.py:1:1: TLL002 cannot be checked: ")
    assert "unknown key 'nonsense'" in line


@pytest.mark.parametrize("mode", [[], ["--tll-project"]])
def test_the_least_severity_counts_in_both_modes(project, mode):
    (project / "a.py").write_text("import torch\nx = torch.load(p)\n")
    config = '[tool.torchload-lint]\ntarget-torch = "2.6"\n'
    (project / "pyproject.toml").write_text(config)
    assert flake8(project, *mode, "a.py", code=0) == ""  # it would be a note
    for asking in ('min-severity = "info"\n', 'extend-select = ["implicit-weights-only"]\n'):
        (project / "pyproject.toml").write_text(config + asking)
        assert codes(flake8(project, *mode, "a.py", code=1)) == [("a.py:2:5:", "TLL102")]


@pytest.mark.parametrize(
    "deep",
    [
        "y = a" + ".a" * 250 + "\n",  # of some hundred more, flake8 itself ends
        "(" * 5000,
        "".join(f"{' ' * level}if a:\n" for level in range(150)),
    ],
    ids=["attributes", "brackets", "blocks"],
)
def test_code_that_is_nested_too_deep_leaves_the_other_files_alone(project, deep):
    (project / "deep.py").write_text(f"import torch\n\nm = torch.load('m.pt')\n{deep}")
    assert "a.py" in flake8(project, "a.py", "deep.py")
