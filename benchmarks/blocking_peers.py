"""Which of several scanners pass the benign files of a folder, and which block hostile ones.

    python benchmarks/blocking_peers.py FOLDER BIN [BIN] > TABLE.md

BIN are folders of programs of environments that have picklescan, fickling, modelscan and
modelaudit; torchload-lint is asked in this one. The hostile files are made here: they call
functions that run code, reach into the interpreter, or call what another call gave.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from checkpoint.cases import forge  # noqa: E402
from torchload_lint.checkpoint import inspect_file  # noqa: E402

DIRECT = """
    os.system posix.system subprocess.Popen builtins.eval builtins.exec runpy.run_path pty.spawn
    uuid.os.system argparse._os.system torch.serialization.os.system numpy.lib.npyio.os.popen
    _osx_support._find_build_tool operator.call typing._eval_type functools.reduce
    itertools.starmap torch._inductor.codecache.compile_file distutils.file_util.write_file
    torch.hub.load torch.storage._load_from_bytes code.interact timeit.timeit bdb.Bdb
    logging.config.dictConfig ctypes.CDLL pydoc.pipepager webbrowser.open asyncio.run
    zipfile.ZipFile shutil.rmtree importlib.import_module linecache.getline
    numpy.testing._private.utils.runstring
""".split()


def hostile() -> dict[str, bytes]:
    """Name → file."""
    found = {}
    for name in DIRECT:
        parts = name.split(".")
        for protocol, split in ((2, len(parts) - 1), (4, 1)):
            module, inner = ".".join(parts[:split]), ".".join(parts[split:])
            if protocol == 2 or len(parts) > 2:
                function = forge.text(module) + forge.text(inner) + b"\x93"
                function = forge.name(module, inner) if protocol == 2 else function
                program = forge.program(forge.call(function, forge.text("id")), protocol=protocol)
                found[f"{name}-{protocol}.pt"] = forge.archive(program)
    get = forge.text("builtins") + forge.text("dict.get") + b"\x93"
    inside = forge.text("argparse") + forge.text("Namespace.__init__.__globals__") + b"\x93"
    chained = forge.call(forge.call(get, inside, forge.text("_os")), forge.text("id"))
    found["a call of what a call gave.pt"] = forge.archive(forge.program(chained, protocol=4))
    bare = forge.call(forge.name("os", "system"), forge.text("id")) + b"."
    found["behind the first bytes of gguf.bin"] = b"GGUF" + bytes(5) + b"0" + bare
    return found


def torchload_lint(folder: Path, _: Path) -> set[str]:
    """The files that torchload-lint calls dangerous."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.name for path in files if inspect_file(path).verdict.value == "dangerous"}


def said(command: list[str]) -> str:
    """What a program prints, however it ends."""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def picklescan(folder: Path, programs: Path) -> set[str]:
    """The files in which picklescan finds a dangerous import."""
    text = said([str(programs / "picklescan"), "-p", str(folder)])
    lines = [line for line in text.splitlines() if "dangerous import" in line]
    return {Path(line.partition(": dangerous")[0].partition(":")[0]).name for line in lines}


def fickling(folder: Path, programs: Path) -> set[str]:
    """The files that fickling's own check does not call likely safe."""
    ask = """if True:
        import sys, zipfile
        from fickling.analysis import Severity, check_safety
        from fickling.fickle import Pickled, StackedPickle
        for one in sys.argv[1:]:
            try:
                if zipfile.is_zipfile(one):
                    archive = zipfile.ZipFile(one)
                    inner = [name for name in archive.namelist() if name.endswith("data.pkl")]
                    pickles = [Pickled.load(archive.read(name)) for name in inner]
                else:
                    pickles = list(StackedPickle.load(open(one, "rb")))
                safe = all(check_safety(p).severity <= Severity.LIKELY_SAFE for p in pickles)
            except Exception:
                safe = None
            print(safe, one, sep="\\t")
        """
    files = [str(path) for path in folder.rglob("*") if path.is_file()]
    text = said([str(programs / "python"), "-c", ask, *files])
    lines = [line.partition("\t") for line in text.splitlines()]
    return {Path(name).name for safe, _, name in lines if safe == "False"}


def modelscan(folder: Path, programs: Path) -> set[str]:
    """The files in which modelscan finds an issue of any severity."""
    report = folder.parent / "modelscan.json"
    said([str(programs / "modelscan"), "-p", str(folder), "-r", "json", "-o", str(report)])
    issues = json.loads(report.read_text())["issues"]
    return {Path(one["source"].partition(":")[0]).name for one in issues}


def modelaudit(folder: Path, programs: Path) -> set[str]:
    """The files in which modelaudit finds a critical issue."""
    text = said([str(programs / "modelaudit"), "scan", "-f", "json", str(folder)])
    issues = json.loads(text[text.index("{") :])["issues"]
    places = [str(one["location"]) for one in issues if one["severity"] == "critical"]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(place.startswith(str(path)) for place in places)}


def version(package: str, programs: Path) -> str:
    """The version of a package in the other environment."""
    ask = f"import importlib.metadata as m; print(m.version({package!r}))"
    return said([str(programs / "python"), "-c", ask]).strip()


def main() -> None:
    """Ask each of them, and print Markdown."""
    benign, environments = Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "hostile")
        folder.mkdir()
        made = hostile()
        for name, content in made.items():
            (folder / name).write_bytes(content)
        good = sum(path.is_file() for path in benign.rglob("*"))
        print(f"| tool | of {good} benign files passed | of {len(made)} hostile files blocked |")
        print("|---|--:|--:|")
        for tool in (torchload_lint, picklescan, fickling, modelscan, modelaudit):
            name = tool.__name__
            have = (one for one in environments if (one / name).exists())
            programs = next(have, environments[0])
            shown = f"{name} {version(name, programs)}" if tool is not torchload_lint else name
            try:
                blocked, wrongly = tool(folder, programs), tool(benign, programs)
                print(
                    f"| {shown} | {good - len(wrongly)} | {len(blocked & set(made))} |", flush=True
                )
                missed = sorted(set(made) - blocked)
                print(name, "misses", missed, "blocks", sorted(wrongly), file=sys.stderr)
            except (OSError, ValueError, KeyError) as error:
                print(f"| {shown} | fails: {type(error).__name__} | |", flush=True)


if __name__ == "__main__":
    main()
