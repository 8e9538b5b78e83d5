"""How many real checkpoints the policy covers, by the globals that each of them names.

    python benchmarks/hub_coverage.py GLOBALS.jsonl

The file has one JSON object a line: ``{"files": 40, "globals": ["torch.device", …]}``. No project
and no configuration is given, so that what is covered is covered by torch and the vetted table.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from torchload_lint.checkpoint.known.torch_versions import NEWEST, default_allowed, registered_by
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge


def main():
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines() if line]
    by_torch = default_allowed(NEWEST.torch) | set(registered_by(NEWEST.torch))
    total = sum(row["files"] for row in rows)
    alone = covered = 0
    missing = Counter()
    for row in rows:
        needed = [name for name in row["globals"] if name not in by_torch]
        refused = [one for one in needed if not judge(GlobalName.parse(one), None).allowed]
        alone += row["files"] * (not needed)
        covered += row["files"] * (not refused)
        for package in {name.partition(".")[0] for name in refused}:
            missing[package] += row["files"]
    print(f"{total} files; torch's own list: {alone} ({alone / total:.1%}); ", end="")
    print(f"with the vetted table: {covered} ({covered / total:.1%})")
    print("\n| package that is not vouched for | files |\n|---|---|")
    for package, files in missing.most_common():
        print(f"| {package} | {files} |")


if __name__ == "__main__":
    main()
