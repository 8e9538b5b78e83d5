"""A source file as bytes: Python text or notebook, decoded, and encoded again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.regular_files import read_regular
from torchload_lint.workspace.on_disk.checkpoint_names import begins_like_checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from torchload_lint.diagnostic import Edit
    from torchload_lint.source.text.notebooks.notebook import Notebook
    from torchload_lint.source.text.text import Decoded


class UnreadableError(Exception):
    """A file that cannot be read as source; the message says why."""


def why_no_source(data: bytes) -> str:
    """What is wrong with a file that holds NUL bytes."""
    if begins_like_checkpoint(data):
        return "it is a checkpoint, not Python source; `torchload-lint inspect` reads it"
    return "it holds NUL bytes: not a Python source file"


class Document(NamedTuple):
    """One file: its raw text, the Python in it, and how to get back to bytes."""

    decoded: Decoded
    notebook: Notebook | None

    @property
    def raw(self) -> str:
        """The file's text (JSON, for a notebook)."""
        return self.decoded.text

    @property
    def python(self) -> str:
        """The text that is linted."""
        return self.notebook.python if self.notebook else self.decoded.text

    @classmethod
    def of(cls, data: bytes, *, is_notebook: bool) -> Document:
        """Decode a file. Raises UnreadableError, saying what is wrong with it."""
        from torchload_lint.source.text.text import Decoded, decode  # noqa: PLC0415 - not without a load

        if b"\0" in data:
            raise UnreadableError(why_no_source(data))
        try:
            decoded = (
                Decoded(data.decode("utf-8"), "utf-8", bom=False) if is_notebook else decode(data)
            )
        except SyntaxError as error:
            raise UnreadableError(str(error.msg)) from error
        except UnicodeDecodeError as error:
            raise UnreadableError(f"it is not text in its encoding: {error}") from error
        return cls(decoded, _notebook(decoded.text) if is_notebook else None)

    def edited(self, edits: Sequence[Edit], python: str) -> Document:
        """The document after edits to its Python; ``python`` is the text they lead to."""
        raw = self.notebook.apply(edits) if self.notebook else python
        decoded = self.decoded._replace(text=raw)
        return self._replace(decoded=decoded, notebook=_notebook(raw) if self.notebook else None)

    def encoded(self) -> bytes:
        """The bytes to write. Raises UnicodeEncodeError."""
        return self.decoded.encode(self.raw)


def _notebook(text: str) -> Notebook:
    from torchload_lint.source.text.notebooks.notebook import (  # noqa: PLC0415 - 25 ms, for notebooks alone
        Notebook,
        NotebookProblem,
    )

    found = Notebook.of(text)
    if isinstance(found, NotebookProblem):
        raise UnreadableError(f"it is not a notebook: {found.message}")
    return found


def read_bytes(path: Path | str) -> bytes:
    """The bytes of a source file. Raises UnreadableError with the reason."""
    try:
        return read_regular(path)
    except FileNotFoundError:
        reason = "the link leads nowhere" if os.path.islink(path) else "it is not there"
        raise UnreadableError(reason) from None
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
