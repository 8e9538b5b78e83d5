"""Verdicts, forms and targets on small pickles, without torch."""

from __future__ import annotations

import io

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import Target, Verdict, inspect_bytes
from torchload_lint.names import ClassFacts, GlobalName


@pytest.mark.filterwarnings("ignore")
def test_nested_tensors_of_a_legacy_file_have_no_sizes_yet():
    torch = pytest.importorskip("torch")
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])
    old, new = io.BytesIO(), io.BytesIO()
    torch.save(nested, old, _use_new_zipfile_serialization=False)
    torch.save(nested, new)
    target = Target.of("2.14")  # 2.15 allows them no more
    assert inspect_bytes(old.getvalue(), "old.pt", target).verdict is Verdict.UNREADABLE
    assert inspect_bytes(new.getvalue(), "new.pt", target).verdict is Verdict.LOADS


def test_the_newest_known_torch_is_asked():
    data = files.archive(b"\x80\x02ctorch._utils\n_rebuild_nested_tensor\n.")
    asked = inspect_bytes(data, "model.pt")
    assert asked == inspect_bytes(data, "model.pt", Target.of("2.15"))
    assert asked != inspect_bytes(data, "model.pt", Target.of("2.14"))


def report_on(*parts, target=None, lookup=None, encoding="utf-8"):
    data = files.archive(b"\x80\x02" + b"".join(parts) + b".")
    return inspect_bytes(data, "model.pt", target or Target(), lookup, encoding=encoding)


def entries(report):
    return [(str(need.name), need.spelling.expression(), need.pair) for need in report.safe_globals]


@pytest.mark.parametrize(
    ("named", "entry"),
    [
        (b"cargparse\nNamespace\n", ("argparse.Namespace", "argparse.Namespace", False)),
        (
            b"ctorch.nn.modules.linear\nLinear\n",
            ("torch.nn.modules.linear.Linear", "torch.nn.Linear", False),
        ),
        (b"cexceptions\nOSError\n", ("exceptions.OSError", "OSError", True)),
        (b"c__builtin__\nlist\n", ("builtins.list", "list", False)),
        (b"c__builtin__\nEllipsis\n", ("builtins.Ellipsis", "Ellipsis", True)),
        (
            b"cpathlib._local\nPosixPath\n",
            ("pathlib._local.PosixPath", "pathlib.PosixPath", True),
        ),
        (
            b"cnumpy.core.multiarray\nscalar\n",
            ("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar", True),
        ),
    ],
)
def test_how_an_entry_is_written(named, entry):
    assert entries(report_on(named)) == [entry]


def test_numpy_1_and_python_3_13_have_names_of_their_own():
    old = report_on(b"cnumpy.core.multiarray\nscalar\n", target=Target(numpy=1))
    assert entries(old) == [("numpy.core.multiarray.scalar",) * 2 + (False,)]
    moved = report_on(b"cpathlib\nPosixPath\n", target=Target(python=(3, 13)))
    assert entries(moved) == [("pathlib.PosixPath", "pathlib.PosixPath", True)]


def test_a_class_of_the_project_is_imported_from_where_it_is_defined():
    def lookup(name):
        here = GlobalName("app.models", "Net")
        return ClassFacts(here, "class", "app/models.py", 1) if name.qualname == "Net" else None

    report = report_on(b"c__main__\nNet\n)\x81", lookup=lookup)
    assert entries(report) == [("__main__.Net", "app.models.Net", True)]


def test_a_dtype_that_no_opcode_names_is_needed_for_its_build():
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00f8\x89\x88\x87R"
    state = b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    report = report_on(dtype, state)
    assert entries(report) == [
        ("numpy.dtype", "numpy.dtype", False),
        ("numpy.dtypes.Float64DType", 'type(numpy.dtype("float64"))', False),
    ]
    assert [need.because for need in report.safe_globals] == ["GLOBAL", "BUILD"]


def test_places_are_named():
    item = b"cargparse\nNamespace\n)\x81"
    inner = b"}" + files.text("args") + item + b"s"
    report = report_on(b"}", files.text("hyper"), inner, b"s")
    assert report.safe_globals[0].where == ("['hyper']['args']",)


def test_a_filled_defaultdict_needs_a_stand_in_since_2_10():
    parts = (b"ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R", b"K\x01]s")
    report = report_on(*parts)
    assert report.verdict is Verdict.NEEDS_STAND_IN
    assert [str(one.name) for one in report.stand_ins] == ["collections.defaultdict"]
    assert report.stand_ins[0].spelling.expression() == "(lambda *_: dict())"
    assert entries(report) == [("builtins.list", "list", False)]
    older = report_on(*parts, target=Target.of("2.9"))
    assert older.verdict is Verdict.NEEDS_SAFE_GLOBALS


def test_stand_ins_keep_the_state_of_dict_subclasses():
    filled = b"capp\nConfig\n)\x81K\x01K\x02s"
    plain, stateful = report_on(filled), report_on(filled, b"}", files.text("a"), b"K\x01sb")
    assert plain.stand_ins[0].spelling.expression() == "dict"
    assert stateful.stand_ins[0].spelling.expression() == "collections.OrderedDict"


def test_old_targets_say_what_they_lack():
    named, pair = b"cargparse\nNamespace\n", b"cexceptions\nOSError\n"
    assert report_on(named, target=Target.of("2.5")).verdict is Verdict.NEEDS_SAFE_GLOBALS
    for parts, torch in ((named, "2.3"), (pair, "2.5")):
        report = report_on(parts, target=Target.of(torch))
        assert (report.verdict, report.problems[0].code) == (Verdict.CANNOT_LOAD, "target")
        assert "2.6" in report.problems[0].advice


def test_an_import_can_be_the_answer():
    report = report_on(b"ctorch.distributed.tensor\nDTensor\n")
    assert report.imports == ("torch.distributed.tensor",)
    assert report.safe_globals[0].import_only == "torch.distributed.tensor"


@pytest.mark.parametrize(
    ("parts", "call"),
    [
        (b"cposix\nsystem\nX\x02\x00\x00\x00id\x85R", "posix.system('id')"),
        (b"c__builtin__\neval\nX\x01\x00\x00\x001\x85R", "builtins.eval('1')"),
        (b"\x8c\x08builtins\x8c\x04exec\x93X\x01\x00\x00\x001\x85R", "builtins.exec('1')"),
        (b"(X\x01\x00\x00\x001ios\nsystem\n", "os.system('1')"),
        (
            b"cfunctools\npartial\nc__builtin__\neval\n\x85R",
            "functools.partial(builtins.eval)",
        ),
    ],
)
def test_what_would_run_is_shown_with_its_arguments(parts, call):
    report = report_on(parts)
    assert report.verdict is Verdict.DANGEROUS
    assert call in report.problems[0].message
    assert report.safe_globals == ()


@pytest.mark.parametrize(
    "parts", [b"cthreading\nThread\n", b"csubprocess\nCompletedProcess\n", b"cast\nModule\n)\x81"]
)
def test_what_is_only_named_is_not_a_threat(parts):
    assert report_on(parts).verdict is Verdict.NEEDS_SAFE_GLOBALS


def test_python_2_strings_follow_the_encoding():
    data = b"U\x01\xff"
    assert report_on(data).problems[0].code == "encoding"
    assert report_on(data, encoding="latin1").verdict is Verdict.LOADS
    assert report_on(data, encoding="bytes").verdict is Verdict.LOADS


def test_tensors_in_a_plain_pickle_are_looked_into():
    def pickle_of(inner):
        size = len(inner).to_bytes(4, "little")
        return b"\x80\x03ctorch.storage\n_load_from_bytes\nB" + size + inner + b"\x85R."

    harmless = inspect_bytes(pickle_of(files.legacy()), "tensors.pkl")
    hostile = inspect_bytes(pickle_of(b"cos\nsystem\nX\x01\x00\x00\x00a\x85R."), "tensors.pkl")
    assert harmless.verdict is Verdict.CANNOT_LOAD
    assert hostile.verdict is Verdict.DANGEROUS
