from __future__ import annotations

import ast

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
    parents = Parents(tree)
    assert [parents[node] for node in asked] == [parents.get(node) for node in asked]


def test_what_is_not_held_has_no_parent():
    tree = ast.parse(SOURCE)
    stranger = ast.parse("x").body[0]
    assert Parents(tree).get(tree) is None
    assert Parents(tree).get(stranger) is None
    assert Parents(tree).get(tree, "none") == "none"
