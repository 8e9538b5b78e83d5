"""What checkpoints are usually called."""

from __future__ import annotations

import os

SUFFIXES = frozenset(
    """
    .bin .checkpoint .chkpt .ckpt .model .p .pickle .pkl .pt .pth .ptl .safetensors .tar .th
    """.split()
)
"""What a file in a folder must end in to be taken for a checkpoint; a file named outright may be
called anything."""


def is_checkpoint_name(path: str) -> bool:
    """Whether a file is called like a checkpoint; upper and lower case are the same."""
    return os.path.splitext(path)[1].lower() in SUFFIXES
