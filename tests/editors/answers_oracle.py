"""Random edits, saves, notebook changes and changes outside of the editor; after each, the language
server's answers are compared with those of a fresh run over the same state.

``python tests/editors/answers_oracle.py 20000`` compares so many answers and says how many differ.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[1]))

from editors.plain_client import SOURCE, PlainClient
from notebook_samples import notebook_text
from torchload_lint.config import ConfigError
from torchload_lint.editors.client_settings import read_settings
from torchload_lint.workspace import Options, Projects, check_files, discover

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.diagnostic import FileResult

VARIANTS: dict[str, tuple[str, ...]] = {
    "load.py": (
        "import torch\n\n\ndef f(p):\n    return torch.load(p, weights_only=True)\n",
        "import torch\n\n\ndef f(p):\n    x = torch.load(p)\n    return x\n",
        "import torch\nfrom paths import WHERE\n\nx = torch.load(WHERE, weights_only=False)\n",
        'import torch\n\nx = torch.load("net.pt")\ny = torch.load("plain.pt")\n',
        (
            'import torch\nimport yaml\n\nwith open("where.yaml") as file:\n'
            '    where = yaml.safe_load(file)\nx = torch.load(where["path"])\n'
        ),
        "def f(p):\n    return p\n",
        "import torch\n\nx = torch.load(\n",
    ),
    "caller.py": (
        'import load\n\nload.f("plain.pt")\n',
        'import load\n\nload.f("names.pt")\n',
        'from load import f\n\nf("net.pt")\n',
        "import load\n",
    ),
    "paths.py": ('WHERE = "names.pt"\n', 'WHERE = "net.pt"\n', "WHERE = input()\n", ""),
    "models.py": (
        "class Net:\n    size = 1\n",
        "class Other:\n    size = 1\n",
        "import os\n\n\nclass Net:\n    def __setstate__(self, state):\n        os.system(state)\n",
    ),
}
CONFIGURATIONS = ("", "", 'ignore = ["TLL102"]\n', 'target-torch = "2.4"\n', "nonsense = 1\n")
YAML = ("path: names.pt\n", "path: net.pt\n", "path: plain.pt\n", "other: 1\n", "path: [\n")
SETTINGS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"ignore": ["TLL102"]},
    {"targetTorch": "2.4"},
    {"extendSelect": ["TLL109"], "targetTorch": "banana"},
)
REQUIREMENTS = ("torch\n", "torch==2.2\n", "torch>=2.7\n")
CELLS = (
    "import torch",
    'torch.load("names.pt")',
    "%matplotlib inline\nx = torch.load(q, weights_only=False)",
    "y = (",
    "print(1)",
)
OUTSIDE = ("source", "source", "source", "checkpoint", "config", "needs", "yaml")
SETTINGS_CHANGE = 0.05
"""How often a change is one of the settings."""
OPENED = ("load.py", "caller.py", "paths.py", "models.py")
NOTEBOOK = "n.ipynb"
CELL_URI = "vscode-notebook-cell:/n.ipynb#{}"

Told = list[tuple[str, int, int, str]]


def checkpoints() -> dict[str, bytes]:
    """Files for the loads: plain, with a name, and with a class of the project."""
    import torch

    module = type(sys)("models")
    exec("class Net:\n    pass\n", module.__dict__)
    sys.modules["models"] = module
    made = {"plain.pt": {}, "names.pt": {"a": argparse.Namespace(x=1)}, "net.pt": module.Net()}
    files = {}
    for name, value in made.items():
        data = io.BytesIO()
        torch.save(value, data)
        files[name] = data.getvalue()
    del sys.modules["models"]
    return files


class Oracle:
    """One editor, one project, and what both hold."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.folder, self.mirror = folder / "project", folder / "mirror"
        self.folder.mkdir()
        self.files = checkpoints()
        for name, texts in VARIANTS.items():
            (self.folder / name).write_text(texts[0])
        for name, data in self.files.items():
            (self.folder / name).write_bytes(data)
        (self.folder / "torchload-lint.toml").write_text('min-severity = "info"\n')
        (self.folder / "where.yaml").write_text(YAML[0])
        self.settings: dict[str, Any] = {}
        """What the user has set in the editor."""
        self.client = PlainClient(self.folder)
        self.texts: dict[str, str] = {}
        """The open documents, as they stand in the editor."""
        self.cells: list[tuple[int, str]] = []
        self.next_cell = 0
        self.version = 1

    def begin(self) -> None:
        self.client.initialize()
        opened = {
            "uri": self.client.uri(NOTEBOOK),
            "notebookType": "jupyter-notebook",
            "version": 1,
            "cells": [],
        }
        told = {"notebookDocument": opened, "cellTextDocuments": []}
        self.client.tell("notebookDocument/didOpen", told)

    def step(self) -> None:
        """One random change."""
        config = self.folder / "torchload-lint.toml"
        if "nonsense" in config.read_text() and self.rng.random() < 0.3:
            config.write_text("")  # nothing is said as long as it is wrong
        moves = (self._edit, self._edit, self._edit_cells, self._outside, self._settle)
        if self.rng.random() < SETTINGS_CHANGE:
            moves = (self._set,)
        self.rng.choice(moves)()

    def _edit(self) -> None:
        name = self.rng.choice(OPENED)
        text = self.rng.choice(VARIANTS[name])
        if self.rng.random() < 0.3:
            place = self.rng.randint(0, len(text))
            text = text[:place] + self.rng.choice(("\n", " ", "é", "#", "(")) + text[place:]
        text = "\n" * self.rng.randint(0, 2) + text
        if name in self.texts:
            self.client.change(name, text)
        else:
            if not (self.folder / name).exists():  # a file that is not saved yet is no module
                (self.folder / name).write_text(text)
            self.client.open(name, text)
        self.texts[name] = text

    def _settle(self) -> None:
        """Save a document, or close it without saving."""
        if not self.texts:
            return
        name = self.rng.choice(sorted(self.texts))
        if self.rng.random() < 0.6:
            (self.folder / name).write_text(self.texts[name])
            self.client.save(name)
        else:
            self.client.close(name)
            del self.texts[name]

    def _set(self) -> None:
        """Change the settings of the editor."""
        self.settings = self.rng.choice(SETTINGS)
        told = {"settings": {"torchload-lint": self.settings}}
        self.client.tell("workspace/didChangeConfiguration", told)

    def _outside(self) -> None:
        """What git, a formatter or a training run does; the server is not told."""
        kind = self.rng.choice(OUTSIDE)
        if kind == "source":
            name = self.rng.choice(OPENED)
            path = self.folder / name
            if path.exists() and name not in self.texts and self.rng.random() < 0.2:
                path.unlink()
            else:
                path.write_text(self.rng.choice(VARIANTS[name]))
        elif kind == "checkpoint":
            path = self.folder / self.rng.choice(sorted(self.files))
            other = self.rng.choice(sorted(self.files))
            if path.exists() and self.rng.random() < 0.3:
                path.unlink()
            else:
                path.write_bytes(self.files[other])
        elif kind == "config":
            (self.folder / "torchload-lint.toml").write_text(self.rng.choice(CONFIGURATIONS))
        elif kind == "yaml":
            path = self.folder / "where.yaml"
            if path.exists() and self.rng.random() < 0.2:
                path.unlink()
            else:
                path.write_text(self.rng.choice(YAML))
        else:
            (self.folder / "requirements.txt").write_text(self.rng.choice(REQUIREMENTS))

    def _edit_cells(self) -> None:
        """Put a cell into the notebook, or take one out."""
        self.version += 1
        if self.cells and self.rng.random() < 0.4:
            place = self.rng.randrange(len(self.cells))
            gone, _ = self.cells.pop(place)
            structure: dict[str, Any] = {
                "array": {"start": place, "deleteCount": 1},
                "didClose": [{"uri": CELL_URI.format(gone)}],
            }
        else:
            place, text = self.rng.randint(0, len(self.cells)), self.rng.choice(CELLS)
            number, self.next_cell = self.next_cell, self.next_cell + 1
            self.cells.insert(place, (number, text))
            uri = CELL_URI.format(number)
            cell = {"kind": 2, "document": uri}
            structure = {
                "array": {"start": place, "deleteCount": 0, "cells": [cell]},
                "didOpen": [{"uri": uri, "languageId": "python", "version": 1, "text": text}],
            }
        document = {"uri": self.client.uri(NOTEBOOK), "version": self.version}
        change = {"cells": {"structure": structure}}
        told = {"notebookDocument": document, "change": change}
        self.client.tell("notebookDocument/didChange", told)

    def compare(self) -> Iterator[tuple[object, object]]:
        """(what the server answers, what a fresh run says) for each open document."""
        fresh = self._fresh()
        for name in self.texts:
            found = self.client.diagnostics(name)
            yield sorted(map(_of_server, found)), fresh.get((name, None), [])
        for number, (uri, _) in enumerate(self.cells, start=1):
            actions = self.client.actions(CELL_URI.format(uri), "quickfix")
            shown = {json.dumps(one) for action in actions for one in action["diagnostics"]}
            told = sorted(_of_server(json.loads(one)) for one in shown)
            rows = fresh.get((NOTEBOOK, number), [])
            # What cannot be parsed is offered no comment, which would be no cure.
            yield told, [row for row in rows if row[0] != "TLL001"]
        for name in sorted(self.texts)[:1]:
            yield self._all_fixed(name), fresh.get((name, "fixed"), self.texts[name])

    def _all_fixed(self, name: str) -> str:
        text = self.texts[name]
        for action in self.client.actions(self.client.uri(name), "source.fixAll"):
            for edits in action["edit"]["changes"].values():
                text = _edited(text, edits)
        return text

    def _fresh(self) -> dict[tuple[str, object], Any]:
        """A new run, over a copy of the state that holds what is not saved."""
        shutil.rmtree(self.mirror, ignore_errors=True)
        shutil.copytree(self.folder, self.mirror)
        for name, text in self.texts.items():
            (self.mirror / name).write_text(text, newline="")
        cells = [text for _, text in self.cells]
        (self.mirror / NOTEBOOK).write_text(notebook_text(cells))
        told: dict[tuple[str, object], Any] = {}
        for options in (Options(), Options(fix=True)):
            try:
                projects = Projects(read_settings(self.settings).settings)
                files, _ = discover([self.mirror], projects.config_of)
                results = check_files(files, projects, options._replace(jobs=1)).results
            except ConfigError:
                return {}
            for result in results:
                if options.fix:
                    told[result.path.name, "fixed"] = result.text
                else:
                    told.update(_by_cell(result))
        return told


def _by_cell(result: FileResult) -> dict[tuple[str, object], Told]:
    told: dict[tuple[str, object], Told] = {}
    for found in result.diagnostics:
        start = found.span.start
        message = found.message + "".join(f"\nnote: {note}" for note in found.notes)
        row = (found.code, start.row, start.column, message)
        told.setdefault((result.path.name, found.cell), []).append(row)
    return {place: sorted(rows) for place, rows in told.items()}


def _of_server(found: dict[str, Any]) -> tuple[str, int, int, str]:
    start = found["range"]["start"]
    return found["code"], start["line"] + 1, start["character"] + 1, found["message"]


def _edited(text: str, edits: list[dict[str, Any]]) -> str:
    rows = text.split("\n")
    starts = [sum(len(row) + 1 for row in rows[:number]) for number in range(len(rows) + 1)]

    def offset(place: dict[str, int]) -> int:
        return min(starts[place["line"]] + place["character"], len(text))

    for edit in sorted(edits, key=lambda one: -offset(one["range"]["start"])):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


class Compared(NamedTuple):
    """What came of a run."""

    answers: int = 0
    telling: int = 0
    """How many of them hold anything."""
    different: tuple[tuple[object, object], ...] = ()


def run(answers: int, seed: int) -> Compared:
    """Compare at least so many answers."""
    compared = Compared()
    same_packages = {"PYTHONPATH": str(SOURCE)}  # what the server is given, which counts as such
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, same_packages):
        oracle = Oracle(Path(folder), seed)
        try:
            oracle.begin()
            while compared.answers < answers:
                oracle.step()
                pairs = list(oracle.compare())
                compared = Compared(
                    compared.answers + len(pairs),
                    compared.telling + sum(bool(fresh) for _, fresh in pairs),
                    (*compared.different, *(pair for pair in pairs if pair[0] != pair[1])),
                )
        finally:
            oracle.client.__exit__()
    return compared


def main() -> None:
    wanted, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    start = time.monotonic()
    compared = run(wanted, seed)
    for server, fresh in compared.different[:10]:
        sys.stdout.write(f"server {server}\nfresh  {fresh}\n\n")
    sys.stdout.write(
        f"{compared.answers} answers, {compared.telling} of them with content, "
        f"{len(compared.different)} different, {time.monotonic() - start:.0f} s\n"
    )


if __name__ == "__main__":
    main()
