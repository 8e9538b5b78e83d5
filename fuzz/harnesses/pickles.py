"""Pickles changed at random, opcode by opcode and byte by byte, in the archive that torch writes."""

from __future__ import annotations

import io
import zipfile
from functools import cache
from typing import TYPE_CHECKING

from fuzz.harness import Harness
from fuzz.harnesses.checkpoints import check_checkpoint
from fuzz.mutator import mutated

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

OPCODES = tuple(bytes([code]) for code in b"(.012FIJKLMNPQRSTUVX]abcdeghijlopqrstu})\x80\x81\x82")
NAMES = (
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"cbuiltins\ngetattr\n", b"cposix\nsystem\n",
    b"c__builtin__\nexec\n", b"cfunctools\npartial\n", b"ccollections\nOrderedDict\n",
    b"cargparse\nNamespace\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n",
    b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n",
    b"ctorch.storage\n_load_from_bytes\n", b"ctorch\nload\n", b"coperator\nattrgetter\n",
    b"c_codecs\nencode\n", b"cbuiltins\nbytearray\n", b"cbuiltins\ncomplex\n", b"cmodels\nNet\n",
    b"ctorch._utils\n_rebuild_parameter\n", b"ctorch\nSize\n", b"ctorch\ndevice\n",
    b"cdatetime\ndatetime\n", b"cpathlib\nPosixPath\n", b"ctorch.nn.modules.linear\nLinear\n",
)  # fmt: skip
VALUES = (
    b"X\x01\0\0\0a", b"X\xff\xff\xff\xff", b"X\0\0\0\0", b"K\x01", b"M\xff\xff", b"J\xff\xff\xff\xff",
    b"J\xff\xff\xff\x7f", b"\x8a\x08\0\0\0\0\0\0\0\x80", b"\x8b\xff\xff\xff\x7f", b"G\x7f\xf0\0\0\0\0\0\0",
    b"\x88", b"\x89", b"N", b"(", b")", b"t", b"R", b"b", b"q\0", b"r\xff\xff\xff\xff", b"h\0",
    b"j\xff\xff\xff\x7f", b"\x85", b"\x86", b"\x87", b"}", b"]", b"(lp0\n", b"I01\n", b"I00\n",
    b"L99999999999999999999L\n", b"F1e999\n", b"S'a'\n", b"V\\ud800\n", b"\x80\x05", b"\x95\xff\0\0\0\0\0\0\0",
    b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff", b"\x8d\0\0\0\0\0\0\0\x80", b"\x96\0\0\0\0\0\0\0\0", b"\x93",
    b"\x94", b"\x8f", b"\x90", b"\x91", b"\x92", b"Q", b"P1\n",
)  # fmt: skip


def attempt(data: bytes) -> None:
    """Put a pickle into an archive with one storage, and read it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/data/0", bytes(16))
        archive.writestr("archive/version", b"3\n")
    check_checkpoint(out.getvalue())


def at_opcodes(random: Random, data: bytes) -> bytes:
    """Opcodes moved about: a pickle cut where its opcodes begin, and put together otherwise."""
    places = _opcode_starts(data)
    if len(places) < 2:
        return data
    pieces = [data[start:end] for start, end in zip(places, [*places[1:], None], strict=False)]
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(pieces))
        kind = random.randrange(5)
        if kind == 0:
            del pieces[at]
        elif kind == 1:
            pieces.insert(at, pieces[random.randrange(len(pieces))])
        elif kind == 2:
            other = random.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
        elif kind == 3:
            pieces[at] = random.choice((*VALUES, *NAMES, *OPCODES))
        else:
            pieces.insert(at, random.choice((*VALUES, *NAMES)))
        if not pieces:
            break
    return b"".join(pieces)


def _opcode_starts(data: bytes) -> list[int]:
    """Where the opcodes of a sound pickle begin; none of another."""
    import pickletools  # noqa: PLC0415 - reads opcodes and runs none

    try:
        return [place for _, _, place in pickletools.genops(data) if place is not None]
    except Exception:
        return []


def made(random: Random) -> bytes:
    """A kept pickle, changed between its opcodes or anywhere."""
    seeds = _seeds()
    if random.random() < 0.6:
        return at_opcodes(random, random.choice(seeds))
    return mutated(random, seeds, HARNESS.words)


@cache
def _seeds() -> Sequence[bytes]:
    return HARNESS.seeds


HARNESS = Harness("pickles", attempt, (*OPCODES, *NAMES, *VALUES), made, weight=80)
