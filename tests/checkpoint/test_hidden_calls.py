"""What a file would call is told, whatever stands around it to keep a reader from seeing it."""

from __future__ import annotations

import io
import pickle
import zipfile
from contextlib import suppress
from random import Random

import pytest

from checkpoint.random_pickles import random_pickle
from torchload_lint.checkpoint import Target, TorchVersion, Verdict, inspect_bytes
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS

EVIL = b"cposix\nsystem\nX\x04\x00\x00\x00true\x85R"
COMPUTED = b"c_codecs\nencode\n\x8c\x02bf\x8c\x05rot13\x86R\x8c\x06system\x93"
"""``os.system``, of which the first word is made while the pickle is read."""
INNOCENT = b"c_codecs\nencode\n\x8c\x04zngu\x8c\x05rot13\x86R\x8c\x04sqrt\x93K\x04\x85R0"


def zipped(data, **records):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        content = {"data.pkl": data, "version": b"3\n", "byteorder": b"little", **records}
        for name, record in content.items():
            archive.writestr(f"a/{name}", record)
    return file.getvalue()


@pytest.mark.parametrize("wrap", [bytes, zipped])
@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04" + COMPUTED + b"\x8c\x04true\x85R.",
        b"\x80\x04" + INNOCENT + EVIL + b".",
        b"\x80\x04cstring\nascii_letters\n\x8c\x06system\x93\x8c\x04true\x85R.",
    ],
)
def test_a_name_that_is_made_while_it_is_read(wrap, data):
    report = inspect_bytes(wrap(data), "a.pt")
    assert report.verdict is Verdict.DANGEROUS
    assert any("nothing but a run can name" in problem.message for problem in report.problems)


def test_a_call_before_what_is_too_large():
    small = DEFAULT_LIMITS._replace(pickle_bytes=100_000, first_window=10_000)
    early = zipped(b"\x80\x02" + EVIL + b"0" + b"}0" * 100_000 + b"}.")
    assert inspect_bytes(early, "a.pt", limits=small).verdict is Verdict.DANGEROUS
    late = zipped(b"\x80\x02" + b"}0" * 100_000 + EVIL + b".")
    report = inspect_bytes(late, "a.pt", limits=small)
    assert report.verdict is Verdict.UNREADABLE
    assert report.problems[0].code == "limit"
    assert "too large to be judged" in report.problems[0].message
    assert "weights_only=True alone" in report.problems[0].advice


def test_a_split_frame_before_what_is_too_large():
    small = DEFAULT_LIMITS._replace(pickle_bytes=100_000, first_window=10_000)
    frame = b"\x95" + (3).to_bytes(8, "little")
    data = b"\x80\x04" + frame + b"c_codecs\nOrderedDict\n)R0" + b"}0" * 100_000 + b"}."
    assert inspect_bytes(zipped(data), "a.pt", limits=small).verdict is Verdict.DANGEROUS


def test_a_small_record_that_is_too_large_hides_no_call():
    small = DEFAULT_LIMITS._replace(pickle_bytes=100_000)
    data = zipped(b"\x80\x02" + EVIL + b".", **{".data/serialization_id": b"1" * 200_000})
    assert inspect_bytes(data, "a.pt", limits=small).verdict is Verdict.DANGEROUS


@pytest.mark.parametrize("torch", [(2, 6), (2, 13)])
@pytest.mark.parametrize("wrap", [bytes, zipped])
def test_the_name_of_another_format(torch, wrap):
    """Torch 2.13 reads a path by its ending; older ones read the pickle in it."""
    data = wrap(b"\x80\x02" + EVIL + b".")
    report = inspect_bytes(data, "a.safetensors", Target(TorchVersion(*torch)))
    assert report.verdict is Verdict.DANGEROUS


def test_readers_that_disagree_about_a_frame():
    """C's reader drops what a frame has left where the next argument does not lie in it whole."""
    seen = []

    class Harmless(pickle.Unpickler):
        def find_class(self, module, name):
            seen.append(f"{module}.{name}")
            return dict

    frame = b"\x95" + (3).to_bytes(8, "little")
    data = b"\x80\x04" + frame + b"c_codecs\nOrderedDict\n)R."
    Harmless(io.BytesIO(data)).load()
    assert seen == ["odecs.OrderedDict"]
    report = inspect_bytes(data, "a.pkl")
    assert report.verdict is Verdict.DANGEROUS
    assert "the end of a frame" in report.problems[0].message


def test_whole_frames_are_no_fault():
    for value in ([1] * 100_000, {"a": b"x" * 200_000, "b": "y" * 70_000}):
        for protocol in (4, 5):
            report = inspect_bytes(pickle.dumps(value, protocol), "a.pkl")
            assert report.verdict is not Verdict.DANGEROUS


@pytest.mark.parametrize("seed", range(20))
def test_what_pythons_own_reader_calls_was_seen(seed):
    """For random pickles: a name that C calls is a name of the report, or the file is dangerous."""
    chance = Random(seed)
    for _ in range(300):
        data = random_pickle(chance)
        called = called_by_c(data)
        report = inspect_bytes(data, "a.pkl")
        names = {str(found.name) for found in report.globals}
        assert report.verdict is Verdict.DANGEROUS or called <= names, data


def called_by_c(data):
    """The names that C's reader calls; nothing real is found, so that nothing is run."""
    called = set()

    def stand_in(name):
        class Made(dict):
            def __new__(cls, *args, **keywords):  # noqa: ARG004 - whatever the pickle gives
                called.add(name)
                return super().__new__(cls)

            def __init__(self, *args, **keywords):
                pass

            def __setstate__(self, state):
                pass

        return Made

    class Harmless(pickle.Unpickler):
        def find_class(self, module, name):
            return stand_in(f"{module}.{name}")

        def persistent_load(self, pid):
            del pid

    with suppress(Exception):  # most random pickles are none
        Harmless(io.BytesIO(data)).load()
    return called
