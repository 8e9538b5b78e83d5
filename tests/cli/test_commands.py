"""Which word is a command, which a path; help, version and completion."""

from __future__ import annotations

import json
import subprocess
import sys
from types import ModuleType

import pytest
import torch

from cli_samples import UNSAFE, codes
from installed_library import install
from torchload_lint import __version__
from torchload_lint.cli.commands import COMMANDS
from torchload_lint.reports import survey as reports_survey
from torchload_lint.rules import RULES


@pytest.mark.parametrize("args", [["./inspect"], ["--", "inspect"], ["check", "inspect"]])
def test_a_path_that_is_called_like_a_command(cli, write, args):
    write({"inspect/a.py": UNSAFE})
    assert codes(cli(*args)) == ["101", "502"]


def test_the_other_spelling_is_reported(cli, write):
    write({"inspect/a.py": UNSAFE})
    result = cli("inspect")
    assert result.exit_code == 2
    assert "the path is written ./inspect" in result.stderr


def test_no_command_checks_the_current_folder(cli, write):
    write({"a.py": UNSAFE})
    assert cli().stdout == cli("check").stdout == cli("check", ".").stdout


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_its_help(cli, command):
    result = cli(command, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: torchload-lint {command} ")


def test_the_first_help_shows_the_options_and_the_commands(cli):
    shown = cli("--help").stdout
    assert shown == cli("-h").stdout
    for word in ("--fix", "--select", "--baseline", *COMMANDS):
        assert word in shown


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_the_version(cli, flag):
    result = cli(flag)
    assert (result.stdout, result.exit_code) == (f"torchload-lint {__version__}\n", 0)


def test_it_runs_as_a_module(write):
    write({"a.py": UNSAFE})
    done = subprocess.run(
        [sys.executable, "-m", "torchload_lint", "a.py"], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert b"a.py:3:9: TLL101" in done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("torchload-lint ins", "inspect"),
        ("torchload-lint check --stat", "--statistics"),
        ("torchload-lint --stat", "--statistics"),
        ("torchload-lint --output-format sa", "sarif"),
        ("torchload-lint rule TLL50", "TLL501"),
    ],
)
def test_shells_complete(cli, words, offered):
    env = {
        "_TORCHLOAD_LINT_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    assert f"plain,{offered}" in cli(env=env).stdout.splitlines()


def test_files_are_offered_first_since_bash_forgets_what_stands_before_them(cli):
    env = {
        "_TORCHLOAD_LINT_COMPLETE": "bash_complete",
        "COMP_WORDS": "torchload-lint ins",
        "COMP_CWORD": "1",
    }
    assert cli(env=env).stdout.splitlines() == ["file,ins", "plain,inspect"]


def test_rules_are_explained(cli):
    assert len(cli("rule").stdout.splitlines()) == len(RULES)
    assert cli("rule", "TLL101").stdout.startswith("# weights-only-disabled (TLL101)\n")
    assert cli("rule", "weights-only-disabled").stdout == cli("rule", "tll101").stdout
    told = json.loads(cli("rule", "--all", "--output-format", "json").stdout)
    assert [one["code"] for one in told] == [rule.code for rule in RULES]
    wrong = cli("rule", "TLL9")
    assert wrong.exit_code == 2
    assert "unknown rule 'TLL9'" in wrong.stderr


def test_the_load_on_a_line_is_explained(cli, write):
    write({"a.py": UNSAFE})
    assert "a.pt" in cli("--explain-load", "a.py:3").stdout
    assert "loads on lines: 3" in cli("--explain-load", "a.py:1").stderr
    assert cli("--explain-load", "a.py").exit_code == 2
    assert cli("--explain-load", "gone.py:3").exit_code == 2


def test_a_load_in_a_notebook_is_explained_by_the_place_that_reports_print(cli, write):
    cells = [
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "source": f"import torch\ntorch.load('{name}.pt')",
        }
        for name in "ab"
    ]
    write({"n.ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})})
    told = cli("--explain-load", "n.ipynb:cell 2:2").stdout
    assert "b.pt" in told
    assert "a.pt" not in told
    assert cli("--explain-load", "n.ipynb:2").stdout.count("torch.load") == len(cells)
    wrong = cli("--explain-load", "n.ipynb:cell 2:1").stderr
    assert "no load on line 1 of cell 2 (loads on lines: cell 1:2, cell 2:2)" in wrong


def test_the_risk_of_a_fix_in_a_notebook_names_the_cell(cli, write):
    rows = ["import torch", "y = 2\nnet.load_state_dict(torch.load(p, weights_only=False)['m'])"]
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": row} for row in rows]
    write({"n.ipynb": json.dumps({"cells": cells, "metadata": {}, "nbformat": 4})})
    told = cli("--diff", "--unsafe-fixes", "n.ipynb").stdout
    assert told.startswith("# TLL101 in cell 2, line 2: Write weights_only=True (unsafe: ")


def test_explain_load_names_each_file_that_hands_the_path_on(cli, write):
    write(
        {
            "main.py": "from one import run\n\nrun('ckpt.pt')\n",
            "one.py": "from two import go\n\ndef run(p):\n    return go(p)\n",
            "two.py": "import torch\n\ndef go(q):\n    return torch.load(q)\n",
        }
    )
    steps = cli("--explain-load", "two.py:4").stdout.split("steps:")[1]
    assert "run('ckpt.pt')  [main.py:3]  calls run()" in steps
    assert "go(p)  [one.py:4]  calls go()" in steps
    assert "q  [two.py:4]  = 'ckpt.pt'" in steps


def test_the_answer_comes_before_the_steps_and_few_steps_are_shown(cli, write):
    write(
        {
            "main.py": "".join(f"run('{n}.pt')\n" for n in range(50)).join(
                ["from one import run\n", ""]
            ),
            "one.py": "import torch\n\ndef run(q):\n    return torch.load(q)\n",
        }
    )
    plain, verbose = (cli(*flag, "--explain-load", "one.py:4").stdout for flag in ((), ("-v",)))
    heads = [line.strip() for line in plain.splitlines() if line.endswith(":")]
    assert heads[-1] == "steps:"
    assert plain.count("calls run()") <= 40
    assert plain.endswith("(`-v` shows all)\n")
    assert "more step" not in verbose
    assert verbose.count("calls run()") > plain.count("calls run()")


def test_a_reason_is_given_once_where_it_arises(cli, write):
    write({"a.py": "import os\nimport torch\n\ntorch.load(os.path.join(nobody, 'a.pt'))\n"})
    steps = cli("--explain-load", "a.py:4").stdout.split("steps:")[1].split("would settle")[0]
    assert steps.count("nobody is not defined") == 1
    assert "nobody  [a.py:4]  = unknown: nobody is not defined in the file\n" in steps
    assert "[a.py:4]  = '*/a.pt'\n" in steps


def test_explain_load_says_where_a_value_stops_to_those_who_ask(cli, write):
    write({"a.py": "import torch\n\ntorch.load(nobody)\n"})
    why = "nobody  [a.py:3]  = unknown: nobody is not defined in the file"
    plain, verbose = (cli(*flag, "--explain-load", "a.py:3").stdout for flag in ((), ("-v",)))
    assert f"{why}\n" in plain
    assert f"{why}  <- source/evaluation/named.py:" in verbose
    assert "<-" not in plain
    assert "  nobody is not defined in the file  <- source/evaluation/named.py:" in verbose


def test_loads_are_listed(cli, write):
    write({"a.py": UNSAFE})
    (load,) = json.loads(cli("loads", "--output-format", "json").stdout)
    assert "a.py:3" in json.dumps(load)
    assert cli("loads", "gone").exit_code == 2


LONG = "weights/experiments/baseline_resnet50_seed_1234/checkpoint_epoch_000123_validation_loss.pt"


def test_a_table_is_not_cut_where_nothing_limits_it(cli, write):
    write({"a.py": f'import torch\n\nx = torch.load("{LONG}")\n'})
    assert LONG in cli("loads").stdout


@pytest.mark.parametrize("width", [40, 80, 120, 300])
def test_a_table_fits_a_terminal(width):
    rows = reports_survey.fitted_widths([60, 90, 10, 40], width)
    assert sum(rows) + 3 * len(reports_survey.GAP) <= width
    assert all(row >= reports_survey.MIN_COLUMN for row in rows)


def test_an_address_is_shown_as_it_was_given(cli):
    result = cli("inspect", "https://example.org/m.pt")
    assert result.exit_code == 2
    assert "https://example.org/m.pt: an address" in result.stderr


def test_every_command_reads_the_packages_of_the_interpreter_that_is_named(
    cli, write, folder, monkeypatch
):
    library = {
        "fakelib.py": """
            import torch

            class Model:
                def __init__(self):
                    self.size = 3

            def load_model(path):
                return torch.load(path)
            """
    }
    install(folder / "elsewhere", library)
    python = folder / "elsewhere" / ".venv" / "bin" / "python"
    python.parent.mkdir()
    python.touch()
    write({"main.py": 'from fakelib import load_model\nload_model("best.pt")\n'})
    write({"requirements.txt": "fakelib\n"})
    module = ModuleType("fakelib")
    module.Model = type("Model", (), {"__module__": "fakelib"})
    monkeypatch.setitem(sys.modules, "fakelib", module)
    torch.save({"model": module.Model()}, folder / "best.pt")
    for command in ("check", "loads"):
        assert "TLL" not in cli(command, "main.py").stdout
        assert "best.pt" in cli(command, "--python", str(python), "main.py").stdout
    assert "NO  fakelib.Model" in cli("inspect", "best.pt").stdout
    told = cli("inspect", "--python", str(python), "best.pt").stdout
    assert "fakelib 1.2.3 (fakelib.py" in told


@pytest.mark.parametrize("command", ["check", "loads", "inspect", "verify"])
def test_an_interpreter_that_is_not_there_is_no_silent_default(cli, write, command):
    write({"main.py": "import torch\n"})
    result = cli(command, "--python", "nowhere/python", "main.py")
    assert result.exit_code == 2
    assert "File 'nowhere/python' does not exist" in " ".join(result.stderr.split())
