"""Expressions for paths, made from a grammar: the answer is Python's own, and costs little.

An input is a program; its last row loads. Where the tool says that a path is exact and that nothing
else can be meant, Python evaluates the same expression, if it is small, and must get that path.
"""

from __future__ import annotations

import ast
import posixpath
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from fuzz.harness import Harm, Harness, from_tests, must
from torchload_lint.source.paths import resolve_path

if TYPE_CHECKING:
    from random import Random

project = from_tests("project_files").project  # in memory, as the tests use it

HEAD = "import os\nimport torch\nfrom pathlib import Path\n"
TEXTS = (
    "'a'",
    "'b.pt'",
    "'runs'",
    "''",
    "'x/'",
    "'..'",
    "'%s.pt'",
    "'{}'",
    "'é'",
    "'\\ud800'",
    "'a\\0b'",
)
NUMBERS = ("0", "1", "-1", "2", "10", "3.5", "True", "None")
HUGE = ("10**9", "1000000000", "1 << 40", "9**9**9", "-10**9")
FORMS = (
    "{t} + {t}", "{t} + '/' + {t}", "os.path.join({t}, {t})", "Path({t}) / {t}", "f'{{{t}}}/{{{n}}}.pt'",
    "'%s/%d.pt' % ({t}, {n})", "'%s' % {t}", "'{{}}-{{}}'.format({t}, {n})", "{t}.replace({t}, {t})",
    "{t} * {n}", "{t}[{n}:]", "{t}[:{n}]", "{t}[{n}]", "{t}[::{n}]", "{t}.zfill({n})", "{t}.center({n})",
    "{t}.ljust({n}, '-')", "{t}.upper()", "{t}.strip()", "{t}.split('/')[{n}]", "{t}.rsplit('.', 1)[0]",
    "os.path.splitext({t})[0] + '.pt'", "os.path.basename({t})", "os.path.dirname({t})", "Path({t}).stem",
    "str(Path({t}).with_suffix('.pt'))", "Path({t}).parent", "Path({t}).name", "'/'.join([{t}, {t}])",
    "'-'.join({t} for _ in range({n}))", "({t} if {n} else {t})", "({t} or {t})", "({t} and {t})", "{t} + str({n})",
    "f'{{{n}:03d}}.pt'", "f'{{{t}:>{{{n}}}}}'", "f'{{{t}!r}}'", "'%0*d' % ({n}, {n})", "'%.{{}}f'.format({n}) % 1.5",
    "[{t}, {t}][{n}]", "{{'k': {t}}}['k']", "dict(a={t})['a']", "{t}.partition('/')[2]", "{t}.join([{t}, {t}])",
    "{t}.removesuffix('t')", "{t}.title()", "{t}.encode().decode()", "str({n})", "repr({t})", "format({n}, '>4')",
    "{t}.expandtabs({n})", "max({t}, {t})", "sorted([{t}, {t}])[0]", "{t}.translate({{97: {t}}})",
    "(lambda x: x + {t})({t})", "os.path.normpath({t})", "os.path.expanduser({t})",
    "'{{0}}{{0}}'.format({t})", "'{{:{{}}}}'.format({t}, {n})", "'%(a)s' % {{'a': {t}}}", "Path({t}, {t}).as_posix()",
    "next(x for x in [{t}, {t}])", "''.join(reversed({t}))", "{t}.format(*[{t}] * 3)", "{t}.casefold()",
    "chr(97 + {n}) + {t}", "'a' '{{}}'.format({n})", "{t}.replace('a', {t}, {n})", "hex({n}) + {t}", "{t} % {t}",
)  # fmt: skip
STATEMENTS = (
    "p = {t}\n", "p = os.path.abspath({t})\n", "p = {t}\nq = p + {t}\np = q\n", "p = {t}\np += {t}\n", "p, q = {t}, {t}\n",
    "def f(x={t}):\n    return x\np = f({t})\n", "def f(x):\n    return {t} + x\np = f({t})\n",
    "p = {t}\nif p:\n    p = {t}\n", "for p in [{t}, {t}]:\n    pass\n", "class A:\n    p = {t}\np = A.p\n",
    "class A:\n    def __init__(self, x):\n        self.p = x\np = A({t}).p\n", "p = [{t}]\np.append({t})\np = p[-1]\n",
    "d = {{'a': {t}}}\nd['a'] = {t}\np = d['a']\n", "while True:\n    p = {t}\n    break\n",
    "try:\n    p = {t}\nexcept Exception:\n    p = {t}\n", "with open({t}) as p:\n    pass\n", "(p := {t})\n",
    "p = 'a'\nfor i in range({n}):\n    p = p + p\n", "match {t}:\n    case 'a':\n        p = {t}\n    case p:\n        pass\n",
    "p = ''\nfor c in {t}:\n    p += c\n", "import functools\np = functools.reduce(lambda a, b: a + b, [{t}, {t}])\n",
)  # fmt: skip
DEEPEST = 3
MOST_CHARACTERS = 10_000


def made(random: Random) -> bytes:
    """A program that puts a path together."""
    statement = _filled(random, random.choice(STATEMENTS), 0)
    return (HEAD + statement + "torch.load(p)\n").encode("utf-8", "replace")


def _filled(random: Random, form: str, depth: int) -> str:
    """A form with texts and numbers put in; sometimes others in their places."""
    while "{t}" in form:
        deeper = depth < DEEPEST and random.random() < 0.45
        text = _filled(random, random.choice(FORMS), depth + 1) if deeper else random.choice(TEXTS)
        form = form.replace("{t}", f"({text})" if deeper else text, 1)
    while "{n}" in form:
        form = form.replace("{n}", random.choice(HUGE if random.random() < 0.1 else NUMBERS), 1)
    return form.replace("{{", "{").replace("}}", "}")


def attempt(data: bytes) -> None:
    """Resolve the path of the last load, and compare it with what Python makes of it."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    index = project({"main.py": text})
    module = index.module_at("main.py")
    if module is None:
        return
    for load in module.loads:
        if load.file is None:
            continue
        found = resolve_path(load.file, module, index)
        size = sum(len(pattern.text) for pattern in found.patterns)
        must(size <= 64 * MOST_CHARACTERS, Harm.LIMIT, f"{size} characters of paths")
        if found.complete and all(pattern.exact for pattern in found.patterns):
            _compare({pattern.text for pattern in found.patterns}, tree, text)


def _compare(paths: set[str], tree: ast.Module, text: str) -> None:
    """Run the program without its load, where that costs nothing, and look at its path."""
    if any(huge in text for huge in HUGE) or "\n    p = p + p" in text or not _is_made_here(tree):
        return
    names: dict[str, object] = {}
    try:
        exec(
            compile(text.rpartition("torch.load")[0].replace("import torch", ""), "fuzz", "exec"),
            names,
        )
    except Exception:
        return
    real = names.get("p")
    if not isinstance(real, (str, PurePosixPath)) or not _is_file_name(str(real)):
        return
    mine = {posixpath.relpath(path) for path in paths}
    must(posixpath.relpath(str(real)) in mine, Harm.ALLOWED, f"{real!r}, not {paths}:\n{text}")


def _is_file_name(text: str) -> bool:
    """Whether it is more than a folder, a bare ending, a placeholder or a template, and a system
    takes it.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        return False
    if str(Path.cwd()).startswith(text) or posixpath.basename(text).startswith("."):
        return False
    is_open = any(sign in text for sign in ("{", "%", "\0", "...")) or text.endswith(("/", "/.."))
    return any(map(str.isalnum, text)) and not is_open and text != "None"


def _is_made_here(tree: ast.Module) -> bool:
    """Whether the program is one of this grammar, which runs nothing but what stands above."""
    known = {*_NAMES, *_BUILTINS}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return used <= known and not any(
        "_" in name and name != "as_posix" for name in attributes - {"with_suffix"}
    )


_NAMES = "os torch Path p q d f x c i a b A self functools _".split()
_BUILTINS = "str repr format max sorted next reversed chr hex dict range open Exception".split()

HARNESS = Harness("paths", attempt, made=made, weight=30)
