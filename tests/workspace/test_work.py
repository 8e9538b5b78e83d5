"""How much work a plain check is: files parsed, searches, looks through the whole project.

Counted, not timed, so that a busy machine changes nothing. A number that grows is a check that has
become slower for everybody; where that is the price of a right answer, the number here is changed
with the code.
"""

from __future__ import annotations

import ast
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from torchload_lint.api import check_in
from torchload_lint.fixes.blocks import rewrite
from torchload_lint.source.certainty import doubts
from torchload_lint.source.evaluation import engine
from torchload_lint.source.facts import module as modules
from torchload_lint.source.facts.keyword import mutations
from torchload_lint.source.libraries.options import argparse_cli
from torchload_lint.source.proofs import class_facts
from torchload_lint.source.saving import producers
from torchload_lint.source.state import handles, taken, unspelled
from torchload_lint.workspace import Options, Projects, Settings
from torchload_lint.workspace.adoption.unused_entries import unused_entries
from torchload_lint.workspace.on_disk.source_files import DiskFiles
from torchload_lint.workspace.survey import survey

if TYPE_CHECKING:
    from pathlib import Path

LOADING = {
    "train.py": "from io_tools import read\n\n\nread('runs/last.pt')\n",
    "io_tools.py": "import torch\n\n\ndef read(path):\n    return torch.load(path)\n",
}
BESIDE = {
    "nets.py": "import torch\n\n\nclass Net(torch.nn.Module):\n    def load(self, x):\n        x\n",
    "uses.py": "from nets import Net\n\nnet = Net()\nnet.load_state_dict(state)\nread = net.load\n",
    "names.py": "def give(x, name):\n    setattr(x, name, vars(x)['other'])\n    x.__dict__ = {}\n",
    "files.py": "import json\n\nwith open('a.json') as file:\n    data = json.load(file)\n",
    "tools.py": "from accelerate.utils import set_seed\n\nset_seed(1)\ndownload_url('a')\n",
    "tests.py": "from unittest.mock import patch\n\nwith patch('nets.Net.load'):\n    pass\n",
}
CHECKPOINT = b"PK\x03\x04"
"""How a checkpoint begins; what follows is never asked for."""


@dataclass
class Work:
    """What was done, in order."""

    parsed: list[str] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    """Words that were looked for in all files."""
    doubted: list[str] = field(default_factory=list)
    """Files of whose loads it was asked whether they may read something else."""
    proven: list[str] = field(default_factory=list)
    """Classes whose source was gone through for a proof."""


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    done = Work()
    read, everywhere, asked = modules.reread, DiskFiles._everywhere, doubts.doubts
    prove = class_facts.prove_class

    def reading(text, path, *others):
        done.parsed.append(path)
        return read(text, path, *others)

    def searching(files, word):
        done.searched.append(word)
        return everywhere(files, word)

    def doubting(evaluator, module, *, relative):
        done.doubted.append(module.path)
        return asked(evaluator, module, relative=relative)

    def proving(node, module, project):
        done.proven.append(node.name)
        return prove(node, module, project)

    monkeypatch.setattr(class_facts, "prove_class", proving)
    monkeypatch.setattr(modules, "reread", reading)
    monkeypatch.setattr(DiskFiles, "_everywhere", searching)
    monkeypatch.setattr(doubts, "doubts", doubting)
    return done


def check(root: Path, texts: dict[str, str], *checkpoints: str) -> None:
    for name, text in texts.items():
        (root / name).write_text(text)
    for name in checkpoints:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(CHECKPOINT)
    run = check_in(Projects(Settings()), [root], Options(jobs=1))
    assert not run.crashes


def test_a_tree_without_loads_is_not_parsed(work: Work, tmp_path: Path) -> None:
    check(tmp_path, BESIDE, "weights/other.pt")
    assert work == Work()


def test_without_checkpoints_a_file_with_a_load_is_parsed_alone(work: Work, tmp_path: Path) -> None:
    check(tmp_path, {**LOADING, **BESIDE})
    assert work.parsed == ["io_tools.py"]
    assert work.doubted == []


def test_a_load_whose_file_is_not_there_is_followed_to_its_callers_and_no_further(
    work: Work, tmp_path: Path
) -> None:
    check(tmp_path, {**LOADING, **BESIDE}, "weights/other.pt")
    assert sorted(work.parsed) == ["io_tools.py", "train.py"]
    assert work.doubted == []


def test_a_load_whose_file_is_there_is_doubted_once(work: Work, tmp_path: Path) -> None:
    check(tmp_path, {**LOADING, **BESIDE}, "runs/last.pt")
    assert work.doubted == ["io_tools.py"]
    assert sorted(work.parsed) == sorted(dict.fromkeys(work.parsed)), "each file once"


def test_a_class_is_proven_where_a_load_needs_it_and_not_where_it_is_named(
    work: Work, tmp_path: Path
) -> None:
    registering = {
        "shapes.py": "class Shape:\n    pass\n\n\nclass Other:\n    pass\n",
        "allow.py": (
            "import torch\nfrom shapes import Shape\n\n"
            "torch.serialization.add_safe_globals([Shape])\ntorch.save(Shape(), 'shape.pt')\n"
        ),
    }
    check(tmp_path, {**LOADING, **BESIDE, **registering})
    assert work.proven == []
    settings = "[loads]\n'io_tools:read' = { safe-globals = ['shapes.Other'] }\n"
    (tmp_path / "torchload-lint.toml").write_text(settings)
    check(tmp_path, {**LOADING, **BESIDE, **registering})
    assert sorted(work.proven) == ["Other", "Shape"], (
        "the one that is needed, and what stands beside"
    )


def test_entries_that_fit_no_load_make_no_other_file_be_parsed(work: Work, tmp_path: Path) -> None:
    entries = "".join(f'"nets.part{n}:load" = {{ checkpoints = ["a.pt"] }}\n' for n in range(9))
    for name, text in {**LOADING, **BESIDE, "torchload-lint.toml": f"[loads]\n{entries}"}.items():
        (tmp_path / name).write_text(text)
    project = Projects(Settings()).project_of(tmp_path / "nets.py")
    wrong = list(unused_entries(project.context))
    assert len(wrong) == 9
    assert wrong[0].startswith('loads: "nets.part0:load" fits no load')
    assert set(work.parsed) <= {"io_tools.py", "nets.py"}, (
        "the file of the load, and that of the entries"
    )
    assert len(work.parsed) == len(set(work.parsed))


@pytest.mark.parametrize("copies", [2, 12])
def test_searches_grow_with_loads_and_not_with_files(
    work: Work, tmp_path: Path, copies: int
) -> None:
    more = {f"copy_{number}.py": BESIDE["uses.py"] for number in range(copies)}
    check(tmp_path, {**LOADING, **BESIDE, **more}, "weights/other.pt")
    assert len(work.searched) == len(set(work.searched)) <= 6


def test_what_files_do_to_functions_is_not_asked_where_none_is_relied_on(
    work: Work, tmp_path: Path
) -> None:
    loads = {"load.py": "import torch\n\nstate = torch.load('runs/last.pt')\n"}
    check(tmp_path, {**loads, **BESIDE}, "runs/last.pt")
    assert work.parsed == ["load.py"]


def test_statements_that_are_alike_are_rewritten_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each pass over a file fixes one load of each block: the others were written anew."""
    rewritten: list[str] = []
    real = rewrite._changed
    monkeypatch.setattr(rewrite, "_changed", lambda *of: rewritten.append(of[0]) or real(*of))
    rewrite._rewritten.cache_clear()
    (tmp_path / "torchload-lint.toml").touch()
    (tmp_path / "models.py").write_text("class Net:\n    pass\n")
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
        archive.writestr("archive/version", b"3\n")
    code = "import torch\n\nnet = make()\n" + 'state = torch.load("net.pt")\n' * 40
    (tmp_path / "load.py").write_text(code)
    options = Options(fix=True, unsafe=True, write=True, jobs=1)
    check_in(Projects(Settings()), [tmp_path], options)
    fixed = (tmp_path / "load.py").read_text()
    assert fixed.count("\nwith safe_globals([Net]):\n") == 3
    assert fixed.count("\n    state = ") == 40
    assert len(rewritten) <= 2


def test_a_file_is_searched_for_options_of_its_own_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []

    class Counting:
        def search(self, text: str) -> None:
            searched.append(text)

    monkeypatch.setattr(argparse_cli, "_OWN_ARGUMENTS", Counting())
    options = "".join(f"p.add_argument('--o{n}', default='runs/{n}.pt')\n" for n in range(30))
    loads = "".join(f"x{n} = torch.load(args.o{n})\n" for n in range(30))
    code = f"import argparse, torch\np = argparse.ArgumentParser()\n{options}"
    check(tmp_path, {"load.py": f"{code}args = p.parse_args()\n{loads}"}, "runs/3.pt")
    assert len(searched) == 1


def test_no_load_of_an_option_looks_through_the_whole_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[ast.AST] = []
    real = ast.walk
    monkeypatch.setattr(ast, "walk", lambda node: walked.append(node) or real(node))
    (tmp_path / "torchload-lint.toml").touch()
    options = "".join(f"p.add_argument('--o{n}', default='runs/{n}.pt')\n" for n in range(20))
    loads = "".join(f"x{n} = torch.load(args.o{n})\n" for n in range(20))
    code = f"import argparse, torch\np = argparse.ArgumentParser()\n{options}"
    (tmp_path / "load.py").write_text(f"{code}args = p.parse_args()\n{loads}")
    assert len([*survey([tmp_path / "load.py"], Projects(Settings()))]) == 20
    assert sum(isinstance(node, ast.Module) for node in walked) < 20


@pytest.mark.parametrize("copies", [5, 12])
def test_calls_are_matched_once_each_where_a_test_rules_some_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copies: int
) -> None:
    """Each call was compared with all the others, by each: a tree that is dense with calls took
    ten times as long.
    """
    matched: list[ast.Call] = []
    real = taken.match
    monkeypatch.setattr(
        taken, "match", lambda call, *more: matched.append(call) or real(call, *more)
    )
    (tmp_path / "load.py").write_text(
        "import torch\n\n\ndef load(path, kind='net'):\n    if kind == 'net':\n"
        "        return torch.load(path)\n"
        + "".join(f"load('runs/{n}.pt', kind='other')\nload('r/{n}.pt')\n" for n in range(copies))
    )
    (tmp_path / "torchload-lint.toml").touch()
    (row,) = survey([tmp_path / "load.py"], Projects(Settings()))
    assert len(row.situation.resolution.patterns) == copies
    assert len(matched) <= 10 * copies


def test_what_files_saves_write_is_not_asked_by_a_load_of_no_known_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    real = producers.written_by
    monkeypatch.setattr(
        producers, "written_by", lambda save, *more: asked.append(save) or real(save, *more)
    )
    saves = "class Net:\n    pass\n\n\ntorch.save(Net(), 'runs/net.pt')\n"
    check(tmp_path, {"load.py": f"import torch\n\n{saves}state = torch.load(path)\n"})
    assert asked == []
    check(tmp_path, {"load.py": f"import torch\n\n{saves}state = torch.load('runs/net.pt')\n"})
    assert len(asked) == 1


def test_a_plain_check_follows_what_a_save_writes_only_so_far(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[ast.expr] = []
    real = engine.Engine.values

    def values(self, node, frame):
        found = real(self, node, frame)
        if "too many steps" not in str(found):
            followed.append(node)
        return found

    monkeypatch.setattr(engine.Engine, "values", values)
    parts = ", ".join(f"part_{n}" for n in range(2000))
    code = f"import torch\n\ntorch.save([{parts}], path)\nstate = torch.load(path)\n"
    check(tmp_path, {"load.py": code})
    assert 0 < len(followed) < 1000


def test_what_happens_to_an_open_file_is_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = handles._uses
    monkeypatch.setattr(handles, "_uses", lambda name, *of: looked.append(name) or real(name, *of))
    loads = "".join(f"x{n} = torch.load(file)\n" for n in range(40))
    check(tmp_path, {"load.py": f"import torch\n\nfile = open('a.pt', 'rb')\n{loads}"}, "a.pt")
    assert looked == ["file"]


def test_what_a_file_asks_about_values_is_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked: list[ast.AST] = []
    real = ast.walk
    monkeypatch.setattr(ast, "walk", lambda node: walked.append(node) or real(node))
    loads = "".join(f"x{n} = torch.load(p)\nx{n}.load_state_dict(y)\n" for n in range(30))
    check(tmp_path, {"load.py": f"import torch\n\n{loads}"})
    assert sum(isinstance(node, ast.Module) for node in walked) < 20


def test_attributes_that_are_set_by_name_are_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ast.Call] = []
    real = unspelled._names_listed
    monkeypatch.setattr(
        unspelled, "_names_listed", lambda call, module: asked.append(call) or real(call, module)
    )
    sets = "".join(f"setattr(a, 'p{n}', '{n}.pt')\nx{n} = torch.load(a.p{n})\n" for n in range(20))
    code = f"import torch\n\n\nclass A:\n    pass\n\n\na = A()\n{sets}"
    check(tmp_path, {"load.py": code}, "3.pt")
    assert len(asked) == 20


def test_changes_of_keywords_are_looked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ast.Name] = []
    real = mutations._change
    monkeypatch.setattr(
        mutations, "_change", lambda module, name: asked.append(name) or real(module, name)
    )
    sets = "".join(f"K['a{n}'] = 1\nx{n} = torch.load('a.pt', **K)\n" for n in range(20))
    check(tmp_path, {"load.py": f"import torch\n\nK = {{}}\n{sets}"})
    assert len(asked) <= 2 * 20 + 1
