"""Small programs, and what their only load reads."""

from __future__ import annotations

from project_files import project
from torchload_lint.source.paths import resolve_load

HEADER = "import os, glob, io, sys, torch, argparse\nfrom pathlib import Path\n"


def resolve(source, others=None, at="main.py"):
    """The resolution of the only load in a program."""
    index = project({at: HEADER + source, **(others or {})})
    module = index.module_at(at)
    (load,) = module.loads
    return resolve_load(load, module, index)


def texts(resolution):
    """The patterns as texts."""
    return [pattern.text for pattern in resolution.patterns]
