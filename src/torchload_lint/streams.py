"""What a stream can show: colours, links, how many columns."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_LINKING_PROGRAMS = frozenset(("iTerm.app", "WezTerm", "vscode", "ghostty", "zed", "Hyper", "rio"))
_VTE_WITH_LINKS = 5002
"""0.50.2: releases before it crash on some links."""


def use_color(choice: str, stream: TextIO | None) -> bool:
    """Whether to write colours: ``--color``, then NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, then
    whether the stream is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def use_links(stream: TextIO | None) -> bool:
    """Whether to write links: FORCE_HYPERLINK (0 for none), then whether the stream is a terminal
    that is known to show them. Hooks and CI, which may record what they print, get none.
    """
    forced = os.environ.get("FORCE_HYPERLINK")
    if forced:
        return forced != "0"
    if not is_terminal(stream) or os.environ.get("CI") or os.environ.get("PRE_COMMIT"):
        return False
    if os.environ.get("TERM_PROGRAM") in _LINKING_PROGRAMS:
        return True
    term = os.environ.get("TERM", "")
    if term.startswith(("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm")):
        return True
    vte = os.environ.get("VTE_VERSION", "")
    if vte.isdecimal() and int(vte) >= _VTE_WITH_LINKS:
        return True
    return any(map(os.environ.get, ("WT_SESSION", "KONSOLE_VERSION", "DOMTERM")))


def terminal_width(stream: TextIO | None) -> int | None:
    """How many columns a terminal has; None for a file or pipe, which nothing limits."""
    if not is_terminal(stream):
        return None
    import shutil  # noqa: PLC0415 - takes time, and most streams are files

    return shutil.get_terminal_size().columns


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody looks at it as it is written."""
    return stream is not None and stream.isatty()
