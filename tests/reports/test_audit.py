"""The HTML report: all in one file, nothing in it is taken for markup, everything unfolds."""

from __future__ import annotations

import argparse
import re
from html.parser import HTMLParser

import pytest
import torch
from click.testing import CliRunner

from torchload_lint.cli.group import root
from torchload_lint.escaping import escaped
from torchload_lint.reports.audit.markup import Html, code_block, element, page, together

EMPTY_TAGS = frozenset({"meta"})


class Reader(HTMLParser):
    """The elements of a page; fails where one is not closed in its place."""

    def __init__(self, text):
        super().__init__()
        self.open, self.seen, self.links, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in {"href", "src"}]
        if tag not in EMPTY_TAGS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    @property
    def words(self):
        return " ".join("".join(self.text).split())


SOURCE = """\
import torch


def resume():
    return torch.load("runs/last.pt")


def other(path):
    return torch.load(path)


def exported():
    return torch.load("exported.pt", weights_only=False)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (tmp_path / "resume.py").write_text(SOURCE)
    (tmp_path / "runs").mkdir()
    state = {"model": {"big": torch.zeros(100, 10), "small": torch.zeros(2)}}
    torch.save({**state, "<args>": argparse.Namespace(lr=1)}, tmp_path / "runs" / "last.pt")
    torch.save({"w": torch.zeros(3)}, tmp_path / "exported.pt")
    return tmp_path


def run(*arguments):
    done = CliRunner().invoke(root, list(arguments), prog_name="torchload-lint")
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


@pytest.mark.usefixtures("project")
def test_loads_stand_by_how_they_stand():
    read = Reader(run("--output-format", "html", ".").stdout)
    for words in (
        "runs whatever the file holds (1)",
        "needs what is not allowed (1)",
        "what it needs is not known (1)",
        "runs/last.pt (literal)",
        "parameter 'path' of other() has no caller in the project that is known",
        "argparse.Namespace vetted, missing: known to hold data only",
        "+ with safe_globals([Namespace]):",
    ):
        assert words in read.words


def test_a_load_with_an_error_is_not_green(project):
    (project / "pyproject.toml").write_text(
        '[project]\nname = "x"\nversion = "1"\ndependencies = ["torch>=1.13"]\n'
    )
    (project / "old.py").write_text('import torch\n\ntorch.load("lr.pt", weights_only=True)\n')
    torch.save({"lr": 0.5}, project / "lr.pt")
    shown = CliRunner().invoke(root, ["check", "--output-format", "html", "old.py"]).output
    words = Reader(shown).words
    assert "old.py:3 TLL104" in words
    assert "loads with what is allowed, but has an error (on some torch, perhaps) (1)" in words
    assert "loads with what is allowed (1)" not in words
    assert 'target-torch = ">=2.6" in [tool.torchload-lint]' in words


@pytest.mark.usefixtures("project")
def test_a_load_leads_to_its_checkpoint():
    read = Reader(run("--output-format", "html", ".").stdout)
    names = {attributes["id"] for _, attributes in read.seen if "id" in attributes}
    inner = {link[1:] for link in read.links if link.startswith("#")}
    assert len(names) == 2
    assert inner == {name.replace("%", "%25") for name in names}


@pytest.mark.usefixtures("project")
def test_a_checkpoint_unfolds_with_its_tensors_by_size():
    done = run("inspect", "--output-format", "html", "runs/last.pt", "exported.pt")
    assert done.exit_code == 0
    read = Reader(done.stdout)
    assert "['<args>']: argparse.Namespace" in read.words
    assert "2 tensors, 4.0 kB" in read.words
    bars = [one["style"] for tag, one in read.seen if tag == "span" and "bar" in one.values()]
    assert bars == ["width: 100.0%", "width: 0.2%", "width: 100.0%"]
    assert "with torch.serialization.safe_globals([ argparse.Namespace, ]):" in read.words


@pytest.mark.usefixtures("project")
def test_nothing_is_fetched_and_nothing_runs():
    text = run("--output-format", "html", ".").stdout
    read = Reader(text)
    assert {tag for tag, _ in read.seen} & {"script", "link", "img", "iframe", "object"} == set()
    assert "default-src 'none'" in text
    assert re.findall(r"url\(|@import|\bon\w+=", text) == []
    outside = [link for link in read.links if not link.startswith("#")]
    assert all(link.startswith("https://torchload-lint.readthedocs.io/rules/") for link in outside)


def test_standard_input_has_its_findings_alone(project):
    text = (project / "resume.py").read_text()
    done = CliRunner().invoke(root, ["--output-format", "html", "-"], input=text)
    assert "TLL101 weights-only-disabled" in Reader(done.stdout).words


@pytest.mark.parametrize("text", ["<b>", "&amp;", '"', "'", "a\x1b[1m", "\ud800", "</pre>"])
def test_texts_are_no_markup(text):
    for one in (element("p", text, title=text), element("p", together(text), title=text)):
        read = Reader(one)
        assert read.seen == [("p", {"title": escaped(text)})]
        assert "".join(read.text) == escaped(text)
    assert [tag for tag, _ in Reader(page(text, code_block(text))).seen].count("b") == 0


@pytest.mark.parametrize("text", ["::error::x", "  ::error::x", "##[error]x", "##vso[x]"])
def test_no_line_is_a_command_of_a_runner(text):
    shown = code_block(f"x\n{text}")
    assert not re.search(r"^\s*::|##", shown, re.MULTILINE)
    assert text in Reader(f"<div>{shown}</div>").text[0]


def test_markup_stays_markup():
    assert element("p", Html("<b>x</b>"), "<") == "<p><b>x</b>&lt;</p>"
