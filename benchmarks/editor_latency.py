"""How long the language server takes to answer, and how much memory many edits take.

    python benchmarks/editor_latency.py
    python benchmarks/editor_latency.py --repository FOLDER

Prints the median and the 95th percentile, in milliseconds of wall clock as an editor sees them, of
hover and of the findings asked for right after an edit: with 500 open files, in a file of 2 MB, in
a project of 3,000 files; of a hover in a small file while the large one is checked; of a hover
after 20 saves with 500 open files; and the server's resident memory over 20,000 edits (Linux).
With ``--repository`` it measures the
files of a repository that load, for clients that ask for findings and such that are sent them.
Needs the extra ``lsp``.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from editors.plain_client import PULLS, PlainClient

if TYPE_CHECKING:
    from collections.abc import Callable

LOADS = """import torch


def restore(path):
    return torch.load(path, weights_only=False)


state = torch.load("weights/{number}.pt")
# edit {edit}
"""
HOVER = {"line": 7, "character": 16}
MOST_LOADING = 40
"""Files with a load in a repository that are measured."""
OPEN_FILES, PROJECT_FILES, LARGE_BYTES, SAVES = 500, 3_000, 2_000_000, 20


def module(number: int, edit: int = 0) -> str:
    return LOADS.format(number=number, edit=edit)


def large_text(edit: int = 0) -> str:
    """2 MB of functions, with a load at the start."""
    rows = [module(0, edit)]
    size = len(rows[0])
    while size < LARGE_BYTES:
        row = (
            f"def step_{len(rows)}(value):\n    total = value + {len(rows)}\n    return total\n\n\n"
        )
        rows.append(row)
        size += len(row)
    return "".join(rows)


def hover(client: PlainClient, name: str) -> None:
    asked = {"textDocument": {"uri": client.uri(name)}, "position": HOVER}
    answer = client.ask("textDocument/hover", asked)
    if not answer["result"]:
        raise SystemExit(f"no hover in {name}: {answer}")


def milliseconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def tell(title: str, times: list[float]) -> None:
    high = statistics.quantiles(times, n=20)[-1]
    median = statistics.median(times)
    sys.stdout.write(f"| {title} | {len(times)} | {median:,.0f} | {high:,.0f} |\n")
    sys.stdout.flush()


def timed(client: PlainClient, name: str, text: Callable[[int], str], rounds: int, at: str) -> None:
    """Edit, ask for the findings, hover: so many times."""
    after_edits, hovers = [], []
    for edit in range(1, rounds + 1):
        changed = text(edit)

        def edit_and_ask(changed: str = changed) -> None:
            client.change(name, changed)
            if not client.diagnostics(name):
                raise SystemExit(f"no findings in {name}")

        after_edits.append(milliseconds(edit_and_ask))
        hovers.append(milliseconds(lambda: hover(client, name)))
    tell(f"findings after an edit, {at}", after_edits)
    tell(f"hover, {at}", hovers)


def project(folder: Path, files: int) -> Path:
    folder.mkdir()
    for number in range(files):
        (folder / f"module_{number}.py").write_text(module(number))
    return folder


def open_files(folder: Path, rounds: int) -> None:
    """500 open files, and 20 saves with them."""
    with PlainClient(project(folder, OPEN_FILES)) as client:
        for number in range(OPEN_FILES):
            client.open(f"module_{number}.py", module(number))
        client.diagnostics("module_0.py")
        timed(client, "module_7.py", lambda edit: module(7, edit), rounds, "500 open files")
        times = []
        for _ in range(rounds // 5):
            for number in range(SAVES):
                client.save(f"module_{number}.py")
            times.append(milliseconds(lambda: hover(client, "module_400.py")))
        tell("hover right after 20 saves, 500 open files", times)


def large_file(folder: Path, rounds: int) -> None:
    """A file of 2 MB; and a hover elsewhere, while it is checked."""
    project(folder, 2)
    (folder / "large.py").write_text(large_text())
    with PlainClient(folder) as client:
        client.open("large.py", large_text())
        client.open("module_1.py", module(1))
        client.diagnostics("large.py")
        client.diagnostics("module_1.py")
        timed(client, "large.py", large_text, rounds // 5, "a file of 2 MB")
        times = []
        for edit in range(rounds // 5):
            client.change("large.py", large_text(-edit - 1))
            client.send({"id": f"large {edit}", "method": "textDocument/diagnostic",
                         "params": {"textDocument": {"uri": client.uri("large.py")}}})  # fmt: skip
            times.append(milliseconds(lambda: hover(client, "module_1.py")))
        tell("hover in a small file while the one of 2 MB is checked", times)


def large_project(folder: Path, rounds: int) -> None:
    """A project of 3,000 files, one of them open."""
    with PlainClient(project(folder, PROJECT_FILES)) as client:
        client.open("module_7.py", module(7))
        first = milliseconds(lambda: client.diagnostics("module_7.py"))
        sys.stdout.write(f"| first findings, a project of 3,000 files | 1 | {first:,.0f} | |\n")
        timed(client, "module_7.py", lambda edit: module(7, edit), rounds, "3,000 files")


def repository(source: Path, folder: Path, rounds: int) -> None:
    """Each file with a load of a repository: an edit of its last row, for both kinds of clients."""
    shutil.copytree(source, folder, symlinks=True)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.py"))]
    texts = {name: (folder / name).read_text(encoding="utf-8", errors="replace") for name in names}
    loading = [name for name in names if "torch.load(" in texts[name]][:MOST_LOADING]
    each = max(2, rounds // max(1, len(loading)))
    for at, capabilities, answered in (
        ("a client that asks", PULLS, PlainClient.diagnostics),
        (
            "a client that is sent them",
            {},
            lambda client, name: client.wait_for_sent(client.uri(name)),
        ),
    ):
        times = []
        with PlainClient(folder, capabilities) as client:
            for name in loading:
                client.open(name, texts[name])
                answered(client, name)
                for edit in range(each):
                    text = f"{texts[name]}\n# edit {edit}\n"
                    times.append(milliseconds(lambda: _edited(client, name, text, answered)))  # noqa: B023
        tell(f"findings after an edit, {source.name}, {at}", times)


def _edited(client: PlainClient, name: str, text: str, answered: Callable[..., object]) -> None:
    client.change(name, text)
    answered(client, name)


def memory(folder: Path, edits: int) -> None:
    """The server's resident memory while one document is edited."""
    with PlainClient(project(folder, 3)) as client:
        client.open("module_0.py", module(0))
        for edit in range(edits + 1):
            client.change("module_0.py", module(0, edit))
            client.diagnostics("module_0.py")
            if edit % max(1, edits // 10) == 0:
                sys.stdout.write(f"after {edit:,} edits: {_resident(client.process.pid)} MB\n")
                sys.stdout.flush()


def _resident(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    row = next(row for row in status.splitlines() if row.startswith("VmRSS"))
    return int(row.split()[1]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description="Latency and memory of the language server.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--edits", type=int, default=20_000)
    parser.add_argument("--repository", type=Path, help="measure its files, and nothing else")
    given = parser.parse_args()
    sys.stdout.write("| what | times | median, ms | 95th percentile, ms |\n|---|---|---|---|\n")
    with tempfile.TemporaryDirectory() as made:
        if given.repository:
            repository(given.repository, Path(made) / "copy", given.rounds)
            return
        for number, measure in enumerate((open_files, large_file, large_project)):
            measure(Path(made) / str(number), given.rounds)
        memory(Path(made) / "memory", given.edits)


if __name__ == "__main__":
    main()
