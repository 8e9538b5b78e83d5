"""How ``child.py`` loads, also in a block of the module ``restore_only``.

Run by the user's interpreter.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from contextlib import contextmanager
from importlib.abc import Loader
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Restoring(Loader):
    """The module ``restore_only`` of a project: its text is known, and a copy of this script's own
    stands for it where the checkpoint is loaded.

    Where a fix brings the module, imports find it as if it lay where it will be written.
    """

    def __init__(self, loader: ModuleType, text: str, place: str) -> None:
        """The module's text, where the program uses it, and the place where a fix will write it."""
        self.entries: list[Any] = []
        self._loader = loader
        self._own = ModuleType("restore_only")
        self._text = text
        self._place = Path(place) if place else None
        if self._text:
            exec(compile(self._text, "restore_only.py", "exec"), vars(self._own))  # noqa: S102
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

    def as_own(self, item: Any) -> Any:  # noqa: ANN401 - an entry
        """An entry that the program's copy has made, as this script's copy makes it."""
        is_restored = self._text and type(item).__name__ == "_Restored"
        return vars(self._own)["_Restored"](*item) if is_restored else item

    @contextmanager
    def block(self) -> Iterator[None]:
        """The module's own ``safe_globals``, over the loader that is asked."""
        if not self.entries:
            yield
            return
        torch: Any = sys.modules["torch"]
        known, torch.serialization = torch.serialization, self._loader
        try:
            block = vars(self._own)["safe_globals"](self.entries)
            block.__enter__()
        finally:
            torch.serialization = known
        try:
            yield
        except BaseException:
            block.__exit__(*sys.exc_info())
            raise
        block.__exit__(None, None, None)

    def load(
        self,
        load: Any,  # noqa: ANN401 - torch.load
        path: str,
        *,
        is_swapped: bool,
    ) -> tuple[str, BaseException | None]:
        """On the meta device and mapped where that works, since only whether it loads is asked.

        How that was, or the error of the last way.
        """
        mapped: tuple[dict[str, Any], ...] = ({"mmap": True}, {})
        ways = [{"map_location": device, **more} for device in ("meta", "cpu") for more in mapped]
        error: BaseException | None = None
        for way in ways[-1:] if is_swapped else ways:
            try:
                with self.block():
                    load(path, weights_only=True, **way)
            except Exception as failure:  # noqa: BLE001, PERF203 - each way has its own reasons
                error = failure
                if type(failure).__name__ == "UnpicklingError":  # no other way would change that
                    break
            else:
                return f"{way['map_location']} device{', mapped' if way.get('mmap') else ''}", None
        return "", error

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
