"""The samples of ``fixtures/code_samples`` through torchload-lint and its peers, as a table.

    python benchmarks/peers_on_snippets.py BIN [--semgrep-rules FILE] > docs/comparison.md

``BIN`` is the folder of executables of an environment that holds ``torchfix``, ``bandit``, ``ruff``
and ``semgrep``; those that are missing are left out. The rules for semgrep are a file, such as
trailofbits/semgrep-rules python/pickles-in-pytorch.yaml.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from code_samples import copy_to, expected, samples  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

Places = set[tuple[str, int]]
"""Files (relative to the samples' folder) and rows."""

KINDS = {
    "without `weights_only`": {"TLL102"},
    "`weights_only=False` or a pickle module": {"TLL101", "TLL106"},
    "undecided": {"TLL105"},
    "indirect": {"TLL108"},
    "forced or patched": {"TLL301", "TLL302"},
}
OWN = ("-m", "torchload_lint")
BANNED = 'lint.flake8-tidy-imports.banned-api."torch.load".msg = "use weights_only=True"'


@dataclass(frozen=True)
class Tool:
    """A program: how to run it, how to read what it says, how it fixes."""

    name: str
    version: str
    find: Callable[[Path], Places]
    fix: tuple[str, ...] | None = None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bin", type=Path)
    parser.add_argument("--semgrep-rules", type=Path)
    given = parser.parse_args()
    chosen = [sample for sample in samples() if is_plain(sample)]
    with tempfile.TemporaryDirectory() as made:
        folder = copy_to(Path(made) / "samples")
        for path in [path for path in folder.rglob("*") if path.is_file()]:
            name = path.relative_to(folder)
            if path.suffix == ".py" and name not in chosen and "samples_app" not in name.parts:
                path.unlink()
        tools = installed(given.bin.resolve(), given.semgrep_rules)
        print(TITLE.format(count=len(chosen)))
        print_found(tools, chosen, folder)
        print_fixed([tool for tool in tools if tool.fix], chosen, folder)


def is_plain(sample: Path) -> bool:
    """A Python file that this Python reads, without comments that only silence one tool."""
    if sample.suffix != ".py":
        return False
    data = copy_of(sample)
    if b"noqa" in data or b"torchload-lint:" in data:
        return False
    return compiles(data)


def copy_of(sample: Path) -> bytes:
    return (ROOT / "fixtures" / "code_samples" / sample).read_bytes()


def compiles(data: bytes) -> bool:
    try:
        compile(data, "sample", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


# --- the tools


def installed(folder: Path, rules: Path | None) -> list[Tool]:
    """torchload-lint, and the peers that are there."""
    own = (sys.executable, *OWN)
    tools = [Tool("torchload-lint", version(own), own_places, (*own, "--fix", "-q"))]
    unsafe = (*own, "--fix", "--unsafe-fixes", "-q")
    tools.append(Tool("torchload-lint --unsafe-fixes", tools[0].version, own_places, unsafe))
    torchfix, bandit, ruff, semgrep = (
        str(folder / name) for name in ("torchfix", "bandit", "ruff", "semgrep")
    )
    if Path(torchfix).exists():
        fix = (torchfix, "--select=TOR102", "--fix")
        command = (torchfix, "--select=TOR102")
        tools.append(Tool("TorchFix", version((torchfix,)), lines_of(command), fix))
    if Path(bandit).exists():
        template = "--msg-template={abspath}:{line}:{col}: {test_id}"
        command = (bandit, "-q", "-r", "-t", "B614", "-f", "custom", template)
        tools.append(Tool("bandit (B614)", version((bandit,)), lines_of(command)))
    if Path(ruff).exists():
        command = (ruff, "check", "--isolated", "--no-cache", "--select=TID251", "-q")
        command += ("--config", BANNED, "--output-format=concise")
        tools.append(Tool("ruff (TID251, torch.load)", version((ruff,)), lines_of(command)))
    if rules is not None and Path(semgrep).exists():
        command = (semgrep, "scan", "--json", "-q", "--metrics=off", "--disable-version-check")
        command += ("--no-git-ignore", "--config", str(rules.resolve()))
        tools.append(Tool("semgrep", version((semgrep,)), semgrep_places(command)))
    return tools


def run(command: tuple[str, ...], folder: Path) -> str:
    done = subprocess.run(
        [*command, "."], cwd=folder, capture_output=True, text=True, check=False, env=environment()
    )
    return done.stdout


def environment() -> dict[str, str]:
    import os  # noqa: PLC0415

    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}


def version(command: tuple[str, ...]) -> str:
    done = subprocess.run(
        [*command, "--version"], capture_output=True, text=True, check=False, env=environment()
    )
    words = done.stdout.split()
    return next((word for word in words if word[:1].isdigit()), "")


def own_places(folder: Path) -> Places:
    """Only rules about how a file is loaded: those that peers have too."""
    codes = ",".join(sorted(set().union(*KINDS.values())))
    command = (sys.executable, "-m", "torchload_lint", f"--select={codes}", "-q")
    return lines_of(command)(folder)


def lines_of(command: tuple[str, ...]) -> Callable[[Path], Places]:
    """A reader of ``path:row:column: message``."""

    def find(folder: Path) -> Places:
        found: Places = set()
        for line in run(command, folder).splitlines():
            path, _, rest = line.partition(":")
            row = rest.partition(":")[0]
            if path.endswith(".py") and row.isdigit():
                found.add((relative(path, folder), int(row)))
        return found

    return find


def semgrep_places(command: tuple[str, ...]) -> Callable[[Path], Places]:
    def find(folder: Path) -> Places:
        results = json.loads(run(command, folder) or '{"results": []}')["results"]
        return {(relative(one["path"], folder), one["start"]["line"]) for one in results}

    return find


def relative(path: str, folder: Path) -> str:
    return (folder / path).resolve().relative_to(folder.resolve()).as_posix()


# --- what was found


def print_found(tools: list[Tool], chosen: list[Path], folder: Path) -> None:
    marks = {(s.as_posix(), e.row): set() for s in chosen for e in expected(s)}
    for sample in chosen:
        for one in expected(sample):
            marks[sample.as_posix(), one.row].add(one.code)
    wanted = {
        kind: {place for place, codes in marks.items() if codes & of_kind}
        for kind, of_kind in KINDS.items()
    }
    print("## Found\n")
    print("| tool |", " | ".join(f"{kind} /{len(wanted[kind])}" for kind in KINDS), "| wrong |")
    print("|---|" + "--:|" * (len(KINDS) + 1))
    for tool in tools:
        if "--" in tool.name:
            continue
        found = tool.find(folder)
        counts = [str(len(found & wanted[kind])) for kind in KINDS]
        wrong = {place for place in found if is_wrong(place, marks)}
        print(f"| {tool.name} {tool.version} |", " | ".join(counts), f"| {len(wrong)} |")


def is_wrong(place: tuple[str, int], marks: dict[tuple[str, int], set[str]]) -> bool:
    """A row that no mark of ours is on. Saves are no loads, and not asked about here."""
    return place not in marks and not place[0].startswith(("whole_module", "unloadable_when"))


# --- what was fixed


def print_fixed(tools: list[Tool], chosen: list[Path], folder: Path) -> None:
    print(f"\n## Fixed\n\n{FIXED}")
    print(
        "| tool | files changed | findings fixed | no longer Python | keyword may come twice |",
        end="",
    )
    print(" nothing was wrong |\n|---|--:|--:|--:|--:|--:|")
    for tool in tools:
        copy = folder.parent / "fixed"
        shutil.copytree(folder, copy)
        assert tool.fix is not None
        run(tool.fix, copy)
        changed = [s for s in chosen if (copy / s).read_bytes() != (folder / s).read_bytes()]
        texts = {sample: (copy / sample).read_bytes() for sample in changed}
        broken = [sample for sample, data in texts.items() if not compiles(data)]
        unpacking = [sample for sample in changed if b"**" in (folder / sample).read_bytes()]
        twice = [sample for sample in unpacking if given_twice(texts[sample])]
        needless = [sample for sample in changed if not expected(sample)]
        before, after = (len(own_places(place)) for place in (folder, copy))
        numbers = (len(changed), before - after, len(broken), len(twice), len(needless))
        print(f"| {tool.name} {tool.version} |", " | ".join(map(str, numbers)), "|")
        shutil.rmtree(copy)


def given_twice(data: bytes) -> bool:
    """Whether the keyword stands beside a ``**`` mapping that holds it, or may."""
    try:
        tree = ast.parse(data)
    except SyntaxError:
        return False
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and "weights_only" in {word.arg for word in call.keywords}:
            mappings = [word.value for word in call.keywords if word.arg is None]
            if any(may_hold(mapping, tree) for mapping in mappings):
                return True
    return False


def may_hold(mapping: ast.expr, tree: ast.Module) -> bool:
    """False for a dictionary that is displayed in the file without ``weights_only``."""
    shown = [mapping]
    if isinstance(mapping, ast.Name):
        shown = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and ast.dump(node.targets[0]).find(mapping.id) > 0
        ]
    return not shown or any(
        not isinstance(one, ast.Dict) or "weights_only" in ast.unparse(one) for one in shown
    )


TITLE = """\
# The samples, through torchload-lint and its peers

Made by `python benchmarks/peers_on_snippets.py BIN --semgrep-rules FILE`. The samples are the
{count} Python files of `fixtures/code_samples` that hold no suppressing comment; a mark on a row
says what is to be found there. They were written for torchload-lint, so that it finds them all is
no surprise; what they show is which spellings the others miss. TorchFix is asked for TOR102, bandit
for B614, ruff for `torch.load` as a banned API, semgrep with Trail of Bits' pickles-in-pytorch.

A row counts as found where a tool reports anything on it, and as wrong where it reports a row on
which nothing is to be found (a safe load, or none at all). Which kind of load it is, and what a
checkpoint needs, the others do not say.
"""

FIXED = """\
What each tool's own `--fix` makes of the same files. *Findings fixed* are counted by
torchload-lint, before and after; *keyword may come twice* is `weights_only=True` beside a `**`
mapping that holds it, or may, which is a `TypeError` when it does; *nothing was wrong* are files
without a single mark that were changed all the same.
"""

if __name__ == "__main__":
    main()
