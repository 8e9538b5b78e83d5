"""How ``child.py`` loads, also in a block of the module ``restore_only``.

Run by the user's interpreter.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.abc import Loader
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


class _Block:
    """A block of the module; it takes torch's ``safe_globals`` where it is entered."""

    def __init__(self, loader: ModuleType, block: Any) -> None:  # noqa: ANN401 - a context manager
        self._loader = loader
        self._block = block

    def __enter__(self) -> None:
        if self._block is None:
            return
        torch: Any = sys.modules["torch"]
        known, torch.serialization = torch.serialization, self._loader
        try:
            self._block.__enter__()
        finally:
            torch.serialization = known

    def __exit__(self, *raised: object) -> None:
        if self._block is not None:
            self._block.__exit__(*raised)


class Restoring(Loader):
    """The module ``restore_only`` of a project: its text is known, and a copy of this script's own
    stands for it where the checkpoint is loaded.

    Where a fix brings the module, imports find it as if it lay where it will be written.
    """

    def __init__(self, script: ModuleType, loader: ModuleType, text: str, place: str) -> None:
        """The module's text, where the program uses it, and the place where a fix will write it."""
        self.script = script
        self.entries: list[Any] = []
        self._loader = loader
        self._text = text
        self._place = Path(place) if place else None
        if self._place is not None:
            sys.meta_path.insert(0, self)

    def find_spec(
        self,
        name: str,
        path: Any = None,  # noqa: ANN401 - as importing gives it
        target: ModuleType | None = None,  # noqa: ARG002 - as importing gives it
    ) -> Any:  # noqa: ANN401 - a spec
        """As the path finder does, with a file more."""
        if self._place is None or name.rpartition(".")[2] != self._place.stem:
            return None
        for entry in sys.path if path is None else path:
            if os.path.realpath(entry or ".") == os.path.realpath(self._place.parent):
                return importlib.util.spec_from_loader(name, self, origin=str(self._place))
            if spec := PathFinder.find_spec(name, [entry]):
                return spec
        return None

    def create_module(self, _spec: Any) -> None:  # noqa: ANN401 - a spec
        """An ordinary one."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the text that will stand there."""
        exec(compile(self._text, str(self._place), "exec"), vars(module))  # noqa: S102

    def block(self) -> _Block:
        """The module's own ``safe_globals``, over the loader that is asked."""
        if not self.entries:
            return _Block(self._loader, None)
        own: dict[str, Any] = {"__name__": "restore_only"}  # nothing of the program can change it
        exec(compile(self._text, "restore_only.py", "exec"), own)  # noqa: S102
        entries = [
            own["_Restored"](*item) if type(item).__name__ == "_Restored" else item
            for item in self.entries
        ]
        return _Block(self._loader, own["safe_globals"](entries))

    def load(
        self,
        load: Any,  # noqa: ANN401 - torch.load
        path: str,
        first: int,
        *,
        is_swapped: bool,
    ) -> tuple[str, BaseException | None, bool]:
        """On the meta device and mapped where that works, since only whether it loads is asked.

        How that was; or the error of a way, and whether another process has to try the next one:
        what has run in vain has changed this process.
        """
        mapped: tuple[dict[str, Any], ...] = ({"mmap": True}, {})
        ways = [{"map_location": device, **more} for device in ("meta", "cpu") for more in mapped]
        for way in ways[-1:] if is_swapped else ways[first:]:
            error = self._error_of(load, path, way)
            if error is None:
                how = f"{way['map_location']} device{', mapped' if way.get('mmap') else ''}"
                return how, None, False
            if not _is_not_mapped(error):
                break
        is_last = way is ways[-1] or type(error).__name__ == "UnpicklingError"
        return "", error, not is_last

    def _error_of(self, load: Any, path: str, way: dict[str, Any]) -> BaseException | None:  # noqa: ANN401 - torch.load
        try:
            with self.block():
                load(path, weights_only=True, **way)
        except Exception as failure:  # noqa: BLE001 - each way has its own reasons
            return failure
        return None

    @staticmethod
    def can_be_read(path: str) -> bool:
        """Whether a file is read at all: an audit hook of the program may keep it from being
        opened.
        """
        try:
            with open(path, "rb") as file:  # noqa: PTH123 - as torch opens it
                file.read(1)
        except Exception:  # noqa: BLE001 - a hook raises anything
            return False
        return True


def _is_not_mapped(failure: BaseException) -> bool:
    """Whether torch refuses to map a file of the old format, before it reads anything of it."""
    return str(failure).startswith("mmap can only be used with files")
