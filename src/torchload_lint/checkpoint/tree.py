"""The object in a checkpoint as a tree of text: nesting, types, tensors summed up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.checkpoint.containers.bytesource import ByteSource, FileSource, MemorySource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.containers.safetensors import described
from torchload_lint.checkpoint.evaluate import Question, evaluate
from torchload_lint.checkpoint.known.torch_versions import NEWEST
from torchload_lint.checkpoint.numpy_scalars import scalar_text
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
from torchload_lint.checkpoint.pickles.shown_values import shortened
from torchload_lint.checkpoint.pickles.tensors import TensorInfo, tensor_of
from torchload_lint.named_tuples import NamedTuple

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
MORE = "… (more)"
_UNITS = ("B", "kB", "MB", "GB", "TB")


def inspect_tree(
    path: str | os.PathLike[str], target: Target = NEWEST, limits: TreeLimits = DEFAULT_TREE
) -> str:
    """The object in a checkpoint file as lines of text; empty where nothing can be shown.

    Never raises, calls nothing, and reads only the pickle.
    """
    try:
        return "\n".join(render_tree(value_of_file(path, target), limits))
    except (OSError, ValueError, MemoryError, RecursionError):
        return ""


def tree_of_bytes(
    data: bytes, name: str = "", target: Target = NEWEST, limits: TreeLimits = DEFAULT_TREE
) -> str:
    """The same as :func:`inspect_tree` for bytes in memory."""
    try:
        return "\n".join(render_tree(_value_in(MemorySource(data), name, target), limits))
    except ValueError:
        return ""


def value_of_file(path: str | os.PathLike[str], target: Target = NEWEST) -> PickledValue:
    """The object in a checkpoint file, which nothing was called for.

    Raises OSError, and ValueError where there is nothing to show.
    """
    name = os.fspath(path)
    if not Path(name).is_file():
        raise ValueError("not a regular file")
    with Path(name).open("rb") as file:
        return _value_in(FileSource(file), Path(name).name, target)


def _value_in(source: ByteSource, name: str, target: Target) -> PickledValue:
    question = Question(target, rules=False)
    container = open_container(source, name, question.limits, target)
    if container.kind == "safetensors":
        return _named_tensors(source)
    if container.problem is not None or container.loads:
        raise ValueError("there is no pickle")
    result = evaluate(source, container, question)
    if result.main is None or result.main.fault is not None:
        raise ValueError("the pickle is damaged")
    return result.value


def _named_tensors(source: ByteSource) -> DictValue:
    """A safetensors file as the dict that its library gives. Raises ValueError."""
    found = described(source)
    tensors = [(name, TensorInfo(dtype, shape)) for name, dtype, shape in found.tensors]
    if not found.metadata:
        return DictValue(entries=tensors)
    metadata = DictValue(entries=list(found.metadata))
    return DictValue(entries=tensors, state=[DictValue(entries=[("metadata", metadata)])])


class Node(NamedTuple):
    """One line of a tree, with what stands below it."""

    step: str
    """How it is reached from the node above: ``['model']``, ``.fc``; empty for the root."""
    headline: str
    """Its type, and its content where that is short."""
    children: tuple[Node, ...] = ()
    goes_on: bool = False
    """Whether there are more children, which the limit on lines left out."""


def render_tree(root: PickledValue, limits: TreeLimits = DEFAULT_TREE) -> list[str]:
    """The lines of a value's tree; a shared or recursive value is written out once."""
    top = outline(root, limits)
    lines = [_cut(top.headline, limits.width), *_branches(top, "", limits.width)]
    return [*lines, MORE] if is_cut_short(top) else lines


def outline(root: PickledValue, limits: TreeLimits = DEFAULT_TREE) -> Node:
    """The nodes of a value's tree; what is shared or recursive is opened once."""
    return _Outline(limits).node("", root, 0)


def is_cut_short(top: Node) -> bool:
    """Whether the limit on lines left something out: then it did so on the last branch."""
    return top.goes_on or (bool(top.children) and is_cut_short(top.children[-1]))


def _branches(node: Node, indent: str, width: int) -> Iterator[str]:
    for number, child in enumerate(node.children, 1):
        is_last = number == len(node.children) and not node.goes_on
        branch = "└── " if is_last else "├── "
        yield _line(indent + branch, child.step, child.headline, width)
        yield from _branches(child, indent + ("    " if is_last else "│   "), width)


class _Outline:
    """Nodes within limits: calls go no deeper than ``limits.depth``."""

    def __init__(self, limits: TreeLimits) -> None:
        self._limits = limits
        self._lines_left = limits.lines - 1
        self._opened: set[int] = set()

    def node(self, step: str, value: PickledValue, depth: int) -> Node:
        """A value, and what is inside it."""
        again = not isinstance(value, _LEAVES) and id(value) in self._opened
        headline = _headline(value) + (" (see above)" if again else "")
        if again or not _is_worth_opening(value):
            return Node(step, headline)
        self._opened.add(id(value))
        if depth >= self._limits.depth:
            return Node(step, headline)
        return Node(step, headline, *self._inside(value, depth + 1))

    def _inside(self, value: PickledValue, depth: int) -> tuple[tuple[Node, ...], bool]:
        """The children of a value, and whether the limit on lines left some out."""
        found: list[Node] = []
        children = _shown_children(value)
        for step, child in children:
            if not self._lines_left:
                return tuple(found), True
            self._lines_left -= 1
            if len(found) == self._limits.entries:
                rest = 1 + sum(1 for _ in children)
                return (*found, Node(f"… {rest:,} more", "")), False
            found.append(self.node(step, child, depth))
        return tuple(found), False


def _is_worth_opening(value: PickledValue) -> bool:
    """Whether the headline leaves something to say."""
    if isinstance(value, _LEAVES) or tensor_of(value) is not None or scalar_text(value):
        return False
    return not (isinstance(value, (list, tuple)) and _is_short(value))


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
        return scalar_text(value) or _instance(value)
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
    amount = float(min(count, 10**30))
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
