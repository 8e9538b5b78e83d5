"""The page of the loaders that are known, made from the data in ``source/loaders/known``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.loaders import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.source.facts.loader import Behaviour, Loader

ABOUT = """# Loaders

Most programs never write `torch.load`: a library does it for them. A call of one of these functions
is a load like any other: its path is followed, the file is read, what it needs is reported at the
call, and `loads`, `verify` and the hover of an editor know it.

What a loader does where the call says nothing of `weights_only` depends on the library's version.
It is read from the environment (`--python`, `VIRTUAL_ENV`, `CONDA_PREFIX`, `.venv`), else from the
project's requirements; where neither tells, the newest version is assumed, and the finding says so.
A loader that no table knows is followed into the source of the installed package.
"""

HEAD = "| call | path | since | does | keyword | read in |\n|---|---|---|---|---|---|"


def loaders_page() -> str:
    """The page, in Markdown."""
    parts = [ABOUT]
    for file in sorted(set(known.ROOTS.values()), key=str.lower):
        library = known.library(file)
        parts.append(f"## {library.distributions[0]}\n")
        if library.note:
            parts.append(f"{library.note}\n")
        rows = [row for loader in library.loaders for row in _rows(loader)]
        if rows:
            parts.append("\n".join([HEAD, *rows]) + "\n")
    return "\n".join(parts)


def _rows(loader: Loader) -> Iterator[str]:
    path = f"`{loader.path}`" if loader.path else "none"
    if loader.inside:
        path += ": " + ", ".join(f"`{one}`" for one in loader.inside)
    for one in loader.behaviours:
        since = one.since if one.since != "0" else "the first"
        keyword = f"`{one.keyword}`" if one.keyword else ""
        yield f"| `{loader.shown}` | {path} | {since} | {_does(one)} | {keyword} | {one.source} |"


def _does(one: Behaviour) -> str:
    text = one.does.value
    if one.remote is not None:
        text += f"; for `http` addresses {one.remote.value}"
    if one.allows:
        text += "; allows " + ", ".join(f"`{name}`" for name in one.allows)
    return text
