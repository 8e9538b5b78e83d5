"""Regular expressions that choose among the entries of a folder: read, and never run."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest

from source.resolving import resolve, texts
from torchload_lint.source.branches.name_shapes import shape_of
from torchload_lint.source.domain.patterns import render

# regular expression: (the shape of what `re.match` takes, a text that it takes)
SHAPES = {
    r"model_\d+\.pth$": ("model_*.pth", "model_12.pth"),
    r"model_\d+\.pth": ("model_*.pth*", "model_12.pth.tar"),
    r"^epoch=(\d+)-step=(?P<step>\d+)\.ckpt$": ("epoch=*-step=*.ckpt", "epoch=1-step=20.ckpt"),
    r"(?:best|last)_model\.pt$": ("*_model.pt", "last_model.pt"),
    r"net_[GD]\.pth$": ("net_*.pth", "net_G.pth"),
    r"ab?c+\.pt$": ("a*c*.pt", "accc.pt"),
    r"x{2,3}y\.pt$": ("*y.pt", "xxxy.pt"),
    r"x.y$": ("x*y", "x/y"),
    r"a[]b]c\.pt$": ("a*c.pt", "a]c.pt"),
    r"g_\d{8}$": ("g_*", "g_00000001"),
}
NOT_READ = [
    r"a|b",
    r"(?i)model",
    r"(?=a)a",
    r"((a))b",
    r"(a[bc])",
    r"\bmodel",
    r"a$b",
    r"\d+",
    "(",
    "[a",
    "\\",
]


@pytest.mark.parametrize("regex", SHAPES)
def test_the_shape_holds_all_that_a_regular_expression_takes(regex):
    shape, taken = SHAPES[regex]
    assert re.match(regex, taken)
    assert render(shape_of(regex, "match")) == shape
    assert fnmatchcase(taken, shape)


def test_a_search_may_begin_and_end_anywhere():
    assert render(shape_of(r"step_\d+", "search")) == "*step_*"
    assert render(shape_of(r"step_\d+", "fullmatch")) == "step_*"


@pytest.mark.parametrize("regex", NOT_READ)
def test_what_is_not_one_row_of_letters_is_not_read(regex):
    assert shape_of(regex) == ""


CHOSEN = {
    "a comprehension": (
        "fs = [f for f in os.listdir(d) if re.match(r'net_\\d+\\.pth$', f)]\n"
        "torch.load(os.path.join(d, fs[-1]))"
    ),
    "a match under a name": (
        "for f in os.listdir(d):\n"
        "    m = re.match(r'net_(\\d+)\\.pth$', f)\n"
        "    if m and int(m.group(1)) > 3:\n"
        "        torch.load(os.path.join(d, f))"
    ),
    "others are left out": (
        "for f in os.listdir(d):\n"
        "    m = re.match(r'net_(\\d+)\\.pth$', f)\n"
        "    if not m:\n"
        "        continue\n"
        "    torch.load(os.path.join(d, f))"
    ),
    "asked for None": (
        "for f in os.listdir(d):\n"
        "    if re.fullmatch(r'net_(\\d+)\\.pth', f) is not None:\n"
        "        torch.load(os.path.join(d, f))"
    ),
    "compiled": (
        "pattern = re.compile(r'net_(\\d+)\\.pth$')\n"
        "best = None\n"
        "for f in os.listdir(d):\n"
        "    if pattern.match(f):\n"
        "        best = f\n"
        "torch.load(os.path.join(d, best))"
    ),
    "the name of a path": (
        "for p in Path(d).iterdir():\n"
        "    if re.fullmatch(r'net_.*\\.pth', p.name):\n"
        "        torch.load(p)"
    ),
    "a part that is not known": (
        "fs = [f for f in os.listdir(d) if re.fullmatch(f'net_{n}\\.pth', f)]\n"
        "torch.load(os.path.join(d, fs[0]))"
    ),
}
NOT_CHOSEN = {
    "flags": "if re.match(r'net_\\d+\\.pth', f, re.I):",
    "another text": "if re.match(r'net_\\d+\\.pth', d):",
    "those that do not match": "if not re.match(r'net_\\d+\\.pth', f):",
    "a pattern that is given": "if re.match(n, f):",
    "another function": "if fnmatch.match(r'net_\\d+\\.pth', f):",
}


def within(body):
    rows = "".join(f"    {row}\n" for row in body.splitlines())
    return texts(resolve(f"import re\ndef load(d, n):\n{rows}"))


@pytest.mark.parametrize("body", CHOSEN.values(), ids=CHOSEN)
def test_a_regular_expression_says_which_entries_of_a_folder(body):
    assert within(body) == ["*/net_*.pth"]


@pytest.mark.parametrize("test", NOT_CHOSEN.values(), ids=NOT_CHOSEN)
def test_other_tests_say_nothing_of_them(test):
    assert within(f"for f in os.listdir(d):\n    {test}\n        torch.load(d + '/' + f)") == []


def test_a_folder_is_no_name():
    body = "p = os.path.join(d, 'x', str(n))\nif re.match(r'net_\\d+\\.pth', p):\n    torch.load(p)"
    assert within(body) == ["*/x/*"]


def test_an_entry_that_is_left_out_by_its_ending():
    body = (
        "for f in os.listdir(d):\n    if not f.endswith('.pth'):\n        continue\n"
        "    torch.load(os.path.join(d, f))"
    )
    assert within(body) == ["*/*.pth"]
