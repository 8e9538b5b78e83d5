"""Paths that are known in part: the types that a resolution consists of, and their algebra.

While it is computed, a text with unknown parts is an ordinary ``str`` in which characters of
Unicode's private use area stand for what is unknown (``HOLE``) or globbed by the source itself.
So ``+``, ``split``, ``rsplit`` and slicing of strings do the work; ``render`` turns the marks into
the glob that users see.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from torchload_lint.late_patterns import late_pattern
from torchload_lint.named_tuples import NamedTuple

HOLE = "\ue000"
"""An unknown part: any number of characters, ``/`` included."""
GLOB_ANY = "\ue001"
GLOB_ONE = "\ue002"
GLOB_SET = "\ue003"
ROOT = "\ue004"
"""The project's folder, while a text that begins there is cut or put together: its name, and what
lies above it, are not known."""
GLOB_DEEP = "\ue005"
"""``**`` of the source: any number of folders, or none."""
HOME = "\ue006"
"""The home folder, where code expands ``~`` or asks for it. Nothing of it is unknown to users: it
is shown as ``~``, while a ``~`` that nothing expands is the name of a folder: ``./~``."""
_MARKS = HOLE + GLOB_ANY + GLOB_ONE + GLOB_SET + ROOT + GLOB_DEEP
_RENDERED = {HOME: "~", HOLE: "*", GLOB_ANY: "*", GLOB_ONE: "?", GLOB_SET: "[", GLOB_DEEP: "**"}
_PIECE = late_pattern(r"\*\*/|\[(?:.[^\]]*)\]|.", re.DOTALL)
_ESCAPED = {"*": "[*]", "?": "[?]", "[": "[[]"}
_URL = late_pattern(r"(?:[A-Za-z][A-Za-z0-9+.-]+:)?//")
_LETTERS_OF_A_STRONG_STEM = 3
_ENDING = late_pattern(r"\.(?:pth|pt|ckpt|pkl|t7)$")
_GLUED = late_pattern(r"\*(?:pth|pt|ckpt|pkl|t7|tar|bin|pyth)$")
"""An ending without its dot, as ``name.endswith("pth")`` asks for it: no part of the name."""

MAX_PATTERNS = 16
MAX_DEFINITIONS = 64
"""How many places where a name is set are followed."""


class Rung(str, Enum):
    """The step of the ladder that settled a path (the highest one that was needed)."""

    LITERAL = "literal"
    LOCAL = "local"
    CONSTANT = "constant"
    DEFAULT = "default"
    USAGE = "usage"
    """An example of use in the file's own docstring, ``train.py --resume runs/last.pt``, or the
    file that an option's help names."""
    CONFIG_FILE = "config-file"
    CALLER = "caller"
    DOWNLOAD = "download"
    ONE_OF_SEVERAL = "one-of-several"
    """One of the values that are written, and no run need take: the default of an option that
    every written start gives otherwise, what one of several configuration files says."""
    COMMAND_LINE = "command-line"
    """A command line in a script or a document of the project: one of those that there can be."""
    PRODUCER = "producer"
    CONFIGURATION = "configuration"
    RECORDED = "recorded"

    @property
    def height(self) -> int:
        """How high the step is, from 0."""
        return _HEIGHTS[self]


A_TEMPORARY_FILE, A_TEMPORARY_FOLDER = "a temporary file or folder", "a temporary folder"
TEMPORARY = frozenset({A_TEMPORARY_FILE, A_TEMPORARY_FOLDER})
"""Why nothing is known of a path that each run makes anew, and nobody finds again."""
_HEIGHTS = {rung: height for height, rung in enumerate(Rung)}


def highest(*rungs: Rung) -> Rung:
    """The highest of the steps."""
    return max(rungs, key=lambda rung: rung.height)


class PathPattern(NamedTuple):
    """A path as far as it is known. ``*`` stands for an unknown part, ``**`` for the folders that
    the source itself searches (``rglob``).

    An unknown part may hold ``/``: ``*/best.pt`` is a ``best.pt`` in any folder.
    Literal ``*``, ``?`` and ``[`` in a known part are kept as a glob only where the source
    itself globs (``glob.glob("runs/*.pt")``); elsewhere they are escaped as ``[*]``.
    """

    text: str
    """With ``/`` between parts. Relative unless the code makes it absolute; ``~`` at the start is
    the user's home, ``./~`` a folder of that name. A path made from ``__file__`` is relative to the
    project's root and has ``anchored`` set."""
    exact: bool
    """Whether no part is unknown."""
    rung: Rung
    anchored: bool = False
    """Whether the path starts at the project's root for certain (made from ``__file__``)."""
    in_archive: bool = False
    """Whether it is read through something else than the plain file (BytesIO of a response)."""
    origin: str = ""
    """The address from which the program downloads the file, where the code says so."""
    listed: bool = False
    """Whether the source itself searches for what it reads, and all that it says is known."""

    @property
    def shown(self) -> str:
        """The path as the code has it, if it is exact; else the glob."""
        return re.sub(r"\[([*?[])\]", r"\1", self.text) if self.exact else self.text

    @property
    def strong(self) -> bool:
        """Whether the file's own name is known well enough to look for: three or more literal
        letters or digits before its suffix.
        """
        literal = re.sub(r"\[.[^\]]*\]", "", _GLUED.sub("*", stem(self.text)))
        return sum(map(str.isalnum, literal)) >= _LETTERS_OF_A_STRONG_STEM


class Resolution(NamedTuple):
    """What a load reads, as far as the source says."""

    patterns: tuple[PathPattern, ...] = ()
    """The possibilities, at most ``MAX_PATTERNS``; empty where nothing is known."""
    complete: bool = False
    """Whether the patterns are all there can be (no branch was left unknown)."""
    unknown: tuple[str, ...] = ()
    """Why parts are unknown: ``parameter 'path' of load() has no caller in the project``."""
    addresses: tuple[PathPattern, ...] = ()
    """Addresses (``s3://bucket/m.pt``) that are opened: no files, unless the configuration says
    where they lie, or the network may be used."""


def stem(path: str) -> str:
    """A file's own name without its endings: ``best`` of ``runs/best.pth.tar``."""
    name = path.rpartition("/")[2]
    name = name.rpartition(".")[0] or name
    return name[: -len(ending[0])] if (ending := _ENDING.search(name)) is not None else name


def known(text: str) -> str:
    """A text of the source, without characters that would be taken for marks."""
    if not _marked(text) and HOME not in text:
        return text
    return text.translate({ord(mark): None for mark in _MARKS + HOME})


def globbed(text: str, *, deep: bool = True) -> str:
    """A text that the source globs: its ``*``, ``?`` and ``[`` become marks (``**`` one mark).

    ``deep``: whether ``**`` leads through folders; else it is as good as ``*``.
    """
    if deep:
        text = re.sub(r"(?<![^/])\*\*(?=/)", GLOB_DEEP, text)
    text = re.sub(r"\*+", GLOB_ANY, text)
    return text.replace("?", GLOB_ONE).replace("[", GLOB_SET)


def is_exact(text: str) -> bool:
    """Whether no part is unknown or globbed."""
    return not _marked(text)


def known_parts(text: str) -> list[str]:
    """What stands before, between and behind what is unknown or globbed."""
    return re.split(f"{GLOB_SET}.[^]]*]|[{_MARKS}]", text)


def _marked(text: str) -> bool:
    return any(mark in text for mark in _MARKS)


def is_url(text: str) -> bool:
    """Whether the text starts with a scheme (``https://``, ``s3://``, ``hf://``), or with ``//``,
    which programs use for names of their own.
    """
    return _URL.match(text) is not None


def render(text: str) -> str:
    """The glob that users see."""
    text = re.sub(f"[{HOLE}{GLOB_ANY}]+", HOLE, text)
    return "".join(_RENDERED.get(char) or _ESCAPED.get(char, char) for char in text)


HERE = ".//"
"""How an absolute path in the working folder begins: joined to a folder, it leaves it."""


def join(first: str, second: str) -> str:
    """``os.path.join`` of two marked texts."""
    if is_absolute(second) or not first:
        return second
    return first + second if first.endswith("/") else f"{first}/{second}"


def at_home(text: str) -> str:
    """``os.path.expanduser`` of a marked text."""
    return HOME + text[1:] if text.startswith("~") else text


def is_absolute(text: str) -> bool:
    """Whether joining it to a folder would leave the folder."""
    return text.startswith(("/", HOME, HERE)) or text[1:3] in {":/", ":\\"}


def parent(text: str) -> str:
    """``os.path.dirname``; the parent of an unknown text is unknown, and so is that of ``.``, by
    which the working folder is meant.
    """
    if text == ROOT:
        return f"{ROOT}/.."
    if text in {".", f"{ROOT}/.."}:
        return HOLE
    if "/" not in text:
        return HOLE if HOLE in text else ""
    head = text.rpartition("/")[0]
    return head.rstrip("/") or "/"


def base(text: str) -> str:
    """``os.path.basename``; the name of the project's folder, or of the working folder, is
    unknown.
    """
    name = text.rpartition("/")[2]
    return HOLE if name == ROOT or text in {".", f"{ROOT}/.."} else name


def absolute(text: str) -> str:
    """``os.path.abspath`` of a marked text: one in the working folder begins with ``.//``."""
    if is_url(text):
        return text
    plain = normal(text) if ".." in text else text.rstrip("/") or text[:1]
    if is_absolute(plain) or plain[:1] in {HOLE, ROOT} or plain in {"", "."}:
        return plain or "."
    return HERE + plain.removeprefix("./")


def split_suffix(text: str) -> tuple[str, str]:
    """``os.path.splitext``; a suffix that may hide in an unknown part stays in the root."""
    folder, slash, name = text.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    if not stem.strip(".") or not dot:
        return text, ""
    return f"{folder}{slash}{stem}", f".{suffix}"


def normal(text: str) -> str:
    """The text with ``/`` between parts, without ``.`` parts and as few ``..`` as can be."""
    text = text.replace("\\", "/")
    root = "/" if text.startswith("/") else ""
    parts: list[str] = []
    for part in text.split("/"):
        if part in {"", "."}:
            continue
        if part == ".." and parts and parts[-1] != ".." and is_exact(parts[-1]):
            parts.pop()
        elif part != ".." or not root or parts:
            parts.append(part)
    return root + "/".join(parts)


def matches(pattern: str, path: str) -> bool:
    """Whether a rendered pattern may stand for a path. ``*`` also matches ``/``."""
    return _expression(pattern).fullmatch(path) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_translate, _PIECE.findall(pattern))), re.DOTALL)


def _translate(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "*":
        return ".*"
    if piece == "?":
        return "."
    if len(piece) > 1:
        negated = piece[1] == "!"
        content = piece[2:-1] if negated else piece[1:-1]
        content = content.replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
        return f"[{'^' if negated else ''}{content}]"
    return re.escape(piece)


def overlap(first: str, second: str) -> bool:
    """Whether two rendered patterns can stand for one file (a classic two-glob intersection)."""
    return _overlap(_pieces(first), _pieces(second))


def _pieces(pattern: str) -> tuple[str, ...]:
    return tuple("*" if piece == "**/" else piece for piece in _PIECE.findall(pattern))


def _overlap(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    reached = {0}
    for piece in (*first, None):
        if "*" in second:
            _skip_stars(second, reached)
        if piece is None:
            break
        reached = _advance(piece, second, reached)
    return len(second) in reached


def _skip_stars(pattern: tuple[str, ...], reached: set[int]) -> None:
    for index, piece in enumerate(pattern):
        if piece == "*" and index in reached:
            reached.add(index + 1)


def _advance(piece: str, second: tuple[str, ...], reached: set[int]) -> set[int]:
    """The positions in ``second`` that can be reached once ``piece`` is consumed."""
    if piece == "*":
        return set(range(min(reached, default=len(second) + 1), len(second) + 1))
    following: set[int] = set()
    for index in reached:
        if index == len(second):
            continue
        other = second[index]
        if other == "*":
            following.add(index)
        elif _same(piece, other):
            following.add(index + 1)
    return following


def _same(first: str, second: str) -> bool:
    if first == second or "?" in {first, second}:
        return True
    if len(first) > 1 and len(second) == 1:
        return matches(first, second)
    if len(second) > 1 and len(first) == 1:
        return matches(second, first)
    return len(first) > 1 and len(second) > 1
