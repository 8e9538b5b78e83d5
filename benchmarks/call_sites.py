"""Recall and precision of the finder against a list of call sites made by another hand.

    python benchmarks/call_sites.py REPOS_DIR CALLSITES.jsonl [OWNER/NAME ...]

REPOS_DIR holds a folder ``owner__name`` for each repository. CALLSITES.jsonl has one object a
line: ``repo``, ``file``, ``line``, ``col`` (from 0), ``cell`` (from 0),
``cell_line``, ``weights_only``. Nothing of the repositories is run or imported.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from torchload_lint.source.facts.calls import CallKind, LoadCall
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.loaders.prefilter import may_hold_load
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.source.text.text import decode

Site = tuple[str, int, int, int]
"""File, cell (0 in a plain file), row (inside the cell) and column in bytes, from 0."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repos", type=Path)
    parser.add_argument("sites", type=Path)
    parser.add_argument("only", nargs="*")
    options = parser.parse_args()
    expected: dict[str, dict[Site, dict[str, object]]] = defaultdict(dict)
    for line in options.sites.read_text("utf-8").splitlines():
        row = json.loads(line)
        in_cell = row["cell"] is not None
        place = (row["cell"] + 1, row["cell_line"]) if in_cell else (0, row["line"])
        expected[row["repo"]][(row["file"], *place, row["col"])] = row
    total: Counter[str] = Counter()
    for repo in sorted(options.only or expected):
        folder = options.repos / repo.replace("/", "__")
        if folder.is_dir():
            total += compare(repo, folder, expected[repo])
    report("all", total)
    return 0


def compare(repo: str, folder: Path, expected: dict[Site, dict[str, object]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    found: dict[Site, LoadCall] = {}
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.ipynb")]):
        if path.is_file() and not path.is_symlink():
            file = path.relative_to(folder).as_posix()
            found.update(search(repo, file, path.read_bytes(), counts))
    both = expected.keys() & found.keys()
    counts += Counter({"expected": len(expected), "found": len(found), "both": len(both)})
    for place in sorted(expected.keys() - found.keys()):
        print(f"  missed: {repo} {place} {expected[place]['style']}")
    for place in sorted(found.keys() - expected.keys()):
        print(f"  extra: {repo} {place}")
    for place in sorted(both):
        said, truth = found[place].weights_only.value, str(expected[place]["weights_only"]).lower()
        counts["same value"] += said == truth
        if said != truth:
            because = found[place].weights_only_because
            print(f"  value: {repo} {place}: {said} ({because}), listed as {truth}")
    report(repo, counts)
    return counts


def search(repo: str, file: str, data: bytes, counts: Counter[str]) -> dict[Site, LoadCall]:
    """The direct calls of one file; what else there is, is printed."""
    counts.update({"files": 1, "bytes": len(data)})
    start = time.perf_counter()
    possible = may_hold_load(data)
    counts["prefilter ns"] += int((time.perf_counter() - start) * 1e9)
    if not possible:
        return {}
    counts["parsed"] += 1
    start = time.perf_counter()
    module = parsed(data, file)
    loads = module.loads if isinstance(module, Module) else ()
    counts["facts ns"] += int((time.perf_counter() - start) * 1e9)
    if not isinstance(module, Module):
        print(f"  unparsed: {repo} {file}: {module}")
    for load in loads:
        if load.kind is not CallKind.CALL:
            print(f"  {load.kind.value}: {repo} {file}:{load.span.start.row}")
    calls = [load for load in loads if load.kind is CallKind.CALL]
    return {(file, *place_of(load, data, file)): load for load in calls}


def place_of(load: LoadCall, data: bytes, file: str) -> tuple[int, int, int]:
    if not file.endswith(".ipynb"):
        return 0, load.node.lineno, load.node.col_offset
    notebook = Notebook.of(data.decode("utf-8"))
    assert isinstance(notebook, Notebook)
    return *notebook.locate(load.node.lineno), load.node.col_offset


def parsed(data: bytes, file: str) -> object:
    if file.endswith(".ipynb"):
        notebook = Notebook.of(data.decode("utf-8"))
        return read(notebook.python, file) if isinstance(notebook, Notebook) else notebook
    try:
        return read(decode(data).text, file, file.removesuffix(".py").replace("/", "."))
    except (SyntaxError, UnicodeDecodeError) as error:
        return error


def report(title: str, counts: Counter[str]) -> None:
    recall = counts["both"] / counts["expected"] if counts["expected"] else 1
    precision = counts["both"] / counts["found"] if counts["found"] else 1
    print(
        f"{title}: {counts['both']} of {counts['expected']} found ({recall:.1%}), "
        f"precision {precision:.1%}, same weights_only {counts['same value']}; "
        f"{counts['files']} files ({counts['bytes'] / 1e6:.1f} MB), {counts['parsed']} parsed; "
        f"prefilter {counts['prefilter ns'] / 1e9:.3f} s, facts {counts['facts ns'] / 1e9:.3f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
