"""Names that mean in a class, or below a decorator, another thing than they seem to: torch runs
the text that a file holds, through a function that a proof has not looked at.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

HELPERS = """def helper(x): eval(x)

class Net:
    def helper(x): return 1
"""
PLAIN = "    @deco\n    def __init__(self, x='1'): self.x = x\n"
EVAL = "(self, x='1'): eval(x)\n"
DECORATED = {
    "a function inside": f"def deco(f):\n    def f{EVAL}    return f\n",
    "a class inside": f"def deco(f):\n    class f:\n        def __init__{EVAL}    return f\n",
    "an import": "def deco(f):\n    from builtins import eval as f\n    return f\n",
    "a pattern": "def deco(f):\n    match eval:\n        case f: pass\n    return f\n",
    "a function of a class": "class deco:\n    def setter(f): return eval\n",
    "two parameters": "def deco(g, /, f=None): return f or (lambda self, x='1': eval(x))\n",
}
IN_CLASSES = {
    "a lambda": "    __init__ = lambda self, x='1': helper(x)\n",
    "a comprehension": (
        "    kept = tuple(helper for _ in 'a')\n    def __init__(self, x='1'): self.kept[0](x)\n"
    ),
    "a class inside": (
        "    class Inner:\n        run = helper\n    def __init__(self, x='1'): self.Inner.run(x)\n"
    ),
}
SOURCES = {
    **{f"decorated by {how}": f"{made}\nclass Net:\n{PLAIN}" for how, made in DECORATED.items()},
    **{f"seen from {how}": HELPERS + made for how, made in IN_CLASSES.items()},
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_another_function_is_called(source, tmp_path):
    project(tmp_path, "", "pass", forge.call(NET))
    source = source.replace("@deco", "@deco.setter") if "class deco" in source else source
    (tmp_path / "victim.py").write_text(source)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, forge.call(NET, forge.text("__import__('os').mkdir('ran')")))
    assert (tmp_path / "ran").is_dir()


def test_a_method_by_its_other_name_is_given_a_class(tmp_path):
    body = "def put(self, v): self.changed = v\n    other = put\n    "
    body += f"{SETS}type(self).other(s['x'], 1)"
    project(tmp_path, "", body)
    assert not stands_as_itself(tmp_path)
    state = forge.mapping({"x": forge.name("torch", "Tensor")})
    done = loaded(tmp_path, forge.new(NET) + state + b"b", shown="torch.Tensor.changed")
    assert done.stdout == "1\n"


HARMLESS = {
    "a decorator": f"def deco(f):\n    print(f.__name__)\n    return f\n\nclass Net:\n{PLAIN}",
    "a made one": (
        "def made(n):\n    def deco(f): return f\n    return deco\n\n"
        f"class Net:\n{PLAIN.replace('@deco', '@made(1)')}"
    ),
    "a property": (
        "class Net:\n    @property\n    def x(self): return 1\n    @x.setter\n"
        "    def x(self, v): self.y = v\n    @x.deleter\n    def x(self): self.y = 0\n"
    ),
    "names of the class": (
        "class Net:\n    def helper(x): return 1\n    both = helper\n    SIZES = (1, 2)\n"
        "    ALL = tuple(n for n in SIZES)\n    def __init__(self, x=None): self.x = self.ALL\n"
    ),
}


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_what_gives_back_what_it_is_given(source, tmp_path):
    project(tmp_path, "", "pass", forge.call(NET))
    (tmp_path / "victim.py").write_text(source)
    assert stands_as_itself(tmp_path)
