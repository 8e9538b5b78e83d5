"""Where a holder is kept, where it is changed and where the load stands: whole programs."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, NamedTuple

from programs.reading import parts, pieces

if TYPE_CHECKING:
    from random import Random

    from programs.holders import Holder

IMPORTS = (
    "import argparse, bisect, builtins, collections, concurrent.futures, contextlib, copy\n"
    "import dataclasses, functools, heapq, importlib, itertools, operator, os, pathlib, random\n"
    "import sys, threading, types, unittest.mock\n"
    "import torch\n"
)


class Program(NamedTuple):
    """A program of some files; ``main.py`` is run."""

    files: dict[str, str]
    kind: str
    """What it is made of, in words, for counting."""
    control: bool
    """Whether nothing in it changes the path, and nothing looks as if it did."""


def block(text: str, times: int = 1) -> str:
    """The text, indented."""
    return indent(text, "    " * times)


# -- how a change comes to be made -----------------------------------------------------------------
# {S}: the change, made to {V}; {A}: the expression that leads to the holder.

_IN_PLACE = pieces("in_place")
"""Ways that need no name of their own for the holder."""
_THROUGH_NAME = pieces("renaming")
"""Ways that give the holder another name: definitions, and what stands at the place."""


def change(rng: Random, statement: str, access: str, *, rebinds: bool) -> tuple[str, str, str]:
    """The name of a way, its definitions, and its code: ``statement`` is done to ``access``."""
    if rebinds or rng.random() < 0.3:
        name = rng.choice(sorted(_IN_PLACE))
        done = statement.replace("{R}", access)
        text = _IN_PLACE[name]
        return name, "", _filled(text, done, access)
    name = rng.choice(sorted(_THROUGH_NAME))
    definitions, code = parts(_THROUGH_NAME[name])
    done = statement.replace("{R}", "v")
    return name, _filled(definitions, done, access), _filled(code, done, access)


def _filled(text: str, done: str, access: str) -> str:
    text = text.replace("{S2}", block(done, 2)).replace("{S1}", block(done))
    return text.replace("{S}", done).replace("{A}", access)


# -- where the load stands -------------------------------------------------------------------------
# {P}: the expression of the path; {L}: the load itself.

LOADS = {
    "plain": "torch.load({P}, weights_only=False)",
    "map_location": "torch.load({P}, map_location='cpu', weights_only=False)",
    "default": "torch.load({P})",
    "restricted": "torch.load({P}, weights_only=True)",
    "named": "torch.load(f={P}, weights_only=False)",
    "opened": "torch.load(open({P}, 'rb'), weights_only=False)",
    "text": "torch.load(str({P}), weights_only=False)",
    "joined": "torch.load(os.path.join('.', {P}), weights_only=False)",
    "template": "torch.load(f'{{P}}', weights_only=False)",
}
PLACES = pieces("places")


def load(rng: Random, read: str) -> tuple[str, str]:
    """The name of a place, and the statements there that load what ``read`` says."""
    form = rng.choice([*LOADS, "plain", "plain", "plain"])
    if form == "template" and ("'" in read or '"' in read):
        form = "plain"
    name = rng.choice(sorted(PLACES))
    text = PLACES[name]
    for mark, path in (("{LW}", "where"), ("{LS}", "self.where"), ("{L}", read)):
        text = text.replace(mark, LOADS[form].replace("{P}", path))
    return f"{name} {form}", text.replace("{P}", read)


# -- whole programs --------------------------------------------------------------------------------


def arranged(rng: Random, holder: Holder, statement: str, *, in_loop: bool) -> Program:
    """A program round a holder: ``statement`` (empty for none) is done to it before the load."""
    layout = rng.choice(sorted(_LAYOUTS))
    access, rebinds = _LAYOUTS[layout][0], _rebinds(statement)
    before, definitions, way = "", "", "no change"
    if statement:
        way, definitions, before = change(rng, statement, access, rebinds=rebinds)
    place, loading = load(rng, holder.read.replace("{R}", access))
    run = f"{before}\n{loading}"
    if in_loop and statement:
        run = f"for turn in range(2):\n{block(loading)}\n{block(before)}"
        place += " in a loop"
    files = _LAYOUTS[layout][1](holder, definitions, run, before, loading)
    kind = f"{holder.name} / {statement or '-'} / {way} / {layout} / {place}"
    return Program({name: IMPORTS + text for name, text in files.items()}, kind, not statement)


def _rebinds(statement: str) -> bool:
    """Whether a change gives the name something else, so that it must be made to that name."""
    starts = (
        "{R} ",
        "{R}, ",
        "for {R} in",
        "with contextlib.nullcontext('ckpt.pt') as {R}:",
        "for {R} in",
    )
    return statement.startswith(starts)


def _flat(holder: Holder, definitions: str, run: str, before: str, loading: str) -> dict[str, str]:
    del before, loading
    return {"main.py": f"{holder.setup}\n{definitions}\nR = {holder.made}\n{run}\n"}


def _local(holder: Holder, definitions: str, run: str, before: str, loading: str) -> dict[str, str]:
    del before, loading
    body = block(f"R = {holder.made}\n{run}")
    return {"main.py": f"{holder.setup}\n{definitions}\ndef main():\n{body}\n\nmain()\n"}


def _parameter(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    del before, loading
    body = f"def main(R):\n{block(run)}\n\nmain({holder.made})\n"
    return {"main.py": f"{holder.setup}\n{definitions}\n{body}"}


def _default(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    del before, loading
    body = f"def main(R={holder.made}):\n{block(run)}\n\nmain()\n"
    return {"main.py": f"{holder.setup}\n{definitions}\n{body}"}


def _attribute(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    methods = f"    def first(self):\n{block(before or 'pass', 2)}\n\n"
    methods += f"    def second(self):\n{block(loading, 2)}\n"
    if "for turn" in run:
        methods = f"    def first(self):\n        pass\n\n    def second(self):\n{block(run, 2)}\n"
    app = f"class App:\n    def __init__(self):\n        self.R = {holder.made}\n\n{methods}"
    call = "app = App()\napp.first()\napp.second()\n"
    return {"main.py": f"{holder.setup}\n{definitions}\n{app}\n{call}"}


def _in_function(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    """The change is made by a function that uses the module's name."""
    del run
    declared = "global R\n" if before else ""
    body = f"def change():\n{block(declared + (before or 'pass'))}\n\nchange()\n{loading}\n"
    return {"main.py": f"{holder.setup}\n{definitions}\nR = {holder.made}\n{body}"}


def _elsewhere(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    """Kept in one file, changed in another, loaded in a third."""
    del run
    return {
        "settings.py": f"{holder.setup}\nR = {holder.made}\n",
        "loader.py": f"import settings\n\ndef start():\n{block(loading)}\n",
        "main.py": _star(holder) + f"import loader, settings\n{definitions}\n{before}\n"
        "loader.start()\n",
    }


def _imported(
    holder: Holder, definitions: str, run: str, before: str, loading: str
) -> dict[str, str]:
    """Kept in one file; another takes it from there and hands it to a helper in a third."""
    del run
    return {
        "settings.py": f"{holder.setup}\nR = {holder.made}\n",
        "changing.py": _star(holder) + f"import settings\n{definitions}\n{before}\n",
        "main.py": f"import settings\nimport changing\n{loading}\n",
    }


def _star(holder: Holder) -> str:
    return "from settings import Box\n" if holder.setup else ""


_LAYOUTS = {
    "flat": ("R", _flat),
    "local": ("R", _local),
    "parameter": ("R", _parameter),
    "default": ("R", _default),
    "attribute": ("self.R", _attribute),
    "in a function": ("R", _in_function),
    "elsewhere": ("settings.R", _elsewhere),
    "imported": ("settings.R", _imported),
}
