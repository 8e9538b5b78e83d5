"""Numbers and articles with their nouns."""

from __future__ import annotations


def number_of(number: int, noun: str, plural: str = "s") -> str:
    """``1 file``, ``2 files``; ``plural`` is the ending for several."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def with_article(noun: str) -> str:
    """``a dict``, ``an env.AttrDict``."""
    return f"{'an' if noun[:1].lower() in set('aeio') else 'a'} {noun}"
