"""detectron2: the configuration that ``get_cfg()`` makes, as far as it names files.

Files and command lines are merged into it as into every ``CfgNode`` (``settings/yacs.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung, known
from torchload_lint.source.domain.values import Record, Text, unknown

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
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


CALLS: dict[str, Known] = {"detectron2.config.get_cfg": _made}
