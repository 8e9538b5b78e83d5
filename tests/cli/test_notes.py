"""Notes are counted, and shown to those who ask: what fails nothing must not fill a screen."""

from __future__ import annotations

import json

import pytest

from cli_samples import IMPLICIT, UNSAFE, WHOLE_MODULE, codes

RESTRICTED = '[project]\nname = "p"\nversion = "1"\ndependencies = ["torch>=2.6"]\n'
OLD = RESTRICTED.replace(">=2.6", ">=2.1")


@pytest.fixture
def restricted(write):
    write({"pyproject.toml": RESTRICTED, "a.py": IMPLICIT})


@pytest.mark.usefixtures("restricted")
def test_a_default_that_is_safe_everywhere_is_counted_alone(cli, folder):
    result = cli(".")
    assert (codes(result), result.exit_code) == ([], 0)
    assert "Not shown: 1 note (`--min-severity info`" in result.stdout
    assert json.loads(cli("--output-format", "json").stdout) == []
    cli("--fix")
    assert (folder / "a.py").read_text() == IMPLICIT


@pytest.mark.parametrize(
    "asking",
    [
        ("--min-severity", "info"),
        ("--error-on", "info"),
        ("--select", "TLL102"),
        ("--extend-select", "implicit-weights-only"),
        ("--select", "ALL", "--ignore", "TLL109"),
    ],
)
@pytest.mark.usefixtures("restricted")
def test_who_asks_sees_notes_and_gets_their_fixes(cli, folder, asking):
    result = cli(*asking)
    assert codes(result) == ["102"]
    assert "Not shown" not in result.stdout
    cli("--fix", *asking)
    assert "weights_only=True" in (folder / "a.py").read_text()


@pytest.mark.parametrize("asking", [("--select", "TLL1"), ("--min-severity", "warning")])
@pytest.mark.usefixtures("restricted")
def test_a_prefix_asks_for_no_notes(cli, asking):
    assert codes(cli(*asking)) == []


@pytest.mark.usefixtures("restricted")
def test_a_severity_that_is_asked_for_holds_for_every_rule(cli, write):
    assert codes(cli("--min-severity", "warning", "--select", "TLL102")) == []
    assert "Not shown" not in cli("--min-severity", "warning").stdout
    write({"torchload-lint.toml": 'min-severity = "info"\n'})
    assert codes(cli()) == ["102"]


def test_a_note_without_a_load_is_counted(cli, write):
    write({"pyproject.toml": RESTRICTED, "a.py": WHOLE_MODULE})
    assert cli().stdout.startswith("All checks passed!\nNot shown: 1 note (")
    assert codes(cli("--select", "TLL401")) == ["401"]


def test_a_comment_without_use_is_shown(cli, write):
    """It was written for this tool."""
    text = "import torch\ntorch.load(p, weights_only=True)  # noqa: TLL101\n"
    write({"pyproject.toml": RESTRICTED, "a.py": text})
    assert codes(cli()) == ["801"]


def test_a_comment_that_silences_a_note_has_its_use(cli, write):
    text = "import torch\ntorch.load(p)  # noqa: TLL102\n"
    write({"pyproject.toml": RESTRICTED, "a.py": text})
    assert codes(cli()) == []


@pytest.mark.parametrize(
    ("name", "head", "is_test"),
    [
        ("tests/a.py", "", True),
        ("conftest.py", "", True),
        ("pkg/tests/sub/a.py", "", True),
        ("test_a.py", "def test_it(): ...\n", True),
        ("a_test.py", "import pytest\n", True),
        ("test.py", "import pytest\n", False),
        ("test_a.py", "", False),  # scripts that try a model are called so, too
        ("pkg/latests/a.py", "", False),
        ("a.py", "import pytest\n", False),
    ],
)
def test_in_a_test_an_unsafe_load_is_a_note(cli, write, name, head, is_test):
    write({"pyproject.toml": OLD, name: head + UNSAFE + IMPLICIT.replace("import torch", "")})
    assert ("101" in codes(cli("--ignore=TLL502"))) is not is_test
    asked = json.loads(cli("--min-severity=info", "--output-format=json").stdout)
    (unsafe,) = [one for one in asked if one["code"] == "TLL101"]
    assert unsafe["severity"] == ("info" if is_test else "error")


@pytest.mark.parametrize(("name", "severity"), [("tests/a.py", "info"), ("a.py", "warning")])
def test_in_a_test_a_save_that_nobody_could_load_is_a_note(cli, write, name, severity):
    text = "import torch\ntorch.save({}, buffer, pickle_protocol=4)\n"
    write({"pyproject.toml": OLD, name: text})
    (found,) = json.loads(cli("--min-severity=info", "--output-format=json").stdout)
    assert (found["code"], found["severity"]) == ("TLL402", severity)
    assert ("402" in codes(cli())) is (severity == "warning")


def test_what_will_fail_in_a_test_is_an_error(cli, write):
    needs = '[tool.torchload-lint.checkpoints]\n"m.pt" = ["argparse.Namespace"]\n'
    for call in ('torch.load("m.pt")', 'torch.load("m.pt", weights_only=False)'):
        text = f"import torch\n\n\ndef test_it():\n    {call}\n"
        write({"pyproject.toml": OLD + needs, "test_a.py": text})
        assert cli().exit_code == 1
