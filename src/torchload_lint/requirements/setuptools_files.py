"""setup.cfg and setup.py, which is parsed and never run."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.requirements.statement import Statement, from_requirement, pip_specifiers
from torchload_lint.source.text.nesting import DEEPEST_TO_AST, refuse_too_deep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OPTIONAL = ("extras_require", "tests_require", "setup_requires")
_NOT_REQUIRED = ("extra", "tests_require", "dependency_links")
"""What the name of a list says that none need install; links only say where to find a release that
is required elsewhere, and pip heeds none since its version 19.
"""
_FILE = late_pattern(r"""["']([\w./-]+\.(?:txt|in))["']""")
_CFG_FILES = late_pattern(r"(?m)^\w[\w-]*\s*=\s*file:((?:.*,\s*\n)*.*)$")
_NAME = late_pattern(r"[\w./-]+\.(?:txt|in)")
_LONGEST = 2000
"""A text that is longer is prose."""


def read_setup_cfg(text: str) -> list[Statement]:
    """``install_requires`` and the extras."""
    found: list[Statement] = []
    for section, values in _sections(text).items():
        for key, value in values.items():
            if section == "options" and key == "install_requires":
                found += _rows(value, text, optional=False)
            elif section == "options.extras_require" or (section == "options" and key in _OPTIONAL):
                found += _rows(value, text, optional=True)
    return found


def python_of_cfg(text: str) -> str:
    """The Pythons that setup.cfg admits, as specifiers; empty where it says nothing."""
    options = _sections(text).get("options", {})
    written = options.get("python_requires", "").partition("#")[0]
    return pip_specifiers(written) or ""


def _sections(text: str) -> dict[str, dict[str, str]]:
    if not text:
        return {}
    import configparser  # noqa: PLC0415 - few projects have such a file

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(values) for section, values in parser.items()}


def files_named_by_cfg(text: str) -> list[str]:
    """The requirements files that ``install_requires = file: …`` of setup.cfg names."""
    return [name for one in _CFG_FILES.findall(text) for name in _NAME.findall(one)]


def _rows(value: str, text: str, *, optional: bool) -> Iterator[Statement]:
    lines = text.splitlines()
    for raw in value.splitlines():
        line = raw.partition("#")[0].strip()
        found = from_requirement(line, optional=optional)
        if found is not None:
            row = next((n for n, written in enumerate(lines, 1) if line in written), 0)
            yield found._replace(row=row)


def read_setup_py(text: str) -> list[Statement]:
    """The texts of setup.py that are requirements of torch.

    Wherever they stand: lists are built in many ways. A bare ``torch`` counts only as an item.
    """
    tree = _tree(text)
    if tree is None:
        return []
    constants = _constants(tree)
    required, extras = _places(tree)
    found: list[Statement] = []
    for node in ast.walk(tree):
        written = _text(node, constants)
        if written is None or len(written) > _LONGEST:
            continue
        for offset, line in enumerate(written.splitlines()):
            row = getattr(node, "lineno", 0) + offset
            one = from_requirement(line.partition("#")[0], row, optional=node in extras)
            if one is not None and (one.bounds or node in required or node in extras):
                found.append(one)
    return list(dict.fromkeys(found))


def python_of_setup(text: str) -> str:
    """The Pythons that setup.py admits, as specifiers; empty where that is not written out once."""
    tree = _tree(text) if "python_requires" in text else None
    found = [
        node.value
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.keyword) and node.arg == "python_requires"
    ]
    written = found[0].value if len(found) == 1 and isinstance(found[0], ast.Constant) else ""
    return (pip_specifiers(written) or "") if isinstance(written, str) else ""


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            refuse_too_deep(text, DEEPEST_TO_AST)
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def files_read_by(text: str) -> list[str]:
    """The names of requirements files in setup.py: it reads them, whatever for."""
    return list(dict.fromkeys(_FILE.findall(text)))


def _constants(tree: ast.Module) -> dict[str, str]:
    """The names at module level that stand for one text."""
    return {
        target.id: statement.value.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def _places(tree: ast.Module) -> tuple[set[ast.AST], set[ast.AST]]:
    """The items of lists, and what stands under the keyword or the name of an optional list."""
    required: set[ast.AST] = set()
    optional: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            required.update(node.elts)
        name, value = _named(node)
        if value is not None and any(word in name.lower() for word in _NOT_REQUIRED):
            optional.update(ast.walk(value))
    return required, optional


def _named(node: ast.AST) -> tuple[str, ast.expr | None]:
    if isinstance(node, ast.keyword):
        return node.arg or "", node.value
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Name, ast.Subscript)):
        return ast.unparse(node.targets[0]), node.value
    return "", None


def _put_together(node: ast.BinOp, constants: dict[str, str]) -> str | None:
    """``"torch>=" + MINIMUM``, ``"torch>=%s" % MINIMUM``."""
    left = _part(node.left, constants)
    if isinstance(node.op, ast.Add):
        return left + _part(node.right, constants) if left != "?" else None
    if not isinstance(node.op, ast.Mod) or left == "?":
        return None
    given = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
    return _filled(left, "%s", given, constants)


def _formatted(call: ast.Call, constants: dict[str, str]) -> str | None:
    """``"torch>={}".format(MINIMUM)``."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "format":
        return None
    pattern = _text(call.func.value, constants)
    return None if pattern is None else _filled(pattern, "{}", call.args, constants)


def _filled(
    pattern: str, hole: str, given: Sequence[ast.expr], constants: dict[str, str]
) -> str | None:
    """A pattern with each hole filled; None where there are more or fewer values than holes."""
    if pattern.count(hole) != len(given):
        return None
    for one in given:
        pattern = pattern.replace(hole, _part(one, constants), 1)
    return pattern


def _part(node: ast.expr, constants: dict[str, str]) -> str:
    found = constants.get(node.id) if isinstance(node, ast.Name) else _text(node, constants)
    return "?" if found is None else found


def _text(node: ast.AST, constants: dict[str, str]) -> str | None:
    """A literal text, or one put together; what is not known of it is a question mark."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp):
        return _put_together(node, constants)
    if isinstance(node, ast.Call):
        return _formatted(node, constants)
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    for value in node.values:
        inner = value.value if isinstance(value, ast.FormattedValue) else value
        known = constants.get(inner.id) if isinstance(inner, ast.Name) else _text(inner, constants)
        parts.append("?" if known is None else known)
    return "".join(parts)
