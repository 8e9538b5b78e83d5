"""The list of loads for spreadsheets and for pages."""

from __future__ import annotations

import csv
import json

import pytest

from checkpoint import bare_files as files

LOADS = "import torch\n\ntorch.load('a|b_c.pt')\ntorch.load('=1+1.pt')\ntorch.load('-1+1.pt')\n"


def test_csv_has_a_record_a_load_and_no_formulas(cli, write):
    write({"a.py": LOADS})
    done = cli("loads", "--output-format", "csv", ".")
    header, *rows = csv.reader(done.stdout.splitlines())
    assert header == ["load", "reads", "known from", "needs"]
    assert [row[:3] for row in rows] == [
        ["a.py:3", "a|b_c.pt", "literal"],
        ["a.py:4", "'=1+1.pt", "literal"],
        ["a.py:5", "'-1+1.pt", "literal"],
    ]


def test_markdown_shows_what_strangers_wrote_as_it_is(cli, write):
    write({"a.py": LOADS})
    header, line, first, *_ = cli("loads", "--output-format", "markdown", ".").stdout.splitlines()
    assert header == "| load | reads | known from | needs |"
    assert line == "| --- | --- | --- | --- |"
    assert first.startswith("| a.py:3 | a\\|b\\_c.pt | literal |")


def test_what_cannot_be_parsed_is_not_taken_for_code_without_loads(cli, write):
    write({"a.py": "import torch\n\ntorch.load('a.pt').cuda(async=True)\n"})
    told = cli("loads", ".").stderr
    assert "no loads under . (files that cannot be parsed are passed over)" in told


def test_they_are_for_lists_alone(cli, write):
    write({"a.py": LOADS})
    done = cli("loads", "--output-format", "csv", "--union", ".")
    assert (done.exit_code, "--union is written as text or json" in done.stderr) == (2, True)
    done = cli("loads", "--output-format", "csv", "--write-config", ".")
    assert (done.exit_code, "--write-config writes no list" in done.stderr) == (2, True)


def test_pairs_are_told_in_each_format(cli, write, folder):
    write({"a.py": LOADS})
    for name in ("a|b_c.pt", "odd.pt"):
        (folder / "runs").mkdir(exist_ok=True)
        (folder / "runs" / name).write_bytes(files.archive(b"\x80\x02}."))
    told = {
        kind: cli("loads", "--checkpoints", "runs", "--output-format", kind).stdout
        for kind in ("text", "json", "csv", "markdown")
    }
    site, reason = "a:<module>#1", "the code names a|b_c.pt"
    first = {"checkpoint": "a|b_c.pt", "load": "a.py:3", "site": site, "certainty": "sure"}
    alone = dict.fromkeys(("load", "site", "certainty"))
    assert json.loads(told["json"]) == [
        {**first, "reasons": [reason], "candidates": 0},
        {"checkpoint": "odd.pt", **alone, "reasons": [], "candidates": 0},
    ]
    header, *rows = csv.reader(told["csv"].splitlines())
    assert header == [*first, "reasons"]
    assert rows == [[*first.values(), reason], ["odd.pt", "", "", "", ""]]
    assert "| a\\|b\\_c.pt | a.py:3 |" in told["markdown"]
    assert f"a.py:3  {site}\n  sure: {reason}\nodd.pt\n  no load here fits it\n" in told["text"]
    assert told["text"].endswith("1 pair, 1 checkpoint without a load that fits.\n")


def test_pairs_are_written_into_the_configuration(cli, write, folder, tmp_path_factory):
    """Those inside of the project by their path from its root, and no load without a pair."""
    far = tmp_path_factory.mktemp("far")
    for place in (folder / "runs" / "best.pt", far / "best.pt"):
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(files.archive(b"\x80\x02cargparse\nNamespace\n)\x81."))
    text = "from argparse import Namespace\n\nimport torch\n\n\ndef load(path):\n"
    text += "    return torch.load(path), Namespace()\n"
    write({"a.py": text, "b.py": "import torch\ntorch.load(p)\n"})
    told = cli("loads", "--checkpoints", "runs")
    assert "--write-config adds these" in told.stderr
    assert "loads" not in (folder / "pyproject.toml").read_text()
    written = cli("loads", "--checkpoints", "runs", "--write-config")
    assert "1 entry added to [loads]: look at it, then run `torchload-lint .`" in written.stdout
    config = (folder / "pyproject.toml").read_text()
    assert '"a:load" = { checkpoints = ["runs/best.pt"] }' in config
    assert '"b:' not in config
    assert "1 read from files" in cli("a.py").stdout
    write({"pyproject.toml": "[tool.torchload-lint]\n"})
    cli("loads", "--checkpoints", str(far), "--write-config")
    assert (far / "best.pt").as_posix() in (folder / "pyproject.toml").read_text()


def test_a_load_whose_files_end_otherwise_gets_no_pair(cli, write, folder):
    """``mel`` and the checkpoint are read in one file, whose text names the checkpoint's keys."""
    (folder / "runs").mkdir()
    (folder / "runs" / "best.pt").write_bytes(
        files.archive(b"\x80\x02}X\x04\x00\x00\x00argscargparse\nNamespace\n)\x81s.")
    )
    text = "import glob\n\nimport torch\n\n\ndef main(path, folder):\n"
    text += "    print(torch.load(path)['args'])\n    for mel in glob.glob(folder + '/*.mel'):\n"
    write({"a.py": text + "        torch.load(mel)\n"})
    told = cli("loads", "--checkpoints", "runs").stdout
    assert "a.py:7" in told
    assert "a.py:9" not in told


@pytest.mark.parametrize(
    "words",
    [
        ("--union", "--write-config"),
        ("--union", "--checkpoints", "."),
        ("--output-format", "json", "--checkpoints", ".", "--write-config"),
        ("--output-format", "json", "--write-config"),
    ],
)
def test_options_that_do_nothing_together_are_refused(cli, write, words):
    write({"a.py": "import torch\ntorch.load(p)\n"})
    assert cli("loads", *words).exit_code == 2


def test_colours_show_what_is_not_known(cli, write):
    write({"a.py": "import torch\ntorch.load(p)\n"})
    shown = cli("loads", "--color", "always").stdout.splitlines()
    assert "\x1b[1mload" in shown[0]
    assert shown[2].startswith("\x1b[1;33ma.py:2")
    assert "\x1b" not in cli("loads").stdout


def test_a_byte_order_mark_and_its_rows_stay(cli, write, folder):
    write({"a.py": "import torch\n\n\ndef f(path):\n    torch.load(path)\n"})
    text = '\ufeff[tool.torchload-lint]\r\nselect = ["TLL502"]\r\n'
    (folder / "pyproject.toml").write_bytes(text.encode())
    assert cli("a.py").exit_code == 0
    assert cli("loads", "--write-config").exit_code == 0
    written = (folder / "pyproject.toml").read_bytes().decode()
    assert written.startswith(text)
    assert written.removeprefix(text).count("\r\n") == written.removeprefix(text).count("\n") == 3


def test_of_many_paths_the_table_names_some_and_json_all(cli, write):
    names = [f"runs/{number}.pt" for number in range(6)]
    write({"a.py": f"import torch\nfor name in {names}:\n    torch.load(name)\n"})
    shown = cli("loads", ".").output
    assert "runs/3.pt and 2 more" in shown
    assert "`--output-format json` names all paths." in shown
    everything = cli("loads", "--output-format", "json", ".").output
    assert all(name in everything for name in names)
    assert all(name in cli("loads", "--output-format", "csv", ".").output for name in names)
