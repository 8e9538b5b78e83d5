"""Classes that a registry of the program keeps: ``@REGISTRY.register()`` gives them back."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
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


@pytest.mark.parametrize("mark", ["NETS.register(*[])", "NETS.register"])
def test_what_is_given_to_the_registry_counts(mark, tmp_path):
    assert not restored(tmp_path, REGISTRY, mark)
