"""Names that stand for something else than a class's text says: torch shows what a file does."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, RUN, SETS, filled, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

OLD = "import sys\nif sys.version_info < (3,):\n    "
SAME = "def f(x): return x\n"
EVIL = "import os\n"
MADE = "os.mkdir('ran')"
NAMES = {
    "a builtin in a branch": (f"{OLD}def eval(x): return x", "eval(s['x'])", {}),
    "a builtin for annotations": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from other import eval",
        "eval(s['x'])",
        {"other": "def eval(x): return x\n"},
    ),
    "the module answers": (
        "import other",
        "other.f(s['x'])",
        {"other": f"{OLD}{SAME}def __getattr__(name): return eval\n"},
    ),
    "a loop": ("import other", "other.f(s['x'])", {"other": f"{SAME}for f in (eval,): pass\n"}),
    "a star import": (
        "from other import f",
        "f(s['x'])",
        {
            "other": "from safe import f\nfrom evil import *\n",
            "safe": SAME,
            "evil": f"{EVIL}def f(x): {MADE}\n",
        },
    ),
    **{
        f"a file between them: {change}": (
            "from other import f",
            "f(s['x'])",
            {
                "other": f"from safe import f\nimport evil, sys\n{change}\n",
                "safe": SAME,
                "evil": f"{EVIL}def f(x): {MADE}\n",
            },
        )
        for change in (
            "globals()['f'] = evil.f", "setattr(sys.modules[__name__], 'f', evil.f)",
            "sys.modules[__name__] = evil", "exec('from evil import f')",
            "locals().update(f=evil.f)",
        )
    },
    ":= in a default": (f"{EVIL}{SAME}def g(x=(f := os.mkdir)): pass", "f('ran')", {}),
    ":= in a lambda": (f"{EVIL}{SAME}g = lambda x=(f := os.mkdir): 1", "f('ran')", {}),
    ":= in a list": (f"{EVIL}{SAME}g = [y for y in [1] if (f := os.mkdir)]", "f('ran')", {}),
    "members as names": (
        (
            "import enum\n@enum.global_enum\nclass Kind(enum.Enum):\n    len = 1\n"
            "    def __call__(self, x): return eval(x)"
        ),
        "len(s['x'])",
        {},
    ),
    "a method that is defined again": (
        (
            f"{EVIL}class B:\n    def m(x): {MADE}\nF = B.m\n"
            "class B:\n    def m(x): return x\n"
        ),
        "F(s['x'])",
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("head", "does", "files"), NAMES.values(), ids=NAMES)
def test_a_name_stands_for_something_else(head, does, files, tmp_path):
    project(tmp_path, head, f"{SETS}self.x = {does}", **files)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, filled(x=forge.text("__import__('os').mkdir('ran')")))
    assert (tmp_path / "ran").is_dir()


TWO = f"class Bad:\n    def __setstate__(self, s): {MADE}\n"
BASES = {
    "a base that is defined again": f"{EVIL}{TWO}class Net(Bad): pass\nclass Bad: pass\n",
    "a decorator that is defined again": (
        f"{EVIL}{TWO}def same(c): return Bad\n@same\nclass Net: pass\ndef same(c): return c\n"
    ),
    "a decorator that is given another": (
        f"{EVIL}{TWO}def same(c=None): return c\n@same(lambda c: Bad)\nclass Net: pass\n"
    ),
}


@pytest.mark.parametrize("text", BASES.values(), ids=BASES)
def test_a_class_is_made_of_something_else(text, tmp_path):
    project(tmp_path, "", "pass")
    (tmp_path / "victim.py").write_text(text)
    assert not stands_as_itself(tmp_path)
    kind = forge.name("victim", "Bad" if "same" in text else "Net")
    loaded(tmp_path, forge.new(kind) + forge.mapping({"x": RUN}) + b"b")
    assert (tmp_path / "ran").is_dir()


OUTER = {
    "a metaclass": (
        "class M(type):\n    def __getattribute__(c, n): return Bad\n"
        "class Outer(metaclass=M):\n    class Net: pass\n"
    ),
    "a decorator": (
        "def swap(c):\n    class O: Net = Bad\n    return O\n"
        "@swap\nclass Outer:\n    class Net: pass\n"
    ),
    "a loop": "class Outer:\n    class Net: pass\n    for Net in (Bad,): pass\n",
    "its base": (
        "class B:\n    def __init_subclass__(c): c.Net = Bad\n"
        "class Outer(B):\n    class Net: pass\n"
    ),
}  # fmt: skip


def nested(folder, text):
    project(folder, "", "pass", good=forge.new(forge.name("victim", "Outer.Net")) + b"}b")
    (folder / "victim.py").write_text(text)
    return torchload_lint.inspect(folder / "net.pt").judgements[0]


@pytest.mark.parametrize("text", OUTER.values(), ids=OUTER)
def test_a_class_around_gives_another(text, tmp_path):
    assert not nested(tmp_path, f"{EVIL}{TWO}{text}").allowed
    bad = forge.new(forge.name("victim", "Bad")) + forge.mapping({"x": RUN}) + b"b"
    loaded(tmp_path, bad, "victim.Outer.Net")
    assert (tmp_path / "ran").is_dir()


def test_a_class_in_a_plain_class_is_itself(tmp_path):
    assert nested(tmp_path, "class Outer:\n    class Net: pass\n").allowed


PACKAGE = (
    "class tools:\n    @staticmethod\n    def go(x): return x\n\n"
    "class Net:\n    def __setstate__(self, s): tools.go(s['x'])\n"
)


def in_package(folder, text, module):
    project(folder, "", "pass", good=forge.new(forge.name("pkg", "Net")) + b"}b")
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").write_text(text)
    (folder / "pkg" / "tools.py").write_text(module)
    (folder / "victim.py").write_text("import pkg.tools\n")
    return torchload_lint.inspect(folder / "net.pt").judgements[0]


def test_a_module_takes_the_place_of_what_its_package_calls_so(tmp_path):
    assert not in_package(tmp_path, PACKAGE, f"{EVIL}def go(x): {MADE}\n").allowed
    state = forge.mapping({"x": RUN})
    loaded(tmp_path, forge.new(forge.name("pkg", "Net")) + state + b"b", "victim.pkg.Net")
    assert (tmp_path / "ran").is_dir()


def test_what_a_package_takes_from_its_module_stays(tmp_path):
    text = f"from .tools import go\n{PACKAGE}".replace("class tools", "class unused")
    found = in_package(tmp_path, text.replace("tools.go", "go"), "def go(x): return x\n")
    assert found.allowed
    assert not found.restores


OTHER = "class Other:\n    def run(self, x): eval(x)\n"
AGAIN = "if s: self = s['x']", "self = s.get('x') or self"


@pytest.mark.parametrize("given", AGAIN)
def test_self_is_given_anew(given, tmp_path):
    both = forge.pair(forge.new(NET) + b"}b", forge.new(forge.name("victim", "Other")) + b"}b")
    project(tmp_path, OTHER, f"{SETS}\n        {given}\n        self.run(s['y'])", both)
    found = torchload_lint.inspect(tmp_path / "net.pt")
    assert any(one.restores or not one.allowed for one in found.judgements)
    state = filled(x=forge.new(forge.name("victim", "Other")), y=RUN_TEXT)
    loaded(tmp_path, state, "victim.Net, victim.Other")
    assert (tmp_path / "ran").is_dir()


RUN_TEXT = forge.text("__import__('os').mkdir('ran')")
SPREAD = "getattr(*s['x'], 'size')", "type(*s['x']) is int", "super(*s['x'])"


@pytest.mark.parametrize("call", SPREAD)
def test_arguments_that_a_list_is_spread_into_are_not_told_apart(call, tmp_path):
    project(tmp_path, "", f"{SETS}self.x = {call}")
    assert not stands_as_itself(tmp_path)


LATE = "random", "torch._inductor.config", "numpy.f2py.__main__"


@pytest.mark.parametrize("name", LATE)
def test_an_import_in_a_function_that_does_more(name, tmp_path):
    project(tmp_path, "", f"{SETS}\n        import {name}", random=f"{EVIL}{MADE}\n")
    assert not stands_as_itself(tmp_path)


@pytest.mark.parametrize("name", ["string", "torch.nn.functional", "numpy"])
def test_an_import_in_a_function_that_does_nothing(name, tmp_path):
    project(tmp_path, "", f"{SETS}\n        import {name}")
    assert stands_as_itself(tmp_path)


FILLED = {
    "a list of the class": ("", "hooks = []", "self.hooks", "victim.Net.hooks.append(os.mkdir)"),
    "a list of the file": ("HOOKS = [str]", "pass", "HOOKS", "victim.HOOKS.append(os.mkdir)"),
    "an item": ("HOOKS = [1]", "pass", "HOOKS", "victim.HOOKS[0] = os.mkdir"),
    "by its own name": (
        "HOOKS = [1]", "pass", "HOOKS[1:]", "from victim import HOOKS\nHOOKS += [os.mkdir]",
    ),
    "by a function": (
        "HOOKS = [1]\ndef hook(f): HOOKS.append(f)", "pass", "HOOKS[1:]", "victim.hook(os.mkdir)",
    ),
    "by a method": (
        "", "hooks = [1]\n    @classmethod\n    def hook(cls, f): cls.hooks[0] = f", "self.hooks",
        "victim.Net.hook(os.mkdir)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("head", "body", "table", "fills"), FILLED.values(), ids=FILLED)
def test_another_file_fills_a_table(head, body, table, fills, tmp_path):
    uses = f"{SETS}\n        for one in {table}: one(s['x'])"
    project(tmp_path, head, f"{body}\n    {uses}", other=f"import os, victim\n{fills}\n")
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, filled(x=forge.text("ran")), more="other")
    assert (tmp_path / "ran").is_dir()


DATA = (
    "victim.NAMES.append('x')", "victim.NAMES[0] = 1", "hooks = []\nhooks.append(print)",
    "class Own:\n    NAMES = []\nOwn.NAMES.append(print)", "x = [*victim.NAMES, print]",
)  # fmt: skip


@pytest.mark.parametrize("other", DATA)
def test_a_table_of_data_stays_one(other, tmp_path):
    uses = f"hooks = [1]\n    {SETS}self.x = NAMES[0], self.hooks[0]"
    project(tmp_path, "NAMES = ['a', 'b']", uses, other=f"import victim\n{other}\n")
    assert stands_as_itself(tmp_path)


LAZY = "def __getattr__(name): return Other\nclass Other:\n    f = eval\n"
ASKED = {"an attribute": "import a", "a name": "from a import c"}


@pytest.mark.parametrize("imported", ASKED.values(), ids=ASKED)
def test_a_package_answers_for_its_module(imported, tmp_path):
    project(tmp_path, imported, f"{SETS}{'a.' * (imported == 'import a')}c.f(s['x'])")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text(LAZY)
    (tmp_path / "a" / "c.py").write_text(SAME)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, filled(x=RUN_TEXT))
    assert (tmp_path / "ran").is_dir()


@pytest.mark.parametrize(
    ("imported", "called"), [("from a.c import f", "f"), ("import a.c as b", "b.f")]
)
def test_a_module_that_is_imported_by_its_name(imported, called, tmp_path):
    project(tmp_path, imported, f"{SETS}{called}(s['x'])")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text(LAZY)
    (tmp_path / "a" / "c.py").write_text(SAME)
    assert stands_as_itself(tmp_path)


def test_a_base_in_the_file_itself_is_no_module_of_a_package_that_answers(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "__init__.py").write_text(LAZY)
    (tmp_path / "a" / "c.py").write_text("class Base:\n    pass\n\n\nclass Net(Base):\n    pass\n")
    (tmp_path / "setup.py").touch()
    made = forge.new(forge.name("a.c", "Net")) + b"}b"
    (tmp_path / "n.pt").write_bytes(forge.archive(forge.program(made)))
    [judgement] = torchload_lint.inspect(tmp_path / "n.pt").judgements
    assert judgement.allowed
