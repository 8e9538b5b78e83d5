"""Codes in the rules, the README, the samples and the pages are one set."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from code_samples import expected, samples
from torchload_lint.config import READERS, Config, settings_of
from torchload_lint.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.rules.base import Rule

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "torchload_lint"
RULE_FILES = PACKAGE / "rules"
FOLDERS = {rule.name.replace("-", "_"): rule for rule in RULES}
HEADINGS = (
    "What it does",
    "Why is this bad?",
    "Example",
    "Use instead",
    "Fix safety",
    "References",
)


def rule_table() -> str:
    rows = ["| code | name | severity | |", "|---|---|---|---|"]
    rows += [f"| {r.code} | {r.name} | {r.severity.value} | {r.summary} |" for r in RULES]
    return "\n".join(rows)


def test_codes_and_names_are_distinct_and_in_order() -> None:
    codes = [rule.code for rule in RULES]
    assert codes == sorted(set(codes))
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"TLL\d{3}", code) for code in codes)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_lives_in_the_file_of_its_name(rule: Rule) -> None:
    (path,) = RULE_FILES.rglob(f"{rule.name.replace('-', '_')}.py")
    assert rule.doc in path.read_text()


def test_a_code_stands_in_no_other_file_than_its_rules() -> None:
    """What the tool knows of a rule is a field of it. Docstrings may give examples."""
    own = {f"{folder}.py": rule.code for folder, rule in FOLDERS.items()}
    written = {
        (path.relative_to(PACKAGE).as_posix(), code)
        for path in PACKAGE.rglob("*.py")
        for text in strings_of_code(path)
        for code in re.findall(r"TLL\d{3}", text)
        if own.get(path.name) != code
    }
    assert written == set()


def test_a_class_has_a_name_of_its_own() -> None:
    """Names of types count, too, and those of classes that one file uses by itself."""
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for name in types_made_in(path):
            places.setdefault(name, []).append(path.relative_to(PACKAGE).as_posix())
    assert len(places) > 300
    assert {name: files for name, files in places.items() if len(files) > 1} == {}


def types_made_in(path: Path) -> Iterator[str]:
    """The classes and the names of types that a file defines at its top."""
    statements = ast.parse(path.read_bytes()).body
    hidden = [each for node in statements if isinstance(node, ast.If) for each in node.body]
    for node in (*statements, *hidden):
        if isinstance(node, ast.ClassDef):
            yield node.name
        if isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name) and re.fullmatch(r"_?[A-Z]\w*[a-z]\w*", target.id):
                yield target.id


def test_an_imported_name_means_one_thing() -> None:
    """What is imported by its bare name is called so in one file. What is called alike in two is
    named with its file: ``patterns.parent``, ``methods.parent``. (``RULE`` is the rule of the file
    that it is imported from.)
    """
    files = {dotted(path): ast.parse(path.read_bytes()) for path in PACKAGE.rglob("*.py")}
    made_by: dict[tuple[str, str], str] = {}
    wanted: set[tuple[str, str]] = set()
    for module, tree in files.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "") in files:
                for alias in node.names:
                    if f"{node.module}.{alias.name}" not in files:
                        made_by[module, alias.asname or alias.name] = node.module or ""
                        wanted.add((node.module or "", alias.name))
    homes: dict[str, set[str]] = {}
    for module, name in wanted:
        home = module
        while (home, name) in made_by:
            home = made_by[home, name]
        homes.setdefault(name, set()).add(home)
    assert len(homes) > 500
    assert {name: each for name, each in homes.items() if len(each) > 1 and name != "RULE"} == {}


SAME_THING = {
    "installed": "the source of installed packages",
    "entries": "the entries of an allowlist",
    "inspection": "a look at a checkpoint by itself",
    "lightning": "a library",
    "loads": "calls that load",
    "restoring": "an object that is restored, and not called",
    "survey": "all loads of a project",
    "tensors": "tensors in a checkpoint",
    "torch_geometric": "a library",
}
"""What files in several rooms are about, where they have one name."""


def test_a_file_has_a_name_of_its_own() -> None:
    rooms: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        if not path.stem.startswith("_") and "hook" not in path.parts:
            rooms.setdefault(path.stem, []).append(path.parent.relative_to(PACKAGE).as_posix())
    assert {name: found for name, found in rooms.items() if len(found) > 1}.keys() == set(
        SAME_THING
    )


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_one_thing_has_one_word() -> None:
    """A fix is a fix and a subclass a subclass, in code, messages and pages."""
    others = re.compile(r"\b(mend(s|ed|ing)?|heirs?)\b", re.IGNORECASE)
    pages = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *(ROOT / "docs").rglob("*.md")]
    texts = {path: path.read_text(encoding="utf-8") for path in (*pages, *PACKAGE.rglob("*.py"))}
    assert [str(path) for path, text in texts.items() if others.search(text)] == []


def strings_of_code(path: Path) -> list[str]:
    """The strings of a file without its docstrings, which are statements of their own."""
    nodes = list(ast.walk(ast.parse(path.read_bytes())))
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_page_has_its_headings(rule: Rule) -> None:
    found = re.findall(r"^## (.+)$", rule.doc, re.MULTILINE)
    assert [heading for heading in HEADINGS if heading not in found] == []
    assert rule.summary
    assert not rule.summary.endswith(".")


def test_the_readme_lists_the_rules() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("checked by tests/test_consistency.py -->")[2]
    assert table.partition("<!-- end of rules -->")[0].strip() == rule_table()


def test_the_readme_names_every_key_of_the_configuration() -> None:
    readme = (ROOT / "README.md").read_text()
    section = readme.partition("## Configuration")[2].partition("\n## ")[0]
    assert [key for key in READERS if key not in section] == []


def test_every_key_is_a_setting() -> None:
    shown = settings_of(Config())
    assert [key for key in READERS if key not in shown] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_samples_with_and_without_a_finding(rule: Rule) -> None:
    folder = rule.name.replace("-", "_")
    own = [sample for sample in samples() if sample.parts[0] == folder]
    found = [sample for sample in own if rule.code in {one.code for one in expected(sample)}]
    assert found
    assert len(found) < len(own)


def test_every_folder_of_samples_is_a_rules() -> None:
    assert {sample.parts[0] for sample in samples()} <= FOLDERS.keys()


def test_four_samples_in_ten_have_nothing_to_find() -> None:
    every = samples()
    quiet = [sample for sample in every if not expected(sample)]
    assert len(every) >= 300
    assert len(quiet) >= 0.4 * len(every)
