from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from project_files import MemoryFiles
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.facts.library_load import Versions
from torchload_lint.source.facts.loader import Does
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.loaders.follow import unsafe_wrapper_calls
from torchload_lint.source.loaders.path_parameters import Place, made_of
from torchload_lint.source.names.bindings import Bindings
from torchload_lint.source.paths import resolve_load
from torchload_lint.source.project.index import ProjectIndex

LIBRARY = {
    "fakelib/__init__.py": "from .models import Model, load_model\nfrom .io import write, version",
    "fakelib/io.py": """
        import functools, os, pathlib, torch
        import otherlib

        def read(path, device="cpu", weights_only=None):
            with open(path, "rb") as file:
                return torch.load(file, map_location=device, weights_only=weights_only)

        def write(path):
            open(path, "w").write("load")

        def version(path):
            return torch.load("own.pt")

        def far(path):
            return otherlib.load_far(path)

        def allowed(path):
            with torch.serialization.safe_globals([set]):
                return torch.load(path)

        def endless(path):
            return endless(path)

        load_cpu = functools.partial(torch.load, map_location="cpu")
        plain_load = torch.load

        def own_weights(name):
            return torch.load(os.path.join(os.path.dirname(__file__), name + ".pt"))

        def restore(folder, name="last"):
            return read(f"{folder}/{name}.ckpt")

        class Store:
            def __init__(self, root):
                self.root = pathlib.Path(root)

            def load(self, name):
                return self._read(name + ".pt")

            def _read(self, file):
                return torch.load(self.root / "weights" / file)

            @classmethod
            def load_all(cls, names, root="all"):
                for name in names:
                    torch.load(os.path.join(root, name))

            @staticmethod
            def load_one(name):
                return torch.load(name)

        class Reader:
            def __call__(self, path):
                return read(path)
        """,
    "fakelib/models.py": """
        from fakelib.io import read

        class Base:
            @classmethod
            def from_file(cls, path, **kwargs):
                return read(path)

        class Model(Base):
            def __init__(self, name, device="cpu"):
                self.held = self._load(name, device)

            def _load(self, weights, device):
                return read(weights, device, weights_only=False)

            def restore(self, ckpt):
                for one in [ckpt]:
                    self.held = read(one)

        def load_model(name, safe=None):
            return read(str(name), weights_only=safe)
        """,
    "fakelib/parts.py": """
        import torch

        class Runner:
            def __init__(self, weights=None):
                self.weights = weights
                self.start()

            def start(self):
                self._read()

            def _read(self):
                self.net = torch.load(self.weights)

            @classmethod
            def of(cls, path):
                made = cls()
                return made.restore(path)

            def restore(self, path):
                return torch.load(path)

        def plain(path):
            return torch.load(path)

        def net_of(net):
            if isinstance(net, str):
                net = torch.load(net)
            return net

        def of_options(options):
            return torch.load(options.path)

        MODELS = {"plain": plain, "none": len}
        """,
}
WHISPERX = {"whisperx.py": "import torch\ndef load_model(name):\n    return torch.load(name)"}
OTHER = {"otherlib.py": "import torch\ndef load_far(p, **kw):\n    return torch.load(p, **kw)"}
HELPERS = """
import torch

def load_any(path, weights_only=True):
    return torch.load(path, weights_only=weights_only)

def write_any(path, weights_only=True):
    return path
"""


class Packages:
    """An environment that is two dictionaries."""

    def versions(self, distributions):
        del distributions
        return Versions()

    def package(self, root):
        texts = {"fakelib": LIBRARY, "otherlib": OTHER, "whisperx": WHISPERX}.get(root)
        if texts is None:
            return None
        return MemoryFiles({path: dedent(text) for path, text in texts.items()})

    def has_packages(self):
        return True

    def holds_load(self, root):
        package = self.package(root)
        return package is not None and bool(package.holding("torch.load"))


def program(code):
    files = MemoryFiles({"main.py": dedent(code), "helpers.py": HELPERS})
    index = ProjectIndex(files, (".",), Packages())
    return index.module_at("main.py"), index


FOLLOWED = {
    "import fakelib\nfakelib.load_model('best.pt')": (Does.DEFAULT, "safe", "io.py:7"),
    "from fakelib import Model as M\nM('best.pt')": (Does.FALSE, "", "io.py:7"),
    "from fakelib import Model\nBEST = 'best.pt'\nModel.from_file(BEST)": (
        (Does.DEFAULT, "", "io.py:7")
    ),
    "from fakelib import Model\ndef f(m: Model): m.restore('last.ckpt')": (
        (Does.DEFAULT, "", "io.py:7")
    ),
    "from fakelib.io import read\nread(args.path)": (Does.DEFAULT, "weights_only", "io.py:7"),
    "import os, fakelib as f\nf.io.read(os.environ['W'])": (
        Does.DEFAULT, "weights_only", "io.py:7",
    ),
    "from fakelib.parts import Runner\nRunner('runs/best')": (Does.DEFAULT, "", "parts.py:13"),
    "from fakelib.parts import Runner\nclass Own(Runner):\n    pass\nOwn('runs/best')": (
        (Does.DEFAULT, "", "parts.py:13")
    ),
    "from fakelib.parts import Runner\nclass Own(Runner):\n    def __init__(self):\n"
    "        super().__init__('runs/best')": (Does.DEFAULT, "", "parts.py:13"),
    "from fakelib.parts import Runner\nRunner.of('runs/best')": (Does.DEFAULT, "", "parts.py:21"),
    "from fakelib.parts import MODELS\nMODELS['plain']('runs/best')": (
        (Does.DEFAULT, "", "parts.py:24")
    ),
    "from fakelib.parts import MODELS\nMODELS[name]('runs/best')": (
        (Does.DEFAULT, "", "parts.py:24")
    ),
    "from fakelib.parts import net_of\nnet_of('runs/best')": (Does.DEFAULT, "", "parts.py:28"),
    "import threading\nfrom fakelib.io import read\n"
    "threading.Thread(target=read, args=('runs/best',))": (
        (Does.DEFAULT, "weights_only", "io.py:7")
    ),
    "from fakelib.models import load_model\nload_model(args.path)": (
        Does.DEFAULT, "safe", "io.py:7",
    ),
    "from fakelib.io import Reader\nReader()('best.pt')": (Does.DEFAULT, "", "io.py:7"),
    "from fakelib.io import Reader\nread = Reader()\nread('best.pt')": (
        (Does.DEFAULT, "", "io.py:7")
    ),
    "import functools\nfrom fakelib.io import read\n"
    "load = functools.partial(read, device='cpu')\nload('best.pt')": (
        (Does.DEFAULT, "weights_only", "io.py:7")
    ),
    "from fakelib.io import far\nfar('a.pt')": (Does.DEFAULT, "", "otherlib.py:3"),
    "from fakelib import io\nio.load_cpu('a.pt')": (Does.DEFAULT, "weights_only", "io.py:25"),
    "from fakelib.io import plain_load as p\np('a.pt')": (Does.DEFAULT, "weights_only", "io.py:26"),
    "import fakelib\nclass Own(fakelib.Model):\n    pass\nOwn('best.pt')": (
        (Does.FALSE, "", "io.py:7")
    ),
    "from otherlib import load_far\nload_far('a.pt')": (Does.DEFAULT, "weights_only", "lib.py:3"),
}  # fmt: skip


@pytest.mark.parametrize("code", FOLLOWED)
def test_a_call_is_followed_into_its_package(code):
    does, keyword, place = FOLLOWED[code]
    (load,) = every_load(*program(code))
    assert load.library.does == {does}
    assert load.library.keyword == keyword
    assert load.library.because.endswith(place)


@pytest.mark.parametrize(
    ("code", "path", "each"),
    [
        ("list(map(fakelib.load_model, ['a.pt', 'b.pt']))", ["a.pt", "b.pt"], True),
        ("PATHS = ['a.pt']\npool.map(fakelib.load_model, PATHS)", ["a.pt"], True),
        ("pool.submit(fakelib.load_model, 'a.pt')", ["a.pt"], False),
        ("for path in ('a.pt', 'b.pt'):\n    fakelib.load_model(path)", ["a.pt", "b.pt"], False),
    ],
)
def test_a_loader_of_a_package_may_be_handed_on(code, path, each):
    module, index = program(f"import fakelib\n{code}")
    (load,) = every_load(module, index)
    assert load.each == each
    assert (load.kind is CallKind.CALL) == ("pool" not in code and "map" not in code)
    assert [one.text for one in resolve_load(load, module, index).patterns] == path


OPENED = {
    "from fakelib.io import Store\nStore('run').load('best')": "run/weights/best.pt",
    "from fakelib.io import Store\nstore = Store(root='run')\nstore.load('best')": (
        "run/weights/best.pt"
    ),
    "from fakelib.io import Store\ndef f(store: Store): store.load('best')": ("*/weights/best.pt"),
    "from fakelib.io import Store\nclass Own(Store):\n    pass\nOwn('run').load('best')": (
        "*/weights/best.pt"
    ),
    "from fakelib.io import Store\nStore.load_all(['a.pt'])": "all/a.pt",
    "from fakelib.io import restore\nrestore('run')": "run/last.ckpt",
    "from fakelib.io import restore\nrestore('run', name='best')": "run/best.ckpt",
}


@pytest.mark.parametrize("code", OPENED)
def test_a_package_makes_the_path_of_what_it_is_given(code):
    """Which is never all that there is: what the package does is not proven."""
    module, index = program(code)
    (load,) = every_load(module, index)
    found = resolve_load(load, module, index)
    assert [one.text for one in found.patterns] == [OPENED[code]]
    assert not found.complete
    assert found.unknown[0].startswith("fakelib makes the path (the installed fakelib")


def test_an_object_that_keeps_its_path_opens_that():
    module, index = program("from fakelib.parts import Runner\nRunner('runs/best')")
    (load,) = every_load(module, index)
    assert [one.text for one in resolve_load(load, module, index).patterns] == ["runs/best"]


def test_a_path_that_is_opened_as_it_is_given_is_complete():
    module, index = program("from fakelib.io import Store\nStore.load_one('a.pt')")
    (load,) = every_load(module, index)
    found = resolve_load(load, module, index)
    assert ([one.text for one in found.patterns], found.complete) == (["a.pt"], True)


def test_a_file_beside_the_packages_own_is_not_the_projects():
    module, index = program("from fakelib.io import own_weights\nown_weights('best.pt')")
    (load,) = every_load(module, index)
    assert resolve_load(load, module, index).patterns == ()


@pytest.mark.parametrize(
    "code",
    [
        "from fakelib import write\nwrite('best.pt')",
        "from fakelib import version\nversion('best.pt')",
        "from fakelib.io import endless\nendless('best.pt')",
        "import unknown\nunknown.load_model('best.pt')",
        "def load_model(p): pass\nload_model('best.pt')",
        "import fakelib\nfakelib.load_model(3)",
        "import functools\nimport json\nload = functools.partial(json.load)\nload('best.pt')",
        "from fakelib import Model\nnet = Model()\nnet('best.pt')",
        "import os\nos.path.exists('best.pt')",
        # What one cannot see to be a path is none where the package asks, or reads a field of it.
        "from fakelib.parts import net_of\nnet_of(net)",
        "from fakelib.parts import of_options\nof_options(options)",
        "from fakelib.parts import Runner\nRunner()",
        "from fakelib.parts import Runner\nRunner(None)",
        "from fakelib.parts import MODELS\nMODELS['none']('runs/best')",
        "from fakelib.parts import Runner\nisinstance(x, Runner)",
    ],
)
def test_a_call_that_reaches_no_load(code):
    assert every_load(*program(code)) == ()


def test_the_source_goes_before_a_table_that_names_no_path():
    (load,) = every_load(*program("import whisperx\nwhisperx.load_model('best.pt')"))
    assert load.file.value == "best.pt"
    assert load.library.because.endswith("whisperx.py:3")


def test_what_the_package_allows_is_known():
    (load,) = every_load(*program("from fakelib.io import allowed\nallowed('best.pt')"))
    assert load.library.allows == {"builtins.set"}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from helpers import load_any\nload_any(p, weights_only=False)", True),
        ("from helpers import load_any\nload_any(p, weights_only=True)", False),
        ("from helpers import load_any\nload_any(p)", False),
        ("from helpers import write_any\nwrite_any(p, weights_only=False)", False),
        ("network.load_state_dict(state, weights_only=False)", False),
    ],
)
def test_wrappers_of_other_files(code, found):
    assert bool(list(unsafe_wrapper_calls(*program(code)))) == found


def test_what_a_path_is_made_of_is_worked_out_once_for_each_value(monkeypatch):
    steps = [f"    a{n + 1} = a{n} + a{n} + a{n} + a{n}" for n in range(12)]
    text = "\n".join(["import torch", "def f(a0):", *steps, "    return torch.load(a6)"])
    asked = []
    definitions = Bindings.definitions
    monkeypatch.setattr(
        Bindings, "definitions", lambda self, name: asked.append(name) or definitions(self, name)
    )
    files = MemoryFiles({"wide.py": text})
    module = ProjectIndex(files, (".",), Packages()).module_at("wide.py")
    (function,) = (one for one in module.tree.body if isinstance(one, ast.FunctionDef))
    place = Place(function, module, ProjectIndex(files))
    assert made_of(function.body[5].value, place) == ("a0",)
    assert made_of(function.body[11].value, place) == ()  # too far
    assert len(asked) < 100
