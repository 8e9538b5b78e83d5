"""Reports on real checkpoints beside what real torch does with them.

    python benchmarks/real_checkpoints.py FOLDER TRUTH.jsonl > docs/real-checkpoints.md

FOLDER holds the files; each line of TRUTH is an object with at least ``file`` (the path in FOLDER),
``allowlist_outcome`` (``none needed``, ``loads`` or ``impossible``: what torch did with the real
classes installed) and ``minimal_allowlist`` (objects with a ``name``). Besides, torch loads every
file here and now, only ever with ``weights_only=True``; classes of other packages are played by
empty stubs, and nothing that a checkpoint names is imported.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from checkpoint.agreement import disagreements, report_on  # noqa: E402
from checkpoint.oracle import Oracle  # noqa: E402
from torchload_lint.checkpoint import CheckpointReport, Verdict  # noqa: E402

RECORDED = {
    "none needed": {Verdict.LOADS},
    "loads": {Verdict.NEEDS_SAFE_GLOBALS},
    "impossible": {Verdict.CANNOT_LOAD, Verdict.UNREADABLE, Verdict.NEEDS_STAND_IN},
}
"""What was recorded with the real classes → the verdicts that agree with it."""


@dataclass(frozen=True)
class Row:
    """One file: our answer, torch's, and where they differ."""

    file: str
    report: CheckpointReport
    recorded: str
    here: str
    differences: tuple[str, ...]

    def __str__(self) -> str:
        names = [str(one.name) for one in self.report.safe_globals]
        shown = ", ".join(f"`{name}`" for name in names[:4])
        if len(names) > len(names[:4]):
            shown += f" and {len(names) - 4} more"
        reason = "" if names else "; ".join(one.message for one in self.report.problems[:1])
        return (
            f"| {self.file} | {self.report.container} | {self.report.verdict.value} | "
            f"{shown or reason} | {self.recorded} | {self.here} | "
            f"{'; '.join(self.differences) or 'yes'} |"
        ).replace("\n", " ")


def examined(folder: Path, record: dict[str, Any], oracle: Oracle) -> Row:
    """Compare one file with its record, and with torch as it is here."""
    path = folder / record["file"]
    report = report_on(path)
    truth = oracle.truth(path)
    differences = list(disagreements(path, report, truth, oracle))
    recorded = record["allowlist_outcome"]
    needed = {one["name"] for one in record["minimal_allowlist"] or ()}
    proposed = {str(one.name) for one in report.safe_globals}
    if recorded == "loads" and not needed:
        recorded = "none needed"  # a .safetensors file, for which a package has to be installed
    if report.verdict not in RECORDED[recorded]:
        differences.append(f"recorded: {recorded}")
    elif recorded == "loads" and proposed != needed:
        differences.append(f"recorded names differ by {sorted(proposed ^ needed)}")
    return Row(record["file"], report, recorded, truth.outcome, tuple(differences))


def main() -> None:
    """Print the table and the counts."""
    folder, truths = Path(sys.argv[1]), Path(sys.argv[2])
    records = [json.loads(line) for line in truths.read_text().splitlines() if line]
    present = [record for record in records if (folder / record["file"]).is_file()]
    oracle = Oracle(stubs=True)
    torch = oracle.ask(op="version")["torch"]
    rows = [examined(folder, record, oracle) for record in present]
    oracle.close()
    agreeing = sum(not row.differences for row in rows)
    print("# Real checkpoints\n")
    print(INTRODUCTION.strip().format(torch=torch))
    print(f"\n{agreeing} of {len(rows)} agree", end="")
    print(f"; {len(records) - len(rows)} of the recorded files were not at hand.\n")
    print("| verdict | files |\n|---|--:|")
    for verdict, count in Counter(row.report.verdict.value for row in rows).most_common():
        print(f"| {verdict} | {count} |")
    print("\n| file | container | verdict | needs, or why not | recorded | torch here | agree |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        print(row)


INTRODUCTION = """
Checkpoints that other people published, in packages on PyPI and in public repositories. Made by
`python benchmarks/real_checkpoints.py FOLDER TRUTH.jsonl`, torch {torch}.

*recorded* is what torch did with the real classes installed; *torch here* is what it does with an
empty class in the place of every foreign one. *agree* means that both say the same as our verdict,
that the file loads under our allowlist and without any one entry of it does not, and that the
recorded minimal allowlist has the same names.
"""

if __name__ == "__main__":
    main()
