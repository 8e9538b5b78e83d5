"""The pieces that programs are made of: text files, so that code is read as code."""

from __future__ import annotations

from pathlib import Path


def pieces(name: str) -> dict[str, str]:
    """The pieces of one file, by name: each comes after a line ``=== name``."""
    text = Path(__file__).with_name("pieces").joinpath(f"{name}.txt").read_text("utf-8")
    found = {}
    for piece in text.split("=== ")[1:]:
        title, _, code = piece.partition("\n")
        found[title] = code.rstrip("\n")
    return found


def parts(piece: str) -> tuple[str, str]:
    """The two parts of a piece, divided by a line ``--``."""
    first, _, second = piece.partition("--\n")
    return first, second


def lines(name: str) -> tuple[str, ...]:
    """The lines of one file: statements."""
    text = Path(__file__).with_name("pieces").joinpath(f"{name}.txt").read_text("utf-8")
    return tuple(text.splitlines())
