"""Files beside a package's code, however they are asked for."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

PACKAGE = {"pkg/__init__.py": "", "pkg/nets/__init__.py": "class Net:\n    pass\n"}
FOUND = {
    "a slash": "from importlib.resources import files\ntorch.load(files('pkg') / 'w' / 'a.pt')\n",
    "joinpath": (
        "from importlib import resources\n"
        "torch.load(resources.files(__package__).joinpath('w/a.pt'))\n"
    ),
    "its own name": (
        "from importlib.resources import files\ntorch.load(files(__name__) / 'w/a.pt')\n"
    ),
    "no anchor": "from importlib.resources import files\ntorch.load(files() / 'w/a.pt')\n",
    "the module itself": (
        "import pkg\nfrom importlib.resources import files\ntorch.load(files(pkg) / 'w/a.pt')\n"
    ),
    "as_file": (
        "from importlib.resources import as_file, files\n"
        "with as_file(files('pkg') / 'w/a.pt') as p:\n    torch.load(p)\n"
    ),
    "path": (
        "import importlib.resources\n"
        "with importlib.resources.path('pkg', 'w', 'a.pt') as p:\n    torch.load(p)\n"
    ),
    "open_binary": (
        "import importlib_resources\n"
        "with importlib_resources.open_binary('pkg', 'w/a.pt') as f:\n    torch.load(f)\n"
    ),
    "resource_filename": (
        "import pkg_resources\ntorch.load(pkg_resources.resource_filename(__name__, 'w/a.pt'))\n"
    ),
    "resource_stream": (
        "from pkg_resources import resource_stream\ntorch.load(resource_stream('pkg', 'w/a.pt'))\n"
    ),
    "get_data": "import pkgutil\ntorch.load(io.BytesIO(pkgutil.get_data('pkg', 'w/a.pt')))\n",
    "getfile of a module": (
        "import inspect, os, pkg\n"
        "torch.load(os.path.join(os.path.dirname(inspect.getfile(pkg)), 'w/a.pt'))\n"
    ),
    "getfile": (
        "import inspect\nfrom pkg.nets import Net\n"
        "HERE = os.path.dirname(inspect.getfile(Net))\n"
        "torch.load(os.path.join(HERE, '..', 'w', 'a.pt'))\n"
    ),
    "the file of this very call": (
        "import inspect\n"
        "HERE = os.path.dirname(inspect.getfile(inspect.currentframe()))\n"
        "torch.load(os.path.join(HERE, 'w', 'a.pt'))\n"
    ),
    "a stack of contexts": (
        "import contextlib\nfrom importlib.resources import as_file, files\n"
        "stack = contextlib.ExitStack()\n"
        "torch.load(stack.enter_context(as_file(files('pkg') / 'w' / 'a.pt')))\n"
    ),
    "a spec that is found": (
        "from importlib.util import find_spec\n"
        "torch.load(os.path.join(os.path.dirname(find_spec('pkg').origin), 'w', 'a.pt'))\n"
    ),
    "the folders of a spec": (
        "import importlib.util\n"
        "HERE = importlib.util.find_spec('pkg').submodule_search_locations[0]\n"
        "torch.load(os.path.join(HERE, 'w', 'a.pt'))\n"
    ),
    "the module by its name": (
        "import sys\nHERE = os.path.dirname(sys.modules[__name__].__file__)\n"
        "torch.load(os.path.join(HERE, 'w', 'a.pt'))\n"
    ),
    "the loader": "torch.load(os.path.join(os.path.dirname(__loader__.path), 'w', 'a.pt'))\n",
    "the spec": "torch.load(os.path.join(os.path.dirname(__spec__.origin), 'w', 'a.pt'))\n",
}
UNKNOWN = {
    "another's package": (
        "from importlib.resources import files\ntorch.load(files('theirs') / 'w.pt')\n"
    ),
    "an unknown package": (
        "from importlib.resources import files\ntorch.load(files(input()) / 'w.pt')\n"
    ),
    "the frame of a caller": "import inspect\ntorch.load(inspect.getfile(inspect.stack()[1][0]))\n",
    "another's class": "import inspect, json\ntorch.load(inspect.getfile(json.JSONDecoder))\n",
    "a spec of another's package": (
        "from importlib.util import find_spec\ntorch.load(find_spec('theirs').origin)\n"
    ),
    "a function of the same name": "def files(x):\n    return x\ntorch.load(files(input()))\n",
    "a path of something else": "torch.load(os.path.join(__path__[0], 'a.pt'))\n",
}


@pytest.mark.parametrize("code", FOUND.values(), ids=FOUND)
def test_the_file_is_found_beside_the_code(code):
    resolution = resolve(code, PACKAGE, at="pkg/main.py")
    assert texts(resolution) == ["pkg/w/a.pt"]
    assert resolution.complete


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_of_the_project_stays_unknown(code):
    resolution = resolve(code, PACKAGE, at="pkg/main.py")
    assert not any(pattern.exact for pattern in resolution.patterns)


def test_the_path_of_a_package():
    code = "torch.load(os.path.join(__path__[0], 'w', 'a.pt'))\n"
    assert texts(resolve(code, at="pkg/__init__.py")) == ["pkg/w/a.pt"]


@pytest.mark.parametrize(
    "loop", ["for e in os.scandir('ck'):", "with os.scandir('ck') as s:\n  for e in s:"]
)
def test_the_entries_of_a_folder_have_a_path_and_a_name(loop):
    indent = "    "
    assert texts(resolve(f"{loop}\n{indent}torch.load(e.path)\n")) == ["ck/*"]
    assert texts(resolve(f"{loop}\n{indent}torch.load(e)\n")) == ["ck/*"]
    named = resolve(f"{loop}\n{indent}torch.load(os.path.join('ck', e.name))\n")
    assert texts(named) == ["ck/*"]
