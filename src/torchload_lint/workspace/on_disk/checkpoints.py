"""The checkpoints within reach of a project, as the disk has them."""

from __future__ import annotations

import os
from collections import deque
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.known.torch_range import behaviour
from torchload_lint.checkpoint.known.torch_versions import NEWEST_LINE
from torchload_lint.config import DEFAULT_EXCLUDE
from torchload_lint.path_globs import names_path
from torchload_lint.regular_files import read_head
from torchload_lint.source.domain.patterns import Rung, is_url
from torchload_lint.workspace.on_disk.spanning import (
    MAX_GLOBBED,
    Listings,
    files_below,
    globbed_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torchload_lint.checkpoint import Target
    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.config import CheckpointEntry, Config
    from torchload_lint.source.paths import PathPattern

SUFFIXES = (
    ".pt", ".pth", ".ckpt", ".bin", ".th", ".chkpt", ".checkpoint", ".pkl", ".pickle", ".tar",
    ".safetensors", ".model", ".ptl",
)  # fmt: skip
"""What a checkpoint's name usually ends in."""

BEGINNINGS = (b"PK", b"\x80", b"(", b"c", b"]", b"}")
"""Zip archives, pickles of protocol 2 and later and of 0 and 1."""
ZIP_OR_PICKLE = (b"PK\3\4", b"\x80")
"""What no source or text file begins with."""
TAR_MARK = slice(257, 262)

NEVER = tuple(
    """
    .py .pyi .pyc .ipynb .md .rst .sh .c .cc .cpp .cu .cuh .h .hpp .js .ts .css .html .png .jpg
    .jpeg .gif .svg .webp .pdf .wav .mp3 .mp4 .flac .npy .npz .whl .jar .apk .docx .xlsx .pptx .so
    .dll .o .a
    """.split()
)
"""What no checkpoint's name ends in: such files are not even opened to see how they begin."""
MAX_HEADS = 2_000
"""How many files of other names are opened to see how they begin; where there are more, one of them
is taken for granted."""
MIN_LITERAL = 3
"""How many known characters the stem of a pattern must have before files are matched to it, where
the folder is not known either."""


class DiskCheckpoints:
    """Checkpoints over the disk, looked up where the configuration says that paths may start."""

    def __init__(self, config: Config, target: Target) -> None:
        self._config = config
        self._root = Path(os.path.abspath(config.root))
        self._target = target
        self._any: bool | None = None
        self._is_cut = False
        self._reports: dict[tuple[str, object], CheckpointReport] = {}
        """By path and release, and by path and what such a release does with the file."""
        self._listings = Listings()
        self._matches: dict[tuple[PathPattern, str], tuple[str, ...]] = {}

    def forget_reports(self) -> None:
        """Let checkpoints be read anew: the classes that they name may have changed."""
        self._reports.clear()

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """The files that a pattern names, from the first place that has any."""
        folder = os.path.dirname(near)
        key = (pattern, folder)
        if key not in self._matches:
            self._matches[key] = self._find(pattern, folder)
        return self._matches[key]

    def others(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """Files of that name in further folders of the project: a program may start in each."""
        text = os.path.expanduser(pattern.text)
        is_written = pattern.rung is Rung.CONFIGURATION
        if pattern.anchored or is_written or not pattern.exact or os.path.isabs(text):
            return ()
        starts = dict.fromkeys((*self._starts(pattern, os.path.dirname(near)), *self._programs))
        named = {self._shown(path) for start in starts for path in self._below(start, pattern)}
        ending = f"/{os.path.normpath(text)}"
        files = self._by_name.get(ending.rpartition("/")[2], ())
        named |= {self._shown(path) for path in files if path.endswith(ending)}
        return sorted(named - set(self.matching(pattern, near)))

    @cached_property
    def _programs(self) -> tuple[Path, ...]:
        """The folders of the project that hold source files."""
        files = self._files_below(self._root)
        sources = (path for path in files if path.endswith((".py", ".ipynb")))
        return tuple(map(Path, dict.fromkeys(map(os.path.dirname, sources))))

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        """The project's files by their last part: every load asks for one."""
        found: dict[str, list[str]] = {}
        for path in self._files_below(self._root):
            found.setdefault(os.path.basename(path), []).append(path)
        return found

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        """Whether a bare name is named, or a folder that holds checkpoints."""
        folder = os.path.dirname(os.path.expanduser(pattern.shown))
        starts = self._starts(pattern, os.path.dirname(near))
        return not folder or any(map(_holds_checkpoints, (start / folder for start in starts)))

    def any(self) -> bool:
        """Whether a file that looks like a checkpoint lies in the project or a checkpoint root.

        How it begins counts, whatever it is called: neither a ``tokenizer.model`` is one nor what
        stands in its place until git-lfs has brought it, and ``graph.p`` may be one. A folder that
        is too large to be searched may hold one.
        """
        if self._any is None:
            self._any = (
                bool(self._config.checkpoints)
                or any(map(_may_be_checkpoint, self._named))
                or self._has_checkpoint_of_another_name()
                or self._is_cut
            )
        return self._any

    def _has_checkpoint_of_another_name(self) -> bool:
        files = (path for root in self._roots for path in self._files_below(root))
        others = (path for path in files if not path.lower().endswith((*NEVER, *SUFFIXES)))
        for number, path in enumerate(others):
            if number == MAX_HEADS or _begins_like_one(path):
                return True
        return False

    @property
    def _roots(self) -> list[Path]:
        return sorted({self._root, *(self._root / root for root in self._config.checkpoint_roots)})

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The files within reach that are called like a checkpoint."""
        files = (path for root in self._roots for path in self._files_below(root))
        return tuple(path for path in files if _is_called_so(path))

    def _files_below(self, root: Path) -> Iterator[str]:
        """The files of a folder, the nearest first, until it has shown too many entries."""
        waiting, left = deque([os.fspath(root)]), MAX_GLOBBED
        while waiting and left > 0:
            folder = waiting.popleft()
            held = self._listings.held(folder)
            left -= len(held.files) + len(held.folders)
            yield from (os.path.join(folder, name) for name in held.files)
            waiting.extend(os.path.join(folder, name) for name in held.folders)
        self._is_cut |= bool(waiting)

    def inspect(self, path: str, lookup: ClassLookup, torch: TorchVersion) -> CheckpointReport:
        """The report of one release on one file, named as ``path`` whatever the place it lies in.

        A file that names ``__main__`` may mean another class for each script, so its report is
        not kept.
        """
        known = self._reports.get((path, torch))
        if known is not None:
            return known
        report = self._as_newest_or(path, lookup, torch)
        if not _names_main(report):
            self._reports[path, torch] = report
        return report

    def _as_newest_or(
        self, path: str, lookup: ClassLookup, torch: TorchVersion
    ) -> CheckpointReport:
        """The report of a release that treats the file alike, where there is one, or a new one."""
        newest = max(torch, NEWEST_LINE)
        if torch == newest:
            return self._inspect(path, lookup, torch)
        first = self.inspect(path, lookup, newest)
        if _names_main(first):
            return self._inspect(path, lookup, torch)
        if any(problem.code == "limit" for problem in first.problems):
            return first  # no release is asked to read as far again
        names = frozenset(str(found.name) for found in first.globals)
        plain = first.verdict == "loads" and not first.problems and not first.builds_types
        wanted = behaviour(torch, names, path, plain=plain)
        if wanted == behaviour(newest, names, path, plain=plain):
            return first
        if (path, wanted) not in self._reports:
            self._reports[path, wanted] = self._inspect(path, lookup, torch)
        return self._reports[path, wanted]

    def _inspect(self, path: str, lookup: ClassLookup, torch: TorchVersion) -> CheckpointReport:
        from torchload_lint.checkpoint import inspect_file  # noqa: PLC0415 - where a file is there

        target = self._target._replace(torch=torch)
        return inspect_file(self._root / path, target, lookup)._replace(path=path)

    def _find(self, pattern: PathPattern, folder: str) -> tuple[str, ...]:
        is_configured = pattern.rung is Rung.CONFIGURATION
        is_searched = pattern.listed and _is_called_so(pattern.text)
        if not (pattern.exact or is_configured or is_searched or _is_telling(pattern.text)):
            return ()
        for start in self._starts(pattern, folder):
            paths = self._below(start, pattern)
            if pattern.text.endswith("*"):
                paths = [path for path in paths if _passes_for_checkpoint(path)]
            if paths:
                return tuple(sorted({self._shown(path) for path in paths}))
        return ()

    def _starts(self, pattern: PathPattern, folder: str) -> list[Path]:
        if pattern.anchored:
            return [self._root]
        roots = (self._root / root for root in self._config.checkpoint_roots)
        return list(dict.fromkeys((*roots, self._root / folder)))

    def _below(self, start: Path, pattern: PathPattern) -> list[str]:
        text = os.path.expanduser(self._moved(pattern))
        if is_url(text):
            return []
        whole = os.path.normpath(start / text)
        if "*" not in text and "?" not in text and "[" not in text:
            if pattern.rung is Rung.CONFIGURATION and _holds_plain_files(whole):
                return globbed_files(start, os.path.join(text, "*"), self._listings)
            return [whole] if os.path.exists(whole) else []
        if pattern.rung is Rung.CONFIGURATION and os.path.isfile(whole):
            return [whole]
        if pattern.rung is Rung.CONFIGURATION or pattern.listed:
            return globbed_files(start, text, self._listings)
        return [] if self._is_known_absent(text) else files_below(start, text, self._listings)

    def _is_known_absent(self, text: str) -> bool:
        """Whether a pattern asks for a file of which there is none: saves a search per load."""
        if not _is_called_so(text) or os.path.isabs(text):
            return False
        parts = text.split("/")
        left_out = any(part.startswith(".") or part in DEFAULT_EXCLUDE for part in parts)
        return not left_out and not self._named and not self._is_cut

    def _moved(self, pattern: PathPattern) -> str:
        """The place that the configuration gives for a path, or the path itself."""
        entries: tuple[CheckpointEntry, ...] = self._config.checkpoints
        text, origin = pattern.text, pattern.origin
        named = (e.path for e in entries if e.path and names_path(e.pattern, text, origin))
        return next(named, text)

    def _shown(self, path: str) -> str:
        absolute = Path(path)
        if absolute.is_relative_to(self._root):
            return absolute.relative_to(self._root).as_posix()
        return absolute.as_posix()


def _names_main(report: CheckpointReport) -> bool:
    return any(found.name.module == "__main__" for found in report.globals)


def _holds_plain_files(folder: str) -> bool:
    """Whether it is a folder, and not one that is a checkpoint as a whole."""
    return os.path.isdir(folder) and not os.path.exists(os.path.join(folder, ".metadata"))


def _holds_checkpoints(folder: Path) -> bool:
    try:
        return any(_is_called_so(name) for name in os.listdir(folder))
    except (OSError, ValueError):
        return False


def _is_called_so(path: str) -> bool:
    """Whether a name ends as a checkpoint's usually does (``NET.PTH`` as well)."""
    return path.lower().endswith(SUFFIXES)


def _may_be_checkpoint(path: str) -> bool:
    """Whether a file begins like something that torch.load reads."""
    try:
        head = read_head(path, TAR_MARK.stop)
    except OSError:
        return False
    return head.startswith(BEGINNINGS) or head[TAR_MARK] == b"ustar"


def _passes_for_checkpoint(path: str) -> bool:
    """Whether a file whose ending the code leaves open is one that torch.load may be meant for."""
    return _is_called_so(path) or _begins_like_one(path)


def _begins_like_one(path: str) -> bool:
    """Whether a file begins like a zip archive or a pickle, as no text does."""
    try:
        return read_head(path, len(ZIP_OR_PICKLE[0])).startswith(ZIP_OR_PICKLE)
    except OSError:
        return False


def _is_telling(text: str) -> bool:
    """Whether enough of the path is known for a match to mean something: where its folders begin,
    or some characters of the file's stem.
    """
    folder, _, name = text.rpartition("/")
    begins = folder.lstrip("./").partition("/")[0]
    if begins and ("*" not in begins or len(begins.replace("*", "")) >= MIN_LITERAL):
        return True
    stem = name.rsplit(".", 1)[0]
    return "*" not in text or len(stem.replace("*", "")) >= MIN_LITERAL
