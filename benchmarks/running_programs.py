"""Are exact paths exact, and safe fixes safe? Small programs are made, run, and compared.

Each program is made from a seed and its number (``tests/programs``): something holds the path of a
load, something may change it, somewhere the load stands. It is run with a ``torch`` that notes what
is loaded, before and after the safe fixes.

    python benchmarks/running_programs.py [--count 100000] [--seed 1] [--jobs N] [--show 20]

Ends with 1 where a claim was false or a fix did harm.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from programs.generator import programs
from programs.judging import judge

_AT_ONCE = 250


def judged(seed: int, first: int, last: int) -> tuple[Counter[str], list[str]]:
    """What came of some programs: how many of each outcome, and those that are wrong in words."""
    counts: Counter[str] = Counter()
    wrong = []
    for verdict in judge(list(programs(seed, first, last))):
        counts["programs"] += 1
        if not verdict.runs:
            counts["programs that end early"] += 1
            continue
        counts["run"] += 1
        counts["called exact"] += verdict.exact
        counts["safely fixed"] += verdict.fixed
        counts["without a trick"] += verdict.program.control
        counts["without a trick, called exact"] += verdict.program.control and verdict.exact
        counts["false claims"] += bool(verdict.false_claim)
        counts["harmful safe fixes"] += bool(verdict.harm)
        if verdict.false_claim or verdict.harm:
            told = verdict.false_claim or verdict.harm
            wrong.append(f"{verdict.program.kind}: {told}")
    return counts, wrong


def main() -> int:
    """Judge the programs, and tell the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--show", type=int, default=20, help="wrong answers to show")
    options = parser.parse_args()
    started = time.monotonic()
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    starts = range(0, options.count, _AT_ONCE)
    with ProcessPoolExecutor(options.jobs) as pool:
        ends = [min(start + _AT_ONCE, options.count) for start in starts]
        for some, told in pool.map(judged, [options.seed] * len(ends), starts, ends):
            counts += some
            wrong += told
    for name, count in counts.items():
        print(f"{count:8,}  {name}")
    print(f"{time.monotonic() - started:8.0f}  seconds with {options.jobs} processes")
    for line in wrong[: options.show]:
        print("wrong:", line)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
