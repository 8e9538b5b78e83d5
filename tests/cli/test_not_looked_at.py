"""Files of a folder that nobody looked into are named wherever a report is read."""

from __future__ import annotations

import subprocess

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.inspect import FORMATS
from torchload_lint.cli.terminal import CLEAN, FAILED, FINDINGS
from torchload_lint.workspace.passed_over import may_hold_pickles

SAID = "3 files not looked at that may hold pickles"
ARRAY = b"\x93NUMPY\x01\0v\0{'descr': '%s', 'fortran_order': False, 'shape': (1,), }\n"
MAY = {
    "a.npy": ARRAY % b"|O",
    "b.pt.gz": b"\x1f\x8b\x08",
    "data": b"\0\x01\x02",
}
HARMLESS = {
    "a.gguf": b"GGUF\x03\0\0\0" + b"\2" + bytes(40),
    "a.onnx": b"\x08\x07\x12\x07pytorch",
    "plain.npy": ARRAY % b"<f8" + bytes(8),
}
CODE = {"a.py": b"import os\n", "README.md": b"# Models\n", "LICENSE": b"MIT\n", "empty": b""}


@pytest.fixture
def left(folder):
    (folder / "models").mkdir()
    for name, data in (MAY | HARMLESS | CODE).items():
        (folder / "models" / name).write_bytes(data)
    return folder / "models"


@pytest.mark.usefixtures("left")
@pytest.mark.parametrize("form", FORMATS)
def test_each_format_says_so_and_alone_they_are_no_clean_run(cli, form):
    result = cli("inspect", "--output-format", form, "models")
    assert SAID in result.stdout
    assert all(f"models/{name}" in result.stdout for name in MAY)
    assert result.exit_code == FAILED


@pytest.mark.parametrize("form", FORMATS)
def test_beside_a_checkpoint_they_are_named_too_and_pass_no_gate(cli, left, form):
    (left / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    result = cli("inspect", "--output-format", form, "models")
    assert SAID in result.stdout
    assert all(f"models/{name}" in result.stdout for name in MAY)
    assert result.exit_code == FINDINGS
    for name in MAY:
        (left / name).unlink()
    assert cli("inspect", "--output-format", form, "models").exit_code == CLEAN


def test_a_person_is_shown_the_first_names_and_a_program_many(cli, left):
    for number in range(9):
        (left / f"part{number}.npz").write_bytes(b"PK\3\4")
    assert (
        "a.npy, models/b.pt.gz, models/data, models/part0.npz, models/part1.npz and 7 more"
        in cli("inspect", "models").stdout
    )
    assert "models/part8.npz" in cli("inspect", "--output-format", "sarif", "models").stdout


def test_a_name_cannot_send_commands_to_the_terminal(cli, left):
    (left / "\x1b[2J.npz").write_bytes(b"PK\3\4")
    assert "\x1b" not in cli("inspect", "models").output


def test_a_summary_and_an_allowlist_for_all_say_it(cli, left):
    (left / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    assert SAID in cli("inspect", "--summary", "models").stdout
    assert SAID in cli("inspect", "--union", "models").stderr


def test_text_and_code_are_not_counted(cli, left):
    for name in MAY:
        (left / name).unlink()
    result = cli("inspect", "models")
    assert "not looked at" not in result.output
    assert "no checkpoints under models" in result.stderr
    assert result.exit_code == CLEAN


def test_a_pickle_of_protocol_0_is_read_whatever_it_is_called(cli, folder):
    (folder / "weights").write_bytes(b"(S'echo'\nios\nsystem\n.")
    (folder / "notes.txt").write_text("certifi\nidna\nclick\nipython\n")
    result = cli("inspect", "--summary", ".")
    assert "weights: DANGEROUS" in result.stdout
    assert "notes.txt" not in result.stdout
    assert result.stdout.splitlines()[-1] == "1 file: 1 dangerous."


def test_a_linked_folder_that_leads_out_is_counted(cli, left, tmp_path_factory):
    (left / "there").symlink_to(tmp_path_factory.mktemp("elsewhere"), target_is_directory=True)
    assert "4 files not looked at" in cli("inspect", "models").stdout


@pytest.mark.parametrize(
    ("name", "data", "may"),
    [
        *((name, data, True) for name, data in MAY.items()),
        *((name, data, False) for name, data in (CODE | HARMLESS).items()),
        ("notes.txt", b"i am text\nand a second line\n", False),
        ("cut.txt", "ä".encode() * 5000, False),
        ("x.onnx", b"\x08\x07\x12", False),
        ("x.gguf", b"GGUF\x03\0\0\0\0cos\nsystem\n", True),
        ("x.npy", b"", True),
        ("x.png", b"\x89PNG\0", False),
    ],
)
def test_what_may_hold_pickles(tmp_path, name, data, may):
    (tmp_path / name).write_bytes(data)
    assert may_hold_pickles(str(tmp_path / name)) is may


def test_what_cannot_be_opened_may(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert may_hold_pickles(str(tmp_path / "loop"))


def linked(blob, snapshot, data):
    """A file of a model in the hub's cache: a link to a blob that has no name of its own."""
    blob.parent.mkdir(parents=True, exist_ok=True)
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    snapshot.symlink_to(blob)


@pytest.mark.parametrize("name", ["embeddings.dat", "weights", "vocab.txt", "config.json"])
@pytest.mark.parametrize(
    "hostile", [b"(S'echo'\nios\nsystem\n.", b"\x80\x02cos\nsystem\nU\x02hi\x85R."]
)
def test_a_snapshot_of_the_hub_is_read_through_its_links(cli, folder, name, hostile):
    model = folder / "models--a--b"
    snapshot = model / "snapshots" / "abc"
    linked(model / "blobs" / "1", snapshot / "model.pt", files.archive(b"\x80\x02]."))
    linked(model / "blobs" / "2", snapshot / name, hostile)
    result = cli("inspect", "--summary", str(snapshot))
    assert f"{name}: DANGEROUS" in result.stdout
    assert result.exit_code == FINDINGS


def test_a_link_that_leads_out_is_not_opened(cli, left, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "secret"
    elsewhere.write_bytes(b"\x80\x02cos\nsystem\nU\x02hi\x85R.")
    (left / "notes").symlink_to(elsewhere)
    result = cli("inspect", "models")
    assert "system" not in result.output
    assert "models/notes" in result.stdout
    assert "4 files not looked at" in result.stdout


HARM = b"(S'echo'\nios\nsystem\n."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"X\0\0\2\0" + b"a" * 2**17 + HARM, "DANGEROUS"),
        (b"S'" + b"a" * 2**17 + b"'\n" + HARM, "it is too large to be judged"),
    ],
)
def test_a_pickle_that_begins_with_a_long_text_is_shown(cli, folder, data, said):
    (folder / "notes.dat").write_bytes(data)
    result = cli("inspect", "--summary", ".")
    assert "notes.dat: " in result.stdout
    assert said in result.stdout
    assert result.exit_code == FINDINGS


def test_what_git_keeps_in_a_checkout_is_no_checkpoint(cli, folder):
    """Its packs begin with letters that pickles know, too. Another file there is looked at."""
    (folder / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    for command in ("init -q", "add .", "-c user.name=a -c user.email=a@b commit -qm a", "gc -q"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)
    assert list((folder / ".git" / "objects" / "pack").glob("*.pack"))
    assert cli("inspect", "--isolated", ".").exit_code == CLEAN
    (folder / ".git" / "more").write_bytes(b"\0\x01\x02")
    (folder / ".git" / "model.pt").write_bytes(b"cposix\nsystem\n(S'id'\ntR.")
    result = cli("inspect", "--isolated", ".")
    assert ".git/model.pt: DANGEROUS" in result.output
    assert ".git/more" in result.output
    assert result.exit_code == FINDINGS


def test_an_archive_of_numbers_is_read_and_holds_no_pickle(cli, folder):
    numpy = pytest.importorskip("numpy")
    (folder / "good.pt").write_bytes(files.archive(b"\x80\x02]."))
    numpy.savez(folder / "numbers.npz", a=numpy.ones(3), b=numpy.arange(2))
    numpy.savez_compressed(folder / "packed.npz", a=numpy.ones(3))
    result = cli("inspect", ".")
    assert "not looked at" not in result.output
    assert result.exit_code == CLEAN
    numpy.savez(folder / "objects.npz", a=numpy.array([{}], dtype=object))
    with (folder / "packed.npz").open("ab") as archive:
        archive.write(b"cposix\nsystem\n(S'id'\ntR.")
    result = cli("inspect", ".")
    assert "2 files not looked at that may hold pickles (.npz): objects.npz, packed.npz" in (
        result.output.replace("./", "")
    )
    assert result.exit_code == FINDINGS
    told = cli("inspect", "packed.npz").output
    assert "numbers alone" not in told
    assert "bytes that belong to no" in told
