"""What comes of the proofs for ordinary classes of real repositories, and why some are refused.

    python benchmarks/class_proofs.py REPOSITORY... > docs/class-proofs.md

Of each repository up to 21 classes are taken, evenly from all of its modules, dataclasses,
enumerations and plain classes that end in Config, Args or State. No checkpoint is needed: each is
judged as if a file restored its objects.
"""

import ast
import re
import sys
from collections import Counter
from pathlib import Path

from torchload_lint.config import Settings
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge
from torchload_lint.source.proofs import class_lookup
from torchload_lint.workspace import Projects

EACH = 21
KINDS = {
    "module": re.compile(r"\bModule\b"),
    "enumeration": re.compile(r"\b(Int|Str)?(Enum|Flag)\b"),
}
CONFIG = re.compile(r"(Config|Configuration|Args|Arguments|State|Params)$")
REASONS = {
    "other code of the project may change it": re.compile(
        r"may put something else|may put something into|may replace any attribute|:\d+ sets "
        r"|hangs code of its own"
    ),
    "names that an import of everything may change": re.compile(r"takes whatever names"),
    "it computes with what a file may hold, or makes an array": re.compile(
        r"computes with|makes an array"
    ),
    "it keeps what a file may put into each other": re.compile(r"any number in each other"),
    "a base class that is not known": re.compile(r"its base .* is not known|its base class"),
    "a decorator that is not known": re.compile(r"the decorator .* is not known"),
    "a function that is not known": re.compile(r"calls|may call|is not known|unknown"),
}


def kind_of(node: ast.ClassDef) -> str:
    """Module, enumeration, dataclass or configuration; empty for any other class."""
    bases = " ".join(map(ast.unparse, node.bases))
    for kind, pattern in KINDS.items():
        if pattern.search(bases):
            return kind
    if any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        return "dataclass"
    return "configuration" if CONFIG.search(node.name) else ""


def classes_of(repository: Path) -> list[tuple[Path, str, str]]:
    """File, name and kind of every ordinary class outside of tests."""
    found = []
    for path in sorted(repository.rglob("*.py")):
        inside = path.relative_to(repository)
        if "test" in str(inside).lower() or not all(
            map(str.isidentifier, inside.with_suffix("").parts)
        ):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
        found += [(path, node.name, kind_of(node)) for node in classes if kind_of(node)]
    return found


def reason_of(text: str) -> str:
    """The kind of a refusal."""
    return next((kind for kind, pattern in REASONS.items() if pattern.search(text)), "other")


def main() -> None:
    """Judge the classes and print Markdown."""
    trusts: dict[str, Counter[str]] = {}
    reasons: Counter[str] = Counter()
    refused: list[str] = []
    for given in sys.argv[1:]:
        repository = Path(given).absolute()
        found = classes_of(repository)
        chosen = found[:: max(len(found) // EACH, 1)][:EACH]
        project = Projects(Settings()).project_of(repository / "setup.py").context.project
        for path, name, kind in chosen:
            module = project.module_at(path.relative_to(repository).as_posix())
            if module is None or not module.name:
                continue
            facts = class_lookup.find(project, GlobalName(module.name, name))
            if facts is None:
                continue
            judgement = judge(facts.defined_as, facts)
            trusts.setdefault(kind, Counter())[judgement.trust.value] += 1
            if judgement.trust.value != "first-party":
                reasons[f"{judgement.trust.value}: {reason_of(judgement.reason)}"] += 1
            if not judgement.allowed:
                rest = f"; not restorable: {facts.not_restorable}" if facts.not_restorable else ""
                why = f"{judgement.reason}{rest}"
                refused.append(f"{repository.name}: {module.name}.{name}: {why}")
    print_tables(trusts, reasons, refused)


def print_tables(
    trusts: dict[str, Counter[str]], reasons: Counter[str], refused: list[str]
) -> None:
    """Print what came of each kind of class, and every refusal with its reason."""
    columns = sorted({trust for row in trusts.values() for trust in row})
    print(f"# Classes of {len(sys.argv) - 1} repositories\n")
    print("Made by `python benchmarks/class_proofs.py`.\n")
    print(f"| kind | classes | {' | '.join(columns)} |\n|---|--:|{'--:|' * len(columns)}")
    total: Counter[str] = Counter()
    for kind, row in sorted(trusts.items()):
        total += row
        cells = " | ".join(str(row[column]) for column in columns)
        print(f"| {kind} | {sum(row.values())} | {cells} |")
    cells = " | ".join(str(total[column]) for column in columns)
    print(
        f"| all | {sum(total.values())} | {cells} |\n\n| what is not proven | classes |\n|---|--:|"
    )
    for reason, count in reasons.most_common():
        print(f"| {reason} | {count} |")
    print("\n## Refused\n")
    for line in sorted(refused):
        print(f"- {line}")


if __name__ == "__main__":
    main()
