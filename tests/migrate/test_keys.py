"""Which keys are equal, as Python says it, and at a cost that no file can choose."""

from __future__ import annotations

import itertools
import math
import struct
import time
from typing import TYPE_CHECKING, cast

from torchload_lint.migrate import migrate_file
from torchload_lint.migrate.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from torchload_lint.checkpoint.pickles.pickled_values import DictValue

NAN = math.nan
VALUES = (
    None, True, False, 0, 1, -1, 1.0, 0.0, -0.0, "", "a", b"", b"a", b"\x00", b"\x01", 2**64,
    float(2**64), 2**53 + 1, float(2**53 + 1), 10**400, -(10**400), math.inf, -math.inf, 0.1, -2,
    255, 255.0, 256.0, "1", b"1", 5e-324, -5e-324, 127, 128, -128, -129, NAN, float("nan"),
)  # fmt: skip
SAME_HASH = 2**61 - 1
"""The numbers that this one divides have the same hash in Python."""


def test_what_python_finds_equal_has_one_number() -> None:
    keys = Keys()
    for one, other in itertools.product(VALUES, VALUES):
        is_one = one is other or one == other
        assert (keys.number(one) == keys.number(other)) == is_one, (one, other)


def test_keys_that_share_a_hash_are_not_compared_with_each_other(tmp_path: Path) -> None:
    """30,000 of them took minutes; a set of them is one list of the pickle, which no dict holds."""
    long = b"".join(
        b"\x8a\x0a" + (SAME_HASH * number).to_bytes(10, "little") for number in range(1, 30_000)
    )
    (tmp_path / "a.pkl").write_bytes(b"\x80\x04\x8f(" + long + b"\x90.")
    start = time.process_time()
    migrate_file(tmp_path / "a.pkl", tmp_path / "b.pt")
    assert time.process_time() - start < 10


def test_each_nan_is_a_key_of_its_own() -> None:
    keys = Keys()
    assert len({keys.number(struct.unpack("<d", struct.pack("<Q", 0x7FF8 << 48 | at))[0])
                for at in range(100)}) == 100  # fmt: skip


def test_many_keys_of_one_text_are_numbered_in_one_go(tmp_path: Path) -> None:
    """20,000 took half a minute: each began with the first number. No number is given twice."""
    path = b"cpathlib\nPosixPath\nX\x01\0\0\0a\x85RN"
    taken = b"X\x01\0\0\0aNX\x1b\0\0\0pathlib.PosixPath('a') #777N"
    (tmp_path / "a.pkl").write_bytes(b"\x80\x02}(" + taken + path * 20_000 + b"u.")
    start = time.process_time()
    plan = migrate_file(tmp_path / "a.pkl", tmp_path / "b.pt").plan
    assert time.process_time() - start < 10
    keys = [key for key, _ in cast("DictValue", plan.after).entries]
    assert len(keys) == len(set(keys)) == 20_002
    assert {"a", "pathlib.PosixPath('a')", "pathlib.PosixPath('a') #777"} < set(keys)
