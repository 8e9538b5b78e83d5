"""A proof that could not be made says why, and what a proof left out is said with each fix."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.diagnostic import Diagnostic, FileResult, Position, Severity, Span
from torchload_lint.verify import FixProofs, Interpreter, Prover, parent
from verify.one_load import MODEL, READ, write, write_project

pytestmark = pytest.mark.torch


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str):
    return CliRunner().invoke(root, [*words, "--python", sys.executable])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for the memory")
@pytest.mark.parametrize("code", ["", "import os\nos.fork()\n"], ids=["alone", "with-a-fork"])
def test_a_module_that_takes_all_memory_is_ended(project, monkeypatch, code):
    """What could not be tried is 2; the load beside it is proven."""
    monkeypatch.setattr(parent, "_SHARE_OF_MEMORY", 2e9 / free_memory())
    takes = "import time\ntaken = bytearray(b'x') * (3 << 30)\ntime.sleep(600)\n"
    write(
        project,
        {
            "app/model.py": f"{code}{takes}{MODEL}",
            "plain.py": "import torch\nx = torch.load('plain.pt', weights_only=True)\n",
        },
    )
    save = "import torch; torch.save({'a': 1}, 'plain.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    start = time.monotonic()
    result = run("verify", "read.py", "plain.py", "--timeout", "300")
    assert time.monotonic() - start < 200
    assert result.exit_code == 2, result.output
    assert "failed: it took more than " in result.output
    assert " of what was free; a machine that has more may try it" in result.output
    assert "2 loads: 1 proven, 0 refused, 1 not proven" in result.output


def free_memory() -> float:
    rows = Path("/proc/meminfo").read_text(encoding="utf-8").split("MemAvailable:")
    return float(rows[1].split()[0]) * 1024


HANGS = {
    "sleeps": "sleep 600",
    "ignores signals": "trap '' TERM HUP INT\nwhile :; do sleep 1; done",
    "leaves one that holds the pipe": "sleep 600 &\nexit 0",
    "stops itself": "kill -STOP $$",
}


@pytest.mark.skipif(os.name != "posix", reason="programs for a shell")
@pytest.mark.parametrize("text", HANGS.values(), ids=HANGS)
def test_an_interpreter_that_hangs_is_named(project, text):
    """Its time is not given to the project, whose import is not blamed; nothing of it stays."""
    program = project / "hangs.sh"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    start = time.monotonic()
    result = CliRunner().invoke(
        root, ["verify", "read.py", "--timeout", "1", "--python", str(program)]
    )
    assert time.monotonic() - start < 25
    assert result.exit_code == 2, result.output
    assert "hangs.sh does not run Python within 1 s; name an interpreter" in result.output


@pytest.mark.skipif(os.name != "posix", reason="a program for a shell")
def test_an_interpreter_that_answers_a_deep_nesting(project):
    program = project / "nests.sh"
    program.write_text("#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' '['\n")
    program.chmod(0o755)
    result = CliRunner().invoke(root, ["verify", "read.py", "--python", str(program)])
    assert result.exit_code == 2, result.output
    assert "nests.sh does not work: it does not run Python; name an interpreter" in result.output


@pytest.mark.parametrize(
    "name",
    ["threading.RLock", "subprocess.Popen", "signal.signal", "json.loads", "tarfile.open",
     "re.compile", "shutil.copyfileobj", "tempfile.NamedTemporaryFile", "codecs.lookup"],
)  # fmt: skip
def test_pythons_modules_are_its_own(project, name):
    """A load is neither refused nor ended by what the program makes of Python's own modules."""
    module = name.partition(".")[0]
    old = (
        "import torch; from app.model import Config; torch.save(Config(w=torch.ones(2)), {}, {}={})"
    )
    for keyword in ("True", "False"):
        write(project, {"app/model.py": MODEL})
        save = old.format("'state.pt'", "_use_new_zipfile_serialization", keyword)
        subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
        write(project, {"app/model.py": f"{MODEL}\n\nimport {module}\n{name} = None\n"})
        result = run("verify", "read.py")
        assert result.exit_code == 0, result.output
        assert f"without what the program puts in the place of {name}" in result.output


def test_a_refusal_has_its_reason(project):
    """torch writes it two rows below what it begins with."""
    write(project, {"app/model.py": "class Config(dict):\n    pass\n"})
    save = "import torch; from app.model import Config; torch.save(Config(lr=1), 'state.pt')"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    result = run("verify", "read.py")
    assert result.exit_code == 1, result.output
    assert "refused: UnpicklingError: WeightsUnpickler error: Can only SETITEM" in result.output


def test_the_sum_says_where_torch_was_not_asked(tmp_path, monkeypatch):
    write(tmp_path, {"pyproject.toml": "", "read.py": "import torch\ntorch.load(path)\n"})
    monkeypatch.chdir(tmp_path)
    result = run("verify", "read.py")
    assert f"1 not proven (torch was not asked, {sys.executable})" in result.stderr


def test_a_list_that_chance_makes_is_not_proven(project):
    chosen = "import random\n" + dedent(READ).lstrip().replace(
        "[Config]", "[random.choice([Config])]"
    )
    write(project, {"read.py": chosen})
    result = run("verify", "read.py")
    assert "makes the list of what another run may not have" in result.output
    assert "0 proven, 0 refused, 1 not proven" in result.stderr


def test_what_is_no_list_is_refused(project):
    """torch raises, and so the program does: that is an answer."""
    write(project, {"read.py": READ.replace("[Config]", "Config")})
    result = run("verify", "read.py")
    assert result.exit_code == 1, result.output
    assert "raises: TypeError: 'type' object is not iterable" in result.output


def test_an_import_that_fails_is_said(project):
    """The allowlist does without it, and the program does not; one that it catches is no matter."""
    text = dedent(READ).lstrip()
    write(project, {"app/broken.py": "import nowhere_to_be_found\n"})
    write(project, {"read.py": "import app.broken\n" + text})
    said = "without `import app.broken` (ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    result = run("verify", "read.py")
    assert result.exit_code == 0, result.output
    assert f"loads (meta device, mapped); {said}" in result.output
    caught = "try:\n    import app.broken\nexcept ImportError:\n    pass\n"
    write(project, {"read.py": caught + text})
    assert "without" not in run("verify", "read.py").output


def test_what_the_proof_of_a_fix_left_out_is_said(project):
    write(project, {"read.py": "import torch\nfrom app.model import Config\n"
                               "state: Config = torch.load('state.pt')\n",
                    "app/__init__.py": "import torch\ntorch.load = None\n"})  # fmt: skip
    result = run("--fix", "--unsafe-fixes", "--verify", "read.py")
    assert "safe_globals" in (project / "read.py").read_text(), result.output
    said = "without what the program puts in the place of torch.load"
    assert f"warning: read.py: the fix is proven {said}" in result.stderr
    write(project, {"app/__init__.py": ""})
    assert "the fix is proven" not in run("--verify", "read.py").output


def test_an_objection_is_told_where_the_finding_is_left():
    """Of a load that another fix has settled, the objection to a first one is none any more."""
    proofs = FixProofs(Prover(Interpreter(Path(sys.executable))))
    proofs._objections.add("the fix is not applied: for a reason")
    left = Diagnostic("TLL103", "x", "y", Severity.ERROR, Span(Position(7, 1), Position(7, 2)),
                      notes=("another", "the fix is not applied: for a reason"))  # fmt: skip
    in_cell = left._replace(cell=2)
    results = [FileResult("a.py", (left, left)), FileResult("b.ipynb", (in_cell,))]
    assert list(proofs.remarks(results)) == [
        "a.py:7: the fix is not applied: for a reason",
        "b.ipynb:cell 2:7: the fix is not applied: for a reason",
    ]
    assert not list(proofs.remarks([FileResult("a.py", fixed=(left,))]))


CLASS = """
    import itertools, os, queue, sqlite3, threading, time, torch

    JOBS = queue.Queue()
    threading.Thread(target=lambda: [job() for job in iter(JOBS.get, None)], daemon=True).start()

    LOADS = itertools.count()

    class Config:
        def __setstate__(self, state):
            {}
"""
NOT_TRIED = {
    "hands it to a thread": """JOBS.put(lambda: os.mkdir("ran"))
            time.sleep(1)""",
    "raises another error": """try:
                torch.save(1, "ran")
            except RuntimeError:
                raise ValueError("no cache") from None""",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what the kernel refuses")
@pytest.mark.parametrize("action", NOT_TRIED.values(), ids=NOT_TRIED)
def test_what_is_kept_from_a_class_is_no_refusal(project, action):
    write(project, {"app/model.py": CLASS.format(action)})
    result = run("verify", "read.py")
    assert not (project / "ran").exists()
    assert result.exit_code == 2, result.output
    assert "1 not proven" in result.output


def test_an_error_of_a_library_whose_file_leads_nowhere_is_no_refusal(project):
    opened = CLASS.format("DATA.execute('create table t(a)')")
    write(
        project, {"app/model.py": f"{dedent(opened).lstrip()}\nDATA = sqlite3.connect('data.db')\n"}
    )
    result = run("verify", "read.py")
    assert result.exit_code == 2, result.output
    assert "may be because what is open already leads nowhere" in result.output


def test_a_class_that_raises_once_is_refused(project):
    """What has run in vain is not there when the next way is tried, as in the program."""
    once = 'if next(LOADS) == 0: raise ValueError("not yet")'
    write(project, {"app/model.py": CLASS.format(once)})
    result = run("verify", "read.py")
    assert result.exit_code == 1, result.output
    assert "refused: ValueError: not yet" in result.output


def test_a_class_that_needs_the_numbers_is_proven(project):
    needs = "assert state['w'].sum().item() == 2, 'no numbers'"
    save = "from app.model import Config; torch.save(Config(w=torch.ones(2)), 'state.pt')"
    save = f"import torch; {save}"
    subprocess.run([sys.executable, "-c", save], cwd=project, check=True)
    write(project, {"app/model.py": CLASS.format(needs)})
    result = run("verify", "read.py")
    assert result.exit_code == 0, result.output
    assert "loads (cpu device, mapped)" in result.output
