"""How many loads of real repositories are resolved, by which rung, and what it costs.

Notebooks are read as the tool reads them; the loads of ``.py`` files are also shown by themselves.

    python benchmarks/resolution.py REPOS_DIR CALLSITES.jsonl [--only OWNER/NAME] [--dump FILE]

REPOS_DIR holds checked-out repositories as ``owner__name``; CALLSITES.jsonl has one object a load
with ``repo``, ``file``, ``line``, ``cell`` (from 0; null outside notebooks) and ``cell_line``.
Nothing in them is run.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections import Counter, defaultdict
from pathlib import Path

from torchload_lint.config import Config
from torchload_lint.source.facts.module import Module
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.workspace.on_disk.document import Document
from torchload_lint.workspace.on_disk.source_files import DiskFiles


def grade(resolution):
    if any(pattern.exact for pattern in resolution.patterns):
        return "exact"
    if any(pattern.strong for pattern in resolution.patterns):
        return "strong"
    return "weak" if resolution.patterns else "unknown"


def best(resolution):
    key = lambda pattern: (pattern.exact, pattern.strong)  # noqa: E731
    return max(resolution.patterns, key=key)


def producers_of(load, module, resolution, project):
    try:
        from torchload_lint.source.saving.producers import producers_for  # noqa: PLC0415
    except ImportError:
        return ()
    return producers_for(load, module, resolution, project)


def load_at(site, module, document):
    """The load of a call site; of several on one row, the nearest."""
    if module is None:
        return None
    row = site["line"]
    if document is not None:
        row = document.notebook.row_of(site["cell"] + 1, site["cell_line"])
    on_row = [load for load in module.loads if load.span.start.row == row]
    return min(on_row, key=lambda load: abs(load.span.start.column - 1 - site["col"]), default=None)


def read(path, root, project):
    """The parsed file, and the document that a notebook is."""
    if not path.endswith(".ipynb"):
        return project.module_at(path), None
    document = Document.of((root / path).read_bytes(), is_notebook=True)
    module = project.read(document.python, path)
    return (module if isinstance(module, Module) else None), document


def measure(root, sites, records):
    project = ProjectIndex(DiskFiles(Config(root=root)))
    by_file = defaultdict(list)
    for site in sites:
        by_file[site["file"]].append(site)
    reading = resolving = 0.0
    for path, wanted in sorted(by_file.items()):
        start = time.process_time()
        module, document = read(path, root, project)
        reading += time.process_time() - start
        for site in wanted:
            load = load_at(site, module, document)
            record = {"repo": site["repo"], "file": path, "line": site["line"]}
            record["cell"] = site["cell"]
            records.append(record)
            if load is None or load.file is None:
                record["grade"] = "no load" if load is None else "unknown"
                continue
            start = time.process_time()
            resolution = resolve_path(load.file, module, project)
            spent = time.process_time() - start
            resolving += spent
            record["ms"] = round(spent * 1000, 2)
            record["grade"] = grade(resolution)
            record["patterns"] = [pattern.text for pattern in resolution.patterns]
            record["unknown"] = list(resolution.unknown)
            record["expression"] = module.source(load.file)
            if resolution.patterns:
                record["rung"] = best(resolution).rung.value
            start = time.process_time()
            producers = producers_of(load, module, resolution, project)
            record["producer_ms"] = round((time.process_time() - start) * 1000, 2)
            record["producers"] = [
                f"{each.path}:{each.row} {each.match} {each.saves} {list(map(str, each.needs))}"
                for each in producers
            ]
            record["script"] = site.get("resolved_grade")
            record["script_saves"] = site.get("save_match")
    return reading, resolving


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("call_sites", type=Path)
    parser.add_argument("--only")
    parser.add_argument("--dump", type=Path)
    arguments = parser.parse_args()
    by_repository = defaultdict(list)
    for line in arguments.call_sites.read_text().splitlines():
        site = json.loads(line)
        if arguments.only in {None, site["repo"]}:
            by_repository[site["repo"]].append(site)
    records = []
    for name, sites in by_repository.items():
        root = arguments.repositories / name.replace("/", "__")
        if not root.is_dir():
            continue
        gc.collect()
        start = time.process_time()
        reading, resolving = measure(root, sites, records)
        took = time.process_time() - start
        if took > 3:
            print(
                f"{name:45} {len(sites):4} loads {took:6.1f} s  (parsing {reading:.1f}, "
                f"paths {resolving:.1f}: {1000 * resolving / len(sites):.1f} ms a load)"
            )
    print("\nall loads")
    report(records)
    print("\nloads in .py files")
    report([record for record in records if record["cell"] is None])
    if arguments.dump:
        arguments.dump.write_text("".join(json.dumps(record) + "\n" for record in records))


def report(records):
    total = len(records)
    grades = Counter(record["grade"] for record in records)
    print(f"{total} loads")
    for name in ("exact", "strong", "weak", "unknown", "no load"):
        print(f"  {name:8} {grades[name]:5}  {100 * grades[name] / total:5.1f}%")
    told = [r for r in records if r["grade"] in {"exact", "strong"}]
    made = [r for r in records if r.get("producers")]
    either = [r for r in records if r["grade"] in {"exact", "strong"} or r.get("producers")]
    print(f"  exact or strong       {100 * len(told) / total:5.1f}%")
    print(f"  with a producer       {100 * len(made) / total:5.1f}%")
    print(f"  a path or a producer  {100 * len(either) / total:5.1f}%")
    print("by rung (exact, strong):")
    for rung, counted in Counter(r["rung"] for r in told).most_common():
        exact = sum(r["grade"] == "exact" and r["rung"] == rung for r in told)
        print(f"  {rung:12} {exact:5} {counted - exact:5}")
    print("with a producer, matched by:")
    for match, counted in Counter(r["producers"][0].split()[1] for r in made).most_common():
        print(f"  {match:12} {counted:5}")
    times = sorted(r["ms"] for r in records if "ms" in r)
    if times:
        print(
            f"ms a path: median {times[len(times) // 2]}, 95% {times[len(times) * 95 // 100]}, "
            f"most {times[-1]}, mean {sum(times) / len(times):.1f}"
        )


if __name__ == "__main__":
    main()
