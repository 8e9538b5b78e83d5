"""The nodes on some rows, of a file with many statements."""

from __future__ import annotations

import ast
import random

from torchload_lint.source.text import candidates

STATEMENTS = (
    "x = 1",
    "a = 1; b = 2",
    "@decorated(\n    1)\ndef f(x=1):\n    return [x,\n        2]",
    "class A(\n    B):\n    y = 1\n\n    def m(self):\n        return {**a, 1: 2,\n 3: 4}",
    "if x:\n    a\nelif y:\n    b\nelse:\n    c",
    'text = """one\ntwo"""',
)


def _all_on(tree: ast.AST, rows: list[int]) -> list[ast.AST]:
    """The same, found by looking at each node."""
    found = []

    def look(node: ast.AST) -> None:
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", 10**6)
        for decorator in getattr(node, "decorator_list", []):
            first = min(first, decorator.lineno)
        if any(first <= row <= last for row in rows):
            found.append(node)
            for child in candidates.children(node):
                look(child)

    look(tree)
    return found


def test_many_statements_are_searched_and_not_gone_through() -> None:
    chosen = random.Random(1)
    for _ in range(40):
        text = "\n".join(chosen.choices(STATEMENTS, k=300))
        text += "\nd = [\n" + "1,\n" * 100 + "]\ne = {\n" + "1: 2, **a,\n" * 100 + "}\n"
        tree = ast.parse(text)
        rows = sorted(chosen.sample(range(1, text.count("\n")), chosen.choice((1, 3, 40))))
        assert list(candidates.on_rows(tree, rows)) == _all_on(tree, rows)


def test_only_few_of_many_statements_are_looked_at() -> None:
    looked_at = 0

    class Counting(ast.Expr):
        def __getattribute__(self, name: str) -> object:
            nonlocal looked_at
            looked_at += name == "lineno"
            return super().__getattribute__(name)

    tree = ast.parse("x\n" * 10_000)
    tree.body = [
        Counting(one.value, lineno=row, end_lineno=row)
        for row, one in enumerate(tree.body, start=1)
        if isinstance(one, ast.Expr)
    ]
    looked_at = 0
    found = list(candidates.on_rows(tree, [5_000, 9_000]))
    assert [one.lineno for one in found if isinstance(one, ast.Expr)] == [5_000, 9_000]
    assert looked_at < 1_000


def test_a_tree_is_walked_in_the_order_of_ast() -> None:
    aside = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)
    tree = ast.parse("\n".join(STATEMENTS) + "\nx = -a < b or [c for c in d if not c]\n")
    expected = [node for node in ast.walk(tree) if not isinstance(node, aside)]
    assert list(candidates.walk(tree)) == expected
