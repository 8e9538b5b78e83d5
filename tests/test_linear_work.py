"""What a run does grows with the file, not with its square: counted in calls, not in seconds."""

from __future__ import annotations

import ast
import sys
import zipfile

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.config import Settings
from torchload_lint.fixes import repairing
from torchload_lint.fixes.rewritten import Refusal
from torchload_lint.source.branches import endings
from torchload_lint.source.certainty import objects
from torchload_lint.source.certainty.escaping import escapes
from torchload_lint.source.domain import mappings
from torchload_lint.source.domain.values import Text
from torchload_lint.source.evaluation import written_out
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts import scripts
from torchload_lint.source.libraries.options import argparse_cli
from torchload_lint.source.names.source_file import SourceFile
from torchload_lint.source.project.changes import reflection
from torchload_lint.source.saving import producers
from torchload_lint.source.text import import_rows, imports_in_text
from torchload_lint.workspace.on_disk.source_files import DiskFiles
from torchload_lint.workspace.one_file import Options, check_bytes
from torchload_lint.workspace.projects import Projects

HEAD = "import torch\n\nmodel = make()\n"
SHAPES = {
    "direct": ("", 'model.load_state_dict(torch.load("w{i}.pt"))\n'),
    "one name": ("", 'state = torch.load("w{i}.pt")\nmodel.load_state_dict(state)\n'),
    "names": ("", 'state{i} = torch.load("w{i}.pt")\nmodel.load_state_dict(state{i})\n'),
    "one path": ("", 's{i} = torch.load("w1.pt")\nmodel.load_state_dict(s{i})\n'),
    "one function": (
        "def main(model):\n",
        '    state{i} = torch.load("w{i}.pt")\n    model.load_state_dict(state{i}["m"])\n',
    ),
    "functions": (
        "",
        "def f{i}(path, model):\n    model.load_state_dict(torch.load(path)['model'])\n",
    ),
    "methods": ("class A:\n", "    def f{i}(self):\n        return torch.load(self.path)\n"),
    "early returns": (
        "def f(a):\n",
        '    if a == {i}:\n        return 1\n    x{i} = torch.load("w{i}.pt")\n',
    ),
    "in one try": (
        "try:\n",
        '    x{i} = torch.load("w{i}.pt")\n',
        "except OSError:\n    pass\n",
    ),
    "open files": ("", 'with open("w{i}.pt", "rb") as f:\n    x{i} = torch.load(f)\n'),
    "folders": ("import os\n", 'os.chdir("a{i}")\nx{i} = torch.load("w{i}.pt")\n'),
    "inner functions": (
        "",
        'def f{i}():\n    def g():\n        return torch.load("w{i}.pt")\n    return g()\n',
    ),
    "silenced": ("", 'x{i} = torch.load("w{i}.pt", weights_only=False)  # noqa: TLL1\n'),
    "objects": ("", 'a{i} = A()\na{i}.path = "w{i}.pt"\nx{i} = torch.load(a{i}.path)\n'),
    "a handler": ("try:\n    y = 1\nexcept TypeError:\n", '    x{i} = torch.load("w{i}.pt")\n'),
}
MANY = 4
"""How often larger the second file is; a run on it may cost a little more than that."""


@pytest.mark.parametrize("shape", SHAPES)
def test_loads_in_a_file(tmp_path, shape):
    (tmp_path / "torchload-lint.toml").write_text("")
    with zipfile.ZipFile(tmp_path / "w1.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cm\nA\n)\x81}q\x00b.")
        archive.writestr("archive/version", b"3\n")
    calls_of_a_run(tmp_path, SHAPES[shape], 2)  # what is imported and compiled once
    few, many = (calls_of_a_run(tmp_path, SHAPES[shape], count) for count in (20, 20 * MANY))
    assert many < few * MANY * 1.25


WITH_FIXES = {
    "one name": ("", 'state = torch.load("w2.pt")\n'),
    "one name, paths": ("", 'p = "w2.pt"\nstate = torch.load(p)\n'),
    "one attribute": ("class A:\n  def f(self):\n", '    self.state = torch.load("w2.pt")\n'),
    "registrations": (
        "",
        (
            "torch.serialization.add_safe_globals([C{i}])\n"
            'x{i} = torch.load("w{i}.pt", weights_only=True)\n'
        ),
    ),
    "registrations of imported classes": (
        "",
        (
            "import lib{i}\ntorch.serialization.add_safe_globals([lib{i}.C])\n"
            'x{i} = torch.load("w{i}.pt", weights_only=True)\n'
        ),
    ),
    "registrations above functions": (
        "",
        (
            "torch.serialization.add_safe_globals([C{i}])\n"
            'def f{i}():\n    return torch.load("w{i}.pt", weights_only=True)\n'
        ),
    ),
    "blocks": (
        "",
        (
            "with torch.serialization.safe_globals([C{i}]):\n"
            '    state = torch.load("w{i}.pt", weights_only=True)\n'
        ),
    ),
}
"""Loads that are only checked, the fixes being made and not applied."""


@pytest.mark.parametrize("shape", WITH_FIXES)
def test_fixes_that_are_not_applied(tmp_path, shape):
    (tmp_path / "torchload-lint.toml").write_text("")
    (tmp_path / "models.py").write_text("class Net:\n    pass\n")
    with zipfile.ZipFile(tmp_path / "w2.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
        archive.writestr("archive/version", b"3\n")
    calls_of_a_run(tmp_path, WITH_FIXES[shape], 40, Options())
    few, many = (
        calls_of_a_run(tmp_path, WITH_FIXES[shape], count, Options()) for count in (40, 40 * MANY)
    )
    assert many < few * MANY * 1.25


def test_a_table_is_read_once_for_all_loads(tmp_path, monkeypatch):
    read = []
    of_constant = written_out.of_constant
    monkeypatch.setattr(
        written_out, "of_constant", lambda node: read.append(1) or of_constant(node)
    )
    (tmp_path / "torchload-lint.toml").write_text("")
    rows = "".join(f'    "k{i}": {{"file": "w{i}.pt", "tags": ["a", {i}]}},\n' for i in range(40))
    each = 'x{i} = torch.load(TABLE["k{i}"]["file"])\n'
    calls_of_a_run(tmp_path, ("TABLE = {\n" + rows + "}\n", each), 40)
    assert len(read) == 40 * 6


def test_a_thousand_mappings_laid_over_one_another():
    """Each asked the next for what it had not: a RecursionError at a thousand."""
    whole = {}
    for number in range(2000):
        whole = mappings.over(mappings.Layered({str(number): (Text("a"),)}), whole)
    assert len(whole) == 2000
    assert whole["0"] == (Text("a"),)


def test_each_of_many_classes_is_proven_without_going_through_the_file_again(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text("")

    def calls(count):
        (tmp_path / "models.py").write_text(
            "".join(
                f"class C{i}:\n    def f(self):\n        return self.a + {i}\n"
                for i in range(count)
            )
        )
        begin = "from models import " + ", ".join(f"C{i}" for i in range(count)) + "\n"
        each = 'with torch.serialization.safe_globals([C{i}]):\n    x{i} = torch.load("w{i}.pt")\n'
        return calls_of_a_run(tmp_path, (begin, each), count, Options())

    calls(2)
    few, many = calls(40), calls(40 * MANY)
    assert many < few * MANY * 1.25


def test_statements_and_text_are_not_gone_through_for_each_load(tmp_path, monkeypatch):
    """What a comprehension or a loop passes is counted too, each row of it each time."""
    searched = []

    class Searched:
        def search(self, text):
            searched.append(text)

    monkeypatch.setattr(scripts, "_SETS_UP", Searched())
    (tmp_path / "torchload-lint.toml").write_text("")
    (tmp_path / "models.py").write_text("class Net:\n    pass\n")
    with zipfile.ZipFile(tmp_path / "w2.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
        archive.writestr("archive/version", b"3\n")
    rows_of_a_run(tmp_path, WITH_FIXES["one name"], 1)
    few, many = (rows_of_a_run(tmp_path, WITH_FIXES["one name"], count) for count in (40, 160))
    assert many < few * 4 * 1.06
    assert len(searched) == 3


def rows_of_a_run(folder, shape, count):
    """How many rows of the tool a check runs."""
    counted = 0

    def count_it(_frame, event, _argument):
        nonlocal counted
        counted += event == "line"
        return count_it

    before = sys.gettrace()
    sys.settrace(count_it)
    try:
        calls_of_a_run(folder, shape, count, Options())
    finally:
        sys.settrace(before)
    return counted


def test_what_a_file_says_of_all_its_loads_is_worked_out_once(tmp_path, monkeypatch):
    """Options, and tests that leave, where no checkpoint is near: of one file that is alone."""
    asked, sought = [], []
    collect, seek = argparse_cli._collect, endings._tests_among
    monkeypatch.setattr(argparse_cli, "_collect", lambda *of: asked.append(of) or collect(*of))
    monkeypatch.setattr(endings, "_tests_among", lambda of: sought.append(of) or seek(of))
    (tmp_path / "torchload-lint.toml").write_text("")
    begin = (
        "import argparse\nparser = argparse.ArgumentParser()\nargs = parser.parse_args()\n"
        "parser.add_argument('--a')\nif not args.a:\n    raise SystemExit\n"
    )
    calls_of_a_run(tmp_path, (begin, "x{i} = torch.load(args.a)\n"), 30, Options())
    assert len(asked) == 1
    assert len(sought) == 1


def test_tests_that_leave_are_those_above_in_the_same_block():
    text = "if a: raise E\nx = 1\nassert b\ny = 2\nif c: pass\nif d: raise E\nz = 3\n"
    module = SourceFile("m.py", "m", text, ast.parse(text))
    body = module.tree.body

    def left(number, *most):
        found = endings.left_before(body[number], module, *most)
        return [(test.id, holds) for test, holds in found]

    assert left(0) == []
    assert left(3) == [("a", False), ("b", True)]
    assert left(6) == [("a", False), ("b", True), ("d", False)]
    assert left(6, 4) == [("b", True), ("d", False)]


def test_a_list_of_imports_is_followed_to_a_bound():
    """A text of many lists that nothing closes was searched to its end for each: 40,000, 16 s."""

    def targets(text):
        return import_rows.import_targets(text, "m", "m.py", certain=True)

    names = ", ".join(f"name{number}" for number in range(500))
    assert len(targets(f"from a import (\n{names})\n")) == 501
    far = " " * imports_in_text.LONGEST_LIST
    assert targets(f"from a import (\n{names}{far})\n") == [(1, "a")]
    assert targets("from a import (\n" * 3) == [(1, "a"), (2, "a"), (3, "a")]


def test_indented_imports_are_placed_without_going_through_all_rows_above(monkeypatch):
    looked = []
    bisect = import_rows.bisect_left
    monkeypatch.setattr(import_rows, "bisect_left", lambda *of: looked.append(of) or bisect(*of))
    text = "if a:\n    import models\n" + "def f():\n    import os\n" * 20
    assert import_rows.import_targets(text, "m", "m.py", certain=False) == [(2, "models")]
    assert len(looked) == 21


def calls_of_a_run(folder, shape, count, options=Options(fix=True, unsafe=True)):  # noqa: B008
    """How many functions a check calls, those of the interpreter too."""
    begin, each, *end = shape
    text = "".join([HEAD, begin, *(each.format(i=number) for number in range(count)), *end])
    (folder / "m.py").write_text(text)
    counted = 0

    def count_it(_frame, event, _argument):
        nonlocal counted
        counted += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count_it)
    try:
        check_bytes(text.encode(), folder / "m.py", Projects(Settings()), options)
    finally:
        sys.setprofile(before)
    return counted


def test_a_file_that_is_fixed_lets_no_other_be_searched_again(tmp_path, monkeypatch):
    searched = []
    search = reflection._has_word
    monkeypatch.setattr(reflection, "_has_word", lambda text: searched.append(text) or search(text))
    (tmp_path / "torchload-lint.toml").write_text("")
    with zipfile.ZipFile(tmp_path / "w.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        archive.writestr("archive/version", b"3\n")
    for number in range(12):
        text = f"import torch\nsetattr(a, 'b{number}', 1)\n"
        text += 'def where():\n    return "w.pt"\n\n\n'  # which others may replace
        text += "x = torch.load(where(), weights_only=False)\n"
        (tmp_path / f"m{number}.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["--fix", "--no-cache", "--jobs", "1", "."])
    assert "weights_only=True" in (tmp_path / "m11.py").read_text()
    assert 12 <= len(searched) <= 3 * 12


def test_a_proof_for_each_of_many_files_goes_through_no_file_again(tmp_path, monkeypatch):
    asked = []
    text = DiskFiles.text
    monkeypatch.setattr(DiskFiles, "text", lambda *of: asked.append(of) or text(*of))
    counts = []
    for count in (10, 10 * MANY):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "torchload-lint.toml").write_text("")
        (folder / "models.py").write_text("class Net:\n    pass\n")
        with zipfile.ZipFile(folder / "net.pt", "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
            archive.writestr("archive/version", b"3\n")
        for number in range(count):
            row = 'import torch\nimport models\n\nnet = torch.load("net.pt")\n'
            (folder / f"m{number}.py").write_text(f"{row}models.of{number} = net\n")
        monkeypatch.chdir(folder)
        asked.clear()
        CliRunner().invoke(root, ["--fix", "--unsafe-fixes", "--no-cache", "--jobs", "1", "."])
        assert "safe_globals([models.Net])" in (folder / f"m{count - 1}.py").read_text()
        counts.append(len(asked))
    assert counts[1] < counts[0] * MANY * 1.25


@pytest.mark.parametrize(("protocol", "asks"), [("2", False), ("given", False), ("4", True)])
def test_a_check_asks_who_writes_a_file_where_a_save_may_be_refused(
    tmp_path, monkeypatch, protocol, asks
):
    asked = []
    find = producers.producers_for

    def counted(*of, **how):
        asked.append(of)
        return find(*of, **how)

    monkeypatch.setattr(producers, "producers_for", counted)
    (tmp_path / "torchload-lint.toml").write_text("")
    (tmp_path / "load.py").write_text('import torch\nx = torch.load("w.pt")\n')
    (tmp_path / "save.py").write_text(
        "import torch\n\n\ndef save(x, given):\n"
        f'    torch.save(x, "w.pt", pickle_protocol={protocol})\n'
    )
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["--no-cache", "--jobs", "1", "."])
    assert bool(asked) is asks


def test_callers_are_followed_one_by_one_within_a_bound(tmp_path, monkeypatch):
    steps = []
    top = Engine.top

    def counted(engine, *of):
        before = engine._all_steps
        found = top(engine, *of)
        steps.append(engine._all_steps - before)
        return found

    monkeypatch.setattr(Engine, "top", counted)
    (tmp_path / "torchload-lint.toml").write_text("")
    several = "".join(f"    x{i} = name(a, b, {i})\n" for i in range(40))
    (tmp_path / "load.py").write_text(
        "import torch\n\n\ndef name(a, b, i):\n    return f'{a}/{b}/{i}'\n\n\n"
        f"def load(a, b):\n{several}"
        f"    return torch.load({' + '.join(f'x{i}' for i in range(40))})\n"
        + "".join(f"\n\ndef call{i}():\n    load('a{i}', 'b{i}')\n" for i in range(60))
    )
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["loads", "."])
    assert 5_000 < max(steps) < 15_000


@pytest.mark.parametrize(("count", "offers"), [(8, True), (40, True), (400, False)])
@pytest.mark.parametrize("form", ["x = [{}]", "{}"])
def test_not_each_of_many_loads_in_one_place_is_written_around_all_of_them(
    tmp_path, monkeypatch, form, count, offers
):
    """400 in a list took 150 s."""
    (tmp_path / "torchload-lint.toml").write_text("")
    (tmp_path / "models.py").write_text("class Net:\n    pass\n")
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02cmodels\nNet\n)\x81.")
        archive.writestr("archive/version", b"3\n")
    between = ", " if "[" in form else "; "
    rows = form.format(between.join(['torch.load("net.pt")'] * count))
    (tmp_path / "m.py").write_text(f"import torch\n{rows}\n")
    written = []

    def counted(*of):
        written.append(of)
        raise Refusal("not here")

    monkeypatch.setattr(repairing, "put_in_block", counted)
    monkeypatch.chdir(tmp_path)
    options = ["--no-cache", "--jobs", "1", "-v", "m.py"]
    shown = CliRunner().invoke(root, options).stdout
    assert shown.count("TLL103") == count
    assert bool(written) is offers
    assert ("too many loads stand in these rows" in shown) is not offers


def test_the_methods_of_a_class_are_looked_through_once_for_all_its_loads(tmp_path, monkeypatch):
    """300 methods with a load of ``self.path`` each took 13 s."""
    asked, listed = [], []
    gives, names = objects._gives_itself, escapes._names_in
    monkeypatch.setattr(objects, "_gives_itself", lambda one: asked.append(one) or gives(one))
    monkeypatch.setattr(escapes, "_names_in", lambda one: listed.append(one) or names(one))
    (tmp_path / "torchload-lint.toml").write_text("")
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"\x80\x02}.")
        archive.writestr("archive/version", b"3\n")
    methods = "".join(
        f"    def f{i}(self):\n        return torch.load(self.path)\n" for i in range(30)
    )
    (tmp_path / "m.py").write_text(f'import torch\nclass A:\n    path = "net.pt"\n{methods}')
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(root, ["--no-cache", "--jobs", "1", "m.py"])
    assert len(asked) == len(listed) == 30
