"""Sixty kinds of program: forty that are run in one process after another fork, and twenty forms of
starting Python. What each writes, and how it ends, must not depend on being recorded.
"""

from __future__ import annotations

SNIPPETS: dict[str, str] = {
    "plain": "print(load('w.pt', weights_only=True))",
    "by path object": "print(load(pathlib.Path('w.pt'), weights_only=True))",
    "by bytes": "load(b'w.pt')",
    "by open file": "print(load(open('w.pt', 'rb'), weights_only=True))",
    "by buffer": "print(load(io.BytesIO(open('w.pt', 'rb').read()), weights_only=True))",
    "by temporary file": """
        with tempfile.NamedTemporaryFile() as file:
            file.write(open('w.pt', 'rb').read()); file.seek(0)
            print(load(file, weights_only=True))
    """,
    "by member": """
        with zipfile.ZipFile('a.zip') as archive, archive.open('w.pt') as file:
            print(load(file, weights_only=True))
    """,
    "by gzip": "print(load(gzip.open('w.pt.gz'), weights_only=True))",
    "by a path of its own": """
        class Next:
            left = ['w.pt', 'w.pt']
            def __fspath__(self): return self.left.pop()
        print(load(Next(), weights_only=True), Next.left)
    """,
    "by a subclass of Path": """
        class Counted(type(pathlib.Path())):
            asked = 0
            def __fspath__(self):
                Counted.asked += 1
                return super().__fspath__()
        print(load(Counted('w.pt'), weights_only=True), Counted.asked)
    """,
    "by a buffer with a name": """
        class Remote(io.BytesIO):
            @property
            def name(self):
                raise SystemExit('network down')
        print(load(Remote(open('w.pt', 'rb').read()), weights_only=True))
    """,
    "by an object that counts": """
        class File:
            def __init__(self): self.file, self.asked = open('w.pt', 'rb'), []
            def __getattr__(self, name):
                self.asked.append(name)
                return getattr(self.file, name)
        file = File()
        load(file, weights_only=True)
        print(file.asked)
    """,
    "missing": "load('missing.pt')",
    "missing, caught": """
        try: load('missing.pt')
        except FileNotFoundError: traceback.print_exc()
    """,
    "a folder": "load('.')",
    "damaged": "load('bad.pt')",
    "an odd path": "load('no\\0pe')",
    "a lone surrogate": "load('\\ud800')",
    "a wrong argument": "load('w.pt', bogus=1)",
    "a wrong type": "load(3)",
    "refused": """
        try: load('n.pt', weights_only=True)
        except pickle.UnpicklingError as error: print(error)
    """,
    "its error has a text of its own": """
        class Odd(Exception):
            def __str__(self): print('asked'); return 'odd'
        class File(io.BytesIO):
            def seek(self, *a): raise Odd
        try: load(File())
        except Odd: print('caught')
    """,
    "a pipe": """
        os.mkfifo('pipe')
        if os.fork() == 0:
            open('pipe', 'wb').write(open('w.pt', 'rb').read()); os._exit(0)
        try: load('pipe')
        except Exception as error: print(type(error), error)
        os.unlink('pipe')
    """,
    "a device": """
        try: load('/dev/null')
        except Exception as error: print(type(error), error)
    """,
    "mapped": "print(load('w.pt', weights_only=True, mmap=True))",
    "exits": "load('w.pt'); sys.exit(7)",
    "exits with a text": "load('w.pt'); sys.exit('over')",
    "exits at once": "load('w.pt'); os._exit(9)",
    "raises": "load('w.pt'); raise KeyError('x')",
    "is killed": "load('w.pt'); os.kill(os.getpid(), signal.SIGKILL)",
    "aborts": "load('w.pt'); os.abort()",
    "alarm in a load": """
        class File(io.BytesIO):
            def read(self, *a): time.sleep(5)
            def readinto(self, *a): time.sleep(5)
        def stop(*_): raise TimeoutError('too long')
        signal.signal(signal.SIGALRM, stop); signal.setitimer(signal.ITIMER_REAL, 0.2)
        load(File(b'x' * 100))
    """,
    "a thread": """
        found = []
        thread = threading.Thread(target=lambda: found.append(load('w.pt')))
        thread.start(); thread.join(); print(found)
    """,
    "a pool": """
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            print(list(pool.map(load, ['w.pt'] * 3)))
    """,
    "asyncio": "print(asyncio.run(asyncio.to_thread(load, 'w.pt')))",
    "a fork": """
        if os.fork() == 0:
            load('w.pt'); os._exit(3)
        print(os.wait()[1])
    """,
    "exec and eval": "exec(\"print(eval('load(\\\\'w.pt\\\\')'))\")",
    "a generator": "print([one for one in (load(p) for p in ['w.pt'])])",
    "a finalizer": """
        class Late:
            def __del__(self): print(load('w.pt'))
        late = Late(); del late
    """,
    "at exit": "atexit.register(lambda: print(load('w.pt')))",
    "deep recursion": """
        def down(n): return load('w.pt') if n == 0 else down(n - 1)
        print(down(900))
    """,
    "a patched open": """
        real = builtins.open
        def counted(*a, **k):
            counted.calls += 1
            return real(*a, **k)
        counted.calls = 0
        builtins.open = counted
        load('w.pt'); print(counted.calls)
    """,
    "functions of Python that raise": """
        def forbidden(*a, **k): raise RuntimeError('not now')
        kept = {name: vars(builtins)[name] for name in ('map', 'min', 'sorted', 'frozenset')}
        for name in kept: setattr(builtins, name, forbidden)
        try: found = load('w.pt')
        finally: vars(builtins).update(kept)
        print(found)
    """,
    "functions of Python that count": """
        real = {name: vars(builtins)[name] for name in ('len', 'dict', 'any', 'all', 'range')}
        calls = []
        def counted(name): return lambda *a, **k: (calls.append(name), real[name](*a, **k))[1]
        for name in ('len', 'any', 'all'): setattr(builtins, name, counted(name))
        try: found = load('w.pt')
        finally: vars(builtins).update(real)
        print(calls, found)
    """,
    "the system is forbidden": """
        def forbidden(*args, **kwargs): raise SystemExit('not allowed')
        for module, names in (
            (os, 'stat open write fspath fsdecode getcwd getpid scandir fstat close'),
            (os.path, 'isfile exists abspath join dirname'), (json, 'dumps'), (re, 'sub split'),
        ):
            for name in names.split(): setattr(module, name, forbidden)
        try: load(io.BytesIO(b'x' * 10))
        except Exception as error: print(type(error))
        load(open('w.pt', 'rb'))
        print('allowed')
    """,
    "an opener by keyword": """
        with torch.serialization._open_file(name='w.pt', mode='rb') as file: print(file.read(2))
    """,
    "what its class is asked": """
        class Meta(type):
            def __getattribute__(cls, name):
                print(name)
                return super().__getattribute__(name)
        class File(metaclass=Meta):
            def __init__(self): self.file = open('w.pt', 'rb')
            def __getattr__(self, name): return getattr(self.file, name)
        load(File())
    """,
    "the files of its functions": """
        files = set()
        sys.setprofile(lambda frame, *_: files.add(frame.f_code.co_filename))
        load('w.pt', weights_only=True)
        sys.setprofile(None)
        print(sorted(name for name in files if 'record' in name and name[0] != '<'))
    """,
    "an audit hook": """
        seen = []
        sys.addaudithook(lambda event, args: event.startswith('pickle') and seen.append(event))
        load('w.pt', weights_only=False); print(seen)
    """,
    "a tracer": """
        lines = []
        def trace(frame, event, arg):
            if frame.f_code.co_filename.endswith('serialization.py'): lines.append(frame.f_lineno)
        sys.settrace(trace); load('w.pt', weights_only=True); sys.settrace(None)
        print(lines)
    """,
    "a subclass of an opener": """
        module = torch.serialization
        class Own(module._open_file):
            def __exit__(self, *args): print('closed'); return super().__exit__(*args)
        module._open_file = Own
        print(load('w.pt'))
    """,
    "an opener by itself": """
        one = module._open_file('w.pt', 'rb')
        print(one.file_like.read(2), one.__exit__(), one.file_like.closed)
    """,
    "replaced": """
        real = torch.load
        torch.load = lambda *a, **k: (print('mine'), real(*a, **k))[1]
        print(torch.load('w.pt'))
    """,
    "partial": "print(functools.partial(torch.load, weights_only=True)('w.pt'))",
    "the idiom": "print('weights_only' in torch.load.__code__.co_varnames)",
    "signature": "print(inspect.signature(load), inspect.getsourcefile(load) is not None)",
    "defaults": "load.__kwdefaults__['mmap'] = False; print(load.__kwdefaults__, load('w.pt'))",
    "pickled": "print(pickle.loads(pickle.dumps(load)) is torch.load)",
    "copied": "print(copy.deepcopy(load) is load)",
    "reloaded": "importlib.reload(torch.serialization); print(torch.serialization.load('w.pt'))",
    "modules": "print(sorted(sys.modules.keys() & {'sitecustomize', 'json', 'torchload_lint'}))",
    "the path": "print(sys.path, sys.flags, sys.argv, sys.meta_path[-1:])",
    "warnings": "warnings.simplefilter('error'); print(load('w.pt', weights_only=True))",
    "no descriptors": """
        resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
        held = []
        try:
            while True: held.append(os.open('w.pt', os.O_RDONLY))
        except OSError: os.close(held.pop())
        print(load('w.pt', weights_only=True))
    """,
    "no room for files": """
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        value = load('w.pt', weights_only=True)
        os._exit(4 if value else 5)
    """,
    "closed streams": "sys.stdout.close(); sys.stderr = None; load('w.pt'); os._exit(6)",
    "cleared environment": "os.environ.clear(); print(load('w.pt'))",
    "another folder": "os.chdir('/'); print(load(HERE + '/w.pt'))",
    "the folder is gone": """
        os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')
        print(load(HERE + '/w.pt', weights_only=True))
    """,
}
"""What a program does with ``load`` (``torch.load``); ``HERE`` is its folder."""

PRELUDE = """\
import asyncio, atexit, builtins, concurrent.futures, copy, functools, gzip, importlib, inspect, io
import json, os, pathlib, pickle, re, resource, signal, sys, tempfile, threading, time, traceback
import warnings, zipfile
import torch
load = torch.load
HERE = os.getcwd()
"""

RUN_EACH = """
import json
with open("kinds.json") as file:
    kinds = json.load(file)
for name, text in kinds.items():
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        out = os.open("out.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1); os.dup2(out, 2); os.close(out)
        code = 0
        try:
            exec(compile(text, "kind.py", "exec"), {**globals(), "__name__": "__main__"})
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else print(end.code, file=sys.stderr) or 1
        except BaseException:
            traceback.print_exc()
            code = 1
        atexit._run_exitfuncs()
        sys.stdout.flush()
        os._exit(code)  # to take torch apart takes longer than all else
    status = os.waitpid(child, 0)[1]
    with open("out.txt", errors="backslashreplace") as file:
        print(json.dumps([name, status, file.read()]), flush=True)
"""
"""Runs each snippet in a fork, and prints its status and all that it has written."""

LOADS = "import sys, torch\nprint(torch.load('w.pt', weights_only=True), sys.argv, __name__)\n"

FORMS: dict[str, list[str]] = {
    "a file": ["PYTHON", "main.py", "a", "b"],
    "a module": ["PYTHON", "-m", "main", "a"],
    "a package": ["PYTHON", "-m", "package"],
    "a folder": ["PYTHON", "folder"],
    "an archive": ["PYTHON", "program.pyz", "x"],
    "a text": ["PYTHON", "-c", LOADS],
    "without torch": ["PYTHON", "-c", "import sys; print(*sys.modules, *sys.path_importer_cache)"],
    "standard input": ["sh", "-c", "PYTHON - a < main.py"],
    "optimised": ["PYTHON", "-OO", "main.py"],
    "development": ["PYTHON", "-X", "dev", "main.py"],
    "no site": ["PYTHON", "-S", "-c", "import sys; print(sys.flags)"],
    "isolated": ["PYTHON", "-I", "main.py"],
    "no environment": ["PYTHON", "-E", "main.py"],
    "warnings as errors": ["PYTHON", "-W", "error::FutureWarning", "main.py"],
    "unbuffered": ["PYTHON", "-u", "main.py"],
    "a shell": ["sh", "-c", "PYTHON main.py && exit 3"],
    "two programs": ["sh", "-c", "PYTHON main.py | PYTHON -c 'print(input())'"],
    "a counter of lines": ["PYTHON", "-m", "trace", "--count", "-C", "counts", "folder/none.py"],
    "a profiler": ["PYTHON", "-m", "cProfile", "-o", "profile.out", "main.py"],
    "a spawned process": ["PYTHON", "spawns.py"],
    "tests": ["PYTHON", "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
    "no Python": ["sh", "-c", "echo hello; kill -USR1 $$"],
    "nothing of that name": ["./missing-program"],
}  # fmt: skip
"""How a program is started. ``PYTHON`` stands for the interpreter."""

FILES: dict[str, str] = {
    "main.py": LOADS,
    "package/__init__.py": "",
    "package/__main__.py": LOADS,
    "folder/__main__.py": LOADS,
    "spawns.py": (
        "import multiprocessing, torch\n"
        "def read(path):\n    return float(torch.load(path, weights_only=True)['w'].sum())\n"
        "if __name__ == '__main__':\n"
        "    with multiprocessing.get_context('spawn').Pool(1) as pool:\n"
        "        print(pool.map(read, ['w.pt', 'w.pt']))\n"
    ),
    "test_it.py": (
        "import torch\ndef test_it():\n    assert torch.load('w.pt', weights_only=True)\n"
        "def test_bad():\n    torch.load('missing.pt')\n"
    ),
}
