"""Messages of the language server's protocol: what is wrong with one is answered, and said.

pygls leaves a request without an answer whose parameters are wrong, tells the user of the editor
about every message that is not one, and prints a traceback for each.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from torchload_lint.escaping import printable

if TYPE_CHECKING:
    from concurrent.futures import Future
    from typing import BinaryIO

LOG = logging.getLogger("torchload_lint.server")
_OF_MESSAGES = ("Unable to deserialize message", "Unable to handle message")
"""How pygls begins to tell of messages that ``Protocol`` answers."""
_MOST_BYTES = 2**28
"""How large a message may be."""
_CODES = types.ErrorCodes


class Protocol(LanguageServerProtocol):
    """pygls' protocol, which would remember each notification for ever (2.0 and 2.1), and leaves a
    request that is wrong, or comes too early or too late, without the answer that it has to get.
    """

    def structure_message(self, data: dict[str, Any]) -> Any:  # noqa: ANN401 - as in pygls
        """Leave an object as it is: the reader of JSON asks this of every object in a message."""
        return data

    def handle_message(self, message: Any) -> None:  # noqa: ANN401 - whatever a client sends
        """Answer a message, or say why it is refused. Source: LSP 3.17, Lifecycle Messages."""
        given = message if isinstance(message, dict) else {}
        refused = self._what_is_wrong(message) or self._why_refused(given.get("method", ""))
        if refused is None:
            try:
                super().handle_message(super().structure_message(message))
            except BrokenPipeError:
                raise
            except JsonRpcException as error:
                refused = error.code or _CODES.InvalidParams.value, error.message
            except Exception as error:  # noqa: BLE001 - a message that pygls cannot take
                refused = _CODES.InvalidRequest.value, f"{type(error).__name__}: {error}"
        if refused is not None:
            self._refuse(given, *refused)

    def refuse_what_is_no_json(self, error: Exception) -> None:
        """Say that bytes are no message."""
        self._refuse({"id": None}, _CODES.ParseError.value, f"{type(error).__name__}: {error}")

    def _refuse(self, message: dict[str, Any], code: int, why: str) -> None:
        why = printable(why.partition("\n")[0])[:200]
        LOG.warning("a message is refused: %s", why)
        is_answer = "method" not in message and ("result" in message or "error" in message)
        if "id" in message and not is_answer:
            number = message["id"] if _is_number(message["id"]) else None
            error = {"code": code, "message": why}
            self._send_data({"jsonrpc": self.VERSION, "id": number, "error": error})

    def _what_is_wrong(self, message: Any) -> tuple[int, str] | None:  # noqa: ANN401
        """What no message of JSON-RPC 2.0 has."""
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            return _CODES.InvalidRequest.value, "not a message of JSON-RPC 2.0"
        if "id" in message and not _is_number(message["id"]):
            return _CODES.InvalidRequest.value, "the id is neither a number nor a text"
        if "method" not in message and "id" not in message:
            return _CODES.InvalidRequest.value, "neither a method nor an id"
        if not isinstance(message.get("method", ""), str):
            return _CODES.InvalidRequest.value, "the method is no text"
        return None

    def _why_refused(self, method: str) -> tuple[int, str] | None:
        """The code and the text of an error; None for what may come now, and for answers."""
        if method in {"", types.EXIT}:
            return None
        if self._shutdown:
            return _CODES.InvalidRequest.value, "the server has been shut down"
        if self._workspace is None and method != types.INITIALIZE:
            return _CODES.ServerNotInitialized.value, "initialize has to come first"
        return None

    def _check_handler_result(self, future: Future[Any]) -> None:
        super()._check_handler_result(future)
        known = self._request_futures
        for number in [number for number, one in known.items() if one.done()]:
            del known[number]


def _is_number(given: object) -> bool:
    return isinstance(given, str) or (isinstance(given, int) and not isinstance(given, bool))


class Input:
    """Standard input, of which no message is taken that would fill the memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        """A row of a header."""
        return self._stream.readline(_MOST_BYTES)

    def read(self, count: int) -> bytes:
        """A message; nothing, as at the end, where it is too large: none can be found after it."""
        if count > _MOST_BYTES:
            LOG.error("a message of %d bytes is too large, so the server ends", count)
            return b""
        return self._stream.read(count)


def log_in_rows() -> None:
    """Let the log be written to standard error, in rows that hold nothing for a terminal.

    What a client did wrong is a row; a traceback is that of a fault of the server.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(_InRows("%(levelname)s: %(message)s"))
    handler.addFilter(lambda record: not str(record.msg).startswith(_OF_MESSAGES))
    logging.getLogger().addHandler(handler)


class _InRows(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, JsonRpcException):
            record.exc_info = record.exc_text = None
        return "\n".join(map(printable, super().format(record).split("\n")))
