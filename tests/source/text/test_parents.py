from __future__ import annotations

import ast

from torchload_lint.source.text import parents
from torchload_lint.source.text.parents import Parents

SOURCE = (
    "@mark\nclass A(B):\n    x = [y for y in z if y]\n    def f(self, a=1): return (\n        a)\n"
)


def test_every_node_has_its_parent_asked_in_any_way():
    tree = ast.parse(SOURCE)
    expected = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    asked = [
        node
        for node in ast.walk(tree)
        if not isinstance(node, ast.expr_context | ast.operator | ast.Module)
    ]
    assert len(asked) == 18
    for node in reversed(asked):
        assert Parents(tree).get(node) is expected[node]
    found = Parents(tree)
    assert [found[node] for node in asked] == [found.get(node) for node in asked]


def test_what_is_not_held_has_no_parent():
    tree = ast.parse(SOURCE)
    stranger = ast.parse("x").body[0]
    assert Parents(tree).get(tree) is None
    assert Parents(tree).get(stranger) is None
    assert Parents(tree).get(tree, "none") == "none"


def test_the_work_follows_the_rows_of_a_long_function(monkeypatch):
    looks = []
    covers = parents._covers
    monkeypatch.setattr(parents, "_covers", lambda *given: looks.append(1) or covers(*given))
    rows = 1000
    tree = ast.parse("def f():\n" + "    x = a.b\n" * rows)
    found = Parents(tree)
    for statement in tree.body[0].body:
        assert found[statement.value.value] is statement.value
    assert len(looks) < 40 * rows
