"""A recorded program sees torch as it is, ends as it does, and cannot lead the recording astray."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

SOURCE = Path(__file__).parents[2] / "src"
RECORD = (sys.executable, "-m", "torchload_lint", "record", "--")

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    import torch

    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    torch.save({"w": torch.ones(1)}, folder / "w.pt")
    return folder


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE),
        "XDG_STATE_HOME": str(project.parent / "state"),
        "PYTHONHASHSEED": "0",
        "TMPDIR": str(project.parent / "temporary"),
    }
    return subprocess.run(
        words, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def record(project: Path, program: str) -> subprocess.CompletedProcess[str]:
    (project / "main.py").write_text(dedent(program))
    return run(project, *RECORD, sys.executable, "main.py")


def compared(project: Path, program: str) -> subprocess.CompletedProcess[str]:
    """The recorded run, which was the same as the one without in every way that shows."""
    recorded = record(project, program)
    plain = run(project, sys.executable, "main.py")
    assert recorded.returncode == plain.returncode
    assert recorded.stdout == plain.stdout
    assert recorded.stderr.startswith(plain.stderr)
    return recorded


def noted(project: Path) -> set[tuple[str, int, str, str]]:
    loads = json.loads((project / ".torchload-lint" / "loads.json").read_text())["loads"]
    return {(one["function"], one["row"], one["checkpoint"], one["outcome"]) for one in loads}


LOOKS = """
    import functools, importlib, inspect, os, pickle, sys, traceback, types, warnings
    import torch

    load = torch.load
    code = load.__code__
    print("weights_only" in code.co_varnames, code.co_varnames, code.co_filename, code.co_flags)
    print(load.__kwdefaults__, load.__defaults__, inspect.signature(load), load.__annotations__)
    print(inspect.getsourcefile(load), len(inspect.getsource(load)), type(load), vars(load))
    print(hasattr(load, "__wrapped__"), load.__closure__, pickle.loads(pickle.dumps(load)) is load)
    print(load.__globals__ is vars(torch.serialization), load is torch.serialization.load)
    for name in ("_open_file", "_open_buffer_reader", "_open_file_like"):
        one = getattr(torch.serialization, name)
        print(type(one), one.__name__, one.__qualname__, one.__module__, one.__doc__)
    wrapper = functools.wraps(load)(lambda *a, **k: load(*a, **k))
    print(inspect.unwrap(wrapper) is load, wrapper("w.pt", weights_only=True))
    warnings.simplefilter("always")
    load("w.pt", weights_only=True, encoding="utf-8")  # a warning
    for path in ("missing.pt", "bad.pt", "no\\0pe", ""):
        try:
            load(path, weights_only=True)
        except Exception:
            traceback.print_exc(file=sys.stdout)
    depths = set()
    class File:
        def __init__(self):
            self.file = open("w.pt", "rb")
        def __getattr__(self, name):
            depths.add(len(inspect.stack()))
            return getattr(self.file, name)
    load(File(), weights_only=True)
    print(sorted(depths))
    load.__kwdefaults__["weights_only"] = False  # of some programs
    print(torch.load.__kwdefaults__, torch.load("w.pt"))
    try:
        import sitecustomize
    except ImportError as error:
        print(error)
    importlib.reload(torch.serialization)
    print(torch.serialization.load is load, torch.serialization.load("w.pt"))
"""


def test_torch_looks_as_it_is(project: Path) -> None:
    (project / "bad.pt").write_bytes((project / "w.pt").read_bytes()[:300])
    recorded = compared(project, LOOKS)
    assert recorded.returncode == 0, recorded.stderr
    assert "2 loads of what cannot be a path" in recorded.stderr
    outcomes = {(path, outcome.partition(":")[0]) for _, _, path, outcome in noted(project)}
    assert outcomes == {
        ("w.pt", "loaded"), ("missing.pt", "FileNotFoundError"), ("bad.pt", "RuntimeError"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGABRT", "SIGUSR1"])
def test_an_end_by_a_signal_is_the_programs(project: Path, name: str) -> None:
    program = f"""
        import os, signal, torch
        torch.load("w.pt", weights_only=True)
        os.kill(os.getpid(), signal.{name})
    """
    assert record(project, program).returncode == -getattr(signal, name)
    assert noted(project) == {("<module>", 3, "w.pt", "loaded")}


@pytest.mark.parametrize("name", ["PYTHONDEVMODE", "PYTHONFAULTHANDLER"])
def test_handlers_that_are_not_pythons_change_no_status(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """``faulthandler`` handles SIGABRT by itself, and no handler of Python's can be put back."""
    monkeypatch.setenv(name, "1")
    recorded = compared(project, "import sys, torch; torch.load('w.pt'); sys.exit(3)")
    assert recorded.returncode == 3
    assert noted(project) == {("<module>", 1, "w.pt", "loaded")}


def test_loads_in_threads_are_noted_where_the_program_waits(project: Path) -> None:
    program = """
        import asyncio, torch
        from concurrent.futures import ThreadPoolExecutor

        def in_pool():
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(torch.load, ["w.pt"] * 4))

        async def in_thread():
            await asyncio.to_thread(torch.load, "w.pt")

        async def in_executor():
            await asyncio.get_running_loop().run_in_executor(None, torch.load, "w.pt")

        def in_text():
            exec("torch.load('w.pt')")

        in_pool()
        asyncio.run(in_thread())
        asyncio.run(in_executor())
        in_text()
    """
    assert record(project, program).returncode == 0
    assert {(function, row) for function, row, _, _ in noted(project)} == {
        ("in_pool", 7), ("in_thread", 10), ("in_executor", 13), ("in_text", 16),
    }  # fmt: skip


FORGED = """
    import json, os
    import torch
    torch.load("w.pt", weights_only=True)
    notes = os.environ["TORCHLOAD_LINT_RECORD"]
    line = dict(file=os.path.abspath("main.py"), row=1, function="f", checkpoint="x.pt",
                torch="2", outcome="loaded")
    os.mkfifo("pipe.pt")
    with open(notes, "ab") as file:
        for change in ({"checkpoint": "no\\0pe"}, {"file": "\\ud800"}, {"function": "\\ud800"},
                       {"checkpoint": "/dev/zero"}, {"checkpoint": os.path.abspath("pipe.pt")},
                       {"row": float("inf")}, {"row": None}, {"source": 3}, {"file": "/dev/zero"}):
            file.write((json.dumps({**line, **change}) + "\\n").encode())
        file.write(b"[" * 100_000 + b"\\n{}\\n[]\\nnull\\n\\xff\\xfe\\n")
"""


def test_forged_notes_change_nothing(project: Path) -> None:
    result = record(project, FORGED)
    assert result.returncode == 0, result.stderr
    assert ("<module>", 4, "w.pt", "loaded") in noted(project)


@pytest.mark.parametrize("replaced", ["os.mkfifo(notes)", "os.symlink('/dev/zero', notes)", "0"])
def test_notes_that_are_no_file_are_not_waited_for(project: Path, replaced: str) -> None:
    program = f"""
        import os, torch
        notes = os.environ["TORCHLOAD_LINT_RECORD"]
        os.unlink(notes)
        {replaced}
        torch.load("w.pt", weights_only=True)
        raise SystemExit(4)
    """
    assert record(project, program).returncode == 4


def test_nothing_is_left_and_much_is_bounded(project: Path) -> None:
    """What a killed recording has left is removed, too."""
    left = project.parent / "temporary" / "torchload-lint-record-999999999-abc"
    left.mkdir()
    program = """
        import os, torch
        for number in range(300):
            os.link("w.pt", f"{number}.pt")
            for _ in range(10):
                torch.load(f"{number}.pt", weights_only=True)
        print(os.stat(os.environ["TORCHLOAD_LINT_RECORD"]).st_size < 300_000)
    """
    result = record(project, program)
    assert result.stdout == "True\n"
    assert len(noted(project)) == 32
    assert "236 loads beyond 64 files of one call" in result.stderr
    assert list((project.parent / "temporary").iterdir()) == []


KEEPS = """
    import io, os, sys
    copies = sys.meta_path[0].find_spec.__globals__["beside"]("copies")
    copies.copied.__globals__["MOST_KEPT"] = 250
    buffer = io.BytesIO(b"x" * 200)
    buffer.seek(100)
    print(*(bool(copies.copied(None, buffer)) for _ in range(3)), buffer.tell())
    copies.copied.__globals__["MOST_COPIES"] = len(copies.copies)
    copies.copied.__globals__["keep_file"] = print  # no more is read, or remembered
    open("new", "w").close()
    print(repr(copies.copied(os.path.abspath("new"), None)), len(copies.copies))
    print([entry.stat().st_size for entry in os.scandir("kept")])
"""


def hooked(tmp_path: Path, program: str) -> list[str]:
    """What a program writes that has the hook."""
    hook = SOURCE / "torchload_lint" / "record" / "hook"
    notes = {"PYTHONPATH": str(hook), "TORCHLOAD_LINT_RECORD": str(tmp_path / "loads.jsonl")}
    words = [sys.executable, "-c", dedent(program)]
    ended = subprocess.run(
        words, cwd=tmp_path, env={**os.environ, **notes}, capture_output=True, text=True, check=True
    )
    return ended.stdout.splitlines()


def test_all_copies_of_a_run_together_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept.started").touch()
    assert hooked(tmp_path, KEEPS) == ["True True False 100", "'' 2", "[100, 100]"]


HANDLES = """
    import functools, os, signal, sys
    signals = sys.meta_path[0].find_spec.__globals__["beside"]("signals")
    class Handler:
        def __init__(self, handler): self.func = handler
        def __call__(self, *args): self.func(*args)
        def method(self, *args): self.func(*args)
    def stop(*args): raise TimeoutError
    def raised(call):
        try: call()
        except Exception as error: return error
    for handler in (
        stop, functools.partial(stop, 1), functools.partial(functools.partial, stop)(),
        Handler(stop), Handler(stop).method, Handler(functools.partial(stop)),
    ):
        signal.signal(signal.SIGUSR1, handler)
        found = raised(lambda: signal.raise_signal(signal.SIGUSR1))
        print(raised(lambda: signals.pass_on(found)) is found, end=" ")
    print(raised(lambda: signals.pass_on(raised(lambda: 1 / 0))))
    class Late(Exception): pass
    def sent(text):
        try: exec(compile(text, signals.pass_on.__code__.co_filename, "exec"))
        except BaseException as error: return error
    for text in ("raise Late", "raise KeyboardInterrupt", "raise KeyError"):
        error = sent(text)
        try: print(signals.pass_on(error), end=" ")
        except BaseException as again: print(again is error, end=" ")
"""


def test_what_a_handler_of_a_signal_raises_is_never_swallowed(tmp_path: Path) -> None:
    """A handler may run while notes are taken; also one that calls another, as ``partial`` does.

    What another thread sends, and Ctrl-C, is raised in no code but ours.
    """
    assert hooked(tmp_path, HANDLES) == ["True True True True True True None", "True True None "]


def test_the_store_is_not_written_through_a_link(project: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / ".torchload-lint").symlink_to(elsewhere)
    result = record(project, 'import torch\ntorch.load("w.pt", weights_only=True)\n')
    assert result.returncode == 0
    assert list(elsewhere.iterdir()) == []
    assert "could not be kept in the project" in result.stderr
    (kept,) = (tmp_path / "state" / "torchload-lint").iterdir()
    assert [one["checkpoint"] for one in json.loads(kept.read_text())["loads"]] == ["w.pt"]


def test_what_the_run_wrote_is_looked_into_though_it_is_gone(project: Path) -> None:
    program = """
        import argparse, io, os, tempfile, torch
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "w.pt")
            for content in ({}, {"a": argparse.Namespace(x=1)}):
                torch.save(content, path)
                torch.load(path, weights_only=False)
        buffer = io.BytesIO()
        torch.save({"p": {1, 2}, "r": range(3)}, buffer)
        buffer.seek(0)
        torch.load(buffer, weights_only=False)
        torch.load("w.pt")
    """
    told = record(project, program).stderr
    assert "3 loads noted" in told
    loads = json.loads((project / ".torchload-lint" / "loads.json").read_text())["loads"]
    seen = {one["row"]: (one["verdict"], one["safe_globals"]) for one in loads}
    assert seen == {
        7: ("needs-safe-globals", ["argparse.Namespace"]),
        11: ("needs-safe-globals", ["builtins.range"]),
        12: ("loads", []),
    }
    assert list((project.parent / "temporary").iterdir()) == []


def test_a_file_in_the_place_of_the_folder_loses_nothing(project):
    (project / ".torchload-lint").write_text("mine\n")
    recorded = compared(project, "import torch\ntorch.load('w.pt', weights_only=True)\n")
    assert recorded.returncode == 0
    (rescued,) = (project.parent / "state" / "torchload-lint").iterdir()
    (load,) = json.loads(rescued.read_text())["loads"]
    assert load["checkpoint"] == "w.pt"
    assert f"1 load noted in {rescued}\n" in recorded.stderr  # no claim that it is read there
    assert (project / ".torchload-lint").read_text() == "mine\n"


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"version": 2}'])
def test_a_recording_that_the_program_damages_loses_nothing(text: str, project: Path) -> None:
    program = f"""
        import os, torch
        os.mkdir(".torchload-lint")
        with open(".torchload-lint/loads.json", "w") as file:
            file.write({text!r})
        torch.load("w.pt", weights_only=True)
    """
    recorded = record(project, program)
    assert recorded.returncode == 0
    assert "is not a recording" in recorded.stderr
    (rescued,) = (project.parent / "state" / "torchload-lint").iterdir()
    (load,) = json.loads(rescued.read_text())["loads"]
    assert (load["checkpoint"], load["verdict"]) == ("w.pt", "loads")
    assert (project / ".torchload-lint" / "loads.json").read_text() == text


def test_loads_of_a_program_that_is_no_file_are_said_to_be_its_own(project: Path) -> None:
    """Of ``python -c`` and the like; not to be in the tool's files."""
    code = "import torch; torch.load('w.pt')"
    ended = run(project, *RECORD, sys.executable, "-c", code)
    assert ended.returncode == 0
    assert "not noted: 1 load in other code (" in ended.stderr
    assert "<string>:1)" in ended.stderr
    assert "call_sites" not in ended.stderr


def test_a_path_of_a_class_of_its_own_is_asked_for_nothing(project: Path) -> None:
    program = """
        import torch
        asked = []
        class Path(str):
            def __getattribute__(self, name):
                asked.append(name)
                return str.__getattribute__(self, name)
            def __fspath__(self):
                raise SystemExit(4)
        class Bytes(bytes):
            def decode(self, *given):
                raise SystemExit(5)
        print(torch.load(Path("w.pt")), asked)
        try:
            torch.load(Bytes(b"w.pt"))
        except Exception as error:
            print(error)
    """
    assert compared(project, program).returncode == 0
    assert ("<module>", 13, "w.pt", "loaded") in noted(project)


def test_what_was_written_by_a_program_that_started_itself_again(project: Path) -> None:
    """Its number is the same: the copies have names of their own."""
    program = """
        import argparse, os, sys, torch
        again = len(sys.argv) > 1
        torch.save(argparse.Namespace(lr=1) if again else {"w": 1}, "gone.pt")
        if again:
            torch.load("gone.pt", weights_only=False)
        else:
            torch.load("gone.pt", weights_only=True)
        os.remove("gone.pt")
        again or os.execv(sys.executable, [sys.executable, "main.py", "again"])
    """
    ended = record(project, program)
    assert ended.returncode == 0, ended.stderr
    loads = json.loads((project / ".torchload-lint" / "loads.json").read_text())["loads"]
    assert {one["row"]: one["safe_globals"] for one in loads} == {
        6: ["argparse.Namespace"], 8: [],
    }  # fmt: skip


def test_a_file_that_is_removed_while_it_is_open(project: Path) -> None:
    program = """
        import os, torch
        torch.save({"w": 1}, "gone.pt")
        file = open("gone.pt", "rb")
        os.remove("gone.pt")
        print(torch.load(file, weights_only=True))
    """
    ended = record(project, program)
    assert ended.stdout == "{'w': 1}\n"
    assert "1 load from a buffer" in ended.stderr


def test_handlers_that_raise_leave_no_file_open_and_no_signal_blocked(project: Path) -> None:
    program = """
        import gc, os, signal, threading, torch
        gc.disable()  # what is open is closed at once, not when a circle is found

        class TooLong(Exception):
            pass

        def stop(*_):
            raise TooLong

        end = threading.Event()  # the system gives signals to another thread when one blocks them
        threading.Thread(target=end.wait, daemon=True).start()
        signal.signal(signal.SIGALRM, stop)
        torch.load("w.pt", weights_only=True)
        number = 0
        while number < 600:
            try:
                while number < 600:  # a handler may also run between two rounds
                    number += 1
                    os.symlink("w.pt", f"w{number}.pt")
                    signal.setitimer(signal.ITIMER_REAL, 0.00001 * (number % 150 + 1))
                    torch.load(f"w{number}.pt", weights_only=True)
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except TooLong:
                pass
        names = []
        for one in os.listdir("/proc/self/fd"):
            try:
                names.append(os.readlink(f"/proc/self/fd/{one}"))
            except FileNotFoundError:  # the listing's own
                pass
        names = [name for name in names if name.endswith(("loads.jsonl", ".pt"))]
        print(names, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    """
    if not Path("/proc/self/fd").exists():
        pytest.skip("no /proc")
    ended = record(project, program)
    assert ended.stdout == "[] set()\n", ended.stderr


FORGES = """
    import json, os, torch
    torch.load("w.pt")
    notes = os.environ.get("TORCHLOAD_LINT_RECORD")
    if notes:
        with open(notes) as file:
            last = json.loads(file.readlines()[-1])
        with open(notes, "a") as file:
            for key in last:
                for value in ("x" * 10_000, "../" * 5_000, "\\0", "\\ud800", 10**400, [], {}, None):
                    print(json.dumps({**last, key: value}), file=file)
    raise SystemExit(7)
"""


FLOODS = {
    "zeros": "os.truncate(notes, 300 << 30)",
    "rows": """for number in range(20_000):
            row = {**last, "row": number % 1000, "checkpoint": f"/x/{number}.pt"}
            print(json.dumps(row), file=open(notes, "a"))""",
}


@pytest.mark.parametrize("flood", FLOODS)
def test_forged_notes_do_not_keep_it_busy(project: Path, flood: str) -> None:
    program = f"""
        import json, os, torch
        torch.load("w.pt")
        notes = os.environ.get("TORCHLOAD_LINT_RECORD")
        last = json.loads(open(notes).readlines()[-1])
        {FLOODS[flood]}
        raise SystemExit(7)
    """
    ended = record(project, program)
    assert ended.returncode == 7, ended.stderr
    assert ("<module>", 3, "w.pt", "loaded") in noted(project)


def test_names_of_files_forge_no_line(project: Path) -> None:
    """What is not noted is said by its place, which the program chooses."""
    program = project.parent / "o\n::error::forged" / "program.py"
    program.parent.mkdir()
    program.write_text("import torch\ntorch.load('w.pt')\n")
    ended = run(project, *RECORD, sys.executable, str(program))
    assert ended.returncode == 0, ended.stderr
    assert "\n::error" not in ended.stderr
    assert "o\\x0a::error::forged/program.py:2" in ended.stderr.replace("\\n", "\\x0a")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_after_the_end(
    project: Path, name: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The status is the program's, and no copy stays behind."""
    from torchload_lint.record import run as recording

    monkeypatch.setattr(
        recording, "_recording", lambda *_: signal.raise_signal(getattr(signal, name))
    )
    monkeypatch.setenv("TMPDIR", str(project))
    monkeypatch.setattr(recording.tempfile, "tempdir", None)
    number = getattr(signal, name)
    at_first = signal.signal(number, signal.SIG_DFL)  # it may be ignored, as below nohup
    request.addfinalizer(lambda: signal.signal(number, at_first))
    with recording.recorded([sys.executable, "-c", "raise SystemExit(6)"]) as seen:
        assert seen.status == 6
        assert "stopped" in seen.why_nothing
    assert not list(project.glob("torchload-lint-record-*"))
    with pytest.raises(recording.StoppedError), recording.recorded([sys.executable, "-c", ""]):
        signal.raise_signal(getattr(signal, name))
    assert not list(project.glob("torchload-lint-record-*"))
    assert signal.getsignal(number) is signal.SIG_DFL


def test_forged_notes_do_not_change_the_status(project: Path) -> None:
    ended = record(project, FORGES)
    assert ended.returncode == 7, ended.stderr
    assert ("<module>", 3, "w.pt", "loaded") in noted(project)


DEEP = """
    import os
    notes = os.path.dirname(os.environ["TORCHLOAD_LINT_RECORD"])
    os.chdir(notes)
    for _ in range(1_500):
        os.mkdir("d")
        os.chdir("d")
    os.symlink(os.environ["KEPT"], "link")
"""
LINK = """
    import os, shutil
    notes = os.path.dirname(os.environ["TORCHLOAD_LINT_RECORD"])
    shutil.rmtree(notes)
    os.symlink(os.environ["KEPT"], notes)
"""


@pytest.mark.parametrize("program", [DEEP, LINK], ids=["deep", "a link"])
def test_whatever_stands_in_the_place_of_the_notes_is_removed(
    program: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = project.parent / "kept"
    kept.mkdir()
    (kept / "file").touch()
    monkeypatch.setenv("KEPT", str(kept))
    ended = record(project, program)
    assert ended.returncode == 0, ended.stderr
    assert list((project.parent / "temporary").iterdir()) == []
    assert (kept / "file").exists()


def test_leftovers_of_any_depth_keep_nothing_from_running(project: Path) -> None:
    """A process that has ended has left them."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    folder = project.parent / "temporary" / f"torchload-lint-record-{ended.pid}-x"
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", dedent(DEEP)],
        env={**os.environ, "TORCHLOAD_LINT_RECORD": str(folder / "loads.jsonl"), "KEPT": "/"},
    ) as made:
        assert made.wait() == 0
    assert record(project, "raise SystemExit(3)").returncode == 3
    assert list((project.parent / "temporary").iterdir()) == []


def test_without_room_for_notes_the_program_runs(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchload_lint.record import run as recording

    monkeypatch.chdir(project)

    def nowhere(**_given: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory")

    monkeypatch.setattr(recording.tempfile, "mkdtemp", nowhere)
    with recording.recorded([sys.executable, "-c", "raise SystemExit(6)"]) as seen:
        assert (seen.status, seen.loads) == (6, ())
        assert "no room for notes" in seen.why_nothing
