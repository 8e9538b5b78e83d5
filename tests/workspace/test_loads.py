"""The survey of loads, the pairing with checkpoints, and the entries written for unknown loads."""

from __future__ import annotations

import json
import zipfile
from textwrap import dedent

import pytest

from notebook_samples import notebook_text
from torchload_lint.config import ConfigError, Settings
from torchload_lint.configuration_files import load_config
from torchload_lint.workspace.adoption.pairing import pair
from torchload_lint.workspace.adoption.write_config import add_loads, with_entries
from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.survey import survey

SOURCES = {
    "known.py": "import torch\ntorch.load('runs/best.pt')\n",
    "unknown.py": "import torch\ndef resume(path):\n    return torch.load(path)['options']\n",
    "inferred.py": """
        import torch
        class Agent:
            def save(self, to):
                torch.save(self.net.state_dict(), to)
            def load(self, path):
                return torch.load(path)
        """,
    "suggested.py": """
        import torch
        def keep(net, where):
            torch.save({"net": net.state_dict()}, where)
        def fetch(net, path):
            net.load_state_dict(torch.load(path)["net"])
        """,
    "broken.py": "import torch\ntorch.load(\n",
    "nothing.py": "print()\n",
}
NEEDS_NAMESPACE = b"\x80\x02}X\x07\x00\x00\x00optionscargparse\nNamespace\n)\x81s."


@pytest.fixture
def folder(tmp_path):
    for name, text in SOURCES.items():
        (tmp_path / name).write_text(dedent(text), encoding="utf-8")
    (tmp_path / "torchload-lint.toml").write_text("", encoding="utf-8")
    return tmp_path


def loads_in(folder):
    names = sorted(folder / name for name in SOURCES)
    return {load.path.name: load for load in survey(names, Projects(Settings()))}


def checkpoint(path):
    path.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", NEEDS_NAMESPACE)
        archive.writestr("archive/version", "3\n")


def test_files_without_loads_and_broken_ones_have_none(folder):
    assert sorted(loads_in(folder)) == ["inferred.py", "known.py", "suggested.py", "unknown.py"]


def test_what_a_file_and_a_save_tell_is_known(folder):
    checkpoint(folder / "runs/best.pt")
    loads = loads_in(folder)
    evidence = {name: load.situation.evidence.value for name, load in loads.items()}
    assert evidence == {
        "known.py": "files",
        "inferred.py": "inferred",
        "suggested.py": "none",
        "unknown.py": "none",
    }
    assert loads["known.py"].would_settle == ()
    (entry,) = loads["unknown.py"].would_settle
    assert entry.startswith("to settle it, add to [tool.torchload-lint.loads]:")
    assert loads["suggested.py"].situation.written_by == ("suggested.py:4",)
    guessed = {name for name, load in loads.items() if load.situation.perhaps_written}
    assert guessed == {"suggested.py"}


def test_entries_for_unknown_loads_only_and_once(folder):
    (file, count), *rest = add_loads(loads_in(folder).values())
    assert (file, count, rest) == (folder / "torchload-lint.toml", 3, [])
    sites = {entry.site for entry in load_config(file).loads}
    assert sites == {"known:<module>", "suggested:fetch", "unknown:resume"}
    assert list(add_loads(loads_in(folder).values())) == []
    assert 'checkpoints = ["runs/best.pt"]' in file.read_text(encoding="utf-8")


def test_a_file_that_would_not_be_read_back_stays_as_it_was(folder):
    file = folder / "torchload-lint.toml"
    found = list(loads_in(folder).values())
    file.write_text("loads = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError):
        list(add_loads(found))
    assert file.read_text(encoding="utf-8") == "loads = 3\n"


ENTRIES = {
    "an empty file": ("", "[loads]\nx = 1\n"),
    "no table": ("a = 1\n", "a = 1\n\n[loads]\nx = 1\n"),
    "an empty table": ("[loads]\n", "[loads]\nx = 1\n"),
    "a table at the end": ("[loads]\ny = 2  # mine\n", "[loads]\ny = 2  # mine\nx = 1\n"),
    "a table in the middle": ("[loads]\ny = 2\n\n[b]\n", "[loads]\ny = 2\nx = 1\n\n[b]\n"),
    "a table of the same beginning": ("[loadsome]\n", "[loadsome]\n\n[loads]\nx = 1\n"),
}


@pytest.mark.parametrize(("old", "new"), ENTRIES.values(), ids=ENTRIES)
def test_entries_go_into_their_table(old, new):
    assert with_entries(old, "loads", ["x = 1"]) == new


def test_a_checkpoint_is_paired_by_name_then_by_keys(folder, tmp_path_factory):
    others = tmp_path_factory.mktemp("others")
    checkpoint(others / "best.pt")
    checkpoint(others / "another.pt")
    found, unpaired = pair(list(loads_in(folder).values()), others, Projects(Settings()))
    told = {(each.checkpoint, each.load.path.name, each.certainty) for each in found}
    assert told == {
        ("best.pt", "known.py", "sure"),
        ("another.pt", "unknown.py", "possible"),
    }, json.dumps([each.reasons for each in found])
    assert unpaired == []


def test_a_checkpoint_that_fits_no_load_is_named(tmp_path_factory):
    others = tmp_path_factory.mktemp("others")
    checkpoint(others / "best.pt")
    assert pair([], others, Projects(Settings())) == ([], [("best.pt", 0)])


def keyed(path, *keys):
    entries = b"".join(b"U" + bytes([len(key)]) + key.encode() + b"]s" for key in keys)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}" + entries + b".")
        archive.writestr("archive/version", "3\n")


LOADERS = {
    "resume.py": "def f(p):\n    c = torch.load(p)\n    return c['model'], c['epoch']\n",
    "weights.py": "def f(p):\n    return torch.load(p)['model']\n",
    "again.py": "KEYS = 'epoch', 'vocab'\ndef f(p):\n    return torch.load(p)['model']\n",
    "perhaps.py": "def f(p):\n    c = torch.load(p)\n    return c['ema'] if 'ema' in c else c\n",
    "object.py": "def f(p):\n    torch.load(p).eval()\n",
    "other.py": "def f():\n    return torch.load('vocab.pt')['model']\n",
}
"""Loads of which some ask for the same keys, and some for none."""


def owners(tmp_path, *files):
    """Which loads are paired with files, which are made of a path and their keys."""
    (tmp_path / "src").mkdir()
    for name, text in LOADERS.items():
        (tmp_path / "src" / name).write_text(f"import torch\n{text}")
    for path, *keys in files:
        keyed(tmp_path / "runs" / path, *keys)
    loads = list(survey(sorted((tmp_path / "src").iterdir()), Projects(Settings())))
    found, unpaired = pair(loads, tmp_path / "runs", Projects(Settings()))
    told = {(one.checkpoint, one.load.path.name, one.certainty) for one in found}
    return told, {tuple(one) for one in unpaired}


def test_a_load_that_asks_for_what_a_file_lacks_does_not_own_it(tmp_path):
    told, unpaired = owners(tmp_path, ("a.pt", "model", "epoch"), ("b.pt", "ema"), ("c.pt", "x"))
    assert told == {("a.pt", "resume.py", "likely"), ("b.pt", "perhaps.py", "possible")}
    assert unpaired == {("c.pt", 0)}


def test_a_file_that_several_loads_ask_alike_has_no_owner(tmp_path):
    told, unpaired = owners(tmp_path, ("a.pt", "model"))
    assert told == set()
    assert unpaired == {("a.pt", 2)}


def test_of_several_alike_the_one_of_the_same_folder_owns_it(tmp_path):
    told, unpaired = owners(tmp_path, ("weights/a.pt", "model"), ("weights/b.pt", "x"))
    assert told == {("weights/a.pt", "weights.py", "likely")}
    assert unpaired == {("weights/b.pt", 0)}


def test_a_name_that_the_code_says_counts_more_than_keys(tmp_path):
    told, unpaired = owners(tmp_path, ("vocab.pt", "model", "epoch"))
    assert told == {("vocab.pt", "other.py", "sure")}
    assert unpaired == set()


def test_of_files_of_one_name_the_folder_tells(tmp_path):
    (tmp_path / "src").mkdir()
    for name in ("one", "two"):
        text = f"import torch\ntorch.load('runs/{name}/best.pt')\n"
        (tmp_path / "src" / f"{name}.py").write_text(text)
        keyed(tmp_path / "kept" / name / "best.pt", "model")
    loads = list(survey(sorted((tmp_path / "src").iterdir()), Projects(Settings())))
    found, _ = pair(loads, tmp_path / "kept", Projects(Settings()))
    assert {(one.checkpoint, one.load.path.name) for one in found} == {
        ("one/best.pt", "one.py"),
        ("two/best.pt", "two.py"),
    }


def test_the_save_in_a_notebook_is_named_by_cell(folder):
    cells = ["import torch", "x = 1\ntorch.save(net.state_dict(), 'n.pt')", "torch.load('n.pt')"]
    path = folder / "n.ipynb"
    path.write_text(notebook_text(cells), encoding="utf-8")
    [load] = survey([path], Projects(Settings()))
    assert load.situation.written_by == ("n.ipynb:cell 2:2",)
    assert load.trace is not None
    assert {hop.place.partition(":")[2] for hop in load.trace.hops} == {"cell 3:1"}
