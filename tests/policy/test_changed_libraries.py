"""Libraries that change their own classes from elsewhere: what was read is not what would run."""

# ruff: noqa: E501 - one library a row

from __future__ import annotations

import importlib
import io
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

pytest.importorskip("torch")

import torch

import torchload_lint
from checkpoint.cases import forge
from installed_library import install
from torchload_lint.policy import Trust

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.torch

NET = "class Net:\n    def __init__(self, a=1):\n        self.a = a\n"
GO = "RAN = []\ndef go(self, *a):\n    RAN.append(a)\n"
WRAP = f"{GO}def wrap(kind, name='__init__'):\n    setattr(kind, name, go)\n"
STORE = f"{GO}def wrap(kind):\n    kind.__init__ = go\n"

CHANGED = {
    "assigned": (f"from . import net\n{GO}net.Net.__init__ = go\n", ""),
    "by another name": (f"from . import net\n{GO}kind = net.Net\nkind.__init__ = go\n", ""),
    "by setattr": (f"from . import net\n{GO}setattr(net.Net, '__init__', go)\n", ""),
    "by a function": ("from . import net, util\nutil.wrap(net.Net)\n", STORE),
    "by a setattr in a function": ("from . import net, util\nutil.wrap(net.Net)\n", WRAP),
    "in a loop": ("from . import util\nfrom .net import Net\n[util.wrap(k) for k in [Net]]\n", STORE),
    "of a table": ("from . import util\nfrom .net import Net\nT = {'n': Net}\nutil.wrap(T['n'])\n", STORE),
    "of all names": ("from . import net, util\nfor n in dir(net):\n    k = getattr(net, n)\n    isinstance(k, type) and util.wrap(k)\n", STORE),
    "by its path": ("import importlib\nfrom . import util\nutil.wrap(importlib.import_module('LIB.net').Net)\n", STORE),
    "by vars": ("from . import net, util\nutil.wrap(vars(net)['Net'])\n", STORE),
    "of an object": (f"from . import net\n{GO}one = net.Net()\ntype(one).__init__ = go\n", ""),
    "of an object's class": (f"from . import net\n{GO}def change(one):\n    one.__class__.__init__ = go\nchange(net.Net())\n", ""),
    "of subclasses": (f"from . import net\n{GO}for kind in object.__subclasses__():\n    if kind.__module__ == 'LIB.net':\n        kind.__init__ = go\n", ""),
    "another module": (f"import sys, types\n{GO}net = types.ModuleType('LIB.net')\nclass Net:\n    __module__ = 'LIB.net'\nNet.__init__ = go\nnet.Net = Net\nsys.modules['LIB.net'] = net\n", ""),
    "a module by a made name": ("import sys\nfrom . import util as net\nsys.modules[__name__ + '.net'] = net\n", f"{GO}class Net:\n    __module__ = 'LIB.net'\nNet.__init__ = go\n"),
    "a registry that changes": ("from . import util\nfrom .net import Net\nutil.Registry().add(Net)\n", f"{GO}class Registry:\n    def add(self, kind):\n        kind.__init__ = go\n        return kind\n"),
}  # fmt: skip
"""What ``__init__.py`` and ``util.py`` of the library hold."""

AS_READ = {
    "nothing": ("", ""),
    "re-exported": ("from .net import Net\n", ""),
    "made and asked about": ("from .net import Net\nONE = Net()\nisinstance(ONE, Net)\n", STORE),
    "annotated": ("from .net import Net\ndef f(a: Net) -> list[Net]: return [a]\n", STORE),
    "a base": ("from .net import Net\nclass Other(Net):\n    pass\n", STORE),
    "others are changed": (f"from . import net\n{GO}class Other:\n    pass\nOther.__init__ = go\n", ""),
    "objects are changed": ("from .net import Net\none = Net()\none.a = print\nsetattr(one, 'b', 1)\n", ""),
    "kept, and nothing changes classes": ("from .net import Net\nT = {'n': Net}\n", ""),
}  # fmt: skip


class Library(NamedTuple):
    """A project with an installed library, and a checkpoint of its class."""

    name: str
    model: Path

    def trust(self) -> Trust:
        (judgement,) = torchload_lint.inspect(self.model).judgements
        return judgement.trust


def libraries(kind: str, tmp_path: Path, init: str, util: str) -> Library:
    name = f"{kind}_{abs(hash((init, util)))}"
    files = {"__init__.py": init, "net.py": NET, "util.py": util}
    texts = {f"{name}/{path}": text.replace("LIB", name) for path, text in files.items()}
    packages = install(tmp_path, texts, name)
    sys.path.insert(0, str(packages))
    (tmp_path / "requirements.txt").write_text(f"{name}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    model = tmp_path / "model.pt"
    model.write_bytes(forge.archive(forge.program(forge.new(forge.name(f"{name}.net", "Net")))))
    return Library(name, model)


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "path", [*sys.path])
    importlib.invalidate_caches()


@pytest.mark.parametrize("case", CHANGED)
def test_a_class_that_its_library_changes_is_not_proven(case: str, tmp_path: Path) -> None:
    library = libraries("changed", tmp_path, *CHANGED[case])
    assert library.trust() is not Trust.INSTALLED
    # and rightly so: what a file calls under the class itself is not what its source says
    importlib.import_module(library.name)
    net = importlib.import_module(f"{library.name}.net")
    program = forge.call(forge.name(f"{library.name}.net", "Net"), forge.text("x"))
    with torch.serialization.safe_globals([(net.Net, f"{library.name}.net.Net")]):
        torch.load(io.BytesIO(forge.archive(forge.program(program))), weights_only=True)
    ran = [vars(one).get("RAN") for name, one in sys.modules.items() if library.name in name]
    assert any(ran)


@pytest.mark.parametrize("case", AS_READ)
def test_a_class_that_stays_as_it_was_read_is_proven(case: str, tmp_path: Path) -> None:
    assert libraries("kept", tmp_path, *AS_READ[case]).trust() is Trust.INSTALLED


@pytest.mark.parametrize("imports", [True, False])
def test_another_distribution_that_the_project_imports_may_change_it(
    imports: bool, tmp_path: Path
) -> None:
    library = libraries("other", tmp_path, "", "")
    other = f"changer_of_{library.name}"
    text = f"{GO}import {library.name}.net\n{library.name}.net.Net.__init__ = go\n"
    install(tmp_path, {f"{other}.py": text}, other)
    (tmp_path / "main.py").write_text(f"import {other}\n" if imports else "import torch\n")
    assert (library.trust() is Trust.INSTALLED) is not imports


HANDED = {
    "a decorator finds it by an annotation": ("import typing\ndef patch(f):\n    kind = next(iter(typing.get_type_hints(f).values()))\n    setattr(kind, f.__name__, f)\n    return f\n", "@LIB.patch\ndef __init__(self: 'Net', *a): RAN.append(a)\n"),
    "an argument": ("def extend(kind, f):\n    kind.__init__ = f\n", "LIB.extend(Net, go)\n"),
    "in a list": ("def extend(kinds, f):\n    for kind in kinds:\n        kind.__init__ = f\n", "LIB.extend([Net], f=go)\n"),
    "an object": ("def extend(one, f):\n    type(one).__init__ = f\n", "LIB.extend(Net(), go)\n"),
    "a keyword of a class": ("class Base:\n    def __init_subclass__(cls, of):\n        of.__init__ = cls.go\n", "class Other(LIB.Base, of=Net):\n    go = go\n"),
    "the base of what is decorated": ("def extends(cls):\n    cls.__base__.__init__ = cls.go\n", "@LIB.extends\nclass Other(Net):\n    go = go\n"),
}  # fmt: skip
"""What the library's file holds, and how the program gives a class of its own to it."""


def handing(name: str, library: str, use: str, tmp_path: Path) -> Trust:
    """Judge a class of a program that uses an installed library."""
    library_name = f"lib_of_{name}"
    packages = install(tmp_path, {f"{library_name}.py": library}, library_name)
    sys.path[:0] = [str(packages), str(tmp_path)]
    (tmp_path / "requirements.txt").write_text(f"{library_name}\n")
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / f"{name}.py").write_text(NET)
    start = f"import {library_name}\nfrom {name} import Net\n{GO}"
    (tmp_path / f"main_{name}.py").write_text(start + use.replace("LIB", library_name))
    model = tmp_path / "model.pt"
    model.write_bytes(forge.archive(forge.program(forge.new(forge.name(name, "Net")))))
    (judgement,) = torchload_lint.inspect(model).judgements
    return judgement.trust


@pytest.mark.parametrize("case", HANDED)
def test_a_class_that_is_given_to_a_library_that_changes_it(case: str, tmp_path: Path) -> None:
    name = f"handed_{abs(hash(case))}"
    assert handing(name, *HANDED[case], tmp_path) is Trust.RESTORE_ONLY
    # and rightly so: what a file calls under the class is not what its source says
    main = importlib.import_module(f"main_{name}")
    program = forge.call(forge.name(name, "Net"), forge.text("x"))
    with torch.serialization.safe_globals([(main.Net, f"{name}.Net")]):
        torch.load(io.BytesIO(forge.archive(forge.program(program))), weights_only=True)
    assert main.RAN


@pytest.mark.parametrize("case", HANDED)
def test_a_class_that_is_given_to_a_library_that_changes_nothing(case: str, tmp_path: Path) -> None:
    use = HANDED[case][1]
    library = "class Base:\n    pass\ndef patch(f): return f\ndef extend(*a, f=None): return a\ndef extends(c): return c\n"
    assert handing(f"kept_{abs(hash(case))}", library, use, tmp_path) is Trust.FIRST_PARTY
