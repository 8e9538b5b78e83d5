"""Programs made from a small grammar: every fixed one is the same program, and stays as it is."""

from __future__ import annotations

import ast
import textwrap

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fixes.equivalence import same_but_for_safe_globals
from fixes.tools import NAMESPACE, fix

LOADS = [
    "torch.load(p)",
    "torch.load(p, map_location='cpu')",
    "torch.load(p, weights_only=False)",
    "torch.load(\n    p,  # path\n    mmap=True,\n)",
    "torch.load(p, pickle_module=pickle)",
    "(torch.load(p))",
    "torch.load(p,)",
]
EXPRESSIONS = [
    "{}",
    "{}['model']",
    "f({})",
    "f(g(), {})",
    "f(a, *{})",
    "{}.items()",
    "a and {}",
    "({} if a else b)",
    "(b if {} else a)",
    "[{}, {}]",
    "[x for x in {}]",
    "[{} for x in a]",
    "(x for x in {})",
    "({} for x in a)",
    "list({} for x in a)",
    "(lambda p: {})",
    "(lambda x={}: x)",
    "(y := {})",
    "{{1: {}}}",
    "(a < {} < b)",
    '("""a\n b""", {})',
]
SIMPLE = [
    "x = {}",
    "x, y = {}, 1",
    "x: int = {}",
    "x += {}",
    "f({})",
    "a = 1; x = {}; b = 2",
    "assert {}, 'no'",
    "del a[{}]",
    "a[{}] = b",
    "raise E({})",
    "x = {}  # noqa",
    "x = {}\ny = {}",
]
COMPOUND = [
    "if {}:\n    pass",
    "if a:\n    pass\nelif {}:\n    x = 1",
    "while {}:\n    break",
    "for x in {}:\n    pass\nelse:\n    pass",
    "with f({}) as y:\n    pass",
    "with a as b, f({}) as y:\n    pass",
    "match {}:\n    case 1:\n        pass",
    "match a:\n    case 1 if {}:\n        pass",
    "def h(x={}):\n    pass",
    "@f({})\ndef h():\n    pass",
    "class A(f({})):\n    pass",
    "try:\n    x = {}\nexcept E:\n    y = {}\nfinally:\n    pass",
    "if a: x = {}\nelse: y = 1",
    "for x in a: f({})",
]
IN_FUNCTION = [
    "return {}",
    "yield {}",
    "x = yield {}",
    "await f({})",
    "x = await f({})",
    "yield from {}",
]
AROUND = [
    "{}",
    "if a:\n{}",
    "def f():\n{}",
    "async def f():\n{}",
    "class A:\n{}",
    "class A:\n    def f(self):\n{}",
    "try:\n{}\nfinally:\n    pass",
    "with torch.serialization.safe_globals([int]):\n{}",
    "for p in ps:\n{}",
]


@st.composite
def programs(draw: st.DrawFn) -> str:
    """An import of torch and a few statements that load."""
    statements = []
    for _ in range(draw(st.integers(1, 3))):
        around = draw(st.sampled_from(AROUND))
        kinds = [*SIMPLE, *COMPOUND]
        if around.startswith(("def", "async def")):
            kinds += [
                one for one in IN_FUNCTION if around.startswith("async") or "await" not in one
            ]
        kind = draw(st.sampled_from(kinds))
        holes = kind.count("{}")
        filled = kind.format(*(draw(_expressions()) for _ in range(holes)))
        levels = around.count("    {}") or around.rpartition("\n")[0].count("    ") + 1
        block = filled if around == "{}" else textwrap.indent(filled, "    " * levels)
        statements.append(around.format(block))
    blank = draw(st.sampled_from(["\n", "\n\n", "\n# then\n"]))
    return "import pickle\nimport torch\n" + blank.join(statements) + "\n"


@st.composite
def _expressions(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(EXPRESSIONS))
    count = text.replace("{{", "").replace("}}", "").count("{}")
    inner = st.sampled_from(LOADS)
    return text.format(*(draw(inner) for _ in range(count)))


def _parses(text: str) -> bool:
    try:
        compile(text, "a.py", "exec", ast.PyCF_ONLY_AST)
    except SyntaxError:
        return False
    return True


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), st.sampled_from(["\n", "\r\n", "\r"]))
def test_a_fixed_program_is_the_same_program(program: str, newline: str) -> None:
    if not _parses(program):
        return
    before = program.replace("\n", newline)
    fixed = fix(before, NAMESPACE)
    assert _parses(fixed.text)
    assert same_but_for_safe_globals(before, fixed.text) is None
    assert fix(fixed.text, NAMESPACE).text == fixed.text
