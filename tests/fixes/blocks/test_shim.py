"""The compatible form: what newer releases ask for is allowed, older ones do what they did."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from fixes.tools import NAMESPACE, fix
from torchload_lint.fixes.repair import Allow, Form
from torchload_lint.names import Spelling

SHIM = """\
try:
    from torch.serialization import safe_globals
except ImportError:  # torch < 2.5
    from contextlib import nullcontext as safe_globals
"""

OLDER = """
import torch, torch.serialization
real = torch.load
del torch.serialization.safe_globals
def load(f, map_location=None, **options):
    assert not options, options
    return real(f, map_location, weights_only=False)
torch.load = torch.serialization.load = load
"""
"""This torch as one without ``safe_globals`` and ``weights_only`` (only for files made here)."""


def fixed(text, **repair):
    return fix(text, NAMESPACE, form=Form.WITH_SHIM, **repair)


def test_the_shim_stands_below_the_imports_and_the_call_is_left_alone():
    after = fixed('import os\nimport torch\n\nx = torch.load("a.pt", map_location="cpu")\n').text
    assert after == (
        "import os\nfrom argparse import Namespace\nimport torch\n\n"
        f"{SHIM}\n"
        'with safe_globals([Namespace]):\n    x = torch.load("a.pt", map_location="cpu")\n'
    )


def test_two_loads_share_one_shim():
    after = fixed(
        "import torch\n\n\ndef f(p):\n    return torch.load(p)\n\n\ndef g(p):\n"
        "    return torch.load(p)\n"
    ).text
    assert after.count(SHIM) == 1
    assert after.count("with safe_globals([Namespace]):") == 2


def test_a_file_without_an_end_of_row():
    after = fixed("import torch; x = torch.load(p)").text
    compile(after, "a.py", "exec")


SHIMS = [
    SHIM,
    SHIM.replace("as safe_globals", "as allow").replace("globals\n", "globals as allow\n"),
    """\
try:
    from torch.serialization import safe_globals as allow
except ImportError:
    import contextlib

    @contextlib.contextmanager
    def allow(names):
        yield
""",
    """\
if hasattr(torch.serialization, "safe_globals"):
    from torch.serialization import safe_globals as allow
else:
    from contextlib import nullcontext as allow
""",
]


@pytest.mark.parametrize("shim", SHIMS)
def test_the_shim_of_the_file_is_used(shim):
    name = "allow" if "as allow" in shim else "safe_globals"
    before = f"import torch\n\n{shim}\n\ndef f(p):\n    return torch.load(p)\n"
    after = fixed(before).text
    assert f"    with {name}([Namespace]):\n        return torch.load(p)\n" in after
    assert after.count("torch.serialization") == before.count("torch.serialization")


def test_the_shim_of_the_project_is_imported():
    shim = Allow(Spelling("myapp.compat", "safe_globals"), defined_in="myapp/compat.py")
    after = fixed("import torch\n\nx = torch.load(p)\n", shim=shim).text
    assert "from myapp.compat import safe_globals\n" in after
    assert "with safe_globals([Namespace]):\n    x = torch.load(p)\n" in after
    assert "nullcontext" not in after


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        ("safe_globals = 1\nimport torch\nx = torch.load(p)\n", "safe_globals is in use"),
        ("def f(p):\n    import torch\n    return torch.load(p)\n", "not imported at the top"),
    ],
)
def test_where_there_is_no_place_for_it_nothing_is_written(before, reason):
    after = fixed(before)
    assert after.text == before
    assert any(reason in one for one in after.reasons)


def test_with_safe_globals_everywhere_no_shim_is_written():
    after = fix("import torch\nx = torch.load(p)\n", NAMESPACE, form=Form.AS_IT_IS).text
    assert "from torch.serialization import safe_globals\n" in after
    assert "x = torch.load(p)\n" in after
    assert "nullcontext" not in after


@pytest.mark.torch
@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize(
    "program",
    [
        'x = torch.load("args.pt")\nprint(x.lr)\n',
        'def f(p):\n    return torch.load(p, "cpu").lr\n\n\nprint(f("args.pt"))\n',
        'f = lambda p: torch.load(p)\nprint(f("args.pt").lr)\n',
        'if torch.load("args.pt").lr:\n    print(torch.load("args.pt").lr)\n',
        'print(sum(torch.load(p).lr for p in ["args.pt"]))\n',
    ],
)
def test_both_kinds_of_torch_run_what_is_written(tmp_path, program, older):
    import argparse

    import torch

    torch.save(argparse.Namespace(lr=3), tmp_path / "args.pt")
    (tmp_path / "older.py").write_text(textwrap.dedent(OLDER))
    head = "import older\n" if older else ""
    text = fixed(f"import torch\n\n{program}").text
    assert "weights_only" not in text
    (tmp_path / "a.py").write_text(head + text)
    done = subprocess.run(
        [sys.executable, "a.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr
