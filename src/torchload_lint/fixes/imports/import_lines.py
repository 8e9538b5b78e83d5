"""Write new imports where isort would: merged into a list that is there, or a row of its own."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from torchload_lint.fixes.edits import Change, Source, source_of
from torchload_lint.fixes.imports.imported import (
    ImportNode,
    origin_of,
    package_of,
    top_level_imports,
)
from torchload_lint.fixes.imports.naming import Unreachable
from torchload_lint.source.facts.scripts import path_change
from torchload_lint.source.text.candidates import first_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.fixes.imports.naming import NewImport
    from torchload_lint.source.facts.module import Module

_FUTURE, _STDLIB, _THIRD_PARTY, _FIRST_PARTY, _RELATIVE = range(5)

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

SortKey = tuple[int, int, str]


def import_changes(
    module: Module, new: Sequence[NewImport], before_row: int, line_length: int
) -> list[Change]:
    """The changes that add imports at the top of a file, all above ``before_row``.

    Raises Unreachable where what must stand first in a file shares its row with other code.
    """
    writer = _ImportWriter(module, before_row, line_length)
    groups = sorted(_grouped(new), key=writer.group_key)
    changes = [change for group in groups for change in writer.add(group)]
    return writer.set_apart(changes)


def local_imports(
    module: Module, statement: ast.stmt, new: Sequence[NewImport], line_length: int
) -> list[Change]:
    """The changes that add imports right before a statement, as it is indented.

    Raises Unreachable where the statement does not begin its row.
    """
    if not new:
        return []
    source = source_of(module.text)
    indent = source.indentation(source.start(statement))
    place = source.row_start(first_row(statement))
    if source.text[place : source.start(statement)].strip():
        raise Unreachable("no line can be put before the block, which shares its own with others")
    rows = "\n".join([*local_statements(new, indent, line_length), ""])
    written = rows.replace("\n", f"\n{indent}").removesuffix(indent).replace("\n", source.newline)
    return [Change(place, place, indent + written)]


def local_statements(new: Sequence[NewImport], indent: str, line_length: int) -> list[str]:
    """The imports to be written at one place that is indented so, one statement per module.

    Their rows are not indented yet.
    """
    room = line_length - len(indent.expandtabs(4))
    statements = []
    for group in sorted(_grouped(new), key=lambda one: (bool(one[0].name), one[0].module)):
        names = sorted((_written(one) for one in group), key=name_key)
        module = group[0].module
        joined = from_import(module, names, room, "\n") if group[0].name else f"import {module}"
        statements.append(joined)
    return statements


def _grouped(new: Sequence[NewImport]) -> list[list[NewImport]]:
    """Names of one module together."""
    groups: dict[tuple[str, bool], list[NewImport]] = {}
    for one in new:
        groups.setdefault((one.module, bool(one.name)), []).append(one)
    return list(groups.values())


def name_key(name: str) -> tuple[int, str]:
    """Isort's order of names in a list: CONSTANTS, then Classes, then the rest."""
    rank = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return rank, name.lower()


class _ImportWriter:
    def __init__(self, module: Module, before_row: int, line_length: int) -> None:
        self.module = module
        self.source = source_of(module.text)
        self.line_length = line_length
        self.before_row = before_row
        self.imports = [one for one in top_level_imports(module) if one.lineno < before_row]
        self.path_change = path_change(module, before_row)
        self.separated: set[int] = set()
        self.blank_below: dict[int, str] = {}
        """Blank rows to be written below what is inserted at a place."""

    def add(self, group: list[NewImport]) -> list[Change]:
        if group[0].name:
            for statement in self.imports:
                if isinstance(statement, ast.ImportFrom) and self._takes(statement, group[0]):
                    names = [_written(one) for one in group]
                    return merge(self.source, statement, names, self.line_length)
        return self._rows(group)

    def set_apart(self, changes: list[Change]) -> list[Change]:
        """Add the blank rows below new imports, as part of the last of them.

        Then the insertions at one place may be sorted in any way.
        """
        for place, blank in self.blank_below.items():
            last = max(index for index, change in enumerate(changes) if change.start == place)
            changes[last] = changes[last]._replace(content=changes[last].content + blank)
        return changes

    def group_key(self, group: list[NewImport]) -> SortKey:
        """Where isort would put the import of a group."""
        return self._key(self._spelled(group[0]), bool(group[0].name), group[0].first_party)

    def _takes(self, statement: ast.ImportFrom, new: NewImport) -> bool:
        star = any(alias.name == "*" for alias in statement.names)
        return not star and origin_of(statement, self.module) == new.module

    def _rows(self, group: list[NewImport]) -> list[Change]:
        first = group[0]
        names = sorted((_written(one) for one in group), key=name_key)
        origin = self._spelled(first)
        key = self.group_key(group)
        text = f"import {first.module}"
        if first.name:
            text = from_import(origin, names, self.line_length, self.source.newline)
        changes = self._insert(key, text + self.source.newline)
        lead = self._lead()
        highest = (lead[-1].end_lineno or 0) + 1 if lead else 1
        rows = [self.source.row_of(change.start) for change in changes]
        if min(rows) < highest or max(rows) > self.before_row:
            raise Unreachable(
                "no row is free for an import: the docstring shares its own with code"
            )
        return changes

    def _spelled(self, new: NewImport) -> str:
        """The module as the file would write it: relative where its own imports are."""
        package = package_of(self.module)
        root = package.partition(".")[0]
        if not root or new.module.partition(".")[0] != root:
            return new.module
        froms = [one for one in self.imports if isinstance(one, ast.ImportFrom)]
        absolute = any(
            not one.level and (one.module or "").partition(".")[0] == root for one in froms
        )
        if absolute or not any(one.level for one in froms):
            return new.module
        here, there = package.split("."), new.module.split(".")
        common = 0
        while common < min(len(here), len(there)) and here[common] == there[common]:
            common += 1
        return "." * (len(here) - common + 1) + ".".join(there[common:])

    def _key(self, origin: str, is_from: bool, first_party: bool) -> SortKey:
        root = origin.partition(".")[0]
        own = self.module.name.partition(".")[0] if "." in self.module.name else ""
        if origin == "__future__":
            section = _FUTURE
        elif origin.startswith("."):
            section = _RELATIVE
        elif root in sys.stdlib_module_names:
            section = _STDLIB
        elif first_party or root == own:
            section = _FIRST_PARTY
        else:
            section = _THIRD_PARTY
        return section, int(is_from), origin.lower()

    def _statement_key(self, statement: ImportNode, like: SortKey, root: str) -> SortKey:
        if isinstance(statement, ast.Import):
            origin, is_from = statement.names[0].name, False
        else:
            origin, is_from = "." * statement.level + (statement.module or ""), True
        same_root = like[0] == _FIRST_PARTY and origin.lower().partition(".")[0] == root
        return self._key(origin, is_from, same_root)

    def _insert(self, key: SortKey, row: str) -> list[Change]:
        root = key[2].partition(".")[0]
        candidates = self._run_for(key[0], root)
        keyed = [(self._statement_key(one, key, root), one) for one in candidates]
        same = [(other, one) for other, one in keyed if other[0] == key[0]]
        if same:
            first_kin = next((one for _, one in same if _root(one).lower() == root), same[0][1])
            paragraph = self._paragraph(candidates, first_kin)
            same = [(other, one) for other, one in same if one in paragraph]
        if same:
            keys = [other for other, _ in same]
            smaller = [one for other, one in same if other <= key]
            if keys != sorted(keys):
                kin = [one for _, one in same if _root(one).lower() == root]
                return self._after((kin or [one for _, one in same])[-1], row)
            return self._after(smaller[-1], row) if smaller else self._above(same[0][1], row)
        earlier = [one for other, one in keyed if other[0] < key[0]]
        if earlier:
            return self._after(earlier[-1], row, section=key[0])
        if keyed:
            self.blank_below[self.source.row_start(keyed[0][1].lineno)] = self.source.newline
            return self._above(keyed[0][1], row)
        if key[0] == _FIRST_PARTY and self.path_change is not None:
            return self._after(self.path_change, row, section=key[0])
        return self._at_start(row)

    def _paragraph(self, candidates: list[ImportNode], anchor: ImportNode) -> list[ImportNode]:
        """The imports around one, up to blank rows: a section, however the file divides them."""
        paragraphs: list[list[ImportNode]] = [[]]
        row = 0
        for statement in candidates:
            between = range(row, statement.lineno)
            if row and any(not self.source.row(number).strip() for number in between):
                paragraphs.append([])
            paragraphs[-1].append(statement)
            row = (statement.end_lineno or statement.lineno) + 1
        return next(paragraph for paragraph in paragraphs if anchor in paragraph)

    def _run_for(self, section: int, root: str) -> list[ImportNode]:
        """The run of import statements that a new one belongs in.

        Code between imports may matter to those behind it (``sys.path``, environment variables),
        so an import of the same package shows the place; else only the standard library may come
        before such code, and nothing of the project above what changes ``sys.path``.
        """
        runs = self._runs()
        if not runs:
            return []
        for run in runs:
            if any(_root(statement).lower() == root for statement in run):
                return run
        if section <= _STDLIB:
            return runs[0]
        if section == _FIRST_PARTY and self.path_change is not None:
            limit = self.path_change.lineno
            below = [[one for one in run if one.lineno > limit] for run in runs]
            runs = [run for run in below if run]
            if not runs:
                return []
        first_code = self.module.remember("first definition", self._first_definition)
        return [run for run in runs if run is runs[0] or run[0].lineno < first_code][-1]

    def _runs(self) -> list[list[ImportNode]]:
        """Import statements with no other code in between (guards aside)."""
        every = self.module.remember("runs of imports", self._found_runs)
        runs = [[one for one in run if one.lineno < self.before_row] for run in every]
        return [run for run in runs if run]

    def _found_runs(self) -> list[list[ImportNode]]:
        runs: list[list[ImportNode]] = [[]]
        for statement in self.module.tree.body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                runs[-1].append(statement)
            elif runs[-1] and not isinstance(statement, (ast.Try, ast.If)):
                runs.append([])
        return runs

    def _first_definition(self) -> int:
        rows = (one.lineno for one in self.module.tree.body if isinstance(one, _DEFINITIONS))
        return min(rows, default=sys.maxsize)

    def _row_after(self, statement: ast.stmt) -> int:
        assert statement.end_lineno is not None
        return self.source.row_start(statement.end_lineno + 1)

    def _after(self, statement: ast.stmt, row: str, section: int | None = None) -> list[Change]:
        place = self._row_after(statement)
        changes = []
        if not self.source.text[:place].endswith(("\n", "\r")):
            changes.append(Change(place, place, self.source.newline))
        if section is not None and section not in self.separated and self._blank_follows(place):
            self.separated.add(section)
            changes.append(Change(place, place, self.source.newline))
        return [*changes, Change(place, place, row)]

    def _blank_follows(self, place: int) -> bool:
        """Whether sections of this file are set apart by blank rows (or imports end here)."""
        row = self.source.row(self.source.row_of(place)) if place < len(self.source.text) else ""
        return not row.lstrip().startswith(("import ", "from "))

    def _above(self, statement: ast.stmt, row: str) -> list[Change]:
        place = self.source.row_start(statement.lineno)
        return [Change(place, place, row)]

    def _at_start(self, row: str) -> list[Change]:
        """No import to go by: behind the docstring and ``__future__``, before the first code."""
        newline = self.source.newline
        body, lead = self.module.tree.body, self._lead()
        if lead:
            place = self._row_after(lead[-1])
            ends_row = self.source.text[:place].endswith(("\n", "\r"))
            blank = newline if ends_row else newline * 2
            changes = [Change(place, place, blank), Change(place, place, row)]
            following = body[len(lead)] if len(body) > len(lead) else None
            if following is not None and self.source.row_start(first_row(following)) == place:
                self.blank_below[place] = self._blank_before(following)
            return changes
        place = self.source.row_start(first_row(body[0]))
        self.blank_below[place] = self._blank_before(body[0])
        return [Change(place, place, row)]

    def _lead(self) -> list[ast.stmt]:
        """What must stand first: the docstring and ``__future__``."""
        return self.module.remember("lead of a file", self._found_lead)

    def _found_lead(self) -> list[ast.stmt]:
        has_docstring = ast.get_docstring(self.module.tree, clean=False) is not None
        return [
            one
            for index, one in enumerate(self.module.tree.body)
            if (index == 0 and has_docstring)
            or (isinstance(one, ast.ImportFrom) and one.module == "__future__")
        ]

    def _blank_before(self, statement: ast.stmt) -> str:
        """The blank rows between imports and what follows them."""
        definition = isinstance(statement, _DEFINITIONS)
        return self.source.newline * (2 if definition else 1)


def _root(statement: ImportNode) -> str:
    """The package that an absolute import starts from; empty for a relative one."""
    if isinstance(statement, ast.Import):
        return statement.names[0].name.partition(".")[0]
    return "" if statement.level else (statement.module or "").partition(".")[0]


def _written(new: NewImport) -> str:
    return f"{new.name} as {new.asname}" if new.asname else new.name


def from_import(origin: str, names: Sequence[str], line_length: int, newline: str) -> str:
    """``from origin import names``, split as black does where it is too long."""
    flat = f"from {origin} import {', '.join(names)}"
    if len(flat) <= line_length:
        return flat
    rows = "".join(f"    {name},{newline}" for name in names)
    return f"from {origin} import ({newline}{rows})"


def merge(
    source: Source, statement: ast.ImportFrom, names: Sequence[str], line_length: int
) -> list[Change]:
    """Add names to a ``from`` import; nothing where they are all there."""
    aliases = statement.names
    there = {source.slice(alias) for alias in aliases}
    missing = sorted((name for name in names if name not in there), key=name_key)
    if not missing:
        return []
    start, end = source.start(statement), source.end(statement)
    old = source.text[start:end]
    sort_keys = [name_key(alias.name) for alias in aliases]
    is_sorted = sort_keys == sorted(sort_keys)
    first, last = source.start(aliases[0]), source.end(aliases[-1])
    listed = source.text[first:last]
    if "\n" not in listed and "\r" not in listed and "#" not in old:
        added = sum(len(name) + 2 for name in missing)
        width = len(source.row(statement.lineno).rstrip()) + added
        if width > line_length and statement.lineno == statement.end_lineno:
            every = [source.slice(alias) for alias in aliases] + missing
            every = sorted(every, key=name_key) if is_sorted else every
            origin = old[: first - start].rstrip(" (").removesuffix("import").rstrip()
            flat = from_import(origin.removeprefix("from").strip(), every, 0, source.newline)
            return [Change(start, end, flat)]
    changes = []
    for name in missing:
        later = [one for one in aliases if name_key(one.name) > name_key(name)] if is_sorted else []
        changes += _before(source, later[0], name) if later else _behind(source, statement, name)
    return changes


def _starts_row(source: Source, alias: ast.alias) -> str | None:
    start = source.start(alias)
    indentation = source.indentation(start)
    at_start = source.row_start(source.row_of(start)) + len(indentation) == start
    return indentation if at_start else None


def _before(source: Source, alias: ast.alias, name: str) -> list[Change]:
    start = source.start(alias)
    indentation = _starts_row(source, alias)
    if indentation is None:
        return [Change(start, start, f"{name}, ")]
    place = source.row_start(source.row_of(start))
    return [Change(place, place, f"{indentation}{name},{source.newline}")]


def _behind(source: Source, statement: ast.ImportFrom, name: str) -> list[Change]:
    alias = statement.names[-1]
    end = source.end(alias)
    indentation = _starts_row(source, alias)
    rest = source.text[end : source.end(statement)]
    own_rows = indentation is not None and rest.lstrip(", \t")[:1] in {"\n", "\r", "#"}
    if not own_rows:
        return [Change(end, end, f", {name}")]
    row_after = source.row_start(source.row_of(end) + 1)
    row = f"{indentation}{name},{source.newline}"
    if rest.lstrip(" \t").startswith(","):
        return [Change(row_after, row_after, row)]
    return [
        Change(end, end, ","),
        Change(row_after, row_after, row.replace(",", "")),
    ]
