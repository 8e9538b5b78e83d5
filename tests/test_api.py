"""The public functions, with every form of argument that they take or refuse."""

from __future__ import annotations

from pathlib import Path

import pytest

import torchload_lint
from checkpoint.bare_files import archive
from notebook_samples import notebook_text
from torchload_lint.config import ConfigError, Settings
from torchload_lint.workspace import Options

BEFORE = "import torch\nx = torch.load(p)\n"
AFTER = "import torch\nx = torch.load(p, weights_only=True)\n"
FIX = Options(fix=True, write=True)
NAMES = ("a.py", "p.py", "y.py", "x.py")


class Located:
    """A path that is neither a str nor a Path."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __fspath__(self) -> str:
        return self.name


FORMS = {
    "str": lambda name: name,
    "Path": Path,
    "os.PathLike": Located,
    "list": lambda name: [name],
    "tuple of paths": lambda name: (Path(name),),
    "generator": lambda name: (one for one in [name]),
    "set": lambda name: {Path(name)},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torchload-lint.toml").write_text('min-severity = "info"\n')
    for name in NAMES:
        (tmp_path / name).write_text(BEFORE)
    (tmp_path / "m.pt").write_bytes(b"<html>")
    return tmp_path


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_check_fixes_the_file_that_is_named_and_no_other(folder, form):
    run = torchload_lint.check(form("x.py"), options=FIX)
    assert [str(one.path) for one in run.results] == ["x.py"]
    assert [(folder / name).read_text() for name in NAMES] == [BEFORE, BEFORE, BEFORE, AFTER]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_check_takes_a_folder_in_every_form(folder, form):
    run = torchload_lint.check(form(str(folder)))
    assert [one.path.name for one in run.results] == sorted(NAMES)
    assert torchload_lint.check(form("none.py")).errors == ("none.py: no such file or folder",)


def test_check_takes_several_and_none(folder):
    run = torchload_lint.check(["a.py", folder / "y.py"])
    assert [one.path.name for one in run.results] == ["y.py", "a.py"]
    assert torchload_lint.check([]).names == []


@pytest.mark.parametrize("wrong", [None, 5, b"x.py", [b"x.py"], ["x.py", None], object(), {1: 2}])
def test_what_is_no_path_is_refused_before_anything_is_written(folder, wrong):
    with pytest.raises(TypeError, match="path"):
        torchload_lint.check(wrong, options=FIX)
    assert {(folder / name).read_text() for name in NAMES} == {BEFORE}


@pytest.mark.parametrize("empty", ["", [""], ["x.py", ""]])
def test_an_empty_path_is_not_the_current_folder(folder, empty):
    with pytest.raises(ValueError, match="a path is empty"):
        torchload_lint.check(empty, options=FIX)
    assert {(folder / name).read_text() for name in NAMES} == {BEFORE}


@pytest.mark.usefixtures("folder")
def test_wrong_settings_and_options_are_named():
    with pytest.raises(TypeError, match=r"settings must be a .*Settings, not dict"):
        torchload_lint.check("x.py", settings={"ignore": ["TLL102"]})
    with pytest.raises(TypeError, match=r"options must be a .*Options, not bool"):
        torchload_lint.check("x.py", options=True)
    with pytest.raises(ConfigError, match="TLL9"):
        torchload_lint.check("x.py", settings=Settings(overrides={"select": ("TLL9",)}))


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ({"target_torch": "banana"}, "target_torch must be a version"),
        ({"target_torch": 3}, "target_torch must be a string, not an integer"),
        ({"select": "TLL102"}, "select must be a list of strings"),
        ({"selected": ["TLL102"]}, "unknown key 'selected'"),
        ({"root": "."}, "unknown key 'root'"),
        ({"target-torch": "2.6"}, "unknown key 'target-torch'"),
        ({"min_severity": "high"}, "min_severity must be one of error, warning, info"),
    ],
)
@pytest.mark.parametrize("ask", [torchload_lint.check, torchload_lint.inspect])
@pytest.mark.usefixtures("folder")
def test_wrong_overrides_are_named(ask, overrides, told):
    with pytest.raises(ConfigError, match=told):
        ask("x.py", settings=Settings(overrides=overrides))


@pytest.mark.parametrize(
    "overrides",
    [{"ignore": ["TLL102"]}, {"ignore": ("TLL102",)}, {"per_file_ignores": {"x.py": ["TLL102"]}},
     {"per_file_ignores": (("x.py", ("TLL102",)),)}],
)  # fmt: skip
@pytest.mark.usefixtures("folder")
def test_overrides_are_written_as_in_a_file_or_as_a_configuration_holds_them(overrides):
    assert torchload_lint.check("x.py", settings=Settings(overrides=overrides)).results == ()


@pytest.mark.parametrize("form", [str, Path, Located])
def test_a_configuration_file_is_named_in_every_form(folder, form):
    (folder / "other.toml").write_text('ignore = ["TLL102"]')
    settings = Settings(config_file=form("other.toml"))
    assert torchload_lint.check("x.py", settings=settings).results == ()
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        torchload_lint.check("x.py", settings=Settings(config_file=form("none.toml")))
    with pytest.raises(TypeError, match="a path must be"):
        torchload_lint.check("x.py", settings=Settings(config_file=5))


@pytest.mark.parametrize(
    "wrong",
    [{"options": Options(fix=True, write="no")}, {"options": FIX._replace(jobs="2")},
     {"options": FIX, "progress": 5}, {"options": FIX, "settings": Settings(overrides=None)}],
)  # fmt: skip
def test_what_has_the_wrong_type_is_refused_before_anything_is_written(folder, wrong):
    with pytest.raises(TypeError, match="must be"):
        torchload_lint.check("x.py", **wrong)
    with pytest.raises(ValueError, match="jobs must not be negative"):
        torchload_lint.check("x.py", options=FIX._replace(jobs=-1))
    assert (folder / "x.py").read_text() == BEFORE


@pytest.mark.parametrize("form", [str, Path, Located])
@pytest.mark.usefixtures("folder")
def test_inspect_takes_one_path(form):
    assert torchload_lint.inspect(form("m.pt")).report.verdict.value == "unreadable"
    assert torchload_lint.inspect(form("none.pt")).report.verdict.value == "unreadable"


@pytest.mark.parametrize("wrong", [None, 5, b"m.pt", ["m.pt"]])
@pytest.mark.usefixtures("folder")
def test_inspect_refuses_what_is_no_path(wrong):
    with pytest.raises(TypeError, match="a path must be"):
        torchload_lint.inspect(wrong)
    with pytest.raises(ValueError, match="a path is empty"):
        torchload_lint.inspect("")


@pytest.mark.parametrize("form", [str, Path, Located])
@pytest.mark.usefixtures("folder")
def test_fix_takes_a_text_and_a_name(form):
    assert torchload_lint.fix(BEFORE) == AFTER
    assert torchload_lint.fix(BEFORE, form("sub/other.py")) == AFTER
    assert torchload_lint.fix(AFTER, form("x.py")) == AFTER
    notebook = notebook_text(["import torch", "x = torch.load(p)"])
    fixed = torchload_lint.fix(notebook, form("n.ipynb"))
    assert fixed == notebook.replace("load(p)", "load(p, weights_only=True)")


@pytest.mark.usefixtures("folder")
def test_fix_tells_unsafe_fixes_apart():
    before = "import torch\nnet.load_state_dict(torch.load(p, weights_only=False)['net'])\n"
    assert torchload_lint.fix(before) == before
    assert torchload_lint.fix(before, unsafe=True) == before.replace("False", "True")


@pytest.mark.parametrize("wrong", [None, BEFORE.encode(), Path("x.py"), ["a"]])
def test_fix_refuses_what_is_no_text(wrong):
    with pytest.raises(TypeError, match="source must be a str"):
        torchload_lint.fix(wrong)
    with pytest.raises(TypeError, match="a path must be"):
        torchload_lint.fix(BEFORE, 5)
    with pytest.raises(TypeError, match="unsafe must be of type bool"):
        torchload_lint.fix(BEFORE, unsafe="no")


def test_fix_refuses_a_text_that_no_file_can_hold():
    with pytest.raises(ValueError, match=r"half of a surrogate pair \(U\+D800, at 32\)"):
        torchload_lint.fix(BEFORE + '"\ud800"\n')


class Pieces:
    """A source of bytes that remembers how often it was asked."""

    def __init__(self, data):
        self.data, self.size, self.asked = data, len(data), 0

    def read_at(self, offset, count):
        self.asked += 1
        return self.data[offset : offset + count]


@pytest.mark.parametrize("depth", ["whole", "shallow"])
def test_a_source_of_bytes_is_inspected_to_a_depth_that_is_said(depth):
    data = archive(b"\x80\x02cargparse\nNamespace\n)\x81.")
    found = torchload_lint.inspect_source(Pieces(data), "m.pt", depth=depth)
    assert (found.report.verdict.value, found.report.depth) == ("needs-safe-globals", depth)
    assert [one.allowed for one in found.judgements] == [True]


def test_a_source_that_cannot_be_read_gives_a_report():
    class Broken(Pieces):
        def read_at(self, *_):
            raise OSError("the line is down")

    report = torchload_lint.inspect_source(Broken(b"abc"), "m.pt").report
    assert report.verdict.value == "unreadable"
    assert "the line is down" in report.problems[0].message


def test_another_depth_is_refused():
    with pytest.raises(ValueError, match="depth must be 'whole' or 'shallow', not 'deep'"):
        torchload_lint.inspect_source(Pieces(b""), "m.pt", depth="deep")
