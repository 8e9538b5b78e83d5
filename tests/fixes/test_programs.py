"""Real torch decides: each program fails before, runs after, and leaves nothing allowed behind."""

from __future__ import annotations

import argparse
import asyncio
import pickle
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from fixes.equivalence import same_but_for_safe_globals
from fixes.tools import NAMESPACE, fix

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.torch, pytest.mark.usefixtures("nothing_allowed")]

PROGRAMS = {
    "assignment": "result = torch.load(p)",
    "keyword false, made to fail": "result = torch.load(p, map_location='cpu')",
    "tuple": "result, other = torch.load(p), torch.load(p, mmap=False)\nassert other == result",
    "attribute": "result = argparse.Namespace(**vars(torch.load(p)))",
    "call argument": "result = copy(torch.load(p))",
    "condition": "if torch.load(p).epoch:\n    result = NS",
    "elif": "if not p:\n    pass\nelif torch.load(p).epoch:\n    result = NS",
    "and": "result = p and torch.load(p)",
    "conditional": "result = torch.load(p) if p else None",
    "while": "while torch.load(p).epoch:\n    result = NS\n    break",
    "for": "for name, value in vars(torch.load(p)).items():\n    result = NS",
    "for, reading again in the body": """
        for name in vars(torch.load(p)):
            result = torch.load(p)
    """,
    "comprehension": "(result,) = [torch.load(q) for q in [p]]",
    "dict comprehension": "result = {q: torch.load(q) for q in [p]}[p]",
    "generator that runs later": """
        each = (torch.load(q) for q in [p])
        result = next(each)
    """,
    "generator used up": "(result,) = tuple(torch.load(q) for q in [p])",
    "lambda": "read = lambda q: torch.load(q)\nresult = read(p)",
    "lambda default": "read = lambda x=torch.load(p): x\nresult = read()",
    "return": """
        def f(q):
            return torch.load(q, map_location="cpu")
        result = f(p)
    """,
    "default argument": "def f(x=torch.load(p)):\n    return x\nresult = f()",
    "decorator": """
        def keep(value):
            return lambda f: value
        @keep(torch.load(p))
        def result(): pass
    """,
    "class body": "class A:\n    x = torch.load(p)\nresult = A.x",
    "method default": """
        class A:
            def f(self, x=torch.load(p)):
                return x
        result = A().f()
    """,
    "yield": """
        def f():
            for q in [p, p]:
                yield torch.load(q)
        each = f()
        first = next(each)
        assert not allowed()
        result = next(each)
    """,
    "yield after an effect": """
        seen = []
        def f():
            yield seen.append(1), torch.load(p)
        _, result = next(f())
        assert seen == [1]
    """,
    "await": """
        async def send(x):
            assert not allowed()
            return x
        async def f():
            return await send(torch.load(p))
        result = run(f())
    """,
    "await inside": """
        async def get():
            assert not allowed()
            return p
        async def f():
            return torch.load(await get())
        result = run(f())
    """,
    "async for": """
        async def g(x):
            yield x
        async def f():
            async for x in g(torch.load(p)):
                return x
        result = run(f())
    """,
    "with": """
        import contextlib
        with contextlib.nullcontext(torch.load(p)) as result:
            assert not allowed()
    """,
    "with an open file": """
        with open(p, "rb") as file:
            result = torch.load(file)
    """,
    "second item of a with": """
        import contextlib
        with open(p, "rb") as file, contextlib.nullcontext(torch.load(file)) as result:
            pass
    """,
    "match": """
        match torch.load(p):
            case argparse.Namespace() as result:
                pass
    """,
    "match guard": """
        match p:
            case str() if torch.load(p).epoch:
                result = NS
    """,
    "walrus": "if (result := torch.load(p)):\n    pass",
    "f-string": "assert f'{torch.load(p)!r}' == repr(NS)\nresult = NS",
    "assert": "assert torch.load(p) == NS\nresult = NS",
    "raise": """
        class E(Exception): pass
        try:
            raise E(torch.load(p))
        except E as error:
            (result,) = error.args
    """,
    "del": "del torch.load(p).epoch\nresult = NS",
    "augmented": "result = []\nresult += [torch.load(p)]\nresult = result[0]",
    "annotated": "result: object = torch.load(p)",
    "subscript": "d = {}\nd[str(torch.load(p))] = 1\nresult = NS",
    "semicolons": "a = 1; result = torch.load(p); b = 2\nassert a + b == 3",
    "one-line suites": "if p: result = torch.load(p)\nelse: result = None",
    "try": """
        try:
            result = torch.load(p)
        finally:
            assert not allowed()
    """,
    "neighbours": "a = torch.load(p)\nb = torch.load(p)\nresult = torch.load(p)",
    "map": "(result,) = map(torch.load, [p])",
    "partial": """
        import functools
        read = functools.partial(torch.load, map_location="cpu")
        result = read(p)
    """,
    "thread pool": """
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(torch.load, p).result()
    """,
    "block around": """
        from collections import deque
        with torch.serialization.safe_globals([deque]):
            result = torch.load(p)
            assert deque in allowed()
    """,
    "block by a constant": """
        from collections import deque
        NAMES = (deque,)
        with torch.serialization.safe_globals(NAMES):
            result = torch.load(p)
    """,
    "two blocks around": """
        from collections import deque
        with torch.serialization.safe_globals([deque]):
            with torch.serialization.safe_globals([range]):
                result = torch.load(p)
            assert allowed() == {deque}
    """,
    "global": """
        def f():
            global result
            result = torch.load(p)
        f()
    """,
    "names that clash": """
        safe_globals = Namespace = loaded = 1
        for name in vars(torch.load(p)):
            result = NS
        assert safe_globals == Namespace == loaded == 1
    """,
    "local names that clash": """
        def f(argparse, safe_globals):
            return torch.load(p)
        result = f(1, 2)
    """,
    "torch imported in the function": """
        def f():
            import torch as t
            return t.load(p)
        result = f()
    """,
    "load imported in the function": """
        def f():
            from torch import load
            return load(p)
        result = f()
    """,
    "standard pickle": "import pickle\nresult = torch.load(p, None, pickle, weights_only=True)",
    "another loading function before": """
        def read(q):
            return torch.load(q)
        a, result = read(p), torch.load(p)
        assert a == result
    """,
    "a loading function in a comprehension": """
        def read(q):
            return torch.load(q)
        each = [(torch.load(q), read(q)) for q in [p, p]]
        result = each[1][0]
    """,
    "a recursive function": """
        def read(paths):
            first, *rest = paths
            return ([*read(rest), torch.load(first)] if rest else [torch.load(first)])
        result, _ = read([p, p])
    """,
    "form feeds": "def f(q):\n\f    return torch.load(q)\n\f\nresult = f(p)",
    "a row that goes on": "import os; \\\nresult = torch.load(p); \\\nassert result",
    "string over rows": 'result = dict([("""a\n b""", torch.load(p))])["a\\n b"]',
}


def allowed() -> set[object]:
    """What is allowed."""
    return set(torch.serialization.get_safe_globals())


def _forget() -> None:
    with torch.serialization.safe_globals(list(allowed())):
        pass


def _run(text: str, path: Path) -> object:
    expected = argparse.Namespace(epoch=3, name="run")
    names: dict[str, Any] = {
        "p": str(path),
        "NS": expected,
        "argparse": argparse,
        "copy": lambda value: value,
        "run": asyncio.run,
        "allowed": allowed,
        "__name__": "program",
    }
    exec(compile(text, "program.py", "exec", dont_inherit=True), names)
    return names["result"]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("checkpoints") / "run.pt"
    torch.save(argparse.Namespace(epoch=3, name="run"), path)
    return path


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_fails_before_and_runs_after(name: str, checkpoint: Path) -> None:
    before = "import torch\n" + textwrap.dedent(PROGRAMS[name]).strip() + "\n"
    with pytest.raises((pickle.UnpicklingError, RuntimeError)):
        _run(before, checkpoint)
    after = fix(before, NAMESPACE).text
    assert same_but_for_safe_globals(before, after) is None
    assert _run(after, checkpoint) == argparse.Namespace(epoch=3, name="run")
    assert not allowed()


def test_a_registration_elsewhere_is_not_undone(checkpoint: Path) -> None:
    before = textwrap.dedent("""
        import argparse
        import torch
        def register():
            torch.serialization.add_safe_globals([argparse.Namespace])
        def f(p):
            return torch.load(p, weights_only=False)
        register()
        result = f(p)
        result = torch.load(p, weights_only=True)
    """)
    assert _run(before, checkpoint)
    _forget()
    fixed = fix(before, NAMESPACE)
    assert fixed.reasons
    assert _run(fixed.text, checkpoint)
    _forget()
