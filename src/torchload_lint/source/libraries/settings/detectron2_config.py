"""detectron2: the configurations that ``get_cfg()`` and ``LazyConfig.load()`` make, as far as they
name files, and what its model zoo has.

Files and command lines are merged into the first as into every ``CfgNode`` (``settings/yacs.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import HOLE, Rung, known
from torchload_lint.source.domain.values import Constant, Record, Text, unknown
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Value, Values
    from torchload_lint.source.evaluator import Evaluator, Known

_KIND = "detectron2.config.CfgNode"
_OUTPUT_DIR = "./output"
"""detectron2 0.6, config/defaults.py; there ``MODEL.WEIGHTS`` is empty."""


def _made(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    del call, frame
    if evaluator.project.holding("merge_from_"):
        evaluator.leave_open("a configuration may say otherwise")
    others = unknown("a default of detectron2's")
    model = Record({"WEIGHTS": (Text("", rung=Rung.DEFAULT),)}, others, kind=_KIND)
    folder = Text(known(_OUTPUT_DIR), rung=Rung.DEFAULT)
    return (Record({"MODEL": (model,), "OUTPUT_DIR": (folder,)}, others, kind=_KIND),)


def _lazy(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``LazyConfig.load(path)``: a file of Python of which nothing is known but what the program
    stores in it.
    """
    del evaluator, call, frame
    return (_with_train({}),)


def _of_zoo(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``model_zoo.get_config(name, trained=True)`` sets where the weights are."""
    given = arguments(evaluator, call, frame)
    trained = given.at(1, "trained")
    if not any(isinstance(each, Constant) and each.value is True for each in trained):
        return (_with_train({}),)
    return (_with_train({"init_checkpoint": _weights(given.at(0))}),)


def _with_train(entries: dict[str, Values]) -> Record:
    others = unknown("a file of detectron2's")
    train = Record(entries, others, kind=_KIND)
    return Record({"train": (train,)}, others, kind=_KIND)


def _address(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``model_zoo.get_checkpoint_url(name)``."""
    return _weights(arguments(evaluator, call, frame).at(0))


def _weights(configurations: Values) -> Values:
    """The addresses of the weights for configurations of the zoo: each has a number of its own."""
    return tuple(map(_trained, configurations))


def _trained(configuration: Value) -> Value:
    folder, dot, _ = getattr(configuration, "text", "").rpartition(".")
    if not isinstance(configuration, Text) or not dot:
        return configuration
    address = f"detectron2://{folder}/{HOLE}/model_final_{HOLE}.pkl"
    return configuration.changed(text=address, why=("a number of detectron2's model zoo",))


CALLS: dict[str, Known] = {
    "detectron2.config.get_cfg": _made,
    "detectron2.config.LazyConfig.load": _lazy,
    "detectron2.model_zoo.get_config": _of_zoo,
    "detectron2.model_zoo.get_checkpoint_url": _address,
}
