"""How many real checkpoints the policy covers, by the globals that each of them names.

    python benchmarks/hub_coverage.py GLOBALS.jsonl [world/bin/python]

The file has one JSON object a line: ``{"files": 40, "globals": ["torch.device", …]}``. No project
and no configuration is given, so that what is covered is covered by torch and the vetted table;
with an interpreter also by the source of the libraries that are installed beside it, for a program
that depends on them. The names alone do not say what a file does with them: a class that may only
be restored counts as covered, and a file that calls it would be refused.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from torchload_lint.checkpoint.known.torch_versions import NEWEST, default_allowed, registered_by
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge
from torchload_lint.source.project.files import NoFiles
from torchload_lint.source.project.index import ProjectIndex
from torchload_lint.source.proofs import class_lookup
from torchload_lint.workspace.on_disk.environment import InstalledPackages


class Dependencies(InstalledPackages):
    """Every installed package is one that the program depends on."""

    def depends_on(self, *_):
        """Yes."""
        return True


def main():
    rows = [json.loads(line) for line in Path(sys.argv[1]).read_text().splitlines() if line]
    by_torch = default_allowed(NEWEST.torch) | set(registered_by(NEWEST.torch))
    total = sum(row["files"] for row in rows)
    needed = [[name for name in row["globals"] if name not in by_torch] for row in rows]
    names = {name for one in needed for name in one}
    judged = {name: judge(GlobalName.parse(name), None) for name in names}
    files = [row["files"] for row in rows]
    told = [("torch's own list", share(files, needed, lambda _: False))]
    told += [("with the vetted table", share(files, needed, lambda name: judged[name].allowed))]
    if len(sys.argv) > 2:
        python = Path(sys.argv[2]).absolute()
        environment = Dependencies(Path(), lambda: str(NEWEST.torch), python)
        index = ProjectIndex(NoFiles(), (".",), environment)
        for name in names:
            facts = class_lookup.find(index, GlobalName.parse(name))
            judged[name] = judge(GlobalName.parse(name), facts)
        covered = share(files, needed, lambda name: judged[name].allowed)
        told += [("with the source of installed libraries", covered)]
    print(f"{total} files")
    for words, covered in told:
        print(f"{words}: {covered} ({covered / total:.1%})")
    kinds, missing = {}, Counter()
    for count, one in zip(files, needed, strict=True):
        for package in {name.partition(".")[0] for name in one if not judged[name].allowed}:
            missing[package] += count
    for name in names:
        kinds.setdefault(name.partition(".")[0], Counter())[judged[name].trust.value] += 1
    print(
        "\n| package | vetted | proven | restore-only | refused | files that need a refused one |"
    )
    print("|---|---|---|---|---|---|")
    for package in sorted(kinds, key=lambda one: (-missing[one], one)):
        counts = [kinds[package][kind] for kind in ("vetted", "installed", "restore-only")]
        refused = sum(kinds[package].values()) - sum(counts)
        shown = " | ".join(map(str, (*counts, refused, missing[package])))
        print(f"| {package} | {shown} |")


def share(files, needed, is_allowed):
    """How many files name nothing that is not allowed."""
    return sum(count for count, one in zip(files, needed, strict=True) if all(map(is_allowed, one)))


if __name__ == "__main__":
    main()
