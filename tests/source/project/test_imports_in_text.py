"""What a text imports is the same whether it is read by its words or parsed."""

from __future__ import annotations

import argparse
import ast
import types
from itertools import cycle, product
from time import process_time

import pytest
import torch

from torchload_lint.api import check
from torchload_lint.config import Settings
from torchload_lint.source.text import imports_in_text
from torchload_lint.source.text.import_rows import import_targets
from torchload_lint.source.text.imports_in_text import imported_words, imports_in, joined_rows

GAPS = (" ", "\t", " \f ", " \\\n", " \\\n    ", " \\\n\\\n\t", "\\\n ")
LISTS = (
    "a",
    "a as b",
    "a,{gap}b",
    "a{gap}as{gap}b,{gap}c",
    "(a)",
    "(a,\n    b,\n)",
    "(  # of all (these)\n    a, # one )\n    # none\n\n    b{gap}as c\n)",
    "({gap}a,{gap}b{gap})",
    "*",
)
MODULES = ("m", "m.n", "m{gap}.{gap}n", ".", "..", ". m", ".m", "..{gap}m.n")
BEFORE = (
    "",
    "x = 1; ",
    'x = "# \\"; from"; ',
    "if x: ",
    "if x:\n    ",
    "if x: \\\n    ",
    "try:\n\ty = 1;",
    "# a comment ends here \\\n",
    "s = '''\n\\''' # \\\n'''\n",
    "from z import (y,\n  x)\n",
    "import z \\\n  as y, w;",
)
AFTER = ("", ";import last", "  # then; import nothing", "\nimportance = 1; y = important(x)\n")
UTILS = """\
import torch


def helper():
    return 1


def load_it(path):
    return torch.load(path)
"""
WITHOUT_FROM = ("a", "a.b", "a{gap}.{gap}b", "a as b", "a,{gap}b.c{gap}as{gap}d", "a, b as c,d")


def by_the_parser(text):
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = ""
            if isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
            names = tuple((each.name, each.asname or "") for each in node.names)
            found.append((node.lineno, module, names))
    return sorted(found)


def by_words(text):
    joined = joined_rows(text)
    assert len(joined) == len(text)
    rows = text.replace("\r\n", "\n ").replace("\r", "\n")
    return sorted(
        (rows[: each.start].count("\n") + 1, each.module, each.names) for each in imports_in(joined)
    )


def statements(gap):
    for module, listed in product(MODULES, LISTS):
        yield f"from{gap}{module}{gap}import{gap}{listed}".replace("{gap}", gap)
        if module.startswith("."):
            yield f"from{module} import{gap}{listed}".replace("{gap}", gap)
    yield from (f"import{gap}{listed}".replace("{gap}", gap) for listed in WITHOUT_FROM)


def spelled(before, statement, after):
    """Python with a statement behind something, and before something; empty if that is none."""
    if statement.endswith("*") and before.startswith(("if", "try")):
        return ""
    ended = "\nexcept E: pass\n" if before.startswith("try") else ""
    if "\n" in after:
        return f"{before}{statement}{ended}{after}"
    return f"{before}{statement}{after}{ended}\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("gap", GAPS)
def test_imports_are_read_as_the_parser_reads_them(gap, newline):
    compared = 0
    pairs = product(BEFORE, statements(gap))
    for (before, statement), after in zip(pairs, cycle(AFTER), strict=False):
        text = spelled(before, statement, after).replace("\n", newline)
        if text:
            assert by_words(text) == by_the_parser(text), text
            compared += 1
    assert compared > 1000


@pytest.mark.parametrize("gap", GAPS)
def test_rows_and_names_of_what_runs_at_import_are_those_of_the_parser(gap):
    for before, listed in product(BEFORE, LISTS[:-1]):
        statement = f"from{gap}m.n{gap}import{gap}{listed}".replace("{gap}", gap)
        text = spelled(before, statement, "")
        names = {
            (row, name)
            for row, module, listed_names in by_the_parser(text)
            for name in (module, *(f"{module}.{each}".lstrip(".") for each, _ in listed_names))
            if name
        }
        assert {*import_targets(text, "p", "p.py", certain=False)} == names, text


def test_imports_that_do_not_run_at_import_are_none():
    for text in (
        "def f(): import a\n",
        "async def f(): pass; import a\n",
        "if TYPE_CHECKING: import a\n",
        "if x and \\\n  TYPE_CHECKING: import a\n",
        "def f():\n    x = 1; import a\n",
        "# note: import a\n",
        "x = important; imports = 1\n",
    ):
        assert import_targets(text, "m", "m.py", certain=False) == [], text
    for text in ("x = 1; import a\n", "if x: import a\n", "if x:\n    import a\n"):
        assert import_targets(text, "m", "m.py", certain=True) == [], text
        assert [name for _, name in import_targets(text, "m", "m.py", certain=False)] == ["a"]


def test_the_words_of_imports_are_those_listed():
    assert imported_words("from a import b, \\\n  c as d\nimport e.f\n") == {"b", "c", "e.f"}
    assert imported_words("from a import(*)\nfrom b import\\\n*\n") == {"*"}


def seconds(text):
    started = process_time()
    list(imports_in(joined_rows(text)))
    return process_time() - started


HOSTILE = (
    '"""' + "\\" * 7,
    "'''\\'''",
    "'",
    '"',
    "\\\n",
    "from a import (",
    "from a import (#)\n",
    "from a import b;" + " " * 20,
    "from . . . ",
    "from ",
    "import ",
    "import a;",
    "import a, \\\n",
    '"#"; import a;',
)


@pytest.mark.parametrize("part", HOSTILE)
def test_texts_that_end_nothing_are_gone_through_once(part):
    """Strings, brackets and rows without an end, and many imports on one row."""
    small, large = (
        min(seconds(f"{part * count}\\\n") for _ in range(3)) for count in (2_000, 16_000)
    )
    assert large < 30 * small + 0.5  # 8 times the text; 64 times as long, if each went through all


CALLERS = (
    "from pkg.utils import helper, \\\n    load_it\n",
    "from pkg.utils import \\\n load_it\n",
    "from pkg.utils \\\n  import load_it\n",
    "from \\\n  pkg.utils import \\\n (helper,\n  load_it)\n",
    "from pkg.utils import (helper,  # one :)\n    helper as h, load_it)\n",
    "from pkg.utils import(\n    load_it,\n)\n",
    "import os; from pkg.utils import helper, load_it\n",
    "from pkg.utils import\\\n*\n",
    "from pkg.utils import\t*\n",
)


def needed(folder, files):
    """What the load of ``pkg.utils`` is said to need, where these files call it."""
    (folder / "pkg").mkdir()
    files = {"pkg/__init__.py": "", "pkg/utils.py": UTILS, **files}
    for path, text in files.items():
        (folder / path).write_bytes(text.encode())
    torch.save({"options": argparse.Namespace(a=1)}, folder / "a.pt")
    torch.save({"options": types.SimpleNamespace(a=1)}, folder / "b.pt")
    run = check(folder, settings=Settings(overrides={"select": ["TLL103"]}))
    return " ".join(each.message for file in run.results for each in file.diagnostics)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("brought", CALLERS)
def test_callers_are_seen_however_they_import(brought, newline, tmp_path):
    nearest = "from pkg.utils import load_it\n\nprint(load_it('a.pt'))\n"
    other = f"{brought}print(load_it('b.pt'))\n".replace("\n", newline)
    said = needed(tmp_path, {"a.py": nearest, "b.py": other})
    assert "argparse.Namespace" in said
    assert "types.SimpleNamespace" in said


@pytest.mark.parametrize(
    "brought", [*CALLERS, "import pkg. \\\n  utils as u; load_it = u.load_it\n"]
)
def test_what_hands_a_function_on_is_seen_however_it_imports(brought, tmp_path):
    said = needed(tmp_path, {"b.py": f"{brought}read = load_it\nprint(read('b.pt'))\n"})
    assert "types.SimpleNamespace" in said


@pytest.mark.parametrize("brought", ["import helper, load_it", "import \\\n  load_it", "import ("])
def test_imports_by_another_name_are_seen(brought, tmp_path):
    close = ")" if brought.endswith("(") else ""
    listed = f"{brought}\n  # (all)\n  helper, load_it" if close else brought
    text = f"from pkg.utils {listed} as read{close}\nprint(read('b.pt'))\n"
    assert "types.SimpleNamespace" in needed(tmp_path, {"b.py": text})


@pytest.mark.parametrize(
    "ask", [imports_in_text.imported_words, imports_in_text.joined_with_imports]
)
def test_each_text_of_a_large_tree_is_read_once_however_many_names_ask(ask, monkeypatch):
    read = []
    monkeypatch.setattr(imports_in_text, "joined_rows", lambda text: read.append(text) or text)
    texts = [f"from a import b{number}  # {ask.__name__}\n" for number in range(2_000)]
    for _ in range(3):
        for text in texts:
            ask(text)
    assert read == texts
