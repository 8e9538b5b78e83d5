"""A file that calls a class of which nothing is known calls unknown code."""

from __future__ import annotations

import pytest

import torchload_lint
from checkpoint.cases import forge
from installed_library import install

KIND = forge.name("somelib.kinds", "Kind")
CALLED = forge.call(KIND, forge.text("a"))
INDIRECT = forge.call(
    forge.name("torch._tensor", "_rebuild_from_type_v2"),
    KIND, forge.name("torch", "Tensor"), forge.pair(), b"}",
)  # fmt: skip
FILLED = forge.new(KIND) + forge.mapping({"x": b"N"}) + b"b"
RESTRICTED = "import torch\nx = torch.load('model.pt', weights_only=True)\n"
UNSAFE = "import torch\nx = torch.load('model.pt', weights_only=False)\n"
ALLOWED = (
    "import torch\nfrom somelib.kinds import Kind\n"
    "with torch.serialization.safe_globals([Kind]):\n"
    "    x = torch.load('model.pt', weights_only=True)\n"
)
ENUM = "import enum\nclass Kind(enum.Enum):\n    A = 'a'\n"
HARM = "import os\nclass Kind:\n    def __init__(self, x): os.system(x)\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "requirements.txt").write_text("somelib\n")
    return tmp_path


def configure(project, line):
    file = project / "pyproject.toml"
    file.write_text(f"{file.read_text()}{line}\n")


def codes(project, source, program):
    (project / "model.pt").write_bytes(forge.archive(forge.program(program)))
    (project / "app.py").write_text(source)
    results = torchload_lint.check(project / "app.py").results
    return [one.code for result in results for one in result.diagnostics]


def verdict(project, program):
    path = project / "model.pt"
    path.write_bytes(forge.archive(forge.program(program)))
    return torchload_lint.inspect(path).report.verdict.value


@pytest.mark.parametrize("program", [CALLED, INDIRECT], ids=["called", "by torch"])
@pytest.mark.parametrize("source", [RESTRICTED, UNSAFE], ids=["restricted", "unsafe"])
def test_a_call_of_an_unknown_class_is_one_of_unknown_code(source, program, project):
    found = codes(project, source, program)
    assert "TLL501" in found
    assert "TLL103" not in found
    assert verdict(project, program) == "dangerous"


def test_files_that_make_one_call_are_told_together_with_a_next_step(project):
    for name in ("a.pt", "b.pt"):
        (project / name).write_bytes(forge.archive(forge.program(CALLED)))
    (project / "app.py").write_text("import torch\nfor p in ('a.pt', 'b.pt'):\n    torch.load(p)\n")
    (result,) = torchload_lint.check(project / "app.py").results
    (message,) = [one.message for one in result.diagnostics if one.code == "TLL501"]
    assert message.startswith("a.pt, b.pt would call ")
    assert message.count("would call") == 1
    assert message.endswith("of plain values, for which the program has to be changed")


@pytest.mark.parametrize("source", [RESTRICTED, UNSAFE], ids=["restricted", "unsafe"])
def test_an_object_that_is_only_filled_is_a_need(source, project):
    assert "TLL501" not in codes(project, source, FILLED)
    assert verdict(project, FILLED) == "needs-safe-globals"


LOADS = forge.name("json", "loads")
LINEAR = forge.name("torch.nn.modules.linear", "Linear")
STATE = forge.mapping({"__setstate__": LOADS})
PARTIAL = forge.call(forge.name("functools", "partial"), LOADS)
HELD = forge.call(forge.name("functools", "partial"), forge.name("torch.nn", "GELU"))
PARTIAL_STATE = forge.pair(LOADS, forge.pair(forge.text("[]")), b"}", b"N")
MAPPED = forge.call(forge.name("builtins", "map"), LOADS, forge.array(forge.text("[]")))
SOMETHING = forge.name("somelib.kinds", "made")
UNKNOWN = {
    "class filled": LINEAR + STATE + b"b",
    "class filled by slots": LINEAR + forge.pair(b"N", STATE) + b"b",
    "module filled": forge.name("torch", "nn") + STATE + b"b",
    "something filled": SOMETHING + STATE + b"b",
    "registry": forge.name("copyreg", "_inverted_registry") + forge.number(1) + LOADS + b"s",
    "list": forge.name("warnings", "filters") + forge.number(1) + b"a",
    "attribute filled": forge.call(forge.name("builtins", "getattr"), LINEAR, forge.text("a"))
    + STATE
    + b"b",
    "logger filled": forge.call(forge.name("logging", "getLogger"), forge.text("a")) + STATE + b"b",
    "extension": b"\x82\x01" + forge.pair(forge.text("a")) + b"R",
    "OBJ": b"(" + KIND + forge.text("a") + b"o",
    "INST": b"(" + forge.text("a") + b"isomelib.kinds\nKind\n",
    "partial called": PARTIAL + b")R",
    "partial exchanged": HELD + PARTIAL_STATE + b"b)R",
    "class made": forge.new(forge.name("builtins", "type"), forge.text("A"), forge.pair(), STATE),
    "base called": forge.call(
        forge.name("copyreg", "_reconstructor"), SOMETHING, KIND, forge.text("a")
    ),
    "mapped": forge.call(forge.name("builtins", "list"), MAPPED),
    "by torch": INDIRECT,
    "called": CALLED,
}


@pytest.mark.parametrize("blocked", [False, True], ids=["loadable", "never loadable"])
@pytest.mark.parametrize("program", UNKNOWN.values(), ids=UNKNOWN)
def test_every_way_to_call_or_change_what_is_unknown_is_told(program, blocked, project):
    """An unsafe load does it all the same in a file that weights-only loads refuse."""
    if blocked:
        program = b"N(N1" + program + b"\x86"
    assert verdict(project, program) == "dangerous"
    assert "TLL501" in codes(project, UNSAFE, program)


FINE = {
    "partial": HELD,
    "filled": FILLED,
    "logger": forge.call(forge.name("logging", "getLogger"), forge.text("a")),
    "plain": forge.call(
        forge.name("copyreg", "_reconstructor"), KIND, forge.name("builtins", "object"), b"N"
    ),
    "None": forge.call(forge.name("builtins", "type"), b"N"),
}


@pytest.mark.parametrize("blocked", [False, True], ids=["loadable", "never loadable"])
@pytest.mark.parametrize("program", FINE.values(), ids=FINE)
def test_what_only_builds_is_not_called_dangerous(program, blocked, project):
    if blocked:
        program = b"N(N1" + program + b"\x86"
    assert verdict(project, program) != "dangerous"
    assert "TLL501" not in codes(project, UNSAFE, program)


def test_the_report_names_the_call_and_no_way_to_allow_it(project):
    (project / "model.pt").write_bytes(forge.archive(forge.program(CALLED)))
    report = torchload_lint.inspect(project / "model.pt").report
    assert "somelib.kinds.Kind('a')" in report.problems[0].message
    assert report.safe_globals == ()
    advice = " ".join(problem.advice for problem in report.problems)
    assert "trusted" not in advice
    assert "weights_only=False" not in advice


def test_what_the_source_of_the_library_proves_is_a_need(project):
    install(project, {"somelib/__init__.py": "", "somelib/kinds.py": ENUM}, "somelib")
    assert codes(project, RESTRICTED, CALLED) == ["TLL103"]
    assert verdict(project, CALLED) == "needs-safe-globals"


def test_what_the_source_of_the_library_does_not_prove_is_unknown_code(project):
    install(project, {"somelib/__init__.py": "", "somelib/kinds.py": HARM}, "somelib")
    assert codes(project, RESTRICTED, CALLED) == ["TLL501"]
    assert verdict(project, CALLED) == "dangerous"


@pytest.mark.parametrize("line", ["trusted = ['somelib.*']", "trusted = ['somelib.kinds.Kind']"])
def test_what_the_configuration_trusts_is_a_need(line, project):
    configure(project, line)
    assert codes(project, RESTRICTED, CALLED) == ["TLL103"]
    assert verdict(project, CALLED) == "needs-safe-globals"


def test_what_the_code_allows_is_its_own_business(project):
    assert codes(project, ALLOWED, CALLED) == []


def test_a_class_of_the_project_is_judged_by_its_source(project):
    (project / "somelib").mkdir()
    (project / "somelib" / "kinds.py").write_text(HARM)
    (project / "somelib" / "__init__.py").write_text("# ours\n")
    assert codes(project, RESTRICTED, CALLED) == ["TLL103"]
