"""The projects as they are now: files on the disk, and over them the texts that an editor holds."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from torchload_lint.config import ConfigError, Settings
from torchload_lint.named_tuples import NamedTuple
from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.on_disk.source_files import is_code
from torchload_lint.workspace.on_disk.stamps import Stamps
from torchload_lint.workspace.projects import Projects

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torchload_lint.workspace.projects import Project

LONG_LOOK_SECONDS = 0.05
"""A look at all files that takes longer is not taken before every answer."""
SHARE_OF_LOOKS = 20
"""After a long look, or for what nobody waits for, so many times its duration passes."""
NEVER_ASKED = (".ipynb", ".log", ".md", ".rst", ".csv", ".png", ".jpg", ".jpeg")
"""What files are called whose content no answer about another file rests on."""


class Now(NamedTuple):
    """What an editor knows at one moment."""

    settings: Settings = Settings()
    epoch: int = 0
    """Counts what may have changed everything: settings, or files that the client has named."""
    texts: Mapping[str, bytes] = {}
    """The open documents by path, as they stand in the editor, saved or not."""


class World:
    """One worker's projects, which follow the editor and the disk."""

    def __init__(self) -> None:
        self.number = 0
        """Changes whenever an answer may."""
        self.wrong_file = ""
        """What is wrong with the configuration file that the client has named, so that the closest
        one of each folder holds."""
        self._now = Now()
        self._projects: Projects | None = None
        self._stamps = Stamps()
        self._looked = 0.0

    def projects(self, now: Now, path: Path, *, is_waited_for: bool = True) -> Projects:
        """The projects as of now, and whatever is around ``path`` watched. Raises ConfigError."""
        before, self._now = self._now, now
        if self._projects is None or (now.settings, now.epoch) != (before.settings, before.epoch):
            self._begin_anew()
        elif self._is_time_to_look(is_waited_for=is_waited_for):
            self._follow_disk()
        if self._projects is None:
            self._projects = self._made(now.settings)
        if now.texts is not before.texts:
            self._follow_texts(before.texts, now.texts)
        try:
            project = self._projects.project_of(path)
        except ConfigError as error:
            self._stamps.watch(os.path.dirname(os.path.abspath(path)))
            self._watch_extended(error.extended)
            raise
        self._watch_extended(project.config.extended)
        if project.baseline is not None:
            self._stamps.watch_single(os.path.abspath(project.baseline))
        for folder in (project.root, *_checkpoint_folders(project)):
            self._stamps.watch(folder)
        return self._projects

    def _watch_extended(self, files: tuple[Path, ...]) -> None:
        for file in files:
            self._stamps.watch_single(os.path.abspath(file))

    def _begin_anew(self) -> None:
        self.number += 1
        self._projects = None
        self._stamps = Stamps()

    def _made(self, settings: Settings) -> Projects:
        if settings.config_file:
            self._stamps.watch_single(os.path.abspath(settings.config_file))
        self.wrong_file = ""
        try:
            projects = Projects(settings)
        except ConfigError as error:
            if not settings.config_file:
                raise
            self.wrong_file = str(error)
            self._watch_extended(error.extended)
            projects = Projects(settings._replace(config_file=None))
        projects.read_through(self._read)
        return projects

    def _read(self, path: str) -> bytes:
        text = self._now.texts.get(path)
        return read_regular(path) if text is None else text

    def _is_time_to_look(self, *, is_waited_for: bool) -> bool:
        took = self._stamps.seconds
        rest = SHARE_OF_LOOKS * took if took > LONG_LOOK_SECONDS or not is_waited_for else 0.0
        return time.monotonic() - self._looked >= rest

    def _follow_disk(self) -> None:
        changes = self._stamps.changes()
        self._looked = time.monotonic()
        contents = [path for path in changes.contents if not path.endswith(NEVER_ASKED)]
        if changes.others or not all(map(is_code, contents)):
            self._begin_anew()
            return
        for path in contents:
            self._changed(path)

    def _follow_texts(self, before: Mapping[str, bytes], now: Mapping[str, bytes]) -> None:
        for path in before.keys() | now.keys():
            if before.get(path) != now.get(path):
                self._changed(path)

    def _changed(self, path: str) -> None:
        self.number += 1
        if self._projects is not None:
            self._projects.changed(path)


def _checkpoint_folders(project: Project) -> list[str]:
    """Where checkpoints may lie outside of the project's own folder."""
    roots = (os.path.join(project.root, root) for root in project.config.checkpoint_roots)
    inside = os.path.join(project.root, "")
    found = (os.path.normpath(root) for root in roots)
    return [root for root in found if not os.path.join(root, "").startswith(inside)]
