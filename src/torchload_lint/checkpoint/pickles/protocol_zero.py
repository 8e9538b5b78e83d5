"""How protocol 0 writes numbers and texts."""

from __future__ import annotations

import codecs

from torchload_lint.checkpoint.opcodes import PickleFaultError


def parse_int(text: str) -> int | bool:
    """As C reads it (``strtol`` in CPython's _pickle.c): ``010`` is eight, ``0x10`` sixteen."""
    if text in {"00", "01"}:
        return text == "01"
    is_octal = text.lstrip("+-")[:1] == "0" and text.lstrip("+-").isdigit()
    return int(text, 8 if is_octal else 0)


def quoted(written: str, position: int) -> bytes:
    """What a text of protocol 0 stands for: Python's own notation, in quotes (``load_string`` of
    Python's pickle.py).
    """
    quotes = written[:1] + written[-1:]
    if len(written) < 2 or quotes not in {"''", '""'}:  # noqa: PLR2004 - two quotes
        raise PickleFaultError("malformed", "the text of a STRING is not quoted", position)
    try:
        return bytes(codecs.escape_decode(written[1:-1].encode("latin-1"))[0])
    except ValueError:
        message = "the text of a STRING holds an escape that Python does not know"
        raise PickleFaultError("malformed", message, position) from None
