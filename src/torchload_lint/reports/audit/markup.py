"""HTML whose texts are escaped unless they are markup already."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from torchload_lint.escaping import escaped
from torchload_lint.reports.audit.style import POLICY, STYLE

if TYPE_CHECKING:
    from torchload_lint.reports.provenance import Provenance


class Html(str):
    """Markup; any other text is escaped before it gets into it."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Html:
    """An element with its children; ``class_`` is the attribute ``class``."""
    given = "".join(f' {name.rstrip("_")}="{_text(value)}"' for name, value in attributes.items())
    return Html(f"<{tag}{given}>{together(*children)}</{tag}>")


def together(*children: str) -> Html:
    """Markup and texts, one after the other."""
    return Html("".join(one if isinstance(one, Html) else _text(one) for one in children))


def unfolding(headline: str, *children: str, is_open: bool = False) -> Html:
    """Something that shows its headline, and the rest when it is clicked on."""
    opened = " open" if is_open else ""
    inside = together(element("summary", headline), *children)
    return Html(f"<details{opened}>{inside}</details>")


def bullets(items: list[str]) -> Html:
    """A list; empty without items."""
    return element("ul", *(element("li", item) for item in items)) if items else Html()


def code_block(text: str) -> Html:
    """Lines of code, as they are."""
    lines = (_text(line) for line in text.splitlines())
    return Html(f"<pre>{Html(chr(10)).join(lines)}</pre>")


def diff_block(diff: str) -> Html:
    """A unified diff without its two lines of file names: removed lines red, added ones green."""
    kinds = {"-": "del", "+": "ins", "@": "em"}
    lines = diff.splitlines()[2:]
    shown = (element(kinds.get(line[:1], "span"), line) for line in lines)
    return Html(f'<pre class="diff">{chr(10).join(shown)}</pre>')


def made_by(origin: Provenance | None) -> Html:
    """What made a page, below its title."""
    lines = origin.sentences() if origin else ()
    return together(*(element("p", line, class_="quiet") for line in lines))


def page(title: str, *children: str) -> str:
    """A whole document, which nothing outside of it can change and which asks for nothing."""
    head = together(
        Html('<meta charset="utf-8">'),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        element("title", title),
        Html(f"<style>{STYLE}</style>"),
    )
    body = element("body", element("h1", title), *children)
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>{body}</html>\n'


def _text(text: str) -> str:
    """Escaped for a browser, and for the log of a CI runner that the page may be written to."""
    return html.escape(escaped(text)).replace("::", "&#58;:").replace("##", "&#35;#")
