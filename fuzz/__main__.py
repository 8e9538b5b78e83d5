"""Try inputs made at random, and say in a table what came of them.

    python -m fuzz                        # a short run: 2,000 inputs
    python -m fuzz --inputs 2000000       # the long one
    python -m fuzz --seconds 90 --seed 7 pickles archives
    python -m fuzz --atheris pickles      # guided by coverage, where atheris is installed

The same seed makes the same inputs. What does harm is written to ``fuzz/found/<class>/``, where the
tests try it again; the exit status is then 1.
"""

from __future__ import annotations

import argparse
import sys

from fuzz.harnesses import HARNESSES
from fuzz.running import Outcome, guided, run


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m fuzz", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("classes", nargs="*", metavar="CLASS", help=", ".join(HARNESSES))
    parser.add_argument("--inputs", type=int, default=2000, help="how many, shared by all classes")
    parser.add_argument("--seconds", type=float, default=0.0, help="stop after so much time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--atheris", action="store_true", help="let atheris make the inputs")
    options = parser.parse_args()
    chosen = [HARNESSES[name] for name in options.classes or HARNESSES]
    if options.atheris:
        guided(chosen[0])
    share = sum(harness.weight for harness in chosen)
    outcomes = []
    for harness in chosen:
        inputs = max(1, options.inputs * harness.weight // share)
        seconds = options.seconds / len(chosen)
        outcomes.append(run(harness, inputs, options.seed, seconds))
        sys.stdout.write(outcomes[-1].row() + "\n")
        sys.stdout.flush()
    total = Outcome.sum(outcomes)
    sys.stdout.write(
        f"{Outcome.head()}\n{''.join(one.row() + chr(10) for one in outcomes)}{total.row()}\n"
    )
    return 1 if total.harmful else 0


if __name__ == "__main__":
    raise SystemExit(main())
