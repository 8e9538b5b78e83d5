"""Configuration changed at random: TOML, YAML, recorded loads, baselines.

The first row of an input says which of these files it is. A wrong one is refused by a ConfigError
that names it, or costs nothing but what it would have said.
"""

from __future__ import annotations

from fuzz.harness import Harm, Harness, must
from fuzz.harnesses.project import folder
from torchload_lint.config import ConfigError, Settings
from torchload_lint.workspace.adoption.baseline import Baseline
from torchload_lint.workspace.one_file import Options
from torchload_lint.workspace.projects import Projects
from torchload_lint.workspace.session import check_files

PLACES = {
    b"toml": "given/torchload-lint.toml",
    b"pyproject": "given/pyproject.toml",
    b"yaml": "given/conf.yaml",
    b"loads": "given/.torchload-lint/loads.json",
    b"baseline": "given/baseline.json",
}
SOURCES = {
    "a.py": """
import torch, yaml
from omegaconf import OmegaConf
conf = OmegaConf.load("conf.yaml")
with open("conf.yaml") as file:
    other = yaml.safe_load(file)
def resume(path):
    return torch.load(path, weights_only=False)
def main(name):
    return [resume(conf.path), resume(other["path"]), torch.load(name)]
""",
    "good.py": "import torch\nx = torch.load('model.pt', weights_only=False)\n",
}
WORDS = (
    b"=", b"[", b"]", b"[[", b"]]", b"{", b"}", b'"', b"'", b'"""', b"\n", b",", b".", b":", b": ", b"- ", b"  ",
    b"&a ", b"*a", b"<<: *a", b"!!python/object/apply:os.system ['id']", b"|", b">", b"---\n", b"%YAML 9\n", b"? ",
    b"${path}", b"${oc.env:HOME}", b"???", b"1e999", b"0x", b"nan", b"true", b"null", b"1979-05-27", b"#",
    b"trusted", b"select", b"loads", b"checkpoints", b"renames", b"src", b"exclude", b"baseline", b"tool",
    b"torchload-lint", b"version", b"safe_globals", b"checkpoint", b"row", b"file", b"function", b"../", b"/dev/zero",
    b"**/" * 8, b"*" * 30, b"[" * 2000, b"{a: " * 300, b"a." * 500, b"\\u0000", b"\\ud800", b"\xff", b"\0", b"9" * 5000,
    b"TLL101", b"ALL", b"known", b"os.system",
)  # fmt: skip


def attempt(data: bytes) -> None:
    """Put the file where it belongs, check two sources, and take it away again."""
    kind, _, text = data.partition(b"\n")
    name = PLACES.get(kind, "given/torchload-lint.toml")
    place = folder() / name
    place.parent.mkdir(parents=True, exist_ok=True)
    for source, code in SOURCES.items():
        (folder() / "given" / source).write_text(code)
    place.write_bytes(text)
    try:
        found = _found()
    except ConfigError as error:
        must(str(error).strip(), Harm.CRASH, "the error says nothing")
    else:
        ends = name.endswith(".toml")  # it may turn rules off, and leave files out
        must(ends or "TLL101" in found, Harm.LOST, f"good.py is not reported: {found}")
    finally:
        place.unlink()


def _found() -> list[str]:
    """The codes of what is found in the sound file."""
    projects = Projects(Settings())
    given = folder() / "given"
    paths = [str(given / name) for name in SOURCES]
    run = check_files(paths, projects, Options(fix=True, unsafe=True, jobs=1))
    for _, crash in run.crashes:
        must(None, Harm.CRASH, f"{crash.message}\n{crash.traceback}")
    known = Baseline.read(given / "baseline.json")
    results = known.new(run.results, lambda path: path.name) if known.known else run.results
    return [one.code for each in results if each.path.name == "good.py" for one in each.diagnostics]


HARNESS = Harness("settings", attempt, WORDS, weight=8)
