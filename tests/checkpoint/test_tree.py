"""The object of a checkpoint as a tree of text."""

from __future__ import annotations

import io

import pytest

from checkpoint import bare_files as files
from torchload_lint.checkpoint import DEFAULT_LIMITS, inspect_file, inspect_tree
from torchload_lint.checkpoint.containers.bytesource import FileSource
from torchload_lint.checkpoint.containers.container import open_container
from torchload_lint.checkpoint.evaluate import Question, evaluate
from torchload_lint.checkpoint.known.torch_versions import NEWEST
from torchload_lint.checkpoint.tree import TreeLimits, readable_bytes, render_tree, tree_of_bytes
from torchload_lint.names import ClassFacts, GlobalName


def tree(*parts, **limits):
    data = files.archive(b"\x80\x02" + b"".join(parts) + b".", extra=[("data/0", bytes(8))])
    return tree_of_bytes(data, limits=TreeLimits(**limits)).splitlines()


def entry(key, value):
    return files.text(key) + value + b"s"


def test_nesting_types_and_tensors():
    lines = tree(
        b"}",
        entry("w", files.tensor()),
        entry("n", b"K\x05"),
        entry("args", b"cargparse\nNamespace\n)\x81}" + entry("lr", b"K\x01") + b"b"),
        entry("list", b"](N\x88e"),
    )
    assert lines == [
        "dict, 4 entries",
        "├── ['w']: tensor float32 [2], 8 B",
        "├── ['n']: 5",
        "├── ['args']: argparse.Namespace",
        "│   └── .lr: 1",
        "└── ['list']: list, 2 items",
        "    ├── [0]: None",
        "    └── [1]: True",
    ]


def test_what_was_shown_is_not_shown_again():
    lines = tree(b"}q\x00", entry("me", b"h\x00"))
    assert lines == ["dict, 1 entry", "└── ['me']: dict, 1 entry (see above)"]


def test_many_entries_are_counted():
    lines = tree(b"](", b"K\x01" * 30, b"e", entries=3)
    assert lines[-1] == "└── … 27 more"
    assert len(lines) == 5


def test_depth_ends_the_tree():
    lines = tree(b"]" * 10, b"a" * 9, depth=3)
    assert len(lines) == 4


def test_a_long_key_gives_way_to_what_it_holds():
    (line,) = tree(b"}", entry("layer." * 20 + "weight", files.tensor()), width=60)[1:]
    assert len(line) <= 60
    assert line.endswith("weight']: tensor float32 [2], 8 B")


def test_modules_show_their_members_and_not_their_hooks():
    state = (
        b"}"
        + entry("_hooks", b"}")
        + entry("_modules", b"}" + entry("fc", b"ctorch.nn\nLinear\n)\x81}b"))
        + entry("_parameters", b"}" + entry("weight", files.tensor()))
    )
    lines = tree(b"cmodels\nNet\n)\x81", state, b"b")
    assert lines == [
        "models.Net",
        "├── .fc: torch.nn.Linear",
        "└── .weight: tensor float32 [2], 8 B",
    ]


def test_calls_show_their_plain_arguments():
    assert tree(b"cdatetime\ndate\nM\xe8\x07K\x01K\x02\x87R") == ["datetime.date(2024, 1, 2)"]


@pytest.mark.parametrize("data", [b"", b"junk", files.archive(b"\x80\x02R."), files.tar()])
def test_what_cannot_be_read_has_no_tree(data, tmp_path):
    path = tmp_path / "x.pt"
    path.write_bytes(data)
    assert inspect_tree(path) == ""
    assert inspect_tree(tmp_path) == ""
    assert inspect_tree(tmp_path / "missing") == ""


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2_500_000, "2.5 MB"), (10**13, "10.0 TB")],
)
def test_bytes_for_people(count, words):
    assert readable_bytes(count) == words


def test_the_object_is_the_same_where_torchs_rules_are_not_asked(tmp_path):
    pytest.importorskip("torch")
    from checkpoint.cases import CASES, write_case  # makes files with torch

    compared = 0
    for case in CASES.values():
        if case.missing:
            continue
        path = write_case(case, tmp_path)
        if not path.is_file():
            continue
        with path.open("rb") as file:
            source = FileSource(file)
            container = open_container(source, path.name, DEFAULT_LIMITS, NEWEST)
            if container.archive is None or container.problem is not None:
                continue
            alone, asked = (  # in this order: what a report has read, a tree takes over
                evaluate(source, container, Question(rules=one)) for one in (False, True)
            )
            assert alone.main is None or alone.main is not asked.main, path.name
            assert render_tree(asked.value) == render_tree(alone.value), path.name
            assert asked.fault == alone.fault, path.name
            assert not alone.guard.needs, path.name
            compared += 1
    assert compared > 200


@pytest.mark.parametrize("knows", [True, False])
def test_a_tree_after_a_report_has_the_names_of_the_file(knows, tmp_path):
    """A project may know the class by another name, which is no answer to what the file holds."""
    path = tmp_path / "x.pt"
    path.write_bytes(
        files.archive(b"\x80\x02cold.nets\nNet\n)\x81}" + entry("a", b"K\x01") + b"b.")
    )
    facts = ClassFacts(GlobalName("new.nets", "Net"), "class", "new/nets.py", 1)
    before = inspect_tree(path)
    for _ in range(2):
        inspect_file(path, lookup=lambda _: facts if knows else None)
        assert inspect_tree(path) == before == "old.nets.Net\n└── .a: 1"


@pytest.mark.torch
def test_numbers_of_numpy_are_shown_as_numbers():
    np = pytest.importorskip("numpy")
    import torch

    numbers = {
        "a": np.float64(0.5),
        "b": np.int32(-7),
        "c": np.bool_(True),
        "d": np.array(3, dtype=">u2")[()],
        "e": np.complex64(1j),
        "f": np.datetime64("2020-01-01"),
    }
    written = io.BytesIO()
    torch.save(numbers, written)
    lines = tree_of_bytes(written.getvalue()).splitlines()
    assert "├── ['a']: numpy float64 0.5" in lines
    assert "├── ['b']: numpy int32 -7" in lines
    assert "├── ['c']: numpy bool True" in lines
    assert "├── ['d']: numpy uint16 3" in lines
    for raw in "ef":
        assert any(f"['{raw}']: numpy._core.multiarray.scalar" in line for line in lines)


@pytest.mark.parametrize(
    "given",
    [
        b"(h\x01(\x8c\x02f8\x89\x88tRC\x08\0\0\0\0\0\0\0\0t",  # a dtype without its state
        b"(\x8c\x02f8C\x08\0\0\0\0\0\0\0\0t",
        b"(h\x01\x8c\x02f8\x85R(K\x03X\x01\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tbC\x02\0\0t",
        b")",
    ],
)
def test_what_is_no_plain_number_stays_as_it_is(given):
    names = b"cnumpy.core.multiarray\nscalar\n\x94cnumpy\ndtype\n\x94"
    lines = tree(names, b"0]h\0" + given + b"Ra")
    assert any("multiarray.scalar" in line for line in lines)
    assert not any("numpy float64" in line for line in lines)
