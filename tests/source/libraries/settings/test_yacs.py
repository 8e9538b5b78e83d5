"""What is merged into yacs's configurations."""

from __future__ import annotations

import textwrap

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path

MAIN = """
    import sys
    import torch
    from yacs.config import CfgNode as CN
    _C = CN()
    _C.TEST = CN()
    _C.TEST.FILE = {}
    cfg = _C.clone()
    cfg.merge_from_file(sys.argv[1])
    torch.load(cfg.TEST.FILE)
    """


def resolved(default, *paths):
    files = {f"{number}.yaml": f"TEST:\n  FILE: {path}\n" for number, path in enumerate(paths)}
    index = project({"main.py": textwrap.dedent(MAIN.format(repr(default))), **files})
    module = index.module_at("main.py")
    return resolve_path(module.loads[0].file, module, index)


@pytest.mark.parametrize(
    ("default", "paths"),
    [("", ["a.pt"]), ("", ["a.pt", "b.pt"]), ("own.pt", ["a.pt"]), ("own.pt", [])],
)
def test_what_files_are_merged_into_is_never_exact(default, paths):
    found = resolved(default, *paths)
    texts = [default, *paths] if default else paths
    assert [each.text for each in found.patterns] == texts
    assert not any(each.exact for each in found.patterns)


def test_of_many_configurations_it_is_said_that_some_are_left_out():
    found = resolved("", *(f"{number}.pt" for number in range(14)))
    assert len(found.patterns) == 12
    assert "there are more configurations than are followed" in found.unknown
