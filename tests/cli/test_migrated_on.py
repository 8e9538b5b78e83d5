"""``migrate`` says on which torch the new files load, ``inspect --union`` for which it answers."""

from __future__ import annotations

import argparse

import pytest

pytestmark = pytest.mark.torch


@pytest.fixture
def checkpoint(folder):
    import torch

    torch.save({"w": torch.ones(2), "args": argparse.Namespace(lr=3)}, folder / "args.pt")
    return folder


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (">=1.10", "load on torch 1.10 to 2.15 (requirements.txt:1 says torch>=1.10)"),
        ("==2.4.1", "load on torch 2.4 (requirements.txt:1 says torch==2.4.1)"),
    ],
)
def test_where_the_new_files_load(cli, write, checkpoint, bound, said):
    write({"requirements.txt": f"torch{bound}\n"})
    assert f"note: the new files {said}" in cli("migrate", "args.pt").stderr
    assert (checkpoint / "args.migrated.pt").is_file()


def test_a_type_that_old_releases_do_not_have(cli, write, folder):
    import torch

    torch.save(
        {"w": torch.zeros(2, dtype=torch.uint16), "args": argparse.Namespace()}, folder / "new.pt"
    )
    write({"requirements.txt": "torch>=2.0\n"})
    said = cli("migrate", "new.pt").stderr
    assert "note: the new files load on torch 2.4 and newer" in said


@pytest.mark.usefixtures("checkpoint")
def test_a_union_says_for_which_torch_it_is(cli, write):
    write({"requirements.txt": "torch>=2.6\n"})
    result = cli("inspect", "--union", ".")
    assert "argparse.Namespace" in result.stdout
    assert (
        "the answers are for torch 2.6 to 2.15 (requirements.txt:1 says torch>=2.6)"
        in result.stderr
    )
    as_json = cli("inspect", "--union", "--output-format", "json", ".")
    assert "the answers are for" not in as_json.stderr
