"""iopath's and fvcore's path managers: a URL is read from a copy below their cache.

Source: iopath 0.1.10 ``common/file_io.py`` (``HTTPURLHandler``: the path of the address below
``~/.torch/iopath_cache``, or below ``$FVCORE_CACHE``) and detectron2 0.6 ``utils/file_io.py``
(``detectron2://`` is a folder of ``https://dl.fbaipublicfiles.com``); fairseq 0.12 ``file_io.py``
hands on to iopath's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain import strings
from torchload_lint.source.domain.patterns import HOLE, Rung, highest
from torchload_lint.source.domain.values import Handle, Text
from torchload_lint.source.libraries.open_files import opened
from torchload_lint.source.state.evaluated_arguments import arguments

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, Known, OfAddresses

_MANAGERS = (
    *(
        f"{package}.common.file_io.{name}"
        for package in ("iopath", "fvcore")
        for name in ("PathManager", "PathManagerBase", "PathManagerFactory.get", "g_pathmgr")
    ),
    "detectron2.utils.file_io.PathManager",
    "fairseq.file_io.PathManager",
)
"""Classes, and objects, whose ``open`` and ``get_local_path`` take local paths as well."""
_OF_DETECTRON2 = "detectron2://"


def _copies(addresses: tuple[PathPattern, ...]) -> tuple[PathPattern, ...]:
    """The copies of addresses that a checkpointer reads: what is known of them is the end, since
    the user may have moved the cache, and older releases have another one.
    """
    return tuple(
        each._replace(text=f"*/{kept}", exact=False, rung=Rung.DOWNLOAD)
        for each in addresses
        if (kept := _kept(each.text))
    )


def _kept(address: str) -> str:
    """Where below the cache the copy of an address is kept; empty for what is no address."""
    if address.startswith(_OF_DETECTRON2):
        return f"detectron2/{address.removeprefix(_OF_DETECTRON2)}"
    scheme, _, rest = address.partition("://")
    path = rest.partition("?")[0].partition("/")[2]
    return path if scheme in {"http", "https"} else ""


def _local_path(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """A local path stays what it is; of a URL the copy is meant."""
    return tuple(
        _local(each) if isinstance(each, Text) else each
        for each in arguments(evaluator, call, frame).at(0)
    )


def _local(text: Text) -> Text:
    kept = _kept(text.text)
    rung = highest(text.rung, Rung.DOWNLOAD)
    return strings.changed(text, f"{HOLE}/{kept}").changed(rung=rung) if kept else text


def _opened(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return tuple(
        each.changed(source=_local(each.source)) if isinstance(each, Handle) else each
        for each in opened(evaluator, call, frame)
    )


CALLS: dict[str, Known] = {
    **{f"{manager}.open": _opened for manager in _MANAGERS},
    **{f"{manager}.get_local_path": _local_path for manager in _MANAGERS},
}
COPIES: dict[str, OfAddresses] = dict.fromkeys(("detectron2", "fvcore"), _copies)
