"""What lies in compressed files and in archives that torch did not write is judged, too."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zlib

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Verdict, inspect_bytes

HOSTILE = b"cos\nsystem\n(X\x02\x00\x00\x00idtR."
PACKERS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zlib": zlib.compress,
}


def words(report):
    return " / ".join(problem.message for problem in report.problems)


def codes(report):
    return [problem.code for problem in report.problems]


def tar(members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return stream.getvalue()


CHECKPOINTS = [HOSTILE, files.archive(HOSTILE), files.archive(HOSTILE, deflate=True)]


@pytest.mark.parametrize("kind", PACKERS)
@pytest.mark.parametrize("hostile", CHECKPOINTS)
def test_a_compressed_checkpoint_is_judged(kind, hostile):
    report = inspect_bytes(PACKERS[kind](hostile), "model.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert report.container == kind
    assert "in what is packed in it" in words(report)
    assert "os.system('id')" in words(report)
    for harmless in (files.archive(), files.PLAIN, files.NAMESPACE, b"abc"):
        report = inspect_bytes(PACKERS[kind](harmless), "model.pt")
        assert (report.verdict, codes(report)) == (Verdict.UNREADABLE, [kind])


@pytest.mark.parametrize("level", range(1, 10))
def test_every_level_of_zlib_is_known(level):
    assert inspect_bytes(zlib.compress(HOSTILE, level), "a.pkl").verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("kind", ["gzip", "bzip2", "xz", "zlib"])
def test_streams_after_one_another_are_one_file(kind):
    pack = PACKERS[kind]
    for cut in (0, 5, len(HOSTILE)):
        data = pack(HOSTILE[:cut]) + pack(HOSTILE[cut:])
        assert inspect_bytes(data, "model.pt").verdict is Verdict.DANGEROUS, cut


def test_what_comes_out_before_a_fault_is_judged():
    """A program that unpickles as it unpacks has called it by then."""
    packed = gzip.compress(HOSTILE + bytes(range(256)) * 400)
    for damaged in (packed[:-8], packed[:-8] + bytes(8), packed[: len(packed) // 2] + b"\xff" * 99):
        assert inspect_bytes(damaged, "model.pt").verdict is Verdict.DANGEROUS
    named = packed[:3] + b"\x1e" + packed[4:10] + b"\x02\x00ab" + b"n\x00" + b"c\x00" + b"\x00\x00"
    assert inspect_bytes(named + packed[10:], "model.pt").verdict is Verdict.DANGEROUS


def test_a_bomb_is_not_unpacked_to_its_end():
    bomb = gzip.compress(bytes(140 << 20), 1)
    report = inspect_bytes(bomb, "model.pt")
    assert "was not read to its end: it unpacks to 134,217,728 bytes or more" in words(report)


@pytest.mark.parametrize("hostile", CHECKPOINTS)
@pytest.mark.parametrize("make", [files.plain_zip, tar])
def test_members_of_other_archives_are_judged(make, hostile):
    members = [("a/readme.txt", b"hello"), ("b.pkl", files.PLAIN), ("c.pt", files.archive())]
    harmless = inspect_bytes(make(members), "model.pt")
    assert harmless.verdict in {Verdict.UNREADABLE, Verdict.CANNOT_LOAD}
    assert len(harmless.problems) == 1
    report = inspect_bytes(make([*members, ("d/evil.pt", hostile)]), "model.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert "in the member 'd/evil.pt'" in words(report)


def test_deflated_members_are_judged_whatever_their_names_say():
    members = [("data.pkl", files.PLAIN), ("picture.png", HOSTILE)]
    report = inspect_bytes(files.plain_zip(members, deflate=True), "model.pt")
    assert report.verdict is Verdict.DANGEROUS


def test_files_in_files_are_followed_a_few_levels_deep():
    inside = gzip.compress(tar([("a.zip", files.plain_zip([("b.pkl", HOSTILE)]))]))
    assert inspect_bytes(inside, "a.tar.gz").verdict is Verdict.DANGEROUS
    report = inspect_bytes(bz2.compress(gzip.compress(inside)), "a.pt")
    assert "files lie in files in files" in words(report)


def test_pictures_and_texts_are_no_pickles():
    members = [(f"{number}.png", b"\x89PNG\r\n\x1a\n" + bytes(90)) for number in range(3000)]
    members.append(("code.py", b"import os\nos.system('id')\n"))
    assert codes(inspect_bytes(files.plain_zip(members), "data.zip")) == ["foreign-zip"]
    assert codes(inspect_bytes(b"x^2 + y^2 = r^2, and more", "model.pt")) != ["zlib"]
