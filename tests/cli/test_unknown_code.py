"""A call that is not known to be harmless, and one that is known to do harm, are told apart."""

from __future__ import annotations

import json

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.terminal import FINDINGS

UNKNOWN = b"\x80\x02cacme\nMode\nU\x01a\x85R."
ATTACK = b"\x80\x02cposix\nsystem\nU\x04true\x85R."
BOTH = b"\x80\x02cacme\nMode\nU\x01a\x85Rcposix\nsystem\nU\x04true\x85R\x86."


@pytest.fixture(params=[(UNKNOWN, True), (ATTACK, False), (BOTH, False)], ids=lambda one: one[0])
def is_unknown(folder, request):
    data, unknown = request.param
    (folder / "net.pt").write_bytes(files.archive(data))
    return unknown


def test_programs_read_it_in_the_code_of_the_problems(cli, is_unknown):
    (report,) = json.loads(cli("inspect", "--output-format", "json", "net.pt").stdout)
    codes = {problem["code"] for problem in report["problems"]}
    assert report["verdict"] == "dangerous"
    assert (codes == {"unknown-code"}) is is_unknown
    assert ("dangerous" in codes) is not is_unknown


@pytest.mark.parametrize("how", [["--summary"], [], ["--output-format", "html"]])
def test_people_read_it_beside_the_verdict(cli, is_unknown, how):
    result = cli("inspect", *how, "net.pt")
    assert result.exit_code == FINDINGS
    assert "DANGEROUS: " in result.stdout
    assert ("and nothing shows that to be harmless" in result.stdout) is is_unknown


def test_a_line_of_a_page_says_what_would_run(cli, is_unknown):
    page = cli("inspect", "--output-format", "html", "net.pt").stdout
    line = next(one for one in page.splitlines() if "DANGEROUS: " in one)
    assert ("acme.Mode(" if is_unknown else "posix.system(") in line
