"""End `--fix` of 500 files in every way there is: no file is torn, and nothing is left behind.

    python benchmarks/interrupted_fixes.py [--files 500] [--kills 200] [--seed 0]

Kills it at random moments; ends it by SIGINT, SIGTERM and SIGHUP; lets the disk be full at every
size (by a limit on the size of files, and on a small tmpfs where one may be mounted); starts two
and four runs at once; closes the pipes that it writes to. After each of them every file is as it
was or wholly fixed, and after another run all are fixed and nothing else lies there. The exit
status of each run is compared with the files: 0 where all are fixed, the signal's where one ended
it, 2 where a file could not be written, and no other. Prints a Markdown table; the exit status is 1
where anything was wrong.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from functools import partial
from pathlib import Path
from typing import Any

Wrong = tuple[int, ...]
"""How many files were torn, left behind, and not fixed in the end, and how many statuses wrong."""
Row = tuple[str, int, Wrong]

SOURCE = Path(__file__).parents[1] / "src"
COMMAND = [sys.executable, "-m", "torchload_lint", "--fix", "--quiet", "--exit-zero", "."]
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
CODE = 'import torch\n\nx = torch.load("runs/plain.pt", weights_only=False)\ny = {number}\n'
FIXED = CODE.replace("False", "True")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name), options.files)
        chance = random.Random(options.seed)
        seconds = project.duration()
        print("| how | times | torn | left behind | not fixed in the end | wrong exit status |")
        print("|---|--:|--:|--:|--:|--:|")
        for ended in (
            partial(killed, project, options.kills, seconds, chance),
            *(partial(signalled, project, one, seconds, chance) for one in SIGNALS),
            partial(out_of_room, project),
            partial(on_full_disk, project),
            *(partial(at_once, project, count) for count in (2, 4)),
            partial(unread, project),
        ):
            how, times, wrong = ended()
            print(f"| {how} | {times} | {' | '.join(map(str, wrong))} |", flush=True)
            bad += sum(wrong)
    return int(bad > 0)


class Project:
    """A folder of files that each have one fix."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.texts = {f"m{n}.py": CODE.format(number=n) for n in range(count)}
        self.fixed = {f"m{n}.py": FIXED.format(number=n) for n in range(count)}
        self.make(folder)

    def make(self, folder: Path) -> None:
        (folder / "runs").mkdir(exist_ok=True)
        (folder / "torchload-lint.toml").write_text("")
        with zipfile.ZipFile(folder / "runs" / "plain.pt", "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02}q\x00.")
            archive.writestr("archive/version", b"3\n")
        self.reset(folder)

    def reset(self, folder: Path | None = None) -> None:
        for name, text in self.texts.items():
            ((folder or self.folder) / name).write_text(text)

    def start(self, **how: Any) -> subprocess.Popen[bytes]:
        given = {"cwd": self.folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        return subprocess.Popen(COMMAND, env=environment, **{**given, **how})

    def duration(self) -> float:
        begin = time.monotonic()
        status = self.start().wait()
        took = time.monotonic() - begin
        if status or self.torn() or self.unfixed():
            raise SystemExit("the files should have been fixed")
        return took

    def torn(self) -> int:
        """Files that are neither as they were nor wholly fixed."""
        folder = self.folder
        return sum(
            not (folder / name).exists()
            or (folder / name).read_text() not in {text, self.fixed[name]}
            for name, text in self.texts.items()
        )

    def unfixed(self) -> int:
        return sum((self.folder / name).read_text() != text for name, text in self.fixed.items())

    def others(self) -> int:
        """What lies there besides."""
        known = {*self.texts, "runs", "torchload-lint.toml"}
        return len({path.name for path in self.folder.iterdir()} - known)

    def misleading(self, status: int, ended_by: int = 0) -> int:
        """1 where an exit status says otherwise than the files: the run may have been ended."""
        if ended_by and status in {-ended_by, 128 + ended_by}:
            return 0
        return int(status != (2 if self.unfixed() else 0))

    def judged(self, misled: int = 0, *, again: bool = True) -> tuple[int, int, int, int]:
        """What is wrong now, and after another run."""
        torn = self.torn()
        if again:
            misled += self.misleading(self.start().wait())
        return torn, self.others(), self.unfixed(), misled


def added(*counts: tuple[int, int, int, int]) -> Wrong:
    """The sums of such counts."""
    return tuple(map(sum, zip(*counts, strict=True))) if counts else (0, 0, 0, 0)


def killed(project: Project, times: int, seconds: float, chance: random.Random) -> Row:
    """Each run begins with what the one before has left; when all is fixed, it begins anew."""
    found = []
    for number in range(times):
        if not number or not project.unfixed():
            project.reset()
        process = project.start()
        time.sleep(chance.uniform(0, 1.1 * seconds))
        process.kill()
        misled = project.misleading(process.wait(), signal.SIGKILL)
        found.append((project.torn(), 0, 0, misled))
        if number % 20 == 19:
            found.append(project.judged())
            print(f"{number + 1} killed: {added(*found)}", file=sys.stderr, flush=True)
    return "SIGKILL at a random moment", times, added(*found, project.judged())


def signalled(project: Project, name: str, seconds: float, chance: random.Random) -> Row:
    """Nothing may be left even before another run."""
    found = []
    for _ in range(10):
        project.reset()
        process = project.start()
        time.sleep(chance.uniform(0.3 * seconds, 1.1 * seconds))
        process.send_signal(getattr(signal, name))
        misled = project.misleading(process.wait(), getattr(signal, name))
        left = project.others()
        torn, others, unfixed, misled = project.judged(misled)
        found.append((torn, left + others, unfixed, misled))
    return f"{name} at a random moment", 10, added(*found)


def out_of_room(project: Project) -> Row:
    """No file may be larger than so many bytes."""
    sizes = range(0, len(CODE) + 8, 4)
    found = []
    for size in sizes:
        project.reset()

        def limit(size: int = size) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        misled = project.misleading(project.start(preexec_fn=limit).wait())
        left = project.others()
        torn, others, unfixed, misled = project.judged(misled)
        found.append((torn, left + others, unfixed, misled))
    return "no room for a file of that size", len(sizes), added(*found)


def on_full_disk(project: Project) -> Row:
    """A tmpfs with room for a few more pages than the files take."""
    found, times = [], 0
    before = project.folder
    with tempfile.TemporaryDirectory() as name:
        for pages in range(12):
            size = f"size={(len(project.texts) + 3 + pages) * 4096}"
            mount = ["mount", "-t", "tmpfs", "-o", size, "none", name]
            if subprocess.run(mount, capture_output=True, check=False).returncode:
                break
            project.folder = Path(name)
            project.make(project.folder)
            with (project.folder / "runs" / "rest").open("wb", buffering=0) as rest:
                for _ in range(max(0, 3 - pages)):
                    with_room = shutil.disk_usage(name).free >= 4096
                    rest.write(bytes(4096 if with_room else 0))
            misled = project.misleading(project.start().wait())
            left = project.others()
            (project.folder / "runs" / "rest").unlink()
            torn, others, _, misled = project.judged(misled, again=False)
            found.append((torn, left + others, 0, misled))
            times += 1
            subprocess.run(["umount", name], check=True)
    project.folder = before
    return "a full disk (tmpfs)", times, added(*found)


def at_once(project: Project, count: int) -> Row:
    found = []
    for _ in range(10):
        project.reset()
        statuses = [process.wait() for process in [project.start() for _ in range(count)]]
        found.append(project.judged(sum(map(project.misleading, statuses)), again=False))
    return f"{count} runs at once", 10, added(*found)


def unread(project: Project) -> Row:
    found = []
    for _ in range(10):
        project.reset()
        process = project.start(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        process.stderr.close()
        found.append(project.judged(project.misleading(process.wait()), again=False))
    return "pipes that nobody reads", 10, added(*found)


if __name__ == "__main__":
    raise SystemExit(main())
