"""``inspect --fail-on``: how bad a file must be to make the exit status 1, in every format."""

from __future__ import annotations

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.failing import FAIL_ON, NEEDS_WHAT_IS_REFUSED
from torchload_lint.cli.inspect import FORMATS
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS

PROGRAMS = {
    "dangerous": b"cposix\nsystem\nU\x04true\x85R",
    "unknown-code": b"cacme\nMode\nU\x01a\x85R",
    "cannot-load": b"(\x91",
    "not-trusted": b"cforeign.net\nNet\n)\x81",
    "needs-safe-globals": b"cargparse\nNamespace\n)\x81",
    "loads": b"]",
}


@pytest.fixture
def file_of(folder):
    """Write the checkpoint that has a verdict (in the words of the option)."""

    def written(verdict):
        path = folder / "models" / f"{verdict}.pt"
        path.parent.mkdir(exist_ok=True)
        if verdict == "unreadable":
            path.write_text("<html></html>")
        else:
            path.write_bytes(files.archive(b"\x80\x02" + PROGRAMS[verdict] + b"."))
        return str(path)

    return written


WRITTEN = [one for one in FAIL_ON if one in PROGRAMS or one == "unreadable"]


@pytest.mark.parametrize("verdict", [*WRITTEN, "loads"])
def test_what_is_this_bad_or_worse_fails(cli, file_of, verdict):
    path = file_of(verdict)
    order = [*FAIL_ON, "loads"]
    for fail_on in FAIL_ON:
        reached = order.index(verdict) <= order.index(fail_on)
        assert cli("inspect", "--fail-on", fail_on, path).exit_code == (
            FINDINGS if reached else CLEAN
        )


@pytest.mark.parametrize("verdict", [*WRITTEN, "loads"])
def test_the_default_is_said_and_is_what_it_was(cli, file_of, verdict):
    path = file_of(verdict)
    plain, asked = cli("inspect", path), cli("inspect", "--fail-on", NEEDS_WHAT_IS_REFUSED, path)
    fine = verdict in {"needs-safe-globals", "loads"}
    assert plain.exit_code == asked.exit_code == (CLEAN if fine else FINDINGS)
    assert plain.output == asked.output
    assert "(default not-trusted)" in " ".join(cli("inspect", "--help").stdout.split())


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_the_same_status_and_the_same_report(cli, file_of, form):
    path = file_of("unknown-code")
    strict, mild = (
        cli("inspect", "--output-format", form, "--fail-on", fail_on, path)
        for fail_on in ("unknown-code", "dangerous")
    )
    assert (strict.exit_code, mild.exit_code) == (FINDINGS, CLEAN)
    assert "acme" in mild.stdout


def test_the_worst_of_many_decides_and_those_that_pass_are_counted(cli, file_of):
    for verdict in ("unknown-code", "unreadable", "not-trusted", "needs-safe-globals"):
        file_of(verdict)
    result = cli("inspect", "--fail-on", "dangerous", "models")
    assert result.exit_code == CLEAN
    assert (
        "note: --fail-on dangerous lets 3 files pass: 1 unknown-code, 1 unreadable, 1 not-trusted\n"
    ) in result.stderr
    assert "lets" not in cli("inspect", "-q", "--fail-on", "dangerous", "models").stderr
    file_of("dangerous")
    assert cli("inspect", "--fail-on", "dangerous", "models").exit_code == FINDINGS


def test_what_nobody_has_looked_at_counts_as_unreadable(cli, file_of, folder):
    file_of("loads")
    (folder / "models" / "more.pt.gz").write_bytes(b"\x1f\x8b\x08")
    status = {one: cli("inspect", "--fail-on", one, "models").exit_code for one in FAIL_ON}
    assert {one for one, code in status.items() if code == CLEAN} == {"dangerous", "unknown-code"}
    assert cli("inspect", "models").exit_code == FINDINGS


def test_a_safetensors_file_never_fails(cli, folder):
    text = b'{"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}'
    (folder / "m.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    assert cli("inspect", "--fail-on", FAIL_ON[-1], "m.safetensors").exit_code == CLEAN


def test_what_is_missing_is_no_matter_of_verdicts(cli, file_of):
    assert cli("inspect", "--fail-on", "dangerous", file_of("loads"), "gone.pt").exit_code == FAILED


@pytest.mark.parametrize("words", [["--fail-on", "bad"], ["--fail-on", "dangerous", "--union"]])
def test_what_it_does_not_mean_is_refused(cli, file_of, words):
    assert cli("inspect", *words, file_of("loads")).exit_code == FAILED
