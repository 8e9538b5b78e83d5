"""Which torch an image holds whose tag is a month: ``nvcr.io/nvidia/pytorch:24.03-py3``."""

from __future__ import annotations

_FIRST_YEAR = 17
"""NVIDIA's first such image is of 2017; no torch has a major version as high."""
_OUT_BEFORE = (
    ((25, 11), "2.9"),
    ((25, 9), "2.8"),
    ((25, 5), "2.7"),
    ((25, 2), "2.6"),
    ((24, 11), "2.5"),
    ((24, 8), "2.4"),
    ((24, 5), "2.3"),
    ((24, 2), "2.2"),
    ((23, 11), "2.1"),
    ((23, 4), "2.0"),
    ((22, 11), "1.13"),
    ((22, 7), "1.12"),
    ((22, 4), "1.11"),
    ((21, 11), "1.10"),
    ((21, 7), "1.9"),
    ((21, 4), "1.8"),
    ((20, 11), "1.7"),
    ((20, 8), "1.6"),
    ((20, 5), "1.5"),
    ((20, 2), "1.4"),
    ((19, 11), "1.3"),
    ((19, 9), "1.2"),
    ((19, 6), "1.1"),
    ((19, 1), "1.0"),
)
"""Year and month from which on a release had been out for at least some days, newest first
(the dates of github.com/pytorch/pytorch/releases)."""
_OLDER = "0.4"


def torch_of_tag(version: str) -> str:
    """The oldest torch that an image may behave like, from the version in its tag.

    NVIDIA's images hold a build from between two releases, called an alpha of the later one (25.12
    has 2.10.0a0, 20.02 has 1.4.0a0: docs.nvidia.com, PyTorch release notes). What such a build has
    of the later release is not known, so the release that was out at the time stands for it.
    """
    year, month = (int(part) for part in version.split(".")[:2])
    if year < _FIRST_YEAR:
        return version
    return next((torch for since, torch in _OUT_BEFORE if (year, month) >= since), _OLDER)
