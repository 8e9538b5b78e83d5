"""Notebooks for tests, as Jupyter writes them."""

from __future__ import annotations

import json
from typing import Any


def notebook_value(cells: list[str | tuple[str, str]], *, as_lists: bool = True) -> dict[str, Any]:
    """A notebook's JSON value; a cell is its code, or its type and its text."""
    made = []
    for number, cell in enumerate(cells):
        kind, text = cell if isinstance(cell, tuple) else ("code", cell)
        source: Any = text.splitlines(keepends=True) if as_lists else text
        value: dict[str, Any] = {
            "cell_type": kind,
            "id": f"cell-{number}",
            "metadata": {},
            "source": source,
        }
        if kind == "code":
            value |= {
                "execution_count": number,
                "outputs": [{"name": "stdout", "output_type": "stream", "text": ["1e5\n"]}],
            }
        made.append(value)
    language = {"name": "python", "version": "3.11.7"}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": made,
        "metadata": {"kernelspec": kernel, "language_info": language},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def notebook_text(
    cells: list[str | tuple[str, str]], *, as_lists: bool = True, **style: Any
) -> str:
    """The notebook as text; ``style`` goes to ``json.dumps`` (indent 1 as Jupyter does)."""
    options: dict[str, Any] = {"indent": 1, "ensure_ascii": False, **style}
    return json.dumps(notebook_value(cells, as_lists=as_lists), **options) + "\n"
