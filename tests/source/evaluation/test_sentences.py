"""Sentences are for people: no answer depends on how a reason is worded."""

from __future__ import annotations

import importlib
from pathlib import Path

from project_files import project
from source.resolving import HEADER
from torchload_lint.source.domain.values import Text, Unknown, Value
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.paths import resolve_path

TESTS = Path(__file__).parents[2]
TABLES = sorted(
    ".".join(path.relative_to(TESTS).with_suffix("").parts)
    for path in (TESTS / "source").rglob("test_*.py")
    if "resolving" in path.read_text()
)


OPTIONS = "p = argparse.ArgumentParser()\np.add_argument('--tag')\nargs = p.parse_args()\n"
DECIDING = (
    OPTIONS + "torch.load({'run': 'a.pt', **vars(args)}['run'])\n",
    OPTIONS + "conf = {'run': 'a.pt'}\nconf.update(vars(args))\ntorch.load(conf['run'])\n",
    OPTIONS + "name = 'a.pt'\nif args.tag:\n    name += '.' + args.tag\ntorch.load(name)\n",
)
"""Programs in which it counts why something is not known."""


def programs():
    """Every program (or expression that is loaded) in the tables of the tests of source, with
    the files beside it.
    """
    yield from ({"main.py": HEADER + source} for source in DECIDING)
    tables = [
        table
        for name in TABLES
        for shown, table in vars(importlib.import_module(name)).items()
        if shown.isupper() and isinstance(table, dict)
    ]
    for key, row in (each for table in tables for each in table.items()):
        cells = [key, *(row if isinstance(row, tuple) else [row])]
        others = next((each for each in cells if isinstance(each, dict)), {})
        texts = [each for each in cells if isinstance(each, str) and "torch.load" in each]
        for text in texts or [f"torch.load({key})\n"]:
            yield {"main.py": HEADER + text, **others}


def resolutions(files):
    """The patterns of each load, and whether they are all there are."""
    index = project(files)
    module = index.module_at("main.py")
    found = [resolve_path(each.file, module, index) for each in module.loads] if module else []
    return [(each.patterns, each.complete) for each in found]


def reworded(make):
    """The constructor with every sentence replaced by one and the same word."""

    def init(self, *args, **named):
        make(self, *args, **named)
        self.why = ("x",) * len(self.why) if isinstance(self.why, tuple) else "x"

    return init


def say_one_word(patch):
    """Make every reason the same word."""
    changed, leave_open = Value.changed, Engine.leave_open

    def reworded_change(self, **changes):
        if "why" in changes:
            changes["why"] = ("x",) * len(changes["why"])
        return changed(self, **changes)

    patch.setattr(Unknown, "__init__", reworded(Unknown.__init__))
    patch.setattr(Text, "__init__", reworded(Text.__init__))
    patch.setattr(Value, "changed", reworded_change)
    patch.setattr(Engine, "leave_open", lambda self, _: leave_open(self, "x"))


def test_no_answer_depends_on_the_wording_of_a_reason(monkeypatch):
    cases = list(programs())
    expected = [resolutions(files) for files in cases]
    assert sum(map(len, expected)) > 200
    say_one_word(monkeypatch)
    different = [
        files["main.py"].removeprefix(HEADER)
        for files, before in zip(cases, expected, strict=True)
        if resolutions(files) != before
    ]
    assert different == []
