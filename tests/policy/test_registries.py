"""Classes that a registry of the program keeps: ``@REGISTRY.register()`` gives them back."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from installed_library import install
from policy.test_proofs_attacked import NET, filled, loaded, project

pytestmark = pytest.mark.torch

REGISTRY = """
class Registry:
    def __init__(self, name):
        self._name = name
        self._found = {}

    def _keep(self, name, kind, suffix=None):
        assert name not in self._found
        self._found[name] = kind

    def register(self, kind=None, suffix=None):
        if kind is None:
            def keep(given):
                name = given.__name__
                self._keep(name, given, suffix)
                return given

            return keep
        self._keep(kind.__name__, kind, suffix)

NETS = Registry("nets")
"""
LONGER = """
class Registry:
    def __init__(self, name):
        self._name = name
        self._found = {}

    def __repr__(self):
        return self.__class__.__name__ + str(self._found)

    def _keep(self, kind, name=None):
        self._found[name or kind.__name__] = kind

    def _of_old(self, kind):
        self._keep(kind)
        return kind

    def register(self, name=None, kind=None):
        if isinstance(name, type):
            return self._of_old(name)
        if kind is not None:
            self._keep(kind, name)
            return kind

        def keep(kind):
            self._keep(kind, name)
            return kind

        return keep

NETS = Registry("nets")
"""
RUNS = "def __init__(self, x): __import__('os').mkdir(x)"
WRONG = {
    "another class": ("return given", "return type('Net', (given,), {})"),
    "what it keeps": ("return given", "return self._found[name]"),
    "given anew": ("name = given.__name__", "name = given.__name__; given = object"),
    "its own method": ("self._found = {}", "self.register = lambda *o: str"),
    "by a base": ("class Registry:", "class Registry(dict):"),
    "by a metaclass": ("class Registry:", "class Registry(metaclass=type):"),
    "asked for otherwise": ("def _keep", "def __getattr__(self, name): return 1\n    def _keep"),
    "another registry": ('NETS = Registry("nets")', "NETS = Registry.__new__(Registry)"),
}


def restored(folder, registry, mark="NETS.register()"):
    """Whether the class may be restored, and not called."""
    project(folder, "", "pass", reg=registry)
    text = f"from reg import NETS\n\n@{mark}\nclass Net:\n    {RUNS}\n"
    (folder / "victim.py").write_text(text)
    found = torchload_lint.inspect(folder / "net.pt").judgements[0]
    return found.allowed and found.restores


@pytest.mark.parametrize("mark", ["NETS.register()", "NETS.register(suffix='x')"])
def test_a_registered_class_is_restored(mark, tmp_path):
    assert restored(tmp_path, REGISTRY, mark)
    entry, shown = "restore_only.restore_only(victim.Net)", "type(victim.Net).__name__"
    done = loaded(tmp_path, filled(x=forge.number(1)), entry, shown, more="restore_only")
    assert done.stdout == "type\n"
    called = loaded(tmp_path, forge.call(NET, forge.text("ran")), entry, more="restore_only")
    assert called.returncode
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(("old", "new"), WRONG.values(), ids=WRONG)
def test_what_may_give_another_class_is_refused(old, new, tmp_path):
    assert old in REGISTRY
    assert not restored(tmp_path, REGISTRY.replace(old, new))


@pytest.mark.parametrize(
    "mark", ["NETS.register()", "NETS.register(name='x')", "NETS.register('x')"]
)
def test_a_registry_may_be_asked_in_other_ways(mark, tmp_path):
    """Its method gives back a class that it is given, too, and asks whether a name is one."""
    assert restored(tmp_path, LONGER, mark)
    entry, shown = "restore_only.restore_only(victim.Net)", "type(victim.Net).__name__"
    done = loaded(tmp_path, filled(x=forge.number(1)), entry, shown, more="restore_only")
    assert done.stdout == "type\n"


WRONG_ONES = {
    "a default": ("kind=None", "kind=lambda given: type('Net', (given,), {})"),
    "a class for a name": ("name=None, kind", "name=object, kind"),
    "another test": ("isinstance(name, type)", "isinstance(name, object)"),
    "a test of its own": ("class Registry", "def isinstance(*o): return True\n\nclass Registry"),
    "a name given anew": ("if isinstance", "name = self._found.get(name)\n        if isinstance"),
    "a class of its own": ("return self.__class__.__name__", "self.__class__ = name"),
    "what it keeps": ("return kind\n\n        return keep", "return name\n\n        return keep"),
    "another function": ("        return keep", "        keep = str\n        return keep"),
    "a name of the function": ("            self._keep(kind, name)\n            return kind\n\n",
                               "            nonlocal keep\n            return kind\n\n"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), WRONG_ONES.values(), ids=WRONG_ONES)
def test_it_may_give_nothing_else(old, new, tmp_path):
    assert old in LONGER
    assert not restored(tmp_path, LONGER.replace(old, new), "NETS.register()")


@pytest.mark.parametrize("mark", ["NETS.register(object)", "NETS.register(name=object)"])
def test_a_class_for_a_name_counts(mark, tmp_path):
    assert not restored(tmp_path, LONGER, mark)


def test_a_registry_may_be_installed(tmp_path, monkeypatch):
    """mmengine: the class is the project's, its registry that of a library."""
    packages = install(tmp_path, {"fakelib/__init__.py": "", "fakelib/reg.py": LONGER})
    monkeypatch.setenv("PYTHONPATH", str(packages))
    project(tmp_path, "", "pass")
    text = f"from fakelib.reg import NETS\n\n@NETS.register()\nclass Net:\n    {RUNS}\n"
    (tmp_path / "victim.py").write_text(text)
    found = torchload_lint.inspect(tmp_path / "net.pt").judgements[0]
    assert found.allowed
    assert found.restores
    entry, shown = "restore_only.restore_only(victim.Net)", "type(victim.Net).__name__"
    done = loaded(tmp_path, filled(x=forge.number(1)), entry, shown, more="restore_only")
    assert done.stdout == "type\n", done.stderr


@pytest.mark.parametrize("mark", ["NETS.register(*[])", "NETS.register"])
def test_what_is_given_to_the_registry_counts(mark, tmp_path):
    assert not restored(tmp_path, REGISTRY, mark)
