"""Checkpoints that code or configuration names by an address, read where a user allows it.

Whoever wrote the project chooses the addresses: only stores of the outer world are asked, and only
for so many objects.
"""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from torchload_lint.checkpoint import inspect_byte_source
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS, shallow
from torchload_lint.checkpoint.report import CheckpointReport, Problem, Verdict
from torchload_lint.remote.addresses import is_address
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.kept_bytes import KeptBytes, cache_folder
from torchload_lint.remote.listing import is_pattern, objects_at
from torchload_lint.workspace.on_disk.checkpoint_names import is_checkpoint_name
from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint import Target
    from torchload_lint.checkpoint.known.torch_versions import TorchVersion
    from torchload_lint.checkpoint.pickles.call_results import ClassLookup
    from torchload_lint.config import Config
    from torchload_lint.remote.remote_stores import RemoteObject, Store
    from torchload_lint.remote.windows import RemoteSource
    from torchload_lint.source.paths import PathPattern

MOST_OBJECTS = 500
"""Objects that are read for a project."""
MOST_LISTED = 20_000
"""Objects that are looked through for those that an address stands for."""
_LARGE = 1024 * 1024


class RemoteCheckpoints(DiskCheckpoints):
    """Those on the disk; where there is none, the object at an address."""

    def __init__(self, config: Config, target: Target) -> None:
        super().__init__(config, target)
        self._kept = KeptBytes(cache_folder())
        self._objects: dict[str, tuple[Store, RemoteObject]] = {}
        self._sources: dict[str, RemoteSource] = {}
        self._errors: dict[str, str] = {}
        """Address → why nothing can be read there."""
        self._listed_at: dict[str, tuple[str, ...]] = {}

    def any(self) -> bool:
        """An address may be named anywhere."""
        return True

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """The files that a pattern names; else the objects, by their addresses."""
        found = super().matching(pattern, near)
        address = self._moved(pattern._replace(text=pattern.shown))
        if found or not (is_address(address) or pattern.origin):
            return found
        return self._listed(address if is_address(address) else pattern.origin)

    def _listed(self, address: str) -> Sequence[str]:
        """What lies at an address; the address itself where that is not known."""
        if address not in self._listed_at:
            try:
                found = self._objects_at(address)
            except RemoteError as error:
                self._errors[address] = str(error)
                found = {}
            self._objects |= found
            self._listed_at[address] = tuple(sorted(found)) or (address,)
        return self._listed_at[address]

    def _objects_at(self, address: str) -> dict[str, tuple[Store, RemoteObject]]:
        """Raises RemoteError."""
        left = MOST_OBJECTS - len(self._objects)
        if left <= 0:
            raise RemoteError(f"{address}: it is beyond the first {MOST_OBJECTS} objects")
        listed = objects_at(address, is_checkpoint_name, MOST_LISTED, outer=True)
        found = {item.uri: (store, item) for store, item in islice(listed, left)}
        is_one = len(found) == 1 and not is_pattern(address)
        return {address: next(iter(found.values()))} if is_one else found

    def _inspect(self, path: str, lookup: ClassLookup, torch: TorchVersion) -> CheckpointReport:
        if not is_address(path):
            return super()._inspect(path, lookup, torch)
        try:
            store, item = self._object(path)
        except RemoteError as error:
            problem = Problem("unreachable", str(error), "check the address and the credentials")
            return CheckpointReport(path, "unreachable", Verdict.UNREADABLE, problems=(problem,))
        if path not in self._sources:
            self._sources = {
                key: one for key, one in self._sources.items() if one.bytes_read < _LARGE
            }
            self._sources[path] = self._kept.source(item, partial(store.fetch, item))
        source = self._sources[path]
        before = source.requests
        target = self._target._replace(torch=torch)
        report = inspect_byte_source(source, path, target, lookup, shallow(DEFAULT_LIMITS))
        if source.requests > before:
            self._kept.keep(item, source)
        return report

    def _object(self, address: str) -> tuple[Store, RemoteObject]:
        """Raises RemoteError."""
        if address not in self._objects:
            raise RemoteError(self._errors.get(address) or f"{address}: nothing fits it")
        return self._objects[address]
