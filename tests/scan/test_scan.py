"""The command: what is listed is read once, judged, and stands in the table once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from scanned import PROGRAMS, checkpoint, table
from torchload_lint import __version__
from torchload_lint.cli.terminal import speed_in_words
from torchload_lint.scan import engines, result_folder
from torchload_lint.scan.parquet_files import JUDGED_COLUMNS, READ_COLUMNS


def by_name(folder):
    return {Path(row["uri"]).name: row for row in table(folder)}


def test_each_checkpoint_has_a_row_with_its_judgement(folder, scan):
    done = scan("models")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == (
        "6 objects: 1 dangerous, 1 unreadable, 1 cannot-load, 1 not-trusted, 1 needs-safe-globals, "
        "1 loads."
    )
    rows = by_name(folder)
    assert {name: row["judgement"] for name, row in rows.items()} == {
        f"{kind}.pt": kind for kind in (*PROGRAMS, "unreadable")
    }
    row = rows["not-trusted.pt"]
    assert set(row) == {*READ_COLUMNS, *JUDGED_COLUMNS}
    assert (row["needs"], row["refused"]) == ("foreign.net.Net", "foreign.net.Net")
    assert (row["requests"], row["bytes_read"]) == (1, row["size"])
    assert (row["tool"], row["depth"], row["container"]) == (__version__, "shallow", "zip")
    assert json.loads(row["report"])["safe_globals"][0]["name"]["module"] == "foreign.net"


def test_a_second_run_reads_nothing(folder, scan, monkeypatch):
    scan("models")
    first = table(folder)

    def never(*_):
        pytest.fail("something was read")

    monkeypatch.setattr(result_folder, "read_units", never)
    assert scan("models").exit_code == 0
    assert table(folder) == first


def test_a_second_run_reads_what_has_changed(folder, scan):
    scan("models")
    path = folder / "models" / "loads.pt"
    path.write_bytes(checkpoint("dangerous"))
    os.utime(path, (1, 1))
    (folder / "models" / "new.pt").write_bytes(checkpoint("loads"))
    (folder / "models" / "unreadable.pt").unlink()
    scan("models")
    rows = by_name(folder)
    assert len(table(folder)) == 6
    assert rows["loads.pt"]["judgement"] == "dangerous"
    assert rows["new.pt"]["judgement"] == "loads"
    assert "unreadable.pt" not in rows


def test_another_policy_is_judged_without_reading(folder, scan, monkeypatch):
    scan("models")
    monkeypatch.setattr(result_folder, "read_units", None)
    (folder / "pyproject.toml").write_text('[tool.torchload-lint]\ntrusted = ["foreign.*"]\n')
    scan("models")
    row = by_name(folder)["not-trusted.pt"]
    assert (row["judgement"], row["refused"]) == ("needs-safe-globals", "")


@pytest.mark.parametrize(
    ("threshold", "status"), [("dangerous", 1), ("loads", 1), ("cannot-load", 1)]
)
def test_fail_on(folder, scan, threshold, status):
    assert scan("models", "--fail-on", threshold).exit_code == status
    (folder / "models" / "dangerous.pt").unlink()
    assert scan("models", "--fail-on", "dangerous").exit_code == 0


@pytest.mark.usefixtures("folder")
def test_what_cannot_be_listed_is_told_and_the_rest_is_judged(scan):
    done = scan("models/loads.pt", "models/gone.pt", "nosuchscheme://x/y")
    assert done.exit_code == 2
    assert "models/gone.pt: there is no such" in done.stderr
    assert "nosuchscheme://x/y: " in done.stderr
    assert done.stdout.startswith("1 object: 1 loads. 2 sources could not be listed whole.\n")


def test_a_dry_run_reads_nothing(folder, scan):
    done = scan("models", "--dry-run")
    size = sum(path.stat().st_size for path in (folder / "models").iterdir())
    assert done.stdout.startswith(
        f"6 objects, {size:,} bytes.\nAbout 6 requests and {size:,} bytes"
    )
    assert "A million such objects: 1,000,000 requests (0.40 USD at 0.40 USD a million), 0 GB." in (
        done.stdout
    )
    assert not (folder / "out").exists()


def test_nothing_is_estimated_of_nothing(folder, scan):
    (folder / "empty").mkdir()
    assert "million" not in scan("empty/*", "--dry-run").stdout


def test_progress_tells_the_rate_and_the_time_that_is_left():
    assert speed_in_words(400, 20_000, 10.0) == ", 40 a second, 0:08:10 left\x1b[K"
    assert speed_in_words(0, 20_000, 10.0).startswith(", 0 a second")


@pytest.mark.usefixtures("folder")
def test_a_sample_is_the_same_each_time(folder, scan):
    scan("models", "--sample", "2")
    first = table(folder)
    scan("models", "--sample", "2")
    assert len(first) == 2
    assert table(folder) == first


def test_since(folder, scan):
    for path in (folder / "models").iterdir():
        os.utime(path, (0, 0))
    os.utime(folder / "models" / "loads.pt", (86400 * 365, 86400 * 365))
    scan("models", "--since", "1970-06-01")
    assert list(by_name(folder)) == ["loads.pt"]


def test_a_damaged_part_is_read_again(folder, scan):
    scan("models")
    (part,) = (folder / "out" / "read").glob("*.parquet")
    part.write_bytes(part.read_bytes()[:100])
    (folder / "out" / "read" / f".{part.name}.1").write_bytes(b"what a killed run has left")
    assert scan("models").exit_code == 0
    assert len(table(folder)) == 6
    assert [path.name for path in (folder / "out" / "read").iterdir()] == [part.name]


def test_an_object_that_could_not_be_read_has_a_row_and_is_read_again(folder, scan):
    path = folder / "models" / "loads.pt"
    path.unlink()
    path.symlink_to("gone")
    first = scan("models", f"{(folder / 'models').as_uri()}/loads.pt")
    path.unlink()
    path.write_bytes(checkpoint("loads"))
    assert first.exit_code == 2
    assert scan("models").exit_code == 0
    assert by_name(folder)["loads.pt"]["judgement"] == "loads"


@pytest.mark.parametrize("option", [["--workers", "0"], ["--fail-on", "bad"], ["--since", "soon"]])
@pytest.mark.usefixtures("folder")
def test_wrong_options(scan, option):
    assert scan("models", *option).exit_code == 2


@pytest.mark.usefixtures("folder")
def test_no_scheduler_there(scan):
    done = scan("models", "--scheduler", "nonsense://x")
    assert done.exit_code == 2
    assert "no scheduler answers there" in done.stderr


def test_a_unit_that_ends_its_worker_is_divided():
    unit = engines.Unit(tuple("abcde"))
    (unit,) = unit.after_death()
    (unit,) = unit.after_death()
    parts = unit.after_death()
    assert [part.objects for part in parts] == [("a", "b"), ("c", "d", "e")]
    assert [part.deaths for part in parts] == [0, 0]
