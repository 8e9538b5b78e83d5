"""Loads hostile files under allowlists, in a process of its own; says which of them ran something.

    python attack_child.py VARIANTS.json

A line is written before each load, so that the last one names what ended the process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import sys
import warnings
from pathlib import Path

import torch

COLLECTS = 100
"""How many loads come before all of memory is gone through, which takes a tenth of a second."""


def main() -> None:
    warnings.simplefilter("ignore")
    sys.path.insert(0, ".")
    helper = vars(importlib.import_module("restore_only"))
    for number, variant in enumerate(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))):
        say("start " + variant["name"])
        entries = [made for text in variant["entries"] for made in evaluated(text, dict(helper))]
        with contextlib.suppress(Exception), helper["safe_globals"](entries):
            loaded = torch.load(variant["file"], weights_only=True)
            say("loaded " + variant["name"])
            if variant.get("looks"):
                with contextlib.suppress(Exception):
                    repr(loaded)
            del loaded
        gc.collect(2 if number % COLLECTS == 0 else 0)
        if Path(variant["marker"]).exists():
            say("RAN " + variant["name"])
            Path(variant["marker"]).rmdir()
    gc.collect()
    say("done")


def say(text: str) -> None:
    """Write a line at once: the next load may end the process."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def evaluated(text: str, names: dict[str, object]) -> list[object]:
    """The object of an entry, with the modules that it names; none where this version lacks it."""
    for part in text.replace("(", " ").replace(")", " ").replace(",", " ").split():
        module = part.rpartition(".")[0]
        while module:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
                names[module.partition(".")[0]] = sys.modules[module.partition(".")[0]]
                break
            module = module.rpartition(".")[0]
    with contextlib.suppress(AttributeError, NameError, TypeError):
        return [eval(text, names)]
    return []


if __name__ == "__main__":
    main()
