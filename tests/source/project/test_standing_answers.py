"""What an index knows after a change is what a new one would find, and is not looked for again."""

from __future__ import annotations

import ast
from functools import partial
from itertools import product
from textwrap import dedent

import pytest

from project_files import MemoryFiles
from torchload_lint.source.project import callers, families
from torchload_lint.source.project.between_edits.standing_answers import NotedFiles, StandingAnswers
from torchload_lint.source.project.index import ProjectIndex

FILES = {
    "nets.py": (
        "class Net:\n    def load(self, path):\n        return path\n",
        "class Other:\n    pass\n\n\nNet = Other\n",
        "# moved\nfrom base import Net\n",
        "class Net(\n",
    ),
    "base.py": (
        "class Net:\n    def load(self, path):\n        return path\n",
        "from nets import Net\n",
        "",
    ),
    "pkg/deep.py": (
        "from nets import Net\n\n\nclass Deep(Net):\n    pass\n\n\nDeep().load('a')\n",
        "import nets\n\n\nclass Deep(nets.Net):\n    def load(self, path):\n        return path\n",
        "from pkg.more import Net\n\nNet().load('b')\n",
    ),
    "pkg/more.py": (
        "from base import Net\n\nNet().load('c')\n",
        "Net = None\n",
        "import pkg.deep\n",
    ),
}
NAMES = ("nets.Net", "base.Net", "deep.Deep", "pkg.deep.Deep", "pkg.more.Net", ".more.Net")


class Texts(MemoryFiles):
    """A project whose texts are changed one after the other."""

    def __init__(self) -> None:
        super().__init__({path: variants[0] for path, variants in FILES.items()})


def changed(index: ProjectIndex, files: MemoryFiles, new: dict[str, str]) -> ProjectIndex:
    old = {path: files.texts[path] for path in new}
    files.texts.update(new)
    after = ProjectIndex(files)
    after.take_over(index, old)
    return after


def where(module, node) -> str:
    return f"{module.path}:{getattr(node, 'lineno', 0)}"


def answers(index: ProjectIndex) -> list[object]:
    """Names, names of modules, families and callers, as places."""
    found: list[object] = [index.module_name(path) for path in FILES]
    for name, near in product(NAMES, ("", "pkg/deep.py")):
        for one in index.definitions(name, near):
            found.append((name, near, one.kind, where(one.module, one.node)))
            if isinstance(one.node, ast.ClassDef):
                family = families.family(one.node, one.module, index)
                found += [sorted(where(home, each) for each, home in family.members.items())]
            for node in ast.walk(one.node):
                if isinstance(node, ast.FunctionDef):
                    sites = callers.sites(index, one.module, node)
                    found += [sorted(where(site.module, site.call) for site in sites.calls)]
    return found


def test_every_second_change_leaves_the_answers_of_a_new_index() -> None:
    edits = [(path, text) for path, variants in FILES.items() for text in variants]
    for first, second in product(edits, edits):
        files = Texts()
        index = changed(ProjectIndex(files), files, {"nets.py": files.texts["nets.py"] + "#\n"})
        answers(index)
        for path, text in (first, second):
            index = changed(index, files, {path: text})
            assert answers(index) == answers(ProjectIndex(files)), (first, second)


def test_two_files_change_at_once() -> None:
    files = Texts()
    index = changed(ProjectIndex(files), files, {"nets.py": ""})
    answers(index)
    index = changed(index, files, {path: variants[1] for path, variants in FILES.items()})
    assert answers(index) == answers(ProjectIndex(files))


def test_a_file_that_has_not_changed_is_the_same_module() -> None:
    files = Texts()
    index = ProjectIndex(files)
    before = {path: index.module_at(path) for path in FILES}
    for number in range(3):
        index = changed(index, files, {"nets.py": f"x = {number}\n"})
    after = {path: index.module_at(path) for path in FILES}
    assert [path for path in FILES if after[path] is not before[path]] == ["nets.py"]


def test_a_module_that_is_imported_by_another_name_now_is_parsed_anew() -> None:
    files = MemoryFiles({"pkg/more.py": "x = 1\n", "main.py": "import more\n"})
    index = ProjectIndex(files)
    assert index.module_at("pkg/more.py").name == "more"
    index = changed(index, files, {"main.py": "from pkg.more import x\n"})
    assert index.module_at("pkg/more.py").name == "pkg.more"


@pytest.fixture
def files():
    return MemoryFiles({"a.py": "import b\n", "b.py": "x = 1\n", "c.py": "import b\n"})


@pytest.fixture
def asked():
    """How often something was looked for."""
    return []


def test_what_rests_on_a_text_is_found_again_when_that_changes(files, asked) -> None:
    known = StandingAnswers(files)

    def text(path: str) -> str | None:
        asked.append(path)
        return NotedFiles(files, known).text(path)

    for turn in ({}, {"b.py": ""}, {"a.py": ""}):
        known = known.after(turn)
        of_a = partial(known.remember, "of a", lambda: text("a.py"))
        known.remember("of both", lambda of_a=of_a: (text("b.py"), of_a()))
    assert asked == ["b.py", "a.py", "b.py", "b.py", "a.py"]


def test_what_rests_on_a_word_is_found_again_when_other_files_hold_it(files, asked) -> None:
    known = StandingAnswers(files)
    for turn in ({"b.py": "y = 2\n"}, {"b.py": "import c\n"}, {"c.py": ""}, {"a.py": "import d\n"}):
        files.texts.update(turn)
        known = known.after(turn)
        found = known.remember("holders", partial(known.holding, "import"))
        asked.append(list(found))
    assert asked == [["a.py", "c.py"], ["a.py", "b.py", "c.py"], ["a.py", "b.py"], ["a.py", "b.py"]]


def test_what_rests_on_something_unknown_does_not_outlive_a_change(files, asked) -> None:
    known = StandingAnswers(files)
    known.remember("outer", lambda: known.remember("inner", known.note_unknown))
    known.remember("outer", lambda: asked.append("before a change"))
    known.after({}).remember("outer", lambda: asked.append("after it"))
    assert asked == ["after it"]


def test_what_fails_is_noted_in_the_answer_around_it(files) -> None:
    known = StandingAnswers(files)

    def fails() -> None:
        known.note("b.py")
        raise ValueError

    def outer() -> str:
        with pytest.raises(ValueError, match=r"^$"):
            known.remember("inner", fails)
        return "found"

    assert known.remember("outer", outer) == "found"
    assert known.after({"a.py": ""}).remember("outer", str) == "found"
    assert known.after({"b.py": ""}).remember("outer", str) == ""


def test_an_answer_that_nobody_asks_for_is_given_up(files) -> None:
    known = StandingAnswers(files)
    known.remember("asked", lambda: "kept")
    known.remember("forgotten", lambda: "gone")
    for _ in range(12):
        known = known.after({})
        assert known.remember("asked", str) == "kept"
    assert known.remember("forgotten", str) == ""


def test_a_method_that_another_class_gets_is_called_there() -> None:
    """An answer about an unchanged file that rests on a changed one."""
    files = MemoryFiles(
        {
            "nets.py": "class Net:\n    def load(self, path):\n        return path\n",
            "use.py": dedent("""
                from made import make

                make().load("a.pt")
            """),
            "made.py": "from nets import Net\n\n\ndef make() -> Net:\n    return Net()\n",
        }
    )
    index = changed(ProjectIndex(files), files, {"use.py": files.texts["use.py"]})
    method = index.definitions("nets.Net.load")[0]
    assert len(callers.sites(index, method.module, method.node).calls) == 1
    index = changed(index, files, {"made.py": "def make():\n    return None\n"})
    method = index.definitions("nets.Net.load")[0]
    fresh = ProjectIndex(files)
    again = fresh.definitions("nets.Net.load")[0]
    assert [
        site.module.path for site in callers.sites(index, method.module, method.node).calls
    ] == [site.module.path for site in callers.sites(fresh, again.module, again.node).calls]
