"""Checkpoint files changed at random: zip structure, legacy files, tar, and what is no checkpoint."""

from __future__ import annotations

from fuzz.harness import Harness
from fuzz.harnesses.checkpoints import check_checkpoint

WORDS = (
    b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x07\x08",
    b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff", b"\x01\0", b"\x08\0", b"\0\x08", b"\x0c\0", b"\x0e\0",
    b"data.pkl", b"/data.pkl", b"archive/", b"byteorder", b"little", b"big", b"version", b"data/0",
    b"constants.pkl", b"../", b"\\", b".format_version", b"\x01\0\x10\0", b"FB", b"BZh9", b"\x1f\x8b\x08",
    b"\x80\x02", b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", b"M\xe9\x03.", b"}q\0.", b"\x93NUMPY", b"ustar\0",
)  # fmt: skip

HARNESS = Harness("archives", check_checkpoint, WORDS, weight=80)
