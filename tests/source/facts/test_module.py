from __future__ import annotations

import ast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from source.source_facts import module_of
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.text.candidates import children, rows_with
from torchload_lint.source.text.parents import Parents
from torchload_lint.source.text.parse import SyntaxProblem
from torchload_lint.source.text.text import Lines

FACTS = (
    "loads", "saves", "allowlists", "wrappers", "wrapper_calls", "environment", "patches",
    "fallbacks",
)  # fmt: skip
PIECES = [
    "import torch\n", "from torch import load as q\n", "torch.load(p)\n", "x = torch.load\n",
    "x(p, **kw)\n", "kw['weights_only'] = x\n", "x = x or not x\n", "def f(x=x, **kw):\n  ",
    "class A:\n  ", "with safe_globals(x):\n  ", "try:\n  ", "except E as x:\n  ", "global x\n",
    "add_safe_globals([x, *x])\n", "if (x := torch):\n  ", "lambda x: ", "[x for x in x]\n",
    "return x\n", "torch.load = x\n", "f'{x}'", "(", ")", "'", "# noqa\n", "\t", "\x0c", "é😀",
    "match x:\n  case x: ", "type X[T] = x\n",
    "os.environ['TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'] = x\n",
    "m.load_state_dict(x)\n", "partial(torch.load, weights_only=x)\n", "map(torch.load, x)\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_any_text_is_read_or_is_a_problem(text):
    module = read(text, "pkg/mod.py", "pkg.mod")
    if isinstance(module, SyntaxProblem):
        assert module.message
        assert module.row >= 1
        return
    for fact in FACTS:
        getattr(module, fact)
    for load in module.loads:
        assert module.source(load.node).endswith(")")


@pytest.mark.parametrize("code", ["x = '\\d'\n", "1 is 1\n", "x = 1if a else 2\n"])
def test_warnings_about_the_code_are_not_ours(code):
    assert isinstance(read(code, "a.py"), Module)


def test_a_byte_order_mark_is_not_text():
    module = read("\ufeffimport torch\ntorch.load(p)\n", "a.py")
    assert isinstance(module, Module)
    assert module.text.startswith("import")


def test_where_things_stand():
    module = module_of(
        """
        import torch
        class A:
            @d(torch.load(p))
            def f(self, x=torch.load(q)):
                if x:
                    return [torch.load(r)]
        """
    )
    decorator, default, inside = module.loads
    assert [load.function for load in module.loads] == ["A", "A", "A.f"]
    assert module.function(decorator.node) is None
    assert module.function(inside.node).name == "f"
    assert module.statement(default.node).name == "f"
    assert isinstance(module.statement(inside.node), ast.Return)
    assert module.source(inside.node) == "torch.load(r)"


def test_relative_imports_of_a_package_start_at_the_package():
    package = module_of("from . import x\nx\n", "pkg/sub/__init__.py", "pkg.sub")
    plain = module_of("from . import x\nx\n", "pkg/sub.py", "pkg.sub")
    script = module_of("from . import x\nx\n", "sub.py", "sub")
    found = [
        module.bindings.qualified(module.tree.body[-1].value) for module in (package, plain, script)
    ]
    assert found == ["pkg.sub.x", "pkg.x", ".x"]


CODE = """\
import torch
@d
class A(B, metaclass=C):
    x: int = 1
    @e(1)
    async def f(self, *a: int, b=2, **c) -> int:
        async with a as b, c:
            return [x async for x in y if z]
    class D:
        def g(self): yield lambda q: q
def h():
    try:
        match x:
            case {"a": [1, *b], **c} if d: pass
    except (E, F) as g:
        del x, y[0]
    finally:
        print(f"{x!r:>{w}}", *a, **b)
"""


def test_parents_are_those_of_a_full_walk():
    tree = ast.parse(CODE)
    expected = {
        child: node
        for node in ast.walk(tree)
        for child in ast.iter_child_nodes(node)
        if not isinstance(child, (ast.expr_context, ast.operator, ast.boolop, ast.unaryop))
    }
    for node, parent in expected.items():
        assert Parents(tree)[node] is parent
    parents = Parents(tree)
    assert {node: parents[node] for node in expected} == expected
    assert parents.get(tree) is None
    assert set(expected) <= set(parents)


def test_children_are_asts_own():
    for node in ast.walk(ast.parse(CODE)):
        kept = [
            child
            for child in ast.iter_child_nodes(node)
            if not isinstance(child, (ast.expr_context, ast.operator, ast.boolop, ast.unaryop))
        ]
        assert children(node) == kept


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("load", [1]),
        ("a.load\nb\nload()", [1, 3]),
        ("loader\nreload\nload_x\nx_load\nload2", []),
        ("load;load\r\nload", [1, 2]),
        ("éload\nload", [2]),
        ("", []),
    ],
)
def test_rows_with_a_word(text, rows):
    assert rows_with(Lines(text), ["load"]) == rows


def test_a_chain_of_thousands_is_no_crash():
    assert isinstance(read("x = " + " + ".join(["a"] * 5000), "a.py"), (Module, SyntaxProblem))
    deep = read(f"import torch\ntorch.load(p, weights_only={'+'.join(['a'] * 900)})", "a.py")
    assert isinstance(deep, Module)
    assert len(deep.loads) == 1


def test_costs_stay_in_bounds_on_odd_files():
    code = "import torch\nx = torch.load\n" + "if a: x = x or x\n" * 60 + "x(p, weights_only=x)\n"
    (load,) = module_of(code).loads
    assert load.span.start.row == 63
