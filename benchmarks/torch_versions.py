"""The generated checkpoints, judged by other releases of torch: reports for the torch that judges.

    python benchmarks/torch_versions.py PYTHON... > docs/torch-versions.md

Each PYTHON is an interpreter whose torch is asked (2.4 or newer: older ones know no allowlist). The
files are written by the torch of this interpreter, so that what a release cannot know is met too.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

import torch  # noqa: E402

from checkpoint.agreement import disagreements, report_on  # noqa: E402
from checkpoint.cases import (  # noqa: E402
    BOUND_TO_TORCH,
    CASES,
    UNDECIDABLE,
    Case,
    write_case,
)
from checkpoint.oracle import Oracle  # noqa: E402

INTRODUCTION = """
The checkpoints of `tests/checkpoint/cases`, written by torch {writer}. Each release of torch is
asked what it does with each file, and the report for that release is put beside the answer: the
verdict, that the allowlist loads the file, that no entry of it can be spared. Before 2.6 the judge
allows objects by themselves, since there are no pairs. Made by
`python benchmarks/torch_versions.py PYTHON...`.
"""


def judge(python: str, cases: dict[str, Path]) -> tuple[str, dict[str, str]]:
    """The release of an interpreter's torch, and case → what it sees otherwise."""
    shared = Oracle(python)
    release = str(shared.ask(op="version")["torch"])
    target = shared.version()
    problems = {}
    for name, path in cases.items():
        oracle = Oracle(python) if CASES[name].fresh else shared
        truth = oracle.truth(path)
        if CASES[name].fresh:  # what the first question imported must not answer the second
            oracle.close()
        found = "; ".join(disagreements(path, report_on(path, target), truth, oracle))
        if found:
            problems[name] = found
        if oracle is not shared:
            oracle.close()
    shared.close()
    return release, problems


def judged_elsewhere(case: Case) -> bool:
    """Whether another torch than the writing one can be asked."""
    return not case.missing and case.name not in BOUND_TO_TORCH | UNDECIDABLE


def main() -> None:
    """Write the cases, ask every interpreter, print Markdown."""
    print("# The same checkpoints, other releases of torch")
    print(INTRODUCTION.format(writer=torch.__version__.partition("+")[0]))
    print("| torch | checkpoints | agree | otherwise |")
    print("|---|--:|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        cases = {
            case.name: write_case(case, Path(folder))
            for case in CASES.values()
            if judged_elsewhere(case)
        }
        for python in sys.argv[1:]:
            release, problems = judge(python, cases)
            for name, problem in problems.items():
                print(f"{release} {name}: {problem}", file=sys.stderr)
            names = ", ".join(f"`{name}`" for name in problems) or "none"
            print(f"| {release} | {len(cases)} | {len(cases) - len(problems)} | {names} |")


if __name__ == "__main__":
    main()
