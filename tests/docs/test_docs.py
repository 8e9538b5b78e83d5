"""The pages: no broken link, nothing made from the code is out of date, what is shown is real."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

ROOT = Path(__file__).parent.parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))

from make_pages import example, pages  # noqa: E402 - it lies beside the pages

from torchload_lint.cli.group import root  # noqa: E402
from torchload_lint.config import READERS  # noqa: E402
from torchload_lint.configuration_files import load_config  # noqa: E402
from torchload_lint.rules import RULES  # noqa: E402

LINK = re.compile(r"!?\[[^\]]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)


def every_page() -> dict[str, str]:
    """The pages of the site and of the repository, by their path from the root."""
    written = [*DOCS.glob("*.md"), *DOCS.glob("errors/*.md"), *ROOT.glob("*.md")]
    texts = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in written}
    return texts | {f"docs/{name}": text for name, text in pages().items()}


PAGES = every_page()


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as Markdown's toc extension and GitHub make them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    bare = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
    return {re.sub(r"[\s]", "-", heading) for heading in bare}


def problem(page: str, link: str) -> str:
    """Why a link leads nowhere; empty where it is in order, or leaves the project."""
    if re.match(r"[a-z]+:", link):
        return ""
    target, _, anchor = link.partition("#")
    found = (ROOT / page).parent.joinpath(target).resolve() if target else ROOT / page
    name = found.relative_to(ROOT).as_posix()
    if name not in PAGES and not found.is_file():
        return f"{page}: {link}: no such file"
    if page.startswith("docs/") and not name.startswith("docs/"):
        return f"{page}: {link}: not a part of the site"
    if anchor and anchor not in anchors(PAGES[name]):
        return f"{page}: {link}: no such heading"
    return ""


def test_links_lead_somewhere():
    links = [
        (page, link) for page, text in PAGES.items() for link in LINK.findall(FENCE.sub("", text))
    ]
    assert len(links) > 60
    assert [said for page, link in links if (said := problem(page, link))] == []


@pytest.mark.parametrize("link", ["gone.md", "tutorial.md#gone", "../README.md", "#gone"])
def test_the_check_of_links_finds_broken_ones(link):
    assert problem("docs/index.md", link)


def test_every_page_is_in_the_contents():
    contents = (ROOT / "mkdocs.yml").read_text()
    named = set(re.findall(r"- (\S+\.md)$", contents, re.MULTILINE))
    there = {name.removeprefix("docs/") for name in PAGES if name.startswith("docs/")}
    rules = {f"rules/{rule.name}.md" for rule in RULES}
    assert there - rules == named


def test_the_reference_names_every_key_and_command():
    made = pages()
    assert [key for key in READERS if f"## {key}\n" not in made["configuration.md"]] == []
    assert "`--unsafe-fixes`" in made["command-line.md"]
    assert [r.code for r in RULES if r.code not in made["rules/index.md"]] == []


def test_the_example_of_a_configuration_is_one(tmp_path):
    (tmp_path / "pyproject.toml").write_text(example().removeprefix("```toml\n")[:-4])
    config = load_config(tmp_path / "pyproject.toml")
    assert config.renames == (("oldapp.net.MyModel", "myapp.models.MyModel"),)


def commands(text: str) -> list[tuple[list[str], str]]:
    """The shell commands of a page, in order, each with the output that is shown."""
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    runs = [run for block in blocks for run in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(run.partition("\n")[0].split(), run.partition("\n")[2]) for run in runs]


def test_the_tutorial_shows_what_happens(tmp_path, monkeypatch):
    monkeypatch.chdir(shutil.copytree(ROOT / "fixtures" / "demo", tmp_path / "demo"))
    compared = 0
    for words, shown in commands((DOCS / "tutorial.md").read_text("utf-8")):
        if words[0] == "rm":
            for name in words[1:]:
                Path(name).unlink()
        elif words[0] == "torchload-lint" and words[1] != "verify":  # which needs torch
            result = CliRunner().invoke(root, words[1:])
            assert result.output == shown
            compared += 1
    assert compared == 6
