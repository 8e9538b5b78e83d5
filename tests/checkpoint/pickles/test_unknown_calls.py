"""Default-deny in the verdict: a file that calls what nothing vouches for is not merely in need."""

from __future__ import annotations

import pytest

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import Verdict


def stack_global(module, name):
    """STACK_GLOBAL: protocol 4 looks the dotted name up, attribute by attribute."""
    return forge.text(module) + forge.text(name) + b"\x93"


def verdict(program, container=forge.archive, protocol=b"\x80\x02"):
    data = protocol + program + b"."
    return inspect_bytes(container(data) if container else data, "model.pt")


GADGETS = [
    ("uuid", "os.system"),
    ("pathlib", "os.system"),
    ("torch.serialization", "os.system"),
    ("argparse", "_os.system"),
    ("random", "_os.system"),
    ("numpy.lib.npyio", "os.popen"),
    ("torch._utils", "sys.modules.get"),
    ("_osx_support", "_find_build_tool"),
    ("operator", "call"),
    ("typing", "_eval_type"),
    ("typing", "get_type_hints"),
    ("functools", "reduce"),
    ("itertools", "starmap"),
    ("functools", "singledispatch"),
    ("torch._inductor.compile_worker", "subprocess"),
    ("torch._inductor.codecache", "compile_file"),
    ("torch._dynamo.utils", "import_submodule"),
    ("torch.utils.file_baton", "open"),
    ("torch.utils._import_utils", "_check_module_exists"),
    ("distutils.file_util", "write_file"),
    ("zipfile", "ZipFile"),
    ("tarfile", "TarFile"),
    ("gzip", "GzipFile"),
    ("bz2", "BZ2File"),
    ("csv", "reader"),
    ("some_library.tools", "run"),
    ("some_library.tools", "_execute_all"),
    ("builtins", "dict.get"),
    ("builtins", "str.join"),
    ("json", "load"),
    ("threading", "Timer"),
    ("xml.etree.ElementTree", "parse"),
    ("asyncio", "run"),
    ("unittest.mock", "_importer"),
    ("lib2to3.pgen2.pgen", "ParserGenerator"),
]


@pytest.mark.parametrize(("module", "name"), GADGETS)
@pytest.mark.parametrize("how", ["GLOBAL", "STACK_GLOBAL"])
def test_a_call_that_nothing_vouches_for(module, name, how):
    function = forge.name(module, name) if how == "GLOBAL" else stack_global(module, name)
    report = verdict(forge.call(function, forge.text("touch x")))
    assert report.verdict is Verdict.DANGEROUS
    assert all("trusted" not in problem.advice for problem in report.problems)
    assert all("weights_only=False" not in problem.advice for problem in report.problems)


INTERPRETER = [
    "argparse.Namespace.__init__.__globals__",
    "numpy.__builtins__",
    "collections.OrderedDict.__class__",
    "collections.OrderedDict.__subclasses__",
    "torch.nn.Module.__init__.__code__",
]


@pytest.mark.parametrize("name", INTERPRETER)
def test_a_name_that_reaches_into_the_interpreter(name):
    module, _, last = name.partition(".")
    assert verdict(stack_global(module, last)).verdict is Verdict.DANGEROUS


def test_a_call_of_what_a_call_gave():
    get = forge.call(stack_global("builtins", "dict.get"), forge.name("json", "codecs"))
    assert verdict(forge.call(get, forge.text("x"))).verdict is Verdict.DANGEROUS


def test_a_call_that_was_made_to_fail():
    program = forge.call(forge.name("collections", "OrderedDict"), forge.text("ls -la")) + b"0}"
    report = verdict(program)
    assert report.verdict is Verdict.DANGEROUS
    assert "no program saves this" in report.problems[0].advice


def test_a_pickle_behind_the_first_bytes_of_another_format():
    hidden = b"GGUF" + b"\x03\x00\x00\x00\x00\x00" + b"0"  # BINFLOAT of eight bytes, POP
    run = hidden[:9] + b"0" + forge.call(forge.name("os", "system"), forge.text("id")) + b"."
    assert inspect_bytes(run, "model.gguf").verdict is Verdict.DANGEROUS
    plain = b"GGUF" + b"\x03\x00\x00\x00" + bytes(24)
    assert inspect_bytes(plain, "model.gguf").verdict is Verdict.UNREADABLE


HARMLESS = {
    "a class of a library": forge.call(forge.name("some_library.config", "Config"), b"}"),
    "a member of an enumeration": forge.call(forge.name("lib.kinds", "Kind"), forge.text("a")),
    "an object that is filled": forge.new(forge.name("lib.nets", "Net")) + b"}b",
    "a date": forge.call(forge.name("datetime", "date"), forge.raw(b"\x07\xe8\x01\x01")),
    "a path": forge.call(forge.name("pathlib", "PosixPath"), forge.text("a")),
    "a tensor": forge.tensor(),
    "an error": forge.call(forge.name("builtins", "ValueError"), forge.text("a")),
    "a compiled class": forge.call(
        forge.name("sklearn.tree._tree", "__pyx_unpickle_Tree"), forge.name("x.y", "Tree")
    ),
    "a function that is kept": forge.name("torch.nn.functional", "relu"),
    "a function of a library that is kept": forge.name("some_library.tools", "activate"),
}


@pytest.mark.parametrize("program", HARMLESS.values(), ids=HARMLESS)
def test_what_only_builds_or_names(program):
    assert verdict(program).verdict is not Verdict.DANGEROUS
