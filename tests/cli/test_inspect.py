"""Many checkpoints at once: a line each, the sums, and the formats of CI."""

from __future__ import annotations

import json

import pytest

from checkpoint import bare_files as files

NAMES = {
    "good.pt": b"]",
    "needs.pt": b"cargparse\nNamespace\n)\x81",
    "stranger.pt": b"cforeign.net\nNet\n)\x81",
    "bad.pt": b"cos\nsystem\nX\x04\x00\x00\x00echo\x85R",
}


@pytest.fixture
def checkpoints(folder):
    for name, program in NAMES.items():
        (folder / name).write_bytes(files.archive(b"\x80\x02" + program + b"."))
    (folder / "page.pt").write_text("<html></html>")
    return folder


@pytest.mark.usefixtures("checkpoints")
def test_a_summary_has_a_line_a_file_the_worst_first(cli):
    lines = cli("inspect", "--summary", ".").stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[:-1]] == [
        "bad.pt",
        "page.pt",
        "stranger.pt",
        "needs.pt",
        "good.pt",
    ]
    assert lines[-1] == "5 files: 1 dangerous, 1 unreadable, 2 needs-safe-globals, 1 loads."


@pytest.mark.usefixtures("checkpoints")
def test_sarif_names_each_file_that_does_not_load_as_it_is(cli):
    (run,) = json.loads(cli("inspect", "--output-format", "sarif", ".").stdout)["runs"]
    found = {
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: (
            one["ruleId"],
            one["level"],
        )
        for one in run["results"]
    }
    assert found == {
        "bad.pt": ("TLL501", "error"),
        "needs.pt": ("TLL103", "note"),
        "page.pt": ("TLL502", "warning"),
        "stranger.pt": ("TLL103", "warning"),
    }


@pytest.mark.usefixtures("checkpoints")
@pytest.mark.parametrize("form", ["github", "gitlab", "junit", "azure", "rdjson"])
def test_the_other_formats_of_ci_name_them_too(cli, form):
    report = cli("inspect", "--output-format", form, "good.pt", "bad.pt").stdout
    assert "bad.pt" in report
    assert "good.pt" not in report
