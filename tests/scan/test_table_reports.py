"""SARIF, a page and a bill of materials over the table of a scan."""

from __future__ import annotations

import json

import pytest

from torchload_lint.scan import result_folder


@pytest.fixture
def reports(folder, scan):
    names = ("found.sarif", "page.html", "bill.cdx.json")
    done = scan("models", *(part for name in names for part in ("--report", name)))
    assert done.exit_code == 0, done.output
    return [(folder / name).read_text() for name in names]


def test_sarif_has_what_needs_attention_at_its_address(reports, folder):
    (run,) = json.loads(reports[0])["runs"]
    found = {}
    for one in run["results"]:
        place = one["locations"][0]["physicalLocation"]["artifactLocation"]
        assert "uriBaseId" not in place
        found[place["uri"]] = one["ruleId"], one["level"]
    root = f"{folder.as_uri()}/models"
    assert found == {
        f"{root}/dangerous.pt": ("TLL501", "error"),
        f"{root}/unreadable.pt": ("TLL502", "warning"),
        f"{root}/cannot-load.pt": ("TLL104", "error"),
        f"{root}/not-trusted.pt": ("TLL103", "warning"),
    }


def test_the_page_counts_and_shows_the_worst_first(reports):
    page = reports[1]
    assert "6 objects of" in page
    places = [page.index(f"{kind}.pt") for kind in ("dangerous", "unreadable", "not-trusted")]
    assert places == sorted(places)
    assert page.index("Not trusted") < page.index("foreign.net.Net") < page.index("Needed")


def test_the_bill_has_each_object_with_its_state(reports, folder):
    bill = json.loads(reports[2])
    assert len(bill["components"]) == 6
    (one,) = [part for part in bill["components"] if part["name"].endswith("/not-trusted.pt")]
    properties = [(each["name"], each["value"]) for each in one["properties"]]
    given = {name.removeprefix("torchload-lint:"): value for name, value in properties}
    assert given["size"] == str((folder / "models" / "not-trusted.pt").stat().st_size)
    assert given["etag"]
    assert given["needs"] == "foreign.net.Net (not allowed)"
    assert [one["affects"][0]["ref"] for one in bill["vulnerabilities"]] == [
        f"{folder.as_uri()}/models/dangerous.pt"
    ]


def test_reports_read_no_object(folder, scan, monkeypatch):
    scan("models")
    monkeypatch.setattr(result_folder, "read_units", None)
    assert scan("models", "--report", "found.sarif").exit_code == 0
    assert (folder / "found.sarif").exists()


@pytest.mark.usefixtures("folder")
def test_another_ending_is_refused_before_anything_is_read(scan):
    done = scan("models", "--report", "found.txt")
    assert done.exit_code == 2
    assert "found.txt: a report's name ends in .sarif, .html, .cdx.json" in done.stderr
