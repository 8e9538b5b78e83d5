"""Files that torch.save did not write, recognized by their first bytes (data).

Each says what it is, what torch makes of it, and the way out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.report import Problem
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource

_HEAD = 512


class Format(NamedTuple):
    """A kind of file, recognised by how it starts."""

    kind: str
    starts: tuple[bytes, ...]
    message: str
    advice: str

    def problem(self) -> Problem:
        """The problem to report."""
        return Problem(self.kind, self.message, self.advice)


FORMATS = (
    Format(
        "git-lfs-pointer",
        (b"version https://git-lfs.github.com",),
        "this is a git-lfs pointer, not the file itself (torch says: Unsupported operand 118)",
        "run `git lfs install` and `git lfs pull`",
    ),
    Format(
        "html",
        (b"<!doctype", b"<!DOCTYPE", b"<html", b"<HTML", b"<head", b"<?xml"),
        "this is a web page, not a checkpoint (torch says: Unsupported operand 60)",
        "the download gave an error or a login page; get the file again, with its direct address",
    ),
    Format(
        "gzip",
        (b"\x1f\x8b",),
        "this is a gzip file (torch says: Unsupported operand 31)",
        "unpack it first (`gunzip`, or gzip.open(path) as the file that torch.load is given)",
    ),
    Format(
        "bzip2", (b"BZh",), "this is a bzip2 file", "unpack it first (`bunzip2`)"
    ),
    Format("xz", (b"\xfd7zXZ\x00",), "this is an xz file", "unpack it first (`unxz`)"),
    Format("lzma", (b"\x5d\x00\x00",), "this is an lzma file", "unpack it first (`unlzma`)"),
    Format(
        "zlib",
        (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
        "this is compressed with zlib (joblib writes such files)",
        "unpack it first (zlib.decompress), or read it with the library that wrote it",
    ),
    Format("zstd", (b"\x28\xb5\x2f\xfd",), "this is a zstd file", "unpack it first (`unzstd`)"),
    Format("rar", (b"Rar!",), "this is a rar archive", "unpack it first"),
    Format("7z", (b"7z\xbc\xaf\x27\x1c",), "this is a 7z archive", "unpack it first"),
    Format(
        "npy",
        (b"\x93NUMPY",),
        "this is an array that numpy.save wrote",
        "read it with torch.from_numpy(numpy.load(path, allow_pickle=False))",
    ),
    Format(
        "hdf5",
        (b"\x89HDF\r\n\x1a\n",),
        "this is an HDF5 file (Keras weights, perhaps)",
        "read it with h5py, or with the library that wrote it",
    ),
    Format(
        "gguf",
        (b"GGUF",),
        "this is a GGUF file of llama.cpp",
        "read it with the gguf package or with llama.cpp",
    ),
    Format(
        "ggml",
        (b"lmgg", b"ggml", b"tjgg", b"fmgg"),
        "this is a GGML file of llama.cpp or whisper.cpp",
        "read it with the program that it is made for",
    ),
    Format(
        "onnx",
        (b"\x08\x03\x12", b"\x08\x04\x12", b"\x08\x05\x12", b"\x08\x06\x12", b"\x08\x07\x12",
         b"\x08\x08\x12", b"\x08\x09\x12", b"\x08\x0a\x12"),
        "this looks like an ONNX model",
        "read it with onnx.load(path)",
    ),
    Format("pdf", (b"%PDF",), "this is a PDF document", "get the right file"),
    Format("png", (b"\x89PNG",), "this is a picture", "get the right file"),
    Format(
        "script", (b"#!", b"import ", b"from "), "this is program source", "get the right file"
    ),
)  # fmt: skip


def recognise(source: ByteSource) -> Problem | None:
    """What a file is that torch.save did not write; None where it may be a checkpoint."""
    if source.size == 0:
        return Problem(
            "empty", "the file is empty", "get or save it again; the last write did not finish"
        )
    head = source.read_at(0, _HEAD)
    for known in FORMATS:
        if head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(known.starts):
            return known.problem()
    if head.strip(b"\x00") == b"":
        return Problem(
            "zeros", "the file begins with nothing but zero bytes", "get or save it again"
        )
    if head.lstrip()[:1] in {b"{", b"["}:
        return Problem("text", "this is a text file, perhaps JSON", "read it with json.load")
    return None


def is_plain_text(source: ByteSource) -> bool:
    """Whether it begins with characters alone, of which people write texts."""
    try:
        head = source.read_at(0, _HEAD).decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < _HEAD - 4 or error.reason != "unexpected end of data":
            return False
        head = source.read_at(0, error.start).decode("utf-8")
    return all(one.isprintable() or one in "\t\r\n\f" for one in head)


def is_tar(source: ByteSource) -> bool:
    """Whether the first block is a tar header with the right checksum, as Python's tarfile has it:
    octal or (after 0x80) binary, of bytes with or without a sign.
    """
    block = source.read_at(0, 512)
    if len(block) < 512:  # noqa: PLR2004 - a tar block
        return False
    field, rest = block[148:156], block[:148] + block[156:]
    try:
        claimed = int(field.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        claimed = int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1  # noqa: PLR2004 - its mark
    unsigned = 256 + sum(rest)
    return claimed in {unsigned, unsigned - 256 * sum(byte > 127 for byte in rest)}  # noqa: PLR2004 - signs
