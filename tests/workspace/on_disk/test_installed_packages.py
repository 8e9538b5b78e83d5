from __future__ import annotations

import pytest

from torchload_lint.source.facts.library_load import Versions, behaviours_in
from torchload_lint.source.facts.loader import Does
from torchload_lint.source.loaders.known import lightning
from torchload_lint.workspace.on_disk.environment import InstalledPackages

LOADER = next(one for one in lightning.LIBRARY.loaders if one.call == "load_from_checkpoint")
NAMES = ("lightning", "pytorch-lightning")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)


def site(folder):
    packages = folder / "lib" / "python3.11" / "site-packages"
    packages.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    return packages


def test_the_projects_own_environment(tmp_path):
    (site(tmp_path / ".venv") / "lightning-2.6.1.dist-info").mkdir()
    found = InstalledPackages(tmp_path, lambda: "2.6").versions(NAMES)
    assert found == Versions("2.6.1", exact=True, origin="installed")


def test_the_active_environment_comes_first(tmp_path, monkeypatch):
    (site(tmp_path / ".venv") / "lightning-2.6.1.dist-info").mkdir()
    (site(tmp_path / "other") / "pytorch_lightning-1.9.5.dist-info").mkdir()
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    assert InstalledPackages(tmp_path, lambda: "2.6").versions(NAMES).oldest == "1.9.5"


def test_a_named_interpreter_comes_before_all(tmp_path):
    (site(tmp_path / ".venv") / "lightning-2.6.1.dist-info").mkdir()
    (site(tmp_path / "given") / "lightning-2.4.0.dist-info").mkdir()
    python = tmp_path / "given" / "bin" / "python"
    assert InstalledPackages(tmp_path, lambda: "2.6", python).versions(NAMES).oldest == "2.4.0"


def test_a_package_on_the_path_says_its_version(tmp_path, monkeypatch):
    package = tmp_path / "site" / "lightning"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "2.5.3"\n')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    assert InstalledPackages(tmp_path, lambda: "2.6").versions(NAMES).oldest == "2.5.3"


@pytest.mark.parametrize(
    ("file", "text", "wanted"),
    [
        ("requirements.txt", "lightning==2.5.1\n", ("2.5.1", True, "")),
        ("requirements.txt", "numpy\npytorch_lightning>=1.8,<2.0  # old\n", ("1.8", False, "2.0")),
        ("requirements/base.txt", "lightning~=2.1\n", ("2.1", False, "3")),
        ("pyproject.toml", '[project]\ndependencies = ["lightning[a]>=2.6"]\n', ("2.6", False, "")),
        ("pyproject.toml", '[tool.poetry.dependencies]\nlightning = "^2.2"\n', ("2.2", False, "3")),
        ("environment.yml", "dependencies:\n  - pytorch-lightning=2.3\n", ("2.3", False, "2.4")),
        ("requirements.txt", "lightning>2.2.1,<=2.4.0\n", ("2.2.1", False, "2.4.1")),
        ("requirements.txt", "lightning <= 2.4 , > 2.2\n", ("2.2", False, "2.5")),
        ("requirements.txt", "lightning<2.5,!=2.3; sys_platform == 'linux'\n", ("0", False, "2.5")),
        ("requirements.txt", "lightning!=2.3,<2.5,>=2\n", ("2", False, "2.5")),
        ("requirements.txt", "lightning==2.4.*\n", ("2.4", False, "2.5")),
        ("requirements.txt", "lightning===2.4.0\n", ("2.4.0", True, "")),
        ("pyproject.toml", 'needs = ["lightning (<2.5)", "torch>=9"]\n', ("0", False, "2.5")),
        ("setup.py", "setup(install_requires=['lightning<2.5', 'torch>=9'])", ("0", False, "2.5")),
    ],
)  # fmt: skip
def test_a_requirement_says_the_oldest_version(tmp_path, file, text, wanted):
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).write_text(text)
    found = InstalledPackages(tmp_path, lambda: "2.6").versions(NAMES)
    assert (found.oldest, found.exact, found.below) == wanted
    assert found.origin == file


def test_an_upper_bound_alone_lets_in_what_loads_unsafely():
    newest = behaviours_in(LOADER, Versions())
    older = behaviours_in(LOADER, Versions("0", below="2.5"))
    assert Does.FALSE in {one.does for one in older}
    assert Does.FALSE not in {one.does for one in newest}


@pytest.mark.parametrize(
    "text", ["lightning\n", "lightning-utilities==0.3\n", "# lightning==2.0\n"]
)
def test_nothing_is_said(tmp_path, text):
    (tmp_path / "requirements.txt").write_text(text)
    assert InstalledPackages(tmp_path, lambda: "2.6").versions(NAMES) == Versions()


def test_the_source_of_a_package(tmp_path):
    package = site(tmp_path / ".venv") / "fakelib"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("from fakelib.inner.io import load\n")
    (package / "inner" / "io.py").write_text("import torch\n")
    files = InstalledPackages(tmp_path, lambda: "2.6").package("fakelib")
    assert files.python_files() == ["fakelib/__init__.py", "fakelib/inner/io.py"]
    assert files.text("fakelib/inner/io.py") == "import torch\n"
    assert files.text("fakelib/nothing.py") is None
    assert InstalledPackages(tmp_path, lambda: "2.6").package("missing") is None


@pytest.mark.parametrize(
    ("source", "required", "holds"),
    [
        ("import torch\ntorch.load(path)\n", "torch>=2", True),
        ("from torch.serialization import load\n", "torch", True),
        ("import torch\ntorch.load(path)\n", None, True),  # nothing says what it requires
        ("import torch\ntorch.load(path)\n", "torchlike", True),  # which requires torch
        ("import torch\ntorch.save(net, path)\n", "torch>=2", False),
        ("'as torch.load does'\n", "numpy", False),
    ],
)
def test_a_package_that_holds_a_load(tmp_path, source, required, holds):
    packages = site(tmp_path / ".venv")
    (packages / "lib").mkdir()
    (packages / "lib" / "__init__.py").write_text("from lib.io import read\n")
    (packages / "lib" / "io.py").write_text(source)
    for name, needs in (("lib", required), ("torchlike", "torch"), ("numpy", "")):
        if needs is not None:
            (packages / f"{name}-1.0.dist-info").mkdir()
            metadata = f"Name: {name}\nRequires-Dist: {needs}\n\nAbout torch.\n"
            (packages / f"{name}-1.0.dist-info" / "METADATA").write_text(metadata)
    assert InstalledPackages(tmp_path, lambda: "2.6").holds_load("lib") == holds
    assert not InstalledPackages(tmp_path, lambda: "2.6").holds_load("absent")


@pytest.mark.parametrize("own", ["lib/__init__.py", "src/lib/__init__.py"])
def test_the_projects_own_package_is_not_followed_where_it_is_installed(tmp_path, own):
    folder = site(tmp_path / ".venv")
    (folder / "lib").mkdir()
    (folder / "lib" / "__init__.py").write_text("import torch\nload = torch.load\n")
    assert InstalledPackages(tmp_path, lambda: "2.6").holds_load("lib")
    (tmp_path / own).parent.mkdir(parents=True)
    assert InstalledPackages(tmp_path, lambda: "2.6").holds_load("lib")  # a folder is no package
    (tmp_path / own).write_text("")
    assert not InstalledPackages(tmp_path, lambda: "2.6").holds_load("lib")
