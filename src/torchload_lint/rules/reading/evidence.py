"""How it is known what a load needs."""

from __future__ import annotations

from enum import Enum


class Evidence(str, Enum):
    """How it is known what the load needs, from strong to weak."""

    FILES = "files"
    """Every path is exact and was read."""
    CONFIGURED = "configured"
    RECORDED = "recorded"
    """A recorded run opened the files, which are gone since; what they needed was kept."""
    PATTERN = "pattern"
    """Files that match a path with unknown parts."""
    INFERRED = "inferred"
    """From the torch.save that writes the file."""
    NONE = "none"
