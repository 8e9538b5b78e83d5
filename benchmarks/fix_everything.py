"""Fix every load of every file under a folder, in memory, and check what comes out.

    PYTHONPATH=src python benchmarks/fix_everything.py REPOSITORIES [--show REASON]

Each load is to allow ``argparse.Namespace``, whatever it reads. A file is fixed until nothing
changes; then it has to parse, to be the same program but for what a fix may add (judged by
``tests/fixes/equivalence.py``, which shares no code with the fixers), and to stay as it is when
fixed again. Nothing is executed and nothing is written. Prints one table.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from fixes.equivalence import same_but_for_safe_globals
from torchload_lint.diagnostic import Applicability, Fix
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.repair import Allow, NotRepaired, Repair, Repaired
from torchload_lint.fixes.repairing import repair_load
from torchload_lint.names import GlobalName, Spelling
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.text.parse import SyntaxProblem
from torchload_lint.source.text.text import decode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))


NAMESPACE = Allow(Spelling("argparse", "Namespace"))
MOST_PASSES = 20


@dataclass
class Tally:
    files: int = 0
    changed: int = 0
    loads: int = 0
    left: Counter[str] = field(default_factory=Counter)
    how: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)


def needs(load: LoadCall) -> Repair | None:
    """What is missing at a load; None where nothing is."""
    wanted = GlobalName("argparse", "Namespace")
    allowed = any(entry.obj == wanted for one in load.allowlists for entry in one.entries)
    if allowed and load.weights_only is WeightsOnly.TRUE:
        return None
    return Repair(allow=() if allowed else (NAMESPACE,))


def one_pass(module: Module, tally: Tally) -> tuple[str, list[NotRepaired]]:
    fixes, left = [], []
    for load in module.loads:
        repair = needs(load)
        if repair is None:
            continue
        start = time.perf_counter()
        outcome = repair_load(module, load, repair)
        tally.milliseconds.append((time.perf_counter() - start) * 1000)
        if isinstance(outcome, Repaired):
            fixes.append(Fix(Applicability.SAFE, outcome.how, outcome.edits))
        else:
            left.append(outcome)
    text, applied = apply_edits(module.text, fixes)
    tally.how.update(fix.message for fix in applied)
    return text, left


def fix(path: Path, text: str, tally: Tally, show: str) -> None:
    module = read(text, path.name, path.stem)
    if isinstance(module, SyntaxProblem) or not module.loads:
        return
    tally.files += 1
    tally.loads += len(module.loads)
    after = text
    for _ in range(MOST_PASSES):
        new, left = one_pass(module, tally)
        if new == after:
            break
        after = new
        found = read(after, path.name, path.stem)
        if isinstance(found, SyntaxProblem):
            tally.problems.append(f"{path}:{found.row}: does not parse: {found.message}")
            return
        module = found
    else:
        tally.problems.append(f"{path}: not still after {MOST_PASSES} passes")
    for one in left:
        tally.left[one.reason] += 1
        if show and show in one.reason:
            tally.shown.append(f"{path}: {one.reason}")
    if after != text:
        tally.changed += 1
        difference = same_but_for_safe_globals(text, after)
        if difference:
            tally.problems.append(f"{path}: {difference}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--show", default="", help="print the files left for this reason")
    options = parser.parse_args()
    tally = Tally()
    start = time.perf_counter()
    for path in sorted(options.folder.rglob("*.py")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        if b"torch" not in data or b"load" not in data:
            continue
        try:
            text = decode(data).text
        except (SyntaxError, UnicodeDecodeError):
            continue
        try:
            fix(path, text, tally, options.show)
        except Exception as error:  # noqa: BLE001 - a benchmark reports what it meets
            tally.problems.append(f"{path}: {type(error).__name__}: {error}")
    report(tally, time.perf_counter() - start)


def report(tally: Tally, seconds: float) -> None:
    print("\n".join([*tally.problems, *tally.shown]))
    rest = sum(tally.left.values())
    share = 100 * (tally.loads - rest) / max(1, tally.loads)
    print(f"{tally.files} files with {tally.loads} loads, {tally.changed} files changed")
    print(f"{tally.loads - rest} loads fixed ({share:.1f}%), {len(tally.problems)} problems")
    if tally.milliseconds:
        quantiles = statistics.quantiles(tally.milliseconds, n=100)
        print(f"per repair: median {quantiles[49]:.1f} ms, 99% below {quantiles[98]:.1f} ms")
    print(f"{seconds:.0f} s in all\n")
    for name, count in tally.how.most_common():
        print(f"{count:6}  {name}")
    print()
    for reason, count in tally.left.most_common(40):
        print(f"{count:6}  left: {reason}")


if __name__ == "__main__":
    main()
