"""Which of several equal names in an archive is read: real torch decides."""

from __future__ import annotations

import io
import pickle
import random
import warnings
import zipfile

import pytest

pytest.importorskip("torch")

import torch

from torchload_lint.checkpoint import Limits, Verdict, inspect_bytes, inspect_file
from torchload_lint.checkpoint.containers.bytesource import MemorySource
from torchload_lint.checkpoint.containers.zip_archive import ZipArchive
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.migrate import MigrationError, migrate_file

pytestmark = pytest.mark.torch

EVIL = b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R."
PLAIN = b"\x80\x02K\x07."


def archive(entries):
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as file:
        warnings.simplefilter("ignore")
        for name, content in entries:
            file.writestr(name, content)
    return buffer.getvalue()


def number(value):
    return b"\x80\x02K" + bytes([value]) + b"."


def arrangement(seed):
    """Several records of one name, in upper or lower case, among others."""
    chance = random.Random(seed)
    entries = [
        (chance.choice(["a/data.pkl", "a/DATA.pkl"]), number(at))
        for at in range(chance.randint(2, 5))
    ]
    entries.append(("a/version", b"3\n"))
    entries += [
        (f"a/{chance.choice(['data', '.x', 'Zz', 'code', 'data.pk', 'data.pkl2'])}/{at}", b"x")
        for at in range(chance.randint(0, 12))
    ]
    chance.shuffle(entries)
    return archive(entries)


@pytest.mark.parametrize("seed", range(60))
def test_the_record_is_the_one_that_torch_reads(seed):
    data = arrangement(seed)
    ours = ZipArchive(MemorySource(data), DEFAULT_LIMITS).read("data.pkl")
    assert ours == number(torch.load(io.BytesIO(data), weights_only=True))


def test_only_ascii_letters_lose_their_case():
    data = archive(
        [("a/data.p\N{KELVIN SIGN}l", EVIL), ("a/version", b"3\n"), ("a/data.pkl", PLAIN)]
    )
    assert torch.load(io.BytesIO(data), weights_only=True) == 7
    report = inspect_bytes(data, "a.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert report.problems[0].message.startswith("in the member 'a/data.p\N{KELVIN SIGN}l'")


def test_the_dangerous_one_of_two_is_found_wherever_torch_finds_it():
    others = [("a/DATA/0", b"x"), ("a/code/0", b"x"), ("a/.x/2", b"x"), ("a/version", b"3\n")]
    entries = [("a/zz/3", b"x"), ("a/DATA.pkl", PLAIN), *others, ("a/data.pkl", EVIL)]
    for _ in entries:
        entries = [*entries[1:], entries[0]]
        data = archive(entries)
        try:
            torch.load(io.BytesIO(data), weights_only=True)
            is_read = False
        except pickle.UnpicklingError:
            is_read = True
        report = inspect_bytes(data, "a.pt")
        assert report.verdict is Verdict.DANGEROUS
        in_another = "in the member 'a/data.pkl'"
        assert report.problems[0].message.startswith(in_another) is not is_read


def test_a_large_archive_with_equal_names_is_not_sorted():
    entries = [("a/version", b"3\n"), ("a/data.pkl", PLAIN), ("a/data.pkl", EVIL)]
    data = archive([*entries, *((f"a/data/{at}", b"x") for at in range(50))])
    report = inspect_bytes(data, "a.pt", limits=Limits(equal_members=20))
    assert report.verdict is Verdict.DANGEROUS  # no name is looked up, and every member is judged
    assert "equal_members" in report.problems[-1].message


def test_a_record_that_says_that_it_is_a_folder_is_not_read(tmp_path):
    """torch reads nothing of it: its tensor has what lay in the memory, other values every time."""
    torch.save({"a": torch.arange(8.0), "none": torch.ones(0)}, tmp_path / "a.pt")
    for record, verdict in [("0", Verdict.UNREADABLE), ("1", Verdict.LOADS)]:
        data = bytearray((tmp_path / "a.pt").read_bytes())
        at = data.rfind(f"a/data/{record}PK".encode()) - 46
        assert data[at : at + 4] == b"PK\x01\x02"
        data[at + 38] |= 0x10
        path = tmp_path / "folder.pt"
        path.write_bytes(data)
        report = inspect_file(path)
        assert report.verdict is verdict, record
        whole = torch.load(path, weights_only=True)["a"].tolist() == list(range(8))
        assert whole == (verdict is Verdict.LOADS)
        if verdict is Verdict.LOADS:
            migrate_file(path, tmp_path / "new.pt")
        else:
            assert "data/0 of a tensor says that it is a folder" in report.problems[0].message
            with pytest.raises(MigrationError, match="data/0 of a tensor says that it is a folder"):
                migrate_file(path, tmp_path / "new.pt")
