"""Loader: what is known of a library's function that loads a checkpoint itself."""

from __future__ import annotations

from enum import Enum

from torchload_lint.named_tuples import NamedTuple


class Does(str, Enum):
    """What a loader tells ``torch.load`` where its caller says nothing of ``weights_only``."""

    DEFAULT = "torch's default"
    FALSE = "weights_only=False"
    TRUE = "weights_only=True"
    FALLS_BACK = "weights_only=True, and False where that is refused"
    UNPICKLES = "unpickles without torch.load"


class Behaviour(NamedTuple):
    """What a loader does from one version of its distribution on."""

    does: Does
    source: str
    """Where that was read: version, and file."""
    since: str = "0"
    """The first version of which it holds; it holds until the next behaviour of the loader."""
    keyword: str = ""
    """The parameter by which a caller sets ``weights_only``; empty where there is none."""
    remote: Does | None = None
    """What it does with an ``http`` address, where that differs."""
    allows: tuple[str, ...] = ()
    """Globals that the loader itself allows around its load."""


class Loader(NamedTuple):
    """One function, constructor or method that loads a checkpoint."""

    call: str
    """The last word of what is called: a function, a class, a method."""
    path: str
    """The parameter that names the file or folder."""
    parameters: tuple[str, ...]
    """The positional parameters, without ``self`` and ``cls``."""
    behaviours: tuple[Behaviour, ...]
    """Oldest first; the first one holds of all versions before the second."""
    of: str = ""
    """The class of a method, by its last name (several with ``|``); ``*`` for any class."""
    within: str = ""
    """The end of the module's dotted name, where the last word alone is ambiguous."""
    inside: tuple[str, ...] = ()
    """Where the path names a folder: the files in it that are loaded, as patterns."""
    sign: str = ""
    """The keyword by which a call is known where the class of its object is not; ``*`` where the
    method's name is enough."""
    only_with: str = ""
    """The keyword without which a call is passed over: most read no pickle at all."""
    choices: tuple[tuple[str, str], ...] = ()
    """Words that are given as the path and name no file, since the library chooses one, and the
    attributes of the method's object that name that file then, where they do."""
    nothing_with: tuple[tuple[str, object], ...] = ()
    """Parameters and the values with which nothing is loaded: ``pretrained=False``."""
    doubtful: bool = False
    """Whether it may load nothing at all: what it calls in turn decides."""
    only: str = ""
    """The ending that a path must have for this to be a load (``YOLO("yolo11n.yaml")`` is not)."""

    @property
    def shown(self) -> str:
        """How the loader is called in a sentence."""
        owner = "" if self.of == "*" or "|" in self.of else self.of or self.within
        return ".".join(filter(None, (owner, self.call)))


class Library(NamedTuple):
    """A library's loaders."""

    roots: tuple[str, ...]
    """The first parts of the dotted names that it is imported by."""
    distributions: tuple[str, ...]
    """The names under which it is installed and required."""
    loaders: tuple[Loader, ...]
    words: tuple[str, ...] = ()
    """Words one of which stands in every file that calls a loader and imports the library; of
    several in one (``"library.utils & load"``), each stands there as a whole word."""
    expands_home: bool = False
    """Whether its loaders read ``~`` as the home folder."""
    note: str = ""
    """What else a user should know, and where that was read; else empty."""
