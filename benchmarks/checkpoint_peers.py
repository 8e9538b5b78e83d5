"""How well several tools name what a checkpoint needs, against what real torch was seen to need.

    python benchmarks/checkpoint_peers.py [FOLDER] > docs/checkpoint-peers.md

The files are the generated ones of ``tests/checkpoint/cases`` and, where a folder is given, every
file in it. Truth is computed by torch on the spot: the smallest allowlist of real objects, or that
none works. Needs torch and numpy; picklescan and fickling are left out where not installed.
"""

from __future__ import annotations

# ruff: noqa: PLC0415 - the peers are optional
import importlib.metadata
import importlib.util
import logging
import sys
import tempfile
import time
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from checkpoint.agreement import report_on  # noqa: E402
from checkpoint.cases import CASES, write_case  # noqa: E402
from checkpoint.oracle import Oracle, Truth  # noqa: E402
from torchload_lint.checkpoint import Verdict  # noqa: E402
from torchload_lint.checkpoint.known.torch_versions import NEWEST, default_allowed  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DEFAULT = default_allowed(NEWEST.torch)
KINDS = (
    "right",
    "too few",
    "too many",
    "other names",
    "refuses",
    "gives a list",
    "says nothing",
    "raises",
)


@dataclass(frozen=True)
class Answer:
    """What a tool says: the names to allow, or that nothing will help, or an exception."""

    names: frozenset[str] = frozenset()
    unloadable: bool = False
    raised: str = ""
    dangerous: bool = False


@dataclass(frozen=True)
class Subject:
    """One file, and what torch makes of it."""

    path: Path
    truth: Truth
    runs: bool
    """Whether it is one of the malicious cases."""
    fresh: bool = False


def current(name: str) -> str:
    """A Python-2 name as Python 3 says it, so that no tool loses for spelling alone."""
    module, _, qualname = name.rpartition(".")
    if module == "exceptions":
        return f"builtins.{qualname}"
    if (module, qualname) in NAME_MAPPING:
        return ".".join(NAME_MAPPING[module, qualname])
    return f"{IMPORT_MAPPING.get(module, module)}.{qualname}"


def normal(names: Iterable[str]) -> frozenset[str]:
    """Names in Python 3's spelling, without those that torch allows anyway."""
    return frozenset(current(name) for name in names if current(name) not in DEFAULT)


def ours(path: Path) -> Answer:
    """torchload-lint's report, with the facts of the sample classes' source."""
    report = report_on(path)
    dangerous = report.verdict is Verdict.DANGEROUS
    names = (one for one in report.safe_globals if not one.import_only)
    return Answer(
        normal(str(one.name) for one in names),
        unloadable=report.verdict
        in {Verdict.CANNOT_LOAD, Verdict.UNREADABLE, Verdict.NEEDS_STAND_IN},
        dangerous=dangerous,
    )


def by_picklescan(path: Path) -> Answer:
    """Every global that picklescan sees."""
    from picklescan.scanner import SafetyLevel, scan_file_path

    result = scan_file_path(str(path))
    if result.scan_err:
        return Answer(raised="scan error")
    dangerous = any(one.safety is SafetyLevel.Dangerous for one in result.globals)
    return Answer(normal(f"{one.module}.{one.name}" for one in result.globals), dangerous=dangerous)


def by_fickling(path: Path) -> Answer:
    """Every import in fickling's decompiled program."""
    import ast
    import zipfile

    from fickling.fickle import Pickled, StackedPickle

    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            member = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            pickles = [Pickled.load(archive.read(member))]
    else:
        with path.open("rb") as file:
            pickles = list(StackedPickle.load(file))
    names, dangerous = set(), False
    for pickled in pickles:
        dangerous |= any(True for _ in pickled.unsafe_imports())
        for node in pickled.properties.imports:
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
        calls = {node.id for node in ast.walk(pickled.ast) if isinstance(node, ast.Name)}
        names |= {f"builtins.{call}" for call in calls if hasattr(__builtins__, call)}
        dangerous |= any(call.startswith(("eval", "exec")) for call in calls)
    return Answer(normal(names), dangerous=dangerous)


def torch_itself(oracle: Oracle) -> Callable[[Path], Answer]:
    """``torch.serialization.get_unsafe_globals_in_checkpoint``."""

    def ask(path: Path) -> Answer:
        answer = oracle.unsafe_globals(path)
        if "names" not in answer:
            return Answer(raised=answer.get("raises", "crash"))
        return Answer(normal(answer["names"]))

    return ask


def answered(tool: Callable[[Path], Answer], path: Path) -> Answer:
    """A tool's answer; an exception is one."""
    try:
        return tool(path)
    except Exception as error:  # noqa: BLE001 - that is what is measured
        return Answer(raised=f"{type(error).__name__}: {error}"[:200])


def judged(answer: Answer, truth: Truth) -> str:
    """Which of ``KINDS`` an answer is."""
    if answer.raised:
        return "raises"
    if truth.outcome not in {"as-is", "allowlist"}:
        if answer.unloadable or answer.dangerous:
            return "right"
        return "gives a list" if answer.names else "says nothing"
    needed = normal(truth.needed)
    if answer.unloadable:
        return "other names"
    if answer.names == needed:
        return "right"
    if answer.dangerous and not answer.names:
        return "refuses"
    if answer.names < needed:
        return "too few"
    return "too many" if answer.names > needed else "other names"


def generated(folder: Path, oracle: Oracle) -> Iterable[Subject]:
    """The cases of the tests."""
    for case in CASES.values():
        if case.missing:
            continue
        path = write_case(case, folder)
        asked = Oracle() if case.fresh else oracle
        truth = asked.truth(path)
        if case.fresh:
            asked.close()
        yield Subject(path, truth, case.category == "malicious", case.fresh)


def found(folder: Path) -> Iterable[Subject]:
    """The files below a folder, judged with stubs in place of foreign classes."""
    oracle = Oracle(stubs=True)
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield Subject(path, oracle.truth(path), runs=False)
    oracle.close()


def version_of(package: str) -> str:
    """A package with its version."""
    return f"{package} {importlib.metadata.version(package)}"


def tools(oracle: Oracle) -> dict[str, Callable[[Path], Answer]]:
    """Name and version → how it is asked; what is not installed is told on standard error."""
    asked = {
        "torchload-lint": ours,
        f"get_unsafe_globals_in_checkpoint, torch {version_of('torch').split()[1]}": torch_itself(
            oracle
        ),
    }
    for package, ask in (("picklescan", by_picklescan), ("fickling", by_fickling)):
        if importlib.util.find_spec(package):
            asked[version_of(package)] = ask
        else:
            print(f"{package} is not installed: pip install {package}", file=sys.stderr)
    return asked


def table(subjects: list[Subject], oracle: Oracle) -> None:
    """Print a table for each truth, one row a tool."""
    harmless = [one for one in subjects if not one.runs]
    answers = {}
    for name, tool in tools(oracle).items():
        start = time.perf_counter()
        answers[name] = [answered(tool, one.path) for one in subjects]
        print(f"{name}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
    for outcomes, title in (
        ({"as-is"}, "Loads with nothing allowed"),
        ({"allowlist"}, "Needs an allowlist"),
        ({"impossible", "crash"}, "No allowlist of the real objects helps"),
    ):
        chosen = [one for one in harmless if one.truth.outcome in outcomes]
        rows = {
            name: Counter(
                judged(answer, one.truth)
                for one, answer in zip(subjects, given, strict=True)
                if not one.runs and one.truth.outcome in outcomes
            )
            for name, given in answers.items()
        }
        print_counts(f"{title}: {len(chosen)} files", rows)
    print_detection([one.runs for one in subjects], answers)


def print_counts(title: str, rows: dict[str, Counter[str]]) -> None:
    """One table; columns that are empty for every tool are left out."""
    kinds = [kind for kind in KINDS if any(row[kind] for row in rows.values())]
    print(f"\n## {title}\n")
    print("| tool | " + " | ".join(kinds) + " |")
    print("|---|" + "--:|" * len(kinds))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(str(row[kind]) for kind in kinds) + " |")


def print_detection(malicious: list[bool], answers: dict[str, list[Answer]]) -> None:
    """How many of the malicious files each tool calls dangerous."""
    print(f"\n## Would run code, or names what does: {sum(malicious)} files\n")
    print("| tool | called dangerous | raises | neither |\n|---|--:|--:|--:|")
    for name, given in answers.items():
        chosen = [answer for answer, flag in zip(given, malicious, strict=True) if flag]
        flagged = sum(answer.dangerous for answer in chosen)
        raised = sum(bool(answer.raised) for answer in chosen)
        print(f"| {name} | {flagged} | {raised} | {len(chosen) - flagged - raised} |")


def main() -> None:
    """Make the files, ask everybody, print Markdown."""
    logging.disable(logging.CRITICAL)
    oracle = Oracle()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    print("# What a checkpoint needs: torchload-lint and its peers\n")
    print(INTRODUCTION.strip())
    with tempfile.TemporaryDirectory() as scratch:
        subjects = list(generated(Path(scratch), oracle))
        if folder is not None:
            subjects += found(folder)
        table(subjects, oracle)
    oracle.close()


INTRODUCTION = """
Made by `python benchmarks/checkpoint_peers.py`. The files are those that `tests/checkpoint/cases`
generates; the truth beside which the answers are put is computed by torch itself, which is given
every object that a file names and from which entries are then taken away until none can be spared.

- *right*: exactly the names that are needed; for a file that cannot be loaded, that it cannot.
- *too few*, *too many*, *other names*: the list is short, long, or both.
- *refuses*: calls the file dangerous and gives no list (`torch.fx` modules are rebuilt by `exec`).
- *gives a list*: names to allow, for a file that no allowlist of real objects makes loadable.
- *says nothing*: an empty list for such a file.
- *raises*: an exception instead of an answer, or an error without a list.

Names that torch allows by default are not counted, and Python 2 and Python 3 spellings are the
same here. No tool but torchload-lint says whether `(object, "name")` pairs are needed; that is not
held against them. Three in ten of the files that need a list hold numpy values, of every dtype:
where no opcode names the DType class that torch checks, the other lists are short. picklescan and
fickling were made to find malice, not to write allowlists. In the last table six files hide a
second pickle that torch never reads, or refuses to look for.
"""

if __name__ == "__main__":
    main()
