"""A recorded program behaves as without, whatever it does; and what was seen is kept apart.

A stand-in for torch is enough here: the hook waits for a module called torch.serialization.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from notebook_samples import notebook_text
from torchload_lint.record.notebooks import row_in_notebook
from torchload_lint.record.run import Observed
from torchload_lint.source.text.notebooks.notebook import Notebook
from torchload_lint.workspace import Projects, Settings
from torchload_lint.workspace.adoption.recording import MAX_FILES, Recorder

SOURCE = Path(__file__).parents[2] / "src"
TORCH = """
    import os, warnings
    class _opener:
        def __init__(self, file, mode="rb"):
            self.file = file
        def __enter__(self):
            return self.file
        def __exit__(self, *args):
            pass
    class _open_file(_opener):
        pass
    class _open_buffer_reader(_opener):
        pass
    def _open_file_like(f, mode):
        return _open_file(f, mode) if isinstance(f, str) else _open_buffer_reader(f)
    def load(f, *, weights_only=None):
        if weights_only is None:
            warnings.warn("say weights_only", FutureWarning, stacklevel=2)
        with _open_file_like(f, "rb"):
            if f == "broken.pt":
                raise ValueError("\\x1b[1mcannot load\\x1b[0m this. And much more")
            if f == "deadly.pt":
                os._exit(9)
            return {}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Below a folder that is called as torch's own."""
    torch = tmp_path / "site" / "torch"
    torch.mkdir(parents=True)
    (torch / "__init__.py").write_text(
        '__version__ = "9.9"\nfrom torch.serialization import load\n'
    )
    (torch / "serialization.py").write_text(dedent(TORCH))
    folder = tmp_path / "torch" / "project"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    for name in ("w.pt", "deadly.pt", "broken.pt"):
        (folder / name).write_bytes(b"")
    return folder


def environment(project: Path) -> dict[str, str]:
    site = project.parents[1] / "site"
    return {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{site}"}


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, cwd=project, env=environment(project), capture_output=True, text=True, check=False
    )


RECORD = (sys.executable, "-m", "torchload_lint", "record", "--")


def record(project: Path, program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    (project / "main.py").write_text(dedent(program))
    return run(project, *RECORD, sys.executable, *flags, "main.py")


def noted(project: Path) -> list[tuple[str, int, str, str]]:
    store = project / ".torchload-lint" / "loads.json"
    loads = json.loads(store.read_text())["loads"] if store.exists() else []
    return [(one["file"], one["row"], one["checkpoint"], one["outcome"]) for one in loads]


@pytest.mark.parametrize(
    ("program", "outcome"),
    [
        ("import torch\ntorch.load('w.pt'); os._exit(5)", "loaded"),
        ("import torch\ntorch.load('deadly.pt')", "its end was not seen"),
        ("import torch\ntorch.load('broken.pt')", "ValueError: cannot load this"),
        ("import torch\ntorch.load('w.pt'); os.kill(os.getpid(), 15)", "loaded"),
        ("os.mkdir('in'); os.chdir('in'); import torch\ntorch.load('../w.pt')", "loaded"),
        ("os.environ.clear(); import torch\ntorch.load('w.pt')", "loaded"),
    ],
    ids=["exits", "dies-in-load", "fails", "is-killed", "changes-folder", "clears-environment"],
)
def test_the_status_is_the_programs_and_the_load_is_noted(project, program, outcome):
    (project / "plain.py").write_text(f"import os; {program}\n")
    plain = run(project, sys.executable, "plain.py")
    if (project / "in").exists():
        (project / "in").rmdir()
    recorded = record(project, f"import os; {program}\n")
    assert recorded.returncode == plain.returncode
    assert recorded.stdout == plain.stdout
    ((file, row, _, seen),) = noted(project)
    assert (file, row, seen) == ("main.py", 2, outcome)
    assert "1 load noted in" in recorded.stderr


def test_the_program_sees_no_difference(project):
    program = """
        import sys, warnings, inspect, torch
        print(sys.path, inspect.signature(torch.load), torch.load is torch.serialization.load)
        torch.load("w.pt")
    """
    (project / "main.py").write_text(dedent(program))
    plain = run(project, sys.executable, "main.py")
    recorded = record(project, program)
    assert recorded.stdout == plain.stdout
    # The warning points at the program's line, as without.
    assert "main.py:4: FutureWarning" in plain.stderr
    assert recorded.stderr.startswith(plain.stderr)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2"])
def test_signals_are_the_commands(project, name):
    """A terminal's reach both processes; others are passed on. The program ends in its own time."""
    program = """
        import signal, sys, time, torch
        torch.load("w.pt", weights_only=True)
        def stop(number, _):
            time.sleep(0.6)
            print("saved")
            sys.exit(3)
        for name in "INT TERM HUP USR1 USR2".split():
            signal.signal(getattr(signal, "SIG" + name), stop)
        print("ready", flush=True)
        time.sleep(60)
    """
    (project / "main.py").write_text(dedent(program))
    process = subprocess.Popen(
        [*RECORD, sys.executable, "main.py"],
        cwd=project,
        env=environment(project),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=partial(signal.signal, getattr(signal, name), signal.SIG_DFL),  # noqa: PLW1509
    )  # a suite that is started in the background has SIGINT ignored, and record leaves it so
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        number = getattr(signal, name)
        if name == "SIGINT":
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.stdout.read() == "saved\n"
    assert process.returncode == 3
    assert len(noted(project)) == 1


def test_buffers_and_members_of_archives_are_no_files(project):
    program = """
        import io, torch, zipfile
        with zipfile.ZipFile("a.zip", "w") as archive:
            archive.write("w.pt")
        torch.load(io.BytesIO(), weights_only=True)
        with zipfile.ZipFile("a.zip") as archive, archive.open("w.pt") as member:
            torch.load(member, weights_only=True)
        with open("w.pt", "rb") as file:
            torch.load(file, weights_only=True)
    """
    result = record(project, program)
    assert ("main.py", 9, "w.pt", "loaded") in noted(project)
    assert "not noted: 1 load from a buffer (main.py:7)" in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("'/dev/stdin'", "w.pt"),
        ("'/dev/fd/0'", "w.pt"),
        ("f'/proc/self/fd/{os.open(\"w.pt\", 0)}'", "w.pt"),
        ("f'/proc/{os.getpid()}/fd/{os.open(\"w.pt\", 0)}'", "w.pt"),
        ("f'/proc/self/fd/{gone()}'", "<in memory>"),
        ("f'/proc/self/fd/{of_memory()}'", "<in memory>"),
    ],
)
def test_what_a_process_has_open_is_noted_by_its_own_path(project, given, seen):
    """``/dev/stdin`` is another file in the process that reads the notes."""
    (project / "w.pt").write_bytes(b"weights")
    program = f"""
        import os, subprocess, sys, torch
        def gone():
            handle = os.open("x.pt", os.O_RDWR | os.O_CREAT)
            os.write(handle, b"weights")
            os.remove("x.pt")
            return handle
        def of_memory():
            handle = os.memfd_create("x")
            os.write(handle, b"weights")
            return handle
        if len(sys.argv) == 1:
            with open("w.pt", "rb") as file:
                command = [sys.executable, __file__, "again"]
                sys.exit(subprocess.run(command, stdin=file).returncode)
        torch.load({given}, weights_only=True)
    """
    result = record(project, program)
    assert result.returncode == 0, result.stderr
    assert noted(project) == [("main.py", 16, seen, "loaded")]


LIBRARY = """
    import io, pathlib, tempfile, torch
    from fsspec.implementations.local import LocalFileOpener

    def wrapped(path):
        return torch.load(LocalFileOpener(path))

    def read(path):
        with open(path, "rb") as file:
            return torch.load(io.BytesIO(file.read()))

    def read_at_once(path):
        content = pathlib.Path(path).read_bytes()
        return torch.load(io.BytesIO(content))

    def changed(path):
        return torch.load(io.BytesIO(pathlib.Path(path).read_bytes() + b"1"))

    def further_on(path):
        buffer = io.BytesIO(pathlib.Path(path).read_bytes())
        buffer.seek(1)
        return torch.load(buffer)

    def written(path):
        content = pathlib.Path(path).read_bytes()
        other = pathlib.Path("other.pt")
        other.write_bytes(content)
        return torch.load(io.BytesIO(content))
"""
WRAPPER = (
    "class LocalFileOpener:\n    def __init__(self, path):\n        self.f = open(path, 'rb')\n"
)


@pytest.mark.parametrize(
    ("function", "seen"),
    [("wrapped", "w.pt"), ("read", "w.pt"), ("read_at_once", "w.pt"), ("written", "w.pt"),
     ("changed", "<in memory>"), ("further_on", "<in memory>")],
)  # fmt: skip
def test_a_file_that_a_library_opened_is_noted_at_the_programs_line(project, function, seen):
    """Wrapped by fsspec, as Lightning reads, or read into a buffer, as mmengine does."""
    site = project.parents[1] / "site"
    (site / "fsspec" / "implementations").mkdir(parents=True)
    (site / "fsspec" / "__init__.py").touch()
    (site / "fsspec" / "implementations" / "__init__.py").touch()
    (site / "fsspec" / "implementations" / "local.py").write_text(WRAPPER)
    (site / "library.py").write_text(dedent(LIBRARY))
    (project / "w.pt").write_bytes(b"weights")
    (project / "deadly.pt").write_bytes(b"WEIGHTS")
    program = f"""
        import library, sys
        open("deadly.pt", "rb").close()
        sys.audit("open")
        library.{function}("w.pt")
        open("deadly.pt", "rb").close()
    """
    result = record(project, program)
    assert result.returncode == 0, result.stderr
    assert noted(project) == [("main.py", 5, seen, "loaded")]


@pytest.mark.parametrize("flag", ["-I", "-E"])
def test_what_cannot_be_seen_is_said(project, flag):
    result = record(project, "print(1)", flag)
    assert (result.returncode, result.stdout) == (0, "1\n")
    assert "no Python was seen; nothing noted" in result.stderr
    assert flag in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_environment_is_the_programs(project):
    """Python adds LC_CTYPE to its own where nothing says what the locale is."""
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE)}
    result = subprocess.run(
        [*RECORD, "env"], cwd=project, env=given, capture_output=True, text=True, check=True
    )
    names = {line.partition("=")[0] for line in result.stdout.splitlines()}
    assert names == {*given, "TORCHLOAD_LINT_RECORD"}


def test_a_program_without_a_load(project):
    assert "no import of torch was seen" in record(project, "print(1)").stderr
    assert "no torch.load was seen" in record(project, "import torch").stderr


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_what_could_not_be_noted_is_not_called_absent(project):
    """Where no file can be written, a load is not seen; that none ran is not said."""
    limit = "import resource, signal, torch\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    limit += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    result = record(project, f"{limit}torch.load('w.pt', weights_only=True)")
    assert result.returncode == 0, result.stderr
    assert "no torch.load was seen" in result.stderr
    assert "that can write no file" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
@pytest.mark.parametrize("handler", ["signal.SIG_DFL", "lambda *_: print('told')"])
def test_notes_beyond_the_programs_limit_of_size_are_not_its_matter(project, handler):
    """A write beyond RLIMIT_FSIZE sends SIGXFSZ, which ends a program that does not ignore it."""
    program = f"""
        import resource, signal, torch
        with open("new.pt", "wb") as file:
            file.write(b"x" * 4096)
        signal.signal(signal.SIGXFSZ, {handler})
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        torch.load("new.pt", weights_only=True)
        print("loaded")
        signal.raise_signal(signal.SIGXFSZ)  # its own still comes
    """
    result = record(project, program)
    ended = -signal.SIGXFSZ if "DFL" in handler else 0
    assert result.returncode == ended, result.stderr
    assert result.stdout == ("loaded\n" if ended else "loaded\ntold\n")


@pytest.mark.skipif(os.name == "nt", reason="limits of POSIX")
def test_nothing_is_left_where_few_handles_may_be_open(project, tmp_path):
    import resource

    program = """
        import torch
        open("new.pt", "wb").close()
        torch.load("new.pt", weights_only=True)
    """
    (project / "main.py").write_text(dedent(program))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    words = [*RECORD, sys.executable, "main.py"]
    result = subprocess.run(
        words, cwd=project, env={**environment(project), "TMPDIR": str(temporary)}, check=False,
        capture_output=True, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)),
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert not list(temporary.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="links")
def test_a_path_that_goes_back_behind_a_link(project):
    (project / "far" / "inside").mkdir(parents=True)
    (project / "link").symlink_to("far/inside")
    (project / "far" / "w.pt").touch()
    program = """
        import torch
        torch.load("link/../w.pt", weights_only=True)
        torch.load("far/../w.pt", weights_only=True)
        torch.load("absent/../w.pt", weights_only=True)
    """
    record(project, program)
    assert [one[1:3] for one in noted(project)] == [
        (3, "far/w.pt"), (4, "w.pt"), (5, "absent/../w.pt"),
    ]  # fmt: skip


def test_a_program_that_is_called_by_a_way_back(project):
    (project / "sub").mkdir()
    (project / "main.py").write_text("import torch\ntorch.load('../w.pt')\n")
    words = [*RECORD, sys.executable, "../main.py"]
    result = subprocess.run(
        words, cwd=project / "sub", env=environment(project), capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert [one[:3] for one in noted(project)] == [("main.py", 2, "w.pt")]


def test_what_a_program_puts_between_a_load_and_its_file(project):
    program = """
        import functools, torch.serialization as inner
        opens = inner._open_file_like
        inner._open_file_like = functools.wraps(opens)(lambda *given: opens(*given))
        inner.load("w.pt", weights_only=True)
    """
    result = record(project, program)
    assert result.returncode == 0, result.stderr
    assert noted(project) == [("main.py", 5, "w.pt", "loaded")]


def test_a_finder_of_the_program_is_asked_once(project):
    program = """
        import sys

        class Finder:
            def find_spec(self, name, path=None, target=None):
                if name == "torch.serialization":
                    print("asked")

        sys.meta_path.insert(0, Finder())
        import torch
        torch.load("w.pt", weights_only=True)
    """
    result = record(project, program)
    assert result.stdout == "asked\n"
    assert noted(project) == [("main.py", 11, "w.pt", "loaded")]


def test_a_recording_that_cannot_be_kept_leaves_the_status_alone(project):
    program = """
        import torch
        torch.load("w.pt", weights_only=True)
        open(".torchload-lint", "w").close()
        raise SystemExit(7)
    """
    result = record(project, program)
    assert result.returncode == 7
    assert "warning: what was seen could not be kept" in result.stderr


# --- what is kept


def seen(file: Path, checkpoint: Path | None, row: int = 1, **more) -> Observed:
    return Observed(file, row, "<module>", checkpoint, "2.9", "loaded", **more)


def taken(project: Path, *observed: Observed) -> Recorder:
    recorder = Recorder(project, Projects(Settings()))
    recorder.take(observed)
    recorder.write()
    return recorder


def test_a_data_set_of_files_does_not_fill_the_store(project):
    (project / "a.py").write_text("")
    recorder = taken(
        project, *(seen(project / "a.py", project / f"{i}.pt") for i in range(MAX_FILES + 9))
    )
    assert len(noted(project)) == MAX_FILES
    assert recorder.left_out == {f"beyond {MAX_FILES} files of one call": 9}


def test_temporary_files_of_the_last_run_only(project, tmp_path):
    (project / "a.py").write_text("")
    for name in ("first.pt", "second.pt"):
        (tmp_path / name).write_bytes(b"")
        taken(project, seen(project / "a.py", tmp_path / name))
    assert [one[2] for one in noted(project)] == [(tmp_path / "second.pt").as_posix()]
    recorder = taken(project, seen(project / "a.py", tmp_path / "gone.pt"))
    assert recorder.left_out == {"of a temporary file that is gone": 1}


def test_other_peoples_code_is_left_out(project, tmp_path):
    package = project / ".venv" / "site-packages" / "p.py"
    package.parent.mkdir(parents=True)
    package.write_text("")
    recorder = taken(
        project,
        seen(package, project / "w.pt"),
        seen(tmp_path / "other.py", project / "w.pt"),
        seen(project / "<string>", project / "w.pt"),
    )
    assert noted(project) == []
    assert recorder.left_out == {"in other code": 3}


def test_a_project_inside_keeps_its_own_and_links_lead_to_it(project, tmp_path):
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    (inner / "a.py").write_text("")
    link = tmp_path / "link"
    try:
        link.symlink_to(project)
    except OSError:
        pytest.skip("no links here")
    taken(project, seen(link / "inner" / "a.py", link / "inner" / "m.pt"))
    assert noted(project) == []
    assert noted(inner) == [("a.py", 1, "m.pt", "loaded")]


# --- notebooks

CELLS = ("import torch", "%time\n\nx = 1", "!ls\ny = torch.load(p)", "%%time\nz = torch.load(q)")


def test_the_cell_is_found_by_its_text():
    notebook = Notebook.of(notebook_text(list(CELLS)))
    assert isinstance(notebook, Notebook)

    def row(executed, at):
        found = row_in_notebook(notebook, executed, at)
        return None if found is None else notebook.locate(found)

    assert row("import torch\n", 1) == (1, 1)
    assert row("get_ipython().system('ls')\ny = torch.load(p)\n", 2) == (3, 2)
    assert row("z = torch.load(q)", 1) == (4, 2)  # what a cell magic is given
    assert row("y = torch.load(p)", 1) is None
    assert row("something else", 1) is None


def test_a_load_in_a_notebook_is_known_later(project):
    text = "import sys\nstate = torch.load(sys.argv[1], weights_only=True)"
    (project / "n.ipynb").write_text(notebook_text(["import torch", text]))
    cell = project / "ipykernel_1" / "123.py"
    taken(project, seen(cell, project / "w.pt", 2, source=text + "\n", folder=str(project)))
    result = run(project, sys.executable, "-m", "torchload_lint", "loads", "n.ipynb")
    assert "n.ipynb:cell 2:2" in result.stdout
    assert "recorded" in result.stdout


WAITS = (
    "await asyncio.gather(asyncio.to_thread(torch.load, 'w.pt'))",
    "await asyncio.create_task(asyncio.to_thread(torch.load, 'w.pt'))",
    "await asyncio.wait_for(asyncio.to_thread(torch.load, 'w.pt'), 60)",
    "await asyncio.to_thread(torch.load, 'w.pt')",
)


@pytest.mark.parametrize("wait", WAITS)
def test_a_load_in_a_thread_is_noted_where_the_program_waits_for_it(project, wait):
    program = f"import asyncio, torch\nasync def main():\n    {wait}\nasyncio.run(main())\n"
    record(project, program)
    assert noted(project) == [("main.py", 3, "w.pt", "loaded")]


def test_a_thread_that_is_the_whole_task_is_noted_where_that_is_run(project):
    record(project, "import asyncio, torch\nasyncio.run(asyncio.to_thread(torch.load, 'w.pt'))\n")
    assert noted(project) == [("main.py", 2, "w.pt", "loaded")]


def test_all_behind_the_first_word_is_the_commands(project):
    (project / "main.py").write_text("import sys\nprint(sys.argv[1:])\n")
    given = ["-h", "--", "--isolated", "x"]
    ran = run(project, *RECORD[:-1], sys.executable, "main.py", *given)
    assert ran.stdout == f"{given}\n"


@pytest.mark.skipif(os.name == "nt", reason="scripts have another form there")
def test_a_script_that_names_no_interpreter_is_the_shells(project):
    script = project / "script"
    script.write_text('echo "$1"\n')
    script.chmod(0o755)
    assert run(project, *RECORD, "./script", "a b").stdout == "a b\n"


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ("sys._getframe", "SystemExit"),
        ("object.__getattr__", "KeyboardInterrupt"),
        ("open", "KeyError"),
    ],
)
def test_what_an_audit_hook_raises_is_not_the_programs(project, event, error):
    program = f"""
        import sys, torch
        armed = []
        def hook(event, args):
            if armed and event == {event!r} and (event != "open" or "w.pt" not in str(args)):
                raise {error}("forbidden")
        sys.addaudithook(hook)
        armed.append(1)
        torch.load("w.pt", weights_only=True)
        armed.clear()
        print("loaded")
    """
    (project / "w.pt").write_bytes(b"weights")
    result = record(project, program)
    assert (result.returncode, result.stdout) == (0, "loaded\n"), result.stderr
