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
    """Two rooms that never meet may each have values; nothing else is called alike."""
    places: dict[str, list[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: files for name, files in places.items() if len(files) > 1} == {
        "Instance": ["checkpoint/pickles/pickled_values.py", "source/domain/values.py"],
    }


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
