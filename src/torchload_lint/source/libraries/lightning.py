"""Lightning: where ``ModelCheckpoint`` writes, and ``self.hparams``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain.conversions import combine
from torchload_lint.source.domain.patterns import HOLE, Rung, highest, join
from torchload_lint.source.domain.sequences import elements
from torchload_lint.source.domain.values import (
    Constant,
    Frame,
    Made,
    Record,
    Sequence,
    Text,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.names import members
from torchload_lint.source.project import classes
from torchload_lint.source.state.bound import Layers
from torchload_lint.source.state.evaluated_arguments import arguments, first
from torchload_lint.source.text.definitions import parameters
from torchload_lint.source.text.expressions import last_name

if TYPE_CHECKING:
    from torchload_lint.source.domain.values import Instance, Value
    from torchload_lint.source.evaluator import Evaluator, Inherited, KnownAttribute, KnownMethod


_CHECKPOINT_CALLBACKS = tuple(
    f"{package}.callbacks.{rest}"
    for package in ("pytorch_lightning", "lightning.pytorch", "lightning")
    for rest in ("ModelCheckpoint", "model_checkpoint.ModelCheckpoint")
)
_DEFAULT_NAME = "{epoch}-{step}"
"""Lightning 2.5, callbacks/model_checkpoint.py: the name where ``filename`` is None."""
_LAST = "last"
"""``ModelCheckpoint.CHECKPOINT_NAME_LAST``."""
_FIELD = late_pattern(r"\{(\w+)[^{}]*\}")
_WRITTEN = frozenset({"best_model_path", "last_model_path"})
_OF_TRAINER = frozenset({"checkpoint_callback", "checkpoint_callbacks"})
_TRAINERS = tuple(
    f"{package}.{rest}Trainer"
    for package in ("pytorch_lightning", "lightning.pytorch", "lightning")
    for rest in ("", "trainer.", "trainer.trainer.")
)


def _written_path(evaluator: Evaluator, callback: Made, name: str, _: Frame) -> Values:
    """The path in an attribute of a checkpoint callback; empty for other attributes.

    A field of the name, ``{epoch}``, is written as ``epoch=3``.
    """
    if name not in _WRITTEN or callback.call is None or callback.module is None:
        return ()
    given = arguments(evaluator, callback.call, Frame(callback.module))
    folders = [each for each in given.at(0, "dirpath") if isinstance(each, Text)]
    names = [each for each in given.at(1, "filename") if isinstance(each, Text)]
    folders = folders or [Text(HOLE, why=("the folder of Lightning's checkpoints",))]
    names = [Text(_LAST)] if name == "last_model_path" else names or [Text(_DEFAULT_NAME)]
    counts = given.named.get("enable_version_counter", ())
    return tuple(
        combine(folder, one, join(folder.text, f"{one.text}.ckpt"))
        for folder in folders
        for stem in names
        for one in _stems(stem, numbered=not (counts and all(map(_is_off, counts))))
    ) or unknown("where Lightning writes")


def _is_off(value: Value) -> bool:
    return isinstance(value, Constant) and value.value is False


def _stems(name: Text, *, numbered: bool) -> Iterator[Text]:
    """The names without an ending: where a file is there from another run, a number is added."""
    filled = _fields(name.text)
    reasons = ("the fields of the name",) * (filled != name.text)
    plain = name.changed(text=filled, why=(*name.why, *reasons))
    if not numbered:
        yield plain
        return
    yield plain.changed(rung=highest(plain.rung, Rung.ONE_OF_SEVERAL))
    why = "Lightning numbers a file where one of the name is there"
    yield plain.changed(text=f"{plain.text}-v{HOLE}", why=(*plain.why, why))


def _callback_of_trainer(evaluator: Evaluator, trainer: Made, name: str, _: Frame) -> Values:
    """``trainer.checkpoint_callback``: the first such callback that the trainer was given."""
    if name not in _OF_TRAINER or trainer.call is None or trainer.module is None:
        return ()
    named = arguments(evaluator, trainer.call, Frame(trainer.module)).named
    given = named.get("callbacks", ())
    each = elements(given) if any(isinstance(one, Sequence) for one in given) else given
    found = [one for one in each if isinstance(one, Made) and one.callee in _CHECKPOINT_CALLBACKS]
    if len(found) != 1:
        return unknown("which callback writes the checkpoints")
    return tuple(found) if name == "checkpoint_callback" else (Sequence((tuple(found),)),)


def _fields(name: str) -> str:
    return _FIELD.sub(lambda match: f"{match[1]}={HOLE}", name)


class Hyperparameters(Mapping[str, Values]):
    """``self.hparams`` after ``self.save_hyperparameters()``: what the constructor was given."""

    def __init__(self, evaluator: Evaluator, initializer: ast.FunctionDef, frame: Frame) -> None:
        self._evaluator = evaluator
        self._parameters = {each.arg: each for each in parameters(initializer.args)}
        self._frame = frame

    def __getitem__(self, key: str) -> Values:
        return self._evaluator.parameter(self._parameters[key], self._frame)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    __eq__, __hash__ = object.__eq__, object.__hash__


def _saved(evaluator: Evaluator, instance: Instance, _: str, frame: Frame) -> Values:
    """``self.hparams``, by the constructors of the object's class and of those above it."""
    layers = Layers((instance.arguments or {}, frame.arguments))
    found = (
        _hyperparameters(evaluator, node, Frame(module, layers, frame.calls, frame.callers))
        for node, module in classes.ancestry(
            instance.of.node, instance.of.module, evaluator.project
        )
    )
    return lift(union(*found), Rung.CONSTANT)


def _hyperparameters(evaluator: Evaluator, node: ast.ClassDef, frame: Frame) -> Values:
    """``self.hparams`` of a class whose constructor saves its parameters there."""
    initializer = members.member(node, "__init__")
    if not isinstance(initializer, ast.FunctionDef):
        return ()
    saves = any(
        isinstance(inner, ast.Call) and last_name(inner.func) == "save_hyperparameters"
        for inner in ast.walk(initializer)
    )
    return (Record(Hyperparameters(evaluator, initializer, frame)),) if saves else ()


PLAIN_CLASSES = frozenset({"lightning", "pytorch_lightning"})
MODULES = ("LightningModule",)


def _broadcast(evaluator: Evaluator, fabric: Made, call: ast.Call, frame: Frame) -> Values:
    """``fabric.broadcast(path)``: what the first process has."""
    del fabric
    return first(evaluator, call, frame)


METHODS: dict[str, KnownMethod] = {
    f"{package}.Fabric.broadcast": _broadcast
    for package in ("lightning", "lightning.fabric", "lightning_fabric", "lightning.fabric.fabric")
}
ATTRIBUTES: dict[str, KnownAttribute] = {
    **dict.fromkeys(_CHECKPOINT_CALLBACKS, _written_path),
    **dict.fromkeys(_TRAINERS, _callback_of_trainer),
}
INHERITED: dict[str, Inherited] = {"hparams": _saved}
