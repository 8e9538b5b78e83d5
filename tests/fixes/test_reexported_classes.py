"""Allowlists that name a library's classes as the library offers them, by shorter paths."""

from __future__ import annotations

import os

import pytest

from running import run_script, run_text, write
from torchload_lint import api

pytest.importorskip("torch")
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="programs are run in forks"),
]

LIBRARY = {
    "geo/__init__.py": "from geo import data\n",
    "geo/data/__init__.py": "from geo.data.data import Data\nfrom .storage import *\n",
    "geo/data/data.py": "class Data:\n    n = 1\n",
    "geo/data/storage.py": "class Store:\n    k = 2\n",
}
SAVES = """
    import torch
    from geo.data import Data, Store
    for name in ("graph.pt", "query.pt"):
        torch.save({"d": Data(), "s": Store()}, name)
"""
BLOCK = """
    import torch
    from geo.data import Data, Store

    with torch.serialization.safe_globals([Data, Store]):
        print(torch.load("graph.pt", weights_only=True)["d"].n)
"""
REGISTRATION = """
    import sys

    import torch
    from geo.data import Data, Store

    torch.serialization.add_safe_globals([Data, Store])
    graph = torch.load("graph.pt", weights_only=True)
    query = torch.load(sys.argv[1], weights_only=True)
    print(graph["d"].n, query["d"].n)
"""
BY_ATTRIBUTES = """
    import geo
    import torch

    with torch.serialization.safe_globals([geo.data.Data, geo.data.Store]):
        print(torch.load("graph.pt", weights_only=True)["d"].n)
"""
IN_ANOTHER_FILE = {
    "setup_torch.py": """
        import torch
        from geo.data import Data, Store

        torch.serialization.add_safe_globals([Data, Store])
    """,
    "run.py": """
        import setup_torch
        import torch

        print(torch.load("graph.pt", weights_only=True)["d"].n)
        print(torch.load("query.pt", weights_only=True)["d"].n)
    """,
}
PROGRAMS = {
    "block": {"run.py": BLOCK},
    "registration": {"run.py": REGISTRATION},
    "attributes": {"run.py": BY_ATTRIBUTES},
    "another file": IN_ANOTHER_FILE,
}
WRONG = {"TLL103", "TLL202", "TLL204", "TLL205"}


@pytest.mark.parametrize("trusted", ["", 'trusted = ["geo.*"]\n'], ids=["", "trusted"])
@pytest.mark.parametrize("is_installed", [True, False], ids=["installed", "elsewhere"])
@pytest.mark.parametrize("files", PROGRAMS.values(), ids=PROGRAMS)
def test_nothing_is_called_wrong(files, is_installed, trusted, tmp_path, monkeypatch):
    root, site = tmp_path / "project", tmp_path / "site"
    write(root, {**files, "torchload-lint.toml": trusted})
    write(site, LIBRARY)
    monkeypatch.setenv("PYTHONPATH", str(site) if is_installed else "")
    monkeypatch.chdir(root)
    assert run_text(root, SAVES, path=(".", "../site")).error == ""
    before = run_script(root, "run.py", "query.pt", path=["../site"])
    assert before.error == ""
    found = {one.code for result in api.check([root]).results for one in result.diagnostics}
    assert not found & WRONG
    for path in root.glob("*.py"):
        path.write_text(api.fix(path.read_text(), path, unsafe=True))
    assert run_script(root, "run.py", "query.pt", path=["../site"]) == before


def test_another_class_of_that_name_is_missing(tmp_path, monkeypatch):
    """The library's source is here, and says that they are two."""
    root, site = tmp_path / "project", tmp_path / "site"
    write(root, {"run.py": BLOCK})
    write(site, {**LIBRARY, "geo/other.py": "class Data: ...\nclass Store: ...\n"})
    monkeypatch.setenv("PYTHONPATH", str(site))
    saves = SAVES.replace("geo.data import", "geo.other import")
    assert run_text(root, saves, path=("../site",)).error == ""
    assert "Unsupported global" in run_script(root, "run.py", path=["../site"]).error
    found = {one.code for result in api.check([root]).results for one in result.diagnostics}
    assert "TLL103" in found


def test_an_unrestricted_load_does_not_rest_on_a_guess(tmp_path, monkeypatch):
    """Whether the item is the class that the file needs, nobody knows: the safe fix waits."""
    write(tmp_path, {"run.py": BLOCK.replace("True", "False"), **LIBRARY})
    assert run_text(tmp_path, SAVES).error == ""
    for path in LIBRARY:
        (tmp_path / path).unlink()
    monkeypatch.setenv("PYTHONPATH", "")
    path = tmp_path / "run.py"
    assert api.fix(path.read_text(), path) == path.read_text()
    assert "weights_only=True" in api.fix(path.read_text(), path, unsafe=True)


OWN = {
    "pkg/__init__.py": "",
    "pkg/one.py": "class Net:\n    n = 1\n",
    "pkg/two.py": "class Net:\n    n = 2\n",
    "run.py": """
        import torch
        from pkg.one import Net

        with torch.serialization.safe_globals([Net]):
            print(torch.load("net.pt", weights_only=True).n)
    """,
}


def test_another_class_of_the_project_is_no_guess(tmp_path, monkeypatch):
    """What the project defines is known: a class of the same name in another file is missing."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, OWN)
    saves = "import torch\nfrom pkg.two import Net\ntorch.save(Net(), 'net.pt')"
    assert run_text(tmp_path, saves).error == ""
    assert "Unsupported global" in run_script(tmp_path, "run.py").error
    found = {one.code for result in api.check([tmp_path]).results for one in result.diagnostics}
    assert "TLL103" in found
    path = tmp_path / "run.py"
    path.write_text(api.fix(path.read_text(), path))
    assert run_script(tmp_path, "run.py").printed == "2\n"


def test_a_registration_of_the_projects_own_is_told_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    register = "import torch\nfrom .one import Net\ntorch.serialization.add_safe_globals([Net])\n"
    run = 'import pkg, torch\n\nprint(torch.load("net.pt", weights_only=False).n)\n'
    write(tmp_path, {**OWN, "pkg/__init__.py": register, "run.py": run})
    saves = "import torch\nfrom pkg.one import Net\ntorch.save(Net(), 'net.pt')"
    assert run_text(tmp_path, saves).error == ""
    (result,) = api.check([tmp_path]).results
    (found,) = result.diagnostics
    assert sum(note.count("pkg/__init__.py:3") for note in found.notes) == 1
