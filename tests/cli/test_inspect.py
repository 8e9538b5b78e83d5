"""Many checkpoints at once: a line each, the sums, and the formats of CI."""

from __future__ import annotations

import json

import pytest

from checkpoint import bare_files as files
from torchload_lint.cli.terminal import FAILED

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
    assert lines[-1] == "5 files: 1 dangerous, 1 unreadable, 2 need an allowlist, 1 loads as it is."


@pytest.mark.parametrize(
    ("others", "why"),
    [
        (["--output-format", "html"], "--summary is written as text"),
        (["--union"], "--summary and --union are two reports"),
    ],
)
@pytest.mark.usefixtures("checkpoints")
def test_a_summary_is_refused_where_it_would_change_nothing(cli, others, why):
    result = cli("inspect", "--summary", *others, ".")
    assert why in result.stderr
    assert result.exit_code == FAILED


@pytest.mark.usefixtures("checkpoints")
def test_quiet_leaves_the_report(cli, folder):
    loud, quiet = (cli("inspect", *words, "good.pt") for words in ([], ["-q"]))
    assert "the answers are for torch" in loud.stderr
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout
    (folder / "none").mkdir()
    assert cli("inspect", "--quiet", "none").output == ""


@pytest.mark.usefixtures("checkpoints")
def test_sarif_says_nothing_twice(cli):
    (run,) = json.loads(cli("inspect", "--output-format", "sarif", ".").stdout)["runs"]
    said = {one["message"]["text"] for one in run["results"]}
    (page,) = [text for text in said if "web page" in text]
    assert page.count("web page") == 1
    assert not any(text.count("os.system(") > 1 for text in said)


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


@pytest.mark.usefixtures("checkpoints")
def test_a_file_that_is_named_twice_is_shown_once(cli):
    once = cli("inspect", "--summary", ".").stdout
    assert cli("inspect", "--summary", ".", "good.pt", "./bad.pt").stdout == once
    assert cli("inspect", "--summary", "good.pt", ".").stdout == once


def test_standard_input_is_a_checkpoint_too(cli):
    data = files.archive(b"\x80\x02" + NAMES["needs.pt"] + b".")
    told = cli("inspect", "-", stdin=data)
    assert told.exit_code == 0
    assert told.stdout.startswith("<stdin>: loads with weights_only=True and an allowlist\n")
    assert "torch.load(path, weights_only=True)" in told.stdout


def test_standard_input_leaves_nothing_behind(cli, tmp_path, monkeypatch):
    room = tmp_path / "room"
    room.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(room))
    assert cli("inspect", "-", stdin=files.archive(b"\x80\x02].")).exit_code == 0
    assert list(room.iterdir()) == []


def test_an_index_stands_for_its_shards(cli, write, checkpoints):
    (checkpoints / "shards").mkdir()
    for name in ("bad.pt", "good.pt"):
        (checkpoints / name).rename(checkpoints / "shards" / name)
    shards = {"a": "good.pt", "b": "bad.pt", "c": "good.pt", "d": "gone.pt"}
    write({"shards/m.bin.index.json": json.dumps({"weight_map": shards})})
    told = json.loads(cli("inspect", "--output-format=json", "shards/m.bin.index.json").stdout)
    assert [(one["path"], one["verdict"]) for one in told] == [
        ("shards/good.pt", "loads"),
        ("shards/bad.pt", "dangerous"),
        ("shards/gone.pt", "unreadable"),
    ]


@pytest.mark.parametrize(
    ("shards", "missing"),
    [
        ({"a": "good.pt", "b": "gone.pt"}, ["model/gone.pt"]),
        ({"a": "good.pt", "b": "good.pt"}, []),
        ({"a": "gone.pt", "b": "lost.pt"}, []),  # a clone without its weights
        ({"a": "good.pt", "b": "../gone.pt"}, []),
    ],
)
def test_a_folder_tells_of_shards_that_are_missing_beside_others(
    cli, write, checkpoints, shards, missing
):
    (checkpoints / "model").mkdir()
    (checkpoints / "good.pt").rename(checkpoints / "model" / "good.pt")
    write({"model/m.bin.index.json": json.dumps({"weight_map": shards})})
    result = cli("inspect", "--output-format=json", "model")
    told = {one["path"]: one["verdict"] for one in json.loads(result.stdout)}
    assert told == {"model/good.pt": "loads", **dict.fromkeys(missing, "unreadable")}
    assert result.exit_code == bool(missing)


@pytest.mark.parametrize(
    "text",
    [
        '{"weight_map": {"a": "../secret.pt"}}',
        '{"weight_map": {"a": "/etc/passwd"}}',
        '{"weight_map": {"a": "C:\\\\x.pt"}}',
        '{"weight_map": {"a": "C:x.pt"}}',
        '{"weight_map": {"a": 1}}',
        '{"weight_map": {"a": ""}}',
        '{"weight_map": []}',
        "[" * 100_000,
        "",
    ],
)
def test_an_index_that_names_no_files_of_its_folder_is_refused(cli, write, text):
    write({"m.bin.index.json": text, "good.pt": "x"})
    told = cli("inspect", "--output-format=json", "m.bin.index.json")
    (one,) = json.loads(told.stdout)
    assert told.exit_code == 1
    assert one["verdict"] == "unreadable"
    assert "the shards cannot be found" in one["problems"][0]["message"]


def test_an_index_that_names_too_many_files_is_refused(cli, write, monkeypatch):
    monkeypatch.setattr("torchload_lint.workspace.on_disk.shards.MOST_SHARDS", 2)
    for count in (2, 3):
        shards = {str(number): f"{number}.bin" for number in range(count)}
        write(
            {f"m{count}.bin.index.json": json.dumps({"weight_map": {**shards, "again": "0.bin"}})}
        )
    told = [
        json.loads(cli("inspect", "--output-format=json", f"m{count}.bin.index.json").stdout)
        for count in (2, 3)
    ]
    assert [one["path"] for one in told[0]] == ["0.bin", "1.bin"]
    assert "it names 3 files, more than 2" in told[1][0]["problems"][0]["message"]


def test_a_safetensors_file_shows_its_tensors_and_metadata(cli, folder):
    header = {
        "__metadata__": {"format": "pt"},
        "w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
        "n": {"dtype": "U16", "shape": [3], "data_offsets": [16, 22]},
        "x": {"dtype": "F4", "shape": [2], "data_offsets": [22, 23]},
    }
    text = json.dumps(header).encode()
    (folder / "m.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(23))
    told = cli("inspect", "m.safetensors").stdout
    for line in (
        "dict, 3 entries",
        "['w']: tensor float32 [2, 2], 16 B",
        "['n']: tensor uint16 [3], 6 B",
        "['x']: tensor float4_e2m1fn_x2 [1], 1 B",
        ".metadata: dict, 1 entry",
        "['format']: 'pt'",
    ):
        assert line in told


@pytest.mark.parametrize("shape", ['"ab"', "[-1]", "[1.5]", "[true]", "null", "{}", "[[1]]"])
def test_a_safetensors_file_with_an_odd_shape_shows_no_tree(cli, folder, shape):
    text = b'{"w": {"dtype": "F32", "shape": %s, "data_offsets": [0, 4]}}' % shape.encode()
    (folder / "m.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    told = cli("inspect", "m.safetensors")
    assert "It holds" not in told.stdout


def test_a_checkpoint_far_from_any_project_is_judged_by_the_one_here(cli, write, tmp_path_factory):
    """Its classes are known here; once a project of its own is around it, they are not."""
    far = tmp_path_factory.mktemp("data")
    needs = b"\x80\x02cmyapp.config\nConfig\n)\x81."
    (far / "last.pt").write_bytes(files.archive(needs))
    write({"myapp/config.py": "class Config:\n    pass\n", "myapp/__init__.py": ""})
    told = cli("inspect", str(far / "last.pt"))
    assert told.exit_code == 0
    assert "ok  myapp.config.Config [first-party]" in told.stdout
    (far / "pyproject.toml").write_text("[tool.torchload-lint]\n")
    assert "NO  myapp.config.Config" in cli("inspect", str(far / "last.pt")).stdout


def test_json_has_the_whole_tree(cli, checkpoints):
    deep = b"]" * 30 + b"a" * 29
    (checkpoints / "deep.pt").write_bytes(files.archive(b"\x80\x02" + deep + b"."))
    (found,) = json.loads(cli("inspect", "--output-format", "json", "deep.pt").stdout)
    node, depth = found["tree"], 1
    while node["children"]:
        (node,) = node["children"]
        depth += 1
    assert (depth, node["headline"]) == (30, "list, 0 items")
    (without,) = json.loads(
        cli("inspect", "--no-tree", "--output-format", "json", "deep.pt").stdout
    )
    assert without["tree"] is None
    (page,) = json.loads(cli("inspect", "--output-format", "json", "page.pt").stdout)
    assert page["tree"] is None


def test_a_finding_says_what_a_file_needs_that_nobody_vouches_for(cli, folder):
    """It said that the file "loads with an allowlist", which nobody is advised to write."""
    data = files.archive(b"\x80\x02celsewhere.nets\nNet\n)\x81.")
    (folder / "a.pt").write_bytes(data)
    result = cli("inspect", "--output-format", "github", "a.pt")
    assert "needs elsewhere.nets.Net, which nothing vouches for" in result.stdout


def test_what_a_file_changes_is_nothing_that_it_runs(cli, folder):
    (folder / "a.pkl").write_bytes(b"\x80\x02cos\nenviron\nX\x01\x00\x00\x00aX\x01\x00\x00\x00bs.")
    told = cli("inspect", "a.pkl").stdout
    assert "DANGEROUS" in told
    assert "this file names os.environ, which it changes for the whole program" in told
    assert "It would run" not in told
