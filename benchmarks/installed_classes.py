"""Real objects of real libraries: saved by the library, loaded under the entries that a fix writes.

    python -m venv world && world/bin/pip install torch ultralytics transformers accelerate …
    python benchmarks/installed_classes.py world/bin/python

Each object lies in a folder of its own beside a script that loads it without restriction. All are
fixed with ``--fix --unsafe-fixes``. Then the fixed scripts run in that environment: the object must
come back as what it was and work, and hostile variants of the same file, for every class that it
names, must run nothing: no code of a class that is restored only, no program, no written file.
"""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from torchload_lint import check, inspect
from torchload_lint.policy import Trust
from torchload_lint.workspace.one_file import Options

OBJECTS = Path(__file__).with_name("installed_objects.txt")

LOADER = """import torch


def load():
    return torch.load("saved.pt", weights_only=False)
"""

MAKE = """
import importlib, json, sys, warnings
import torch as T
warnings.simplefilter("ignore")
M = importlib.import_module
for folder, code in json.loads(sys.stdin.read()):
    try:
        T.save(eval(code), folder + "/saved.pt")
    except Exception as error:
        print(folder, type(error).__name__, str(error)[:200])
"""

LOAD = """
import importlib, json, os, runpy, sys, warnings
import torch as T
warnings.simplefilter("ignore")
M = importlib.import_module
tasks = json.loads(sys.stdin.read())
for one in tasks["packages"]:
    M(one)
for name in tasks["modules"]:
    try:
        M(name)
    except ImportError:
        pass
HARM = ("os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "os.remove", "os.rename",
        "os.mkdir", "shutil.rmtree", "socket.connect", "exec", "compile")
seen, watched = [], []
def audit(event, args):
    if watched and (event in HARM or (event == "open" and str(args[1])[:1] in "wax")):
        seen.append(event)
sys.addaudithook(audit)
def profile(frame, event, _):
    if event == "call" and watched and frame.f_globals.get("__name__", "") in watched[0]:
        seen.append(frame.f_code.co_qualname)
for task in tasks["loads"]:
    os.chdir(task["folder"])
    sys.path.insert(0, task["folder"])
    load = runpy.run_path("loader.py")["load"]
    result = {"folder": task["folder"], "path": task["path"]}
    if task["path"] != "saved.pt":
        os.rename("saved.pt", "kept.pt")
        os.rename(task["path"], "saved.pt")
    seen.clear()
    watched.append(set(task["quiet"]))
    sys.setprofile(profile)
    try:
        x = load()
        result["loaded"] = type(x).__module__ + "." + type(x).__qualname__
    except Exception as error:
        x, result["error"] = None, f"{type(error).__name__}: {error}"[:300]
    sys.setprofile(None)
    watched.clear()
    result["ran"] = sorted(set(seen)) + (["marker"] if os.path.exists("marker") else [])
    if task["path"] != "saved.pt":
        os.rename("saved.pt", task["path"])
        os.rename("kept.pt", "saved.pt")
    elif x is not None:
        try:
            result["works"] = bool(eval(task["check"]))
        except Exception as error:
            result["works"] = False
            result["error"] = f"{type(error).__name__}: {error}"[:300]
    sys.path.remove(task["folder"])
    print("RESULT " + json.dumps(result))
"""


def text(value):
    data = value.encode()
    return b"X" + len(data).to_bytes(4, "little") + data


def variants(module, qualname):
    """What a hostile file may do with one class, as the body of a pickle of protocol 2."""
    named = f"c{module}\n{qualname}\n".encode()
    payload = "__import__('os').system('touch marker')"
    made, given = named + b")\x81", text(payload)
    rebuild = b"ctorch._tensor\n_rebuild_from_type_v2\n"
    tensor = b"ctorch\nTensor\n"
    yield "called", named + given + b"\x85R"
    yield "called without arguments", named + b")R"
    yield "made with arguments", named + given + b"\x85\x81"
    yield "an odd state", made + given + b"b"
    yield "slots", made + b"N}(" + text("x") + given + b"u\x86b"
    yield "a state that names its class", made + b"}(" + text("__class__") + given + b"ub"
    yield "an instance called", rebuild + b"(" + made + tensor + given + b"\x85}tR"
    yield "called by torch", rebuild + b"(" + named + tensor + given + b"\x85}tR"
    yield "gone through", b"cbuiltins\nset\n" + made + b"\x85R"
    yield "a key", b"}" + made + b"Ns"
    yield "a mapping", b"ccollections\nOrderedDict\n" + made + b"\x85R"


def archive(body):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as out:
        for name, data in (("data.pkl", b"\x80\x02" + body + b"."), ("version", b"3\n")):
            out.writestr(f"archive/{name}", data)
        out.writestr("archive/byteorder", b"little")
    return stream.getvalue()


def run(python, program, data, cwd):
    command, given = [python, "-c", program], json.dumps(data)
    done = subprocess.run(
        command, check=False, input=given, cwd=cwd, text=True, capture_output=True
    )
    if done.returncode:
        print(done.stderr[-2000:])
    return done.stdout.splitlines()


def main():
    python = str(Path(sys.argv[1]).absolute())
    wanted = set(sys.argv[2:])
    root = Path(tempfile.mkdtemp())
    lines = OBJECTS.read_text().splitlines()[1:]
    objects = [one for line in lines if (one := line.split(" | "))[0] in wanted or not wanted]
    packages = sorted({package for package, *_ in objects})
    (root / "requirements.txt").write_text("\n".join(packages))
    (root / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (root / ".venv").symlink_to(Path(python).parents[1])
    folders = {}
    for number, (package, code, works) in enumerate(objects):
        folder = root / f"case_{number}"
        folder.mkdir()
        (folder / "loader.py").write_text(LOADER)
        folders[str(folder)] = (package, code, works)
    for package in packages:
        given = [(f, code) for f, (one, code, _) in folders.items() if one == package]
        print("\n".join(run(python, MAKE, given, root)), flush=True)
    rows = judged(root, folders, python)
    told(rows, folders, packages)


def judged(root, folders, python):
    """Fix the scripts, and run them on the real files and on hostile ones."""
    saved = [one for one in folders if Path(one, "saved.pt").exists()]
    inspected = {one: inspect(Path(one, "saved.pt")) for one in saved}
    check(root, options=Options(fix=True, unsafe=True, write=True))
    rows = []
    for package in sorted({one for one, *_ in folders.values()}):
        loads, modules = [], set()
        for folder, (one, _, works) in folders.items():
            if one != package or folder not in inspected:
                continue
            found = inspected[folder]
            foreign = [
                (need, judgement)
                for need, judgement in zip(found.report.safe_globals, found.judgements, strict=True)
                if judgement.trust in {Trust.INSTALLED, Trust.RESTORE_ONLY}
            ]
            row = {"folder": folder, "found": found, "foreign": foreign, "results": []}
            rows.append(row)
            if "weights_only=True" not in Path(folder, "loader.py").read_text():
                continue
            modules |= {need.spelling.module for need, _ in foreign}
            quiet = {n.spelling.module for n, j in foreign if j.trust is Trust.RESTORE_ONLY}
            quiet -= {n.spelling.module for n, j in foreign if j.trust is Trust.INSTALLED}
            loads.append(
                {"folder": folder, "path": "saved.pt", "check": works, "quiet": sorted(quiet)}
            )
            for need, _ in foreign:
                for number, (_, body) in enumerate(variants(need.name.module, need.name.qualname)):
                    name = f"{need.name}.{number}.pt"
                    Path(folder, name).write_bytes(archive(body))
                    loads.append(
                        {"folder": folder, "path": name, "check": "", "quiet": sorted(quiet)}
                    )
        if not loads:
            continue
        given = {"packages": [package], "modules": sorted(modules), "loads": loads}
        for line in run(python, LOAD, given, root):
            if line.startswith("RESULT "):
                result = json.loads(line.removeprefix("RESULT "))
                next(r for r in rows if r["folder"] == result["folder"])["results"].append(result)
    return rows


def told(rows, folders, packages):
    classes, hostile, ran, table = {}, 0, [], Counter()
    for row in rows:
        package, code, _ = folders[row["folder"]]
        real = [one for one in row["results"] if one["path"] == "saved.pt"]
        attacks = [one for one in row["results"] if one["path"] != "saved.pt"]
        hostile += len(attacks)
        ran += [one for one in attacks if one["ran"]]
        if not real or not real[0].get("works"):
            why = (
                [
                    f"{need.name}: {judgement.reason}"
                    for need, judgement in zip(
                        row["found"].report.safe_globals, row["found"].judgements, strict=True
                    )
                    if not judgement.allowed
                ]
                or [p.message for p in row["found"].report.problems]
                or [str(real[:1])]
            )
            print(f"REFUSED {package} {code[:70]}: {why[0][:250]}")
            table[package, "refused"] += 1
            continue
        table[package, "loads"] += 1
        for need, judgement in row["foreign"]:
            classes[str(need.name)] = (package, judgement.trust.value)
    print(f"\n{len(classes)} classes of {len({p for p, _ in classes.values()})} packages come back")
    for name, (_, trust) in sorted(classes.items()):
        print(f"    {name} [{trust}]")
    print(f"{hostile} hostile variants; {len(ran)} ran something")
    for one in ran:
        print("   ", one)
    print("\n| package | objects that load and work | refused | classes proven | restore-only |")
    print("|---|---|---|---|---|")
    for package in packages:
        kinds = Counter(trust for one, trust in classes.values() if one == package)
        counts = (table[package, "loads"], table[package, "refused"])
        shown = (package, *counts, kinds["installed"], kinds["restore-only"])
        print(f"| {' | '.join(map(str, shown))} |")


if __name__ == "__main__":
    main()
