"""Ways in which repositories state the torch that they want, and the releases that each lets in."""

from __future__ import annotations

import pytest

from torchload_lint.checkpoint.known.torch_range import LINES
from torchload_lint.checkpoint.known.torch_versions import TorchVersion
from torchload_lint.requirements.releases import Requirements, range_of, torch_of_project
from torchload_lint.requirements.root_files import RootFiles

NEWEST = "2.15"


def project(*requirements):
    listed = ", ".join(f"'{one}'" for one in requirements)
    return {"pyproject.toml": f"[project]\nname = 'x'\nversion = '1'\ndependencies = [{listed}]\n"}


def poetry(line, python="^3.8"):
    return {
        "pyproject.toml": f"[tool.poetry.dependencies]\npython = '{python}'\nnumpy = '*'\n{line}\n"
    }


def setup_py(requires, rest=""):
    return {"setup.py": f"from setuptools import setup\n{rest}\nsetup(name='x', {requires})\n"}


def pip(*lines):
    return {"requirements.txt": "\n".join(lines) + "\n"}


def conda(*items):
    return {
        "environment.yml": "name: x\nchannels: [pytorch]\ndependencies:\n  - python=3.10\n"
        + "".join(f"  {item}\n" for item in items)
    }


def matrix(*rows):
    head = "on: push\njobs:\n  t:\n    strategy:\n      matrix:\n        python: ['3.9', '3.10']\n"
    return {".github/workflows/ci.yml": head + "".join(f"        {row}\n" for row in rows)}


STATED = [
    # pyproject.toml: PEP 621, extras, groups
    (project("torch>=2.7"), f"2.7-{NEWEST}"),
    (project("numpy", "torch>=2.0.0,<2.4.0"), "2.0-2.3"),
    (project("torch >=1.8.0,!=1.10.0"), f"1.8-{NEWEST}"),
    (project("torch==2.6.0"), "2.6"),
    (project("torch[opt-einsum]~=2.2.0"), "2.2"),
    (project('torch>=2.3; python_version >= "3.12"', 'torch>=1.13; python_version < "3.12"'),
     f"1.13-{NEWEST}"),
    (project('torch==1.4; python_version < "3.6"', 'torch>=2.4; python_version >= "3.6"'),
     f"2.4-{NEWEST}"),
    (project("torch>=1.10", 'torch<2.3; sys_platform == "darwin" and platform_machine == "x86_64"'),
     f"1.10-{NEWEST}"),
    ({"pyproject.toml": "[project]\nname = 'x'\ndependencies = ['numpy']\n"
      "[project.optional-dependencies]\nold = ['torch>=1.13,<2.1']\nnew = ['torch>=2.9']\n"},
     f"1.13 2.0 2.9-{NEWEST}"),
    ({"pyproject.toml": "[project]\nname = 'x'\n[dependency-groups]\ngpu = ['torch==2.5.1']\n"},
     "2.5"),
    ({"pyproject.toml": "[project]\nname = 'x'\n[tool.uv]\ndev-dependencies = ['torch>=2.11']\n"},
     f"2.11-{NEWEST}"),
    # poetry, pdm, pixi, Pipfile
    (poetry('torch = "^2.1.0"'), f"2.1-{NEWEST}"),
    (poetry('torch = "^1.11.0"'), "1.11-1.13"),
    (poetry('torch = "~2.3"'), "2.3"),
    (poetry('torch = "2.0.1"'), "2.0"),
    (poetry('torch = {version = "==2.7.0+cu118", source = "pytorch"}'), "2.7"),
    (poetry('torch = "^1.13 || ^2.0"'), f"1.13-{NEWEST}"),
    (poetry('torch = [{version = "<2.3", markers = "sys_platform == \'darwin\'"}, '
            '{version = "^2.4", markers = "sys_platform != \'darwin\'"}]'),
     f"0.4-2.2 2.4-{NEWEST}"),
    (poetry('torch = {version = ">=2.0", optional = true}'), f"2.0-{NEWEST}"),
    ({"pyproject.toml": "[tool.poetry.group.gpu.dependencies]\ntorch = {version = '^2.1.1'}\n"},
     f"2.1-{NEWEST}"),
    (poetry('torch = {url = "https://example.org/whl/cu118/torch-2.0.1%2Bcu118-cp310-x.whl"}'),
     "2.0"),
    ({"Pipfile": '[packages]\ntorch = "==1.9.0"\n'}, "1.9"),
    ({"pixi.toml": '[dependencies]\npytorch = ">=2.4,<2.6"\n'}, "2.4-2.5"),
    ({"pixi.toml": '[feature.cuda.pypi-dependencies]\ntorch = { version = ">=2.5.1" }\n'},
     f"2.5-{NEWEST}"),
    # setuptools
    ({"setup.cfg": "[options]\ninstall_requires =\n    numpy\n    torch>=1.7,<2  # old\n"},
     "1.7-1.13"),
    ({"setup.cfg": "[options]\n[options.extras_require]\nnn =\n    torch~=1.10.2\n"}, "1.10"),
    (setup_py("install_requires=['torch >= 1.4, < 2.0']"), "1.4-1.13"),
    (setup_py("install_requires=['numpy', 'torch~=1.4']"), "1.4-1.13"),
    (setup_py("install_requires=REQ", "REQ = ['torch >= 1.6.0', 'nltk >= 3.5']"),
     f"1.6-{NEWEST}"),
    (setup_py("install_requires=[f'torch>={TORCH}']", "TORCH = '2.2'"), f"2.2-{NEWEST}"),
    (setup_py("install_requires=['torch>=2.1'], dependency_links=["
              "'https://download.pytorch.org/whl/cpu/torch-1.7.0%2Bcpu-cp36-cp36m-linux_x86_64.whl']"),
     f"2.1-{NEWEST}"),
    (setup_py("extras_require={'seg': ['torch>=2.0.0,<2.4.0']}"), "2.0-2.3"),
    (setup_py("install_requires=[f'torch @ https://example.org/torch-1.11.0%2Bcu113-cp{v}-l.whl']"),
     "1.11"),
    (setup_py("install_requires=REQ", "MIN = '1.13'\nREQ = ['torch' + '>=' + MIN]"),
     f"1.13-{NEWEST}"),
    (setup_py("install_requires=['torch>={}'.format('2.0'), 'x']"), f"2.0-{NEWEST}"),
    (setup_py("install_requires=['torch>=%s,<%s' % (LOW, '2.4')]", "LOW = '2.1'"), "2.1-2.3"),
    (setup_py("install_requires=open('reqs/prod.txt').read().splitlines()")
     | {"reqs/prod.txt": "numpy\ntorch>=2.3\n"}, f"2.3-{NEWEST}"),
    # requirements files
    (pip("--extra-index-url https://example.org/whl", "torch==1.13.1+cu117", "numpy"), "1.13"),
    (pip("torch>=2.1.0,<2.2 --hash=sha256:00", "torchvision==0.16"), "2.1"),
    (pip("torch==2.1.*"), "2.1"),
    (pip("torch~=2.6.0+cu126"), "2.6"),
    (pip("torch >= 1.7.1 # with cuda", "torchaudio"), f"1.7-{NEWEST}"),
    (pip("torch<2.6"), "0.4-2.5"),
    (pip("torch>1.12,<=2.2"), "1.12-2.2"),
    (pip("torch===2.8.0"), "2.8"),
    (pip("https://example.org/whl/cpu/torch-2.2.1%2Bcpu-cp312-cp312-linux_x86_64.whl"), "2.2"),
    (pip("torch \\", "    ==2.9.1 \\", "    --hash=sha256:00"), "2.9"),
    (pip("-c constraints.txt", "torch") | {"constraints.txt": "torch==2.3.1\n"}, "2.3"),
    (pip("-r reqs/base.txt") | {"reqs/base.txt": "torch>=2.1\n"}, f"2.1-{NEWEST}"),
    ({"requirements/base.txt": "-r gpu.txt\n", "requirements/gpu.txt": "torch==2.4.0\n"}, "2.4"),
    ({"pyproject.toml": "[project]\nname = 'x'\ndynamic = ['dependencies']\n"
      "[tool.setuptools.dynamic]\ndependencies = {file = ['deps.txt']}\n",
      "deps.txt": "torch>=2.2\n"}, f"2.2-{NEWEST}"),
    # conda
    (conda("- pytorch=1.9.1"), "1.9"),
    (conda("- pytorch::pytorch=2.0.0"), "2.0"),
    (conda("- pytorch=2.5.0=py3.10_cuda12.1_cudnn9.1.0_0"), "2.5"),
    (conda("- pytorch>=1.13,<2.2"), "1.13-2.1"),
    (conda("- pip:", "  - torch==1.12.1+cu113", "  - -r more.txt"), "1.12"),
    # what was locked, built on, tested with
    ({"uv.lock": 'version = 1\n\n[[package]]\nname = "torch"\nversion = "2.5.1"\nsource = {}\n\n'
      '[[package]]\nname = "torch"\nversion = "2.7.1"\n'}, "2.5 2.7"),
    ({"poetry.lock": '[[package]]\nname = "torch"\nversion = "1.13.1+cu117"\n'}, "1.13"),
    ({"Pipfile.lock": '{"default": {"torch": {"version": "==2.1.2"}}}'}, "2.1"),
    ({"pixi.lock": "- conda: https://example.org/linux-64/pytorch-2.6.0-cpu_mkl_py312.conda\n"},
     "2.6"),
    ({"Dockerfile": "FROM pytorch/pytorch:2.0.1-cuda11.7-cudnn8-runtime\n"}, f"2.0-{NEWEST}"),
    ({"Dockerfile": "FROM nvcr.io/nvidia/pytorch:22.11-py3\n"}, f"1.13-{NEWEST}"),
    ({"Dockerfile": "FROM nvcr.io/nvidia/pytorch:20.02-py3\n"}, f"1.4-{NEWEST}"),
    ({"Dockerfile": "ARG BASE=nvcr.io/nvidia/pytorch:25.12-py3\nFROM ${BASE}\n"},
     f"2.9-{NEWEST}"),
    ({"docker/Dockerfile.gpu": "ARG TORCH=2.4.1\nFROM pytorch/pytorch:${TORCH}-cuda12.1-cudnn9\n"},
     f"2.4-{NEWEST}"),
    ({"Dockerfile": "FROM python:3.11\nRUN pip install torch==2.8.0 numpy\n"}, f"2.8-{NEWEST}"),
    ({"Dockerfile": "FROM python:3.11\nRUN apt-get update \\\n && conda install --yes "
      "pytorch==2.2.2 torchvision==0.17.2 pytorch-cuda=12.1 -c pytorch\n"}, f"2.2-{NEWEST}"),
    ({"cog.yaml": 'build:\n  gpu: true\n  python_packages:\n    - "torch==1.12.1"\n'},
     f"1.12-{NEWEST}"),
    ({"uv.lock": 'version = 1\nrequires-python = ">=3.10"\n\n[[package]]\nname = "x"\n'
      '[package.metadata]\nrequires-dist = [{ name = "torch", specifier = ">=2.1" }]\n\n'
      '[[package]]\nname = "torch"\nversion = "2.6.0"\n'}, "2.6"),
    ({"pixi.lock": "packages:\n- pypi: https://example.org/torch-2.5.1-cp312-cp312-linux.whl\n"
      "  name: torch\n  version: 2.5.1\n  sha256: 00\n"}, "2.5"),
    ({"requirments_cpu_py312.txt": "torch==2.4.1+cpu\n"}, "2.4"),
    ({"constraints.txt": "numpy==1.26.4\ntorch==2.3.1\n"}, "2.3"),
    (matrix("torch-version: ['2.3.0', '2.4.0']"), f"2.3-{NEWEST}"),
    ({".circleci/config.yml": "jobs:\n  t:\n    steps:\n      - run: pip install torch==1.10.0\n"},
     f"1.10-{NEWEST}"),
    ({"tox.ini": "[testenv]\ncommands = pip install torch==2.8.0\n"}, f"2.8-{NEWEST}"),
    ({"tests/requirements.txt": "torch==2.1.0\n"}, f"2.1-{NEWEST}"),
    (matrix("torch: [{base: '1.13.0', vision: '0.14.0'}, {base: '2.9.1', vision: '0.24.1'}]"),
     f"1.13-{NEWEST}"),
    (matrix("pytorch-version:", "  - '2.11.0'", "  - '2.10.0'"), f"2.10-{NEWEST}"),
    # named by other files, in other encodings
    ({"setup.cfg": "[options]\ninstall_requires = file: deps/core.txt\n",
      "deps/core.txt": "torch==2.4.1\n"}, "2.4"),
    ({"pyproject.toml": "[project]\nname = 'x'\ndynamic = ['dependencies']\n"
      "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['deps.txt']\n",
      "deps.txt": "torch>=2.2\n"}, f"2.2-{NEWEST}"),
    ({"pyproject.toml": "[tool.setuptools.dynamic.optional-dependencies]\n"
      "gpu = {file = 'gpu.txt'}\n", "gpu.txt": "torch>=2.1,<2.5\n"}, "2.1-2.4"),
    (conda("- pip:", "  - -r more.txt") | {"more.txt": "torch==2.2.0\n"}, "2.2"),
    ({"conda.recipe/meta.yaml": "requirements:\n  run:\n    - python\n    - pytorch >=2.0\n"},
     f"2.0-{NEWEST}"),
    ({"requirements.txt": "\ufefftorch<2.6\n".encode("utf-16-le")}, "0.4-2.5"),
    ({"docker-compose.yml": "services:\n  a:\n    image: pytorch/pytorch:2.3.0-cuda12.1-cudnn8\n"},
     f"2.3-{NEWEST}"),
    ({".devcontainer/devcontainer.json": '{\n  "image": "pytorch/pytorch:2.1.0-cuda12.1-x"\n}'},
     f"2.1-{NEWEST}"),
    ({"train.def": "Bootstrap: docker\nFrom: pytorch/pytorch:2.0.1-cuda11.7-cudnn8-runtime\n"},
     f"2.0-{NEWEST}"),
    # two places
    (project("torch>=2.1") | pip("torch==2.3.1"), f"2.1-{NEWEST}"),
    (project("torch") | pip("torch==2.3.1"), f"2.3-{NEWEST}"),
    (project("torch") | {"uv.lock": '[[package]]\nname = "torch"\nversion = "2.7.1"\n'},
     f"2.7-{NEWEST}"),
    (project("torch>=2.6") | {"Dockerfile": "FROM pytorch/pytorch:2.1.0-cuda11.8-x\n"},
     f"2.6-{NEWEST}"),
    # what contradicts itself: a script chooses one of them
    (
        setup_py(
            "install_requires=['torch>=2.6']",
            "OLD = ['https://example.org/torch-2.1.0%2Bcpu-cp311-cp311-linux_x86_64.whl']",
        ),
        f"2.1 2.6-{NEWEST}",
    ),
    # beyond what is known
    (project("torch>=2.99"), "2.99"),
    (pip("torch==1.13.9"), "1.13"),
]  # fmt: skip


def lines(text):
    """``1.13 2.4-2.6`` → the release lines."""
    found = []
    for word in text.split():
        first, _, last = word.partition("-")
        low, high = TorchVersion.parse(first), TorchVersion.parse(last or first)
        found += [line for line in LINES if low <= line <= high] or [low]
    return tuple(found)


@pytest.mark.parametrize(("files", "allowed"), STATED)
def test_the_releases_that_a_project_lets_in(tmp_path, files, allowed):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    found = torch_of_project(tmp_path)
    assert found.versions == lines(allowed)
    assert found.stated
    assert all((tmp_path / one.file).is_file() for one in found.stated)


NOTHING = [
    {},
    project("numpy", "torchvision>=0.15"),
    project("torch"),
    project("torch-geometric>=2.3", "pytorch-lightning>=2"),
    pip("torchaudio==2.1.0", "# torch==1.4", "torch"),
    pip("-r requirements.txt", "-r gone.txt"),
    conda("- pytorch", "- pytorch-cuda=12.1", "- pytorch-mutex=1.0"),
    setup_py("install_requires=['numpy']", "packages = ['torch']"),
    setup_py("install_requires=['numpy'], long_description=open('notes.txt').read()")
    | {"notes.txt": "works with torch\n"},
    {"setup.py": "this is no Python: torch>=1.0 ("},
    {"pyproject.toml": "torch = [not toml >=1.0"},
    {"Pipfile.lock": "{torch"},
    {"Dockerfile": "FROM python:3.11\nRUN pip install torch\n"},
    project("torch; sys_platform == 'never'".replace("'", '"')),
    matrix("torchvision-version: ['0.14.0']", "os: [ubuntu-22.04]"),
    setup_py("entry_points={'console_scripts': ['pytorch3d_run=pytorch3d.x:main']}"),
    {"cog.yaml": "build:\n  python_packages:\n    - numpy==1.26\n"},
]


@pytest.mark.parametrize("files", NOTHING)
def test_where_nothing_is_stated_the_newest_known_is_assumed(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = torch_of_project(tmp_path)
    assert found.versions == lines(NEWEST)
    assert found.stated == ()
    assert found.unread == ()
    assert "newest known" in found.origin


UV_LOCK = {"uv.lock": '[[package]]\nname = "torch"\nversion = "2.7.1"\n'}
TRANSITIVE = "[project]\nname = 'x'\nversion = '1'\ndependencies = ['lightning']\n"
BUILT = "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"


@pytest.mark.parametrize(
    ("project_file", "allowed"),
    [
        (TRANSITIVE, "2.7"),
        (TRANSITIVE + BUILT, f"2.7-{NEWEST}"),
        (TRANSITIVE + BUILT + "[tool.uv]\npackage = false\n", "2.7"),
        (TRANSITIVE + BUILT + "[tool.poetry]\npackage-mode = false\n", "2.7"),
        (TRANSITIVE + BUILT + "[tool.pdm]\ndistribution = false\n", "2.7"),
    ],
)
def test_a_lock_file_pins_an_application_and_not_a_package(tmp_path, project_file, allowed):
    for name, text in {"pyproject.toml": project_file, **UV_LOCK}.items():
        (tmp_path / name).write_text(text)
    assert torch_of_project(tmp_path).versions == lines(allowed)


IMAGE = {"Dockerfile": "FROM pytorch/pytorch:2.0.1-cuda11.7-cudnn8-runtime\n"}
ASSUMED = [
    (IMAGE, "Dockerfile:1", "an image is one way to run it"),
    (
        {"setup.py": "from setuptools import setup\nsetup(name='x')\n"} | UV_LOCK,
        "uv.lock:3",
        "a lock file pins what a package is developed with, not where it is installed",
    ),
    (
        matrix("torch-version: ['2.3.0']"),
        ".github/workflows/ci.yml:7",
        "a test keeps no newer one away",
    ),
    (project("torch") | pip("torch==2.3.1"), "requirements.txt:1", "pyproject.toml:4 asks for any"),
    (UV_LOCK, "uv.lock:3", ""),
    (pip("torch==2.3.1"), "requirements.txt:1", ""),
]


@pytest.mark.parametrize(("files", "place", "assumed"), ASSUMED)
def test_what_is_assumed_of_newer_releases_is_said(tmp_path, files, place, assumed):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    origin = torch_of_project(tmp_path).origin
    assert origin.startswith(f"{place} says ")
    assert origin.partition("; and newer ones, since ")[2] == assumed


SCRIPT = """\
#!/usr/bin/env -S uv run
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "numpy",
#   "{}",
# ]
# ///
import torch
"""


def test_a_script_states_its_own_dependencies(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch>=2.7\n")
    (tmp_path / "old.py").write_text(SCRIPT.format("torch<2.6"))
    (tmp_path / "other.py").write_text(SCRIPT.format("pandas"))
    requirements = Requirements(tmp_path)
    assert requirements.range_of("old.py").versions == lines("0.4-2.5")
    assert requirements.range_of("old.py").origin == "old.py:6 says torch<2.6"
    assert requirements.range_of("other.py").versions == lines(f"2.7-{NEWEST}")
    assert requirements.range_of("gone.py").versions == lines(f"2.7-{NEWEST}")


def test_where_it_stands_is_reported(tmp_path):
    (tmp_path / "requirements.txt").write_text("numpy\n-r more.txt\n")
    (tmp_path / "more.txt").write_text("scipy\n\ntorch>=2.1  # not older\n")
    assert torch_of_project(tmp_path).origin == "more.txt:3 says torch>=2.1"


def test_what_is_not_understood_is_told_and_bounds_nothing(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch==${TORCH_VERSION}\n")
    found = torch_of_project(tmp_path)
    assert [str(one) for one in found.unread] == ["requirements.txt:1 says torch==${TORCH_VERSION}"]
    assert found.versions == lines(NEWEST)


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("2.6", f"2.6-{NEWEST}"),
        ("2.6.0", f"2.6-{NEWEST}"),
        (">=2.1,<2.9", "2.1-2.8"),
        ("==2.4.*", "2.4"),
        ("<2", "0.4-1.13"),
        ("2.99", "2.99"),
    ],
)
def test_the_setting_is_a_version_and_newer_or_a_range(target, allowed):
    found = range_of(target)
    assert found.versions == lines(allowed)
    assert found.configured


@pytest.mark.parametrize("target", ["", "new", "torch>=2", ">>2"])
def test_other_settings_are_refused(target):
    with pytest.raises(ValueError, match=r"neither a version|2\.6"):
        range_of(target)


@pytest.mark.parametrize(
    ("some", "said"),
    [
        ("2.6-2.15", "2.6 and newer"),
        ("2.1-2.5", "before 2.6"),
        ("2.1-2.15", "2.1 to 2.15"),
        ("2.4-2.5", "2.4 to 2.5"),
        ("2.15", "2.15"),
        ("2.2 2.4", "2.2, 2.4"),
    ],
)
def test_a_part_of_a_range_is_said_as_a_person_would(some, said):
    assert range_of(">=2.1").words(lines(some)) == said


def test_a_file_is_asked_once_whether_it_is_a_script(tmp_path, monkeypatch):
    (tmp_path / "run.py").write_text("# /// script\n# dependencies = ['torch==2.6']\n# ///\n")
    read = []
    text = RootFiles.text
    monkeypatch.setattr(RootFiles, "text", lambda *given: read.append(given) or text(*given))
    requirements = Requirements(tmp_path)
    ranges = {requirements.range_of("run.py") for _ in range(5)}
    assert [each.oldest for each in ranges] == [TorchVersion(2, 6)]
    assert sum(name == "run.py" for *_, name in read) == 1


REQUIRES = "[project]\nname = 'x'\nversion = '1'\nrequires-python = '{python}'\n"
RECIPE = {"docker/singularity": "From: ubuntu\n%post\n    pip install torch==1.3.0\n"}
TESTED = matrix("torch: ['2.3.0']")
ASKS_FOR_310 = [
    {"pyproject.toml": REQUIRES.format(python=">=3.10")},
    {"pyproject.toml": "[tool.poetry.dependencies]\npython = '^3.10'\n"},
    {"setup.py": "setup(\n    python_requires='>=3.10',\n    a=1)\n"},
    {"setup.py": 'setup(python_requires=">=3.11, <4")\n'},
    {"setup.cfg": "[options]\npython_requires = >= 3.10  # tested\n"},
]
ASKS_FOR_LESS = [
    {},
    {"pyproject.toml": REQUIRES.format(python=">=3.6")},
    {"pyproject.toml": REQUIRES.format(python="<3.11")},
    {"pyproject.toml": REQUIRES.format(python="of any kind")},
    {"setup.py": "# python_requires='>=3.10'\nsetup()\n"},
    {"setup.py": "setup(python_requires=f'>={OLDEST}')\n"},
    {"setup.py": "setup(python_requires='>=3.7' if a else '>=3.10')\n"},
    {"setup.py": "setup(python_requires='>=3.10') or setup(python_requires='>=3.6')\n"},
    {"setup.py": "this is no Python: python_requires='>=3.10' ("},
    {"setup.cfg": "[metadata]\npython_requires = >=3.10\n"},
]


def oldest_of(folder, *files):
    for name, text in {name: text for each in files for name, text in each.items()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return str(torch_of_project(folder).oldest)


@pytest.mark.parametrize("metadata", ASKS_FOR_310)
def test_a_recipe_for_a_python_that_the_project_left_behind_does_not_count(tmp_path, metadata):
    assert oldest_of(tmp_path, RECIPE, TESTED, metadata) == "2.3"
    assert "singularity" not in torch_of_project(tmp_path).origin


@pytest.mark.parametrize("metadata", ASKS_FOR_LESS)
def test_a_recipe_that_may_still_be_followed_counts(tmp_path, metadata):
    assert oldest_of(tmp_path, RECIPE, TESTED, metadata) == "1.3"


@pytest.mark.parametrize("metadata", ASKS_FOR_310)
def test_what_contradicts_itself_settles_nothing(tmp_path, metadata):
    assert oldest_of(tmp_path, RECIPE, metadata) == "1.3"


@pytest.mark.parametrize("metadata", ASKS_FOR_310)
def test_what_the_project_itself_requires_stands(tmp_path, metadata):
    assert oldest_of(tmp_path, pip("torch>=1.1"), metadata) == "1.1"
