"""A broken load has one finding, and whoever turns it off sees what it stood for."""

from __future__ import annotations

import argparse
import os
import re

import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


class _Runs:
    def __reduce__(self):
        return (os.system, ("echo harm",))


@pytest.fixture
def files(folder):
    torch.save({"args": argparse.Namespace(lr=3)}, folder / "args.pt")
    for number in range(5):
        torch.save([_Runs()], folder / f"bad{number}.pt")
    return folder


def found(told: str) -> list[str]:
    return re.findall(r"^a\.py:\d+:\d+: (TLL\d+)", told, re.MULTILINE)


def requires(bound: str) -> str:
    return f'[project]\nname = "p"\nversion = "1"\ndependencies = ["torch{bound}"]\n'


HOSTILE = "import torch\n\ntorch.load('bad0.pt', weights_only=False)"


@pytest.mark.parametrize(
    "call",
    [
        "torch.load('bad0.pt', weights_only=False)",
        "torch.load('bad0.pt', pickle_module=dill)",
        "torch.load('bad0.pt')",
        "torch.hub.load_state_dict_from_url('https://example.org/bad0.pt', '.')",
    ],
)
@pytest.mark.usefixtures("files")
def test_an_unsafe_load_of_a_hostile_file(cli, write, call):
    write({"a.py": f"import dill\nimport torch\n\n{call}\n", "pyproject.toml": requires(">=2.1")})
    told = cli(".").stdout
    assert found(told) == ["TLL501"]
    assert "bad0.pt runs posix.system('echo harm') when it is loaded here" in told


@pytest.mark.usefixtures("files")
def test_whoever_turns_it_off_sees_the_unsafe_load(cli, write):
    write({"a.py": f"{HOSTILE}  # noqa: TLL501\n"})
    assert found(cli(".").stdout) == ["TLL101"]
    write({"a.py": f"{HOSTILE}\n"})
    assert found(cli("--ignore", "TLL501", ".").stdout) == ["TLL101"]
    assert found(cli("--per-file-ignores", "a.py:TLL501", ".").stdout) == ["TLL101"]


def test_one_comment_silences_all_that_the_finding_stands_for(cli, write, files):
    write({"a.py": f"{HOSTILE}\n"})
    cli("--add-noqa", ".")
    assert (files / "a.py").read_text() == f"{HOSTILE}  # noqa: TLL101, TLL501\n"
    assert found(cli(".").stdout) == []


@pytest.mark.usefixtures("files")
def test_a_load_that_fails_on_new_torch_and_is_unsafe_on_old(cli, write):
    text = "import torch\n\ntorch.load('args.pt')"
    write({"a.py": f"{text}\n", "pyproject.toml": requires(">=2.5")})
    told = cli(".").stdout
    assert found(told) == ["TLL103"]
    assert "on torch before 2.6 it runs whatever code the file holds" in told
    write({"a.py": f"{text}  # noqa: TLL103\n"})
    assert found(cli(".").stdout) == ["TLL102"]


@pytest.mark.usefixtures("files")
def test_many_hostile_files_of_one_load(cli, write):
    write({"a.py": "import torch\n\nfor n in range(5):\n    torch.load(f'bad{n}.pt')\n"})
    told = cli(".").stdout
    assert found(told) == ["TLL501"]
    assert "bad0.pt would run" in told
    assert "; and 2 more such files" in told


@pytest.mark.usefixtures("files")
def test_two_causes_are_two_findings(cli, write):
    write({"a.py": "import torch\n\ntorch.load('not.pt', weights_only=False)\n", "not.pt": "text"})
    assert found(cli(".").stdout) == ["TLL101", "TLL502"]


FALLBACK = """import torch

try:
    x = torch.load(path, weights_only=True)
except Exception:
    x = torch.load(path, weights_only=False)"""


def test_an_unsafe_fallback_is_one_finding(cli, write):
    write({"a.py": f"{FALLBACK}\n"})
    assert found(cli(".").stdout) == ["TLL107"]
    assert found(cli("--ignore", "TLL107", ".").stdout) == ["TLL101"]
    write({"a.py": f"{FALLBACK}  # noqa: TLL107\n"})
    assert found(cli(".").stdout) == ["TLL101"]
