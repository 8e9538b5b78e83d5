"""The object in a checkpoint as a tree of text: nesting, types, tensors summed up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.checkpoint.containers.bytesource import ByteSource, FileSource, MemorySource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.containers.safetensors import described
from torchload_lint.checkpoint.evaluate import Question, evaluate
from torchload_lint.checkpoint.known.torch_versions import NEWEST
from torchload_lint.checkpoint.pickles.pickled_values import (
    DictValue,
    GlobalRef,
    ObjectValue,
    PickledValue,
    SetValue,
    StorageValue,
    type_of,
)
from torchload_lint.checkpoint.pickles.places import parts
from torchload_lint.checkpoint.pickles.tensors import TensorInfo, tensor_of
from torchload_lint.checkpoint.threats import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torchload_lint.checkpoint.known.torch_versions import Target


class TreeLimits(NamedTuple):
    """How much of an object is shown."""

    depth: int = 5
    entries: int = 20
    """Children of one node."""
    lines: int = 200
    width: int = 80
    """Columns."""


DEFAULT_TREE = TreeLimits()
_LEAVES = (str, bytes, int, float, bool, type(None), GlobalRef, StorageValue)
_UNITS = ("B", "kB", "MB", "GB", "TB")


def inspect_tree(
    path: str | os.PathLike[str], target: Target = NEWEST, limits: TreeLimits = DEFAULT_TREE
) -> str:
    """The object in a checkpoint file as lines of text; empty where nothing can be shown.

    Never raises, calls nothing, and reads only the pickle.
    """
    name = os.fspath(path)
    try:
        if not Path(name).is_file():
            return ""
        with Path(name).open("rb") as file:
            return _tree_of(FileSource(file), Path(name).name, target, limits)
    except (OSError, ValueError, MemoryError, RecursionError):
        return ""


def tree_of_bytes(
    data: bytes, name: str = "", target: Target = NEWEST, limits: TreeLimits = DEFAULT_TREE
) -> str:
    """The same as :func:`inspect_tree` for bytes in memory."""
    return _tree_of(MemorySource(data), name, target, limits)


def _tree_of(source: ByteSource, name: str, target: Target, limits: TreeLimits) -> str:
    question = Question(target)
    container = open_container(source, name, question.limits, target)
    if container.kind == "safetensors":
        return "\n".join(render_tree(_named_tensors(source), limits))
    if container.problem is not None or container.loads:
        return ""
    result = evaluate(source, container, question)
    if result.main is None or result.main.fault is not None:
        return ""
    return "\n".join(render_tree(result.value, limits))


def _named_tensors(source: ByteSource) -> DictValue:
    """A safetensors file as the dict that its library gives. Raises ValueError."""
    found = described(source)
    tensors = [(name, TensorInfo(dtype, shape)) for name, dtype, shape in found.tensors]
    if not found.metadata:
        return DictValue(entries=tensors)
    metadata = DictValue(entries=list(found.metadata))
    return DictValue(entries=tensors, state=[DictValue(entries=[("metadata", metadata)])])


def render_tree(root: PickledValue, limits: TreeLimits = DEFAULT_TREE) -> list[str]:
    """The lines of a value's tree; a shared or recursive value is written out once."""
    lines = [_cut(_headline(root), limits.width)]
    waiting = [_Level(_shown_children(root), "", 1)]
    seen = {id(root)}
    while waiting:
        level = waiting[-1]
        item = level.take(limits.entries)
        if item is None:
            waiting.pop()
            continue
        if len(lines) >= limits.lines:
            lines.append("… (more)")
            break
        step, value, is_last = item
        branch = "└── " if is_last else "├── "
        again = not isinstance(value, _LEAVES) and id(value) in seen
        headline = _headline(value) + (" (see above)" if again else "")
        lines.append(_line(level.indent + branch, step, headline, limits.width))
        if again or not _is_worth_opening(value):
            continue
        seen.add(id(value))
        if level.depth < limits.depth:
            indent = level.indent + ("    " if is_last else "│   ")
            waiting.append(_Level(_shown_children(value), indent, level.depth + 1))
    return lines


def _is_worth_opening(value: PickledValue) -> bool:
    """Whether the headline leaves something to say."""
    if isinstance(value, _LEAVES) or tensor_of(value) is not None:
        return False
    return not (isinstance(value, (list, tuple)) and _is_short(value))


class _Level:
    """The children of one node, taken one by one, with one looked ahead at."""

    def __init__(self, items: Iterator[tuple[str, PickledValue]], indent: str, depth: int) -> None:
        self._items = items
        self._next = next(items, None)
        self._taken = 0
        self.indent = indent
        self.depth = depth

    def take(self, most: int) -> tuple[str, PickledValue, bool] | None:
        """The next child and whether it is the last one shown; None after it."""
        if self._next is None:
            return None
        if self._taken >= most:
            rest = 1 + sum(1 for _ in self._items)
            self._next = None
            return f"… {rest:,} more", _NOTHING, True
        step, value = self._next
        self._next = next(self._items, None)
        self._taken += 1
        return step, value, self._next is None


_NOTHING = GlobalRef(None)  # type: ignore[arg-type] # the value of a line without one


def _shown_children(value: PickledValue) -> Iterator[tuple[str, PickledValue]]:
    """The children that a reader looks for: no callee, and arguments only where they say more."""
    if isinstance(value, ObjectValue):
        for step, child in parts(value):
            if child is value.callee or (not step and isinstance(child, _LEAVES)):
                continue
            if step.startswith("._") and _is_empty(child):
                continue  # the hooks and caches of an nn.Module
            yield step, child
    else:
        for step, child in parts(value):
            if not step.startswith(" (key"):
                yield step, child


def _is_empty(value: PickledValue) -> bool:
    if isinstance(value, DictValue):
        return not value.entries
    if isinstance(value, SetValue):
        return not value.items
    return value is None or (isinstance(value, (list, tuple)) and not value)


def _headline(value: PickledValue) -> str:
    """One line for a value: its type, and its content where that is short."""
    if value is _NOTHING:
        return ""
    tensor = tensor_of(value)
    if tensor is not None:
        shape = ", ".join(map(str, tensor.shape))
        return f"{tensor.kind} {tensor.dtype} [{shape}], {readable_bytes(tensor.nbytes)}"
    if isinstance(value, DictValue):
        return f"{_short(value.kind)}, {_count(len(value.entries), 'entry', 'entries')}"
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        if _is_short(value):
            return f"{kind} {shortened(value)}"
        return f"{kind}, {_count(len(value), 'item', 'items')}"
    if isinstance(value, SetValue):
        return f"{_short(value.kind)}, {_count(len(value.items), 'item', 'items')}"
    if isinstance(value, ObjectValue):
        return _instance(value)
    if isinstance(value, StorageValue):
        return f"storage {value.dtype}, {_count(value.numel, 'element', 'elements')}"
    return shortened(value)


def _is_short(items: list[PickledValue] | tuple[PickledValue, ...]) -> bool:
    """A few numbers, which fit in the headline."""
    return 0 < len(items) <= 4 and all(isinstance(item, (int, float)) for item in items)  # noqa: PLR2004


def _instance(value: ObjectValue) -> str:
    kind = type_of(value)
    name = str(kind) if kind is not None else shortened(value.callee, 1)
    args = value.args if isinstance(value.args, tuple) else ()
    plain = all(isinstance(item, (str, int, float, bool, type(None), GlobalRef)) for item in args)
    if value.how == "REDUCE" and args and plain and not value.states:
        return f"{_short(name)}({', '.join(shortened(item, 0) for item in args[:6])})"
    return _short(name)


def _short(name: str) -> str:
    return name.removeprefix("builtins.").removeprefix("collections.")


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def readable_bytes(count: int) -> str:
    """A number of bytes for people: ``1.5 MB`` (powers of 1000)."""
    amount = float(count)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004 - the step between units
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{count} B"


def _line(branch: str, step: str, headline: str, width: int) -> str:
    """A step and a headline in one line; a long step gives way to the headline."""
    room = width - len(branch) - len(headline) - 2
    if len(step) > max(room, _SHORTEST_STEP):
        half = max(room, _SHORTEST_STEP) // 2
        step = f"{step[: half - 1]}…{step[-half:]}"
    return _cut(f"{branch}{step}{': ' if step and headline else ''}{headline}", width)


_SHORTEST_STEP = 24


def _cut(line: str, width: int) -> str:
    """Within the width, and without characters that would move a terminal's cursor."""
    printable = "".join(char if char.isprintable() else "�" for char in line[: width + 1])
    return printable if len(printable) <= width else printable[: width - 1] + "…"
