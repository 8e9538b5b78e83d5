"""What git knows of files, asked so that a repository's configuration starts nothing."""

from __future__ import annotations

import os
from pathlib import Path

GIT_SECONDS = 30


def files_known(folder: Path, *options: str) -> list[str] | None:
    """The files below a folder that ``git ls-files`` names; None where it cannot be asked, or says
    that it is none of its matter.

    A repository's own configuration must not start a program: the file system monitor is switched
    off, and so is fetching what a partial clone lacks.
    """
    if not is_in_git(folder):
        return None
    import subprocess  # noqa: PLC0415 - not for files that are named one by one

    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", *options]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command; file names are only read back
            command,
            cwd=folder,
            capture_output=True,
            check=False,
            timeout=GIT_SECONDS,
            env=_environment(folder),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    if done.returncode:
        return None
    return [os.fsdecode(name) for name in set(done.stdout.split(b"\0")) if name]


def is_in_git(folder: Path) -> bool:
    """Whether asking git can lead to anything; starting it in vain costs 10 ms."""
    return "GIT_DIR" in os.environ or _is_below_git(folder)


def _is_below_git(folder: Path) -> bool:
    above = Path(os.path.abspath(folder))
    return any(os.path.lexists(os.path.join(one, ".git")) for one in (above, *above.parents))


def _environment(folder: Path) -> dict[str, str]:
    """A hook in a linked work tree is told the repository and not the tree, and git would take the
    folder in which it is asked for the tree's top; it finds both by itself.
    """
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
    if "GIT_WORK_TREE" not in environment and _is_below_git(folder):
        environment.pop("GIT_DIR", None)
    return environment
