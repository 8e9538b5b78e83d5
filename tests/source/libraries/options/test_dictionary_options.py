"""Options that a loop declares for the entries of a dictionary: how sure their defaults are."""

from __future__ import annotations

import pytest

from source.resolving import resolve

LOOP = (
    "def convert(v):\n    return 'x' + v\n"
    "def add_all(parser, options):\n    for k, v in options.items():\n"
    "        kind = type(v)\n        if v is None:\n            kind = str\n"
    "        elif isinstance(v, bool):\n            kind = str2bool\n"
    "        parser.add_argument(f'--{k}', default=v, type=kind)\n"
    "def str2bool(v):\n    return v == 'yes'\n"
)
MAIN = (
    "defaults = dict(net='a.pt', flag=True)\nparser = argparse.ArgumentParser()\n"
    "add_all(parser, defaults)\nargs = parser.parse_args()\ntorch.load(args.net)\n"
)
PROGRAMS = {
    "as it is": (LOOP + MAIN, True),
    "sorted": (LOOP.replace("options.items()", "sorted(options.items())") + MAIN, True),
    "converted by a function": (LOOP.replace("type=kind", "type=convert") + MAIN, False),
    "converted by a lambda": (LOOP.replace("type=kind", "type=lambda v: v + 'x'") + MAIN, False),
    "converted where it is the default": (LOOP.replace("=v, t", "=convert(v), t") + MAIN, False),
    "arguments in the code": (
        LOOP + MAIN.replace("parse_args()", "parse_args(['--net', 'b.pt'])"),
        False,
    ),
    "changed afterwards": (
        LOOP + MAIN.replace("add_all(parser, d", "defaults.update(input())\nadd_all(parser, d"),
        False,
    ),
}


@pytest.mark.parametrize(("source", "exact"), PROGRAMS.values(), ids=PROGRAMS)
def test_how_sure_a_default_is(source, exact):
    found = resolve(source).patterns
    assert [each.text for each in found if each.exact] == ["a.pt"] * exact
    assert exact or "a.pt" in {each.text for each in found}


def test_a_later_default_counts():
    later = "parser.set_defaults(**{'net': 'b.pt'})\nargs ="
    found = resolve(LOOP + MAIN.replace("args =", later)).patterns
    assert {each.text: each.exact for each in found} == {"a.pt": False, "b.pt": True}


def test_a_command_line_says_what_no_entry_does():
    source = (LOOP + MAIN).replace("net='a.pt'", "net=None")
    found = resolve(source, {"run.sh": "python main.py --net runs/c.pt\n"})
    assert [(each.text, each.exact) for each in found.patterns] == [("runs/c.pt", False)]
