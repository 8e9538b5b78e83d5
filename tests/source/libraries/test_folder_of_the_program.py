"""Paths made from ``sys.argv[0]`` and ``sys.path[0]``, which belong to the program that is run."""

from __future__ import annotations

import pytest

from source.resolving import resolve

FOLDERS = (
    "os.path.dirname(sys.argv[0])",
    "os.path.dirname(os.path.realpath(sys.argv[0]))",
    "str(Path(sys.argv[0]).parent)",
    "sys.path[0]",
)
PROGRAM = (
    "import os, sys\nfrom pathlib import Path\n"
    "def main():\n    torch.load({folder} + '/nets/x.pt')\nif __name__ == '__main__':\n    main()\n"
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_path_beside_the_program_is_known(folder):
    found = resolve(PROGRAM.format(folder=folder), {}, at="tools/main.py")
    assert [(each.text, each.exact) for each in found.patterns] == [("tools/nets/x.pt", True)]
    assert not found.complete
    assert "of the program that is started" in found.unknown[0]


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_that_may_be_imported_is_not_sure_to_be_the_program(folder):
    source = PROGRAM.format(folder=folder).partition("if __name__")[0]
    found = resolve(source, {}, at="tools/main.py")
    assert [(each.text, each.exact) for each in found.patterns] == [("tools/nets/x.pt", False)]


def test_what_is_put_before_all_others_is_not_the_folder_of_the_program():
    source = PROGRAM.format(folder="sys.path[0]").replace(
        "def main", "sys.path.insert(0, '..')\ndef main"
    )
    found = resolve(source, {}, at="tools/main.py")
    assert [each.text for each in found.patterns] == ["*/nets/x.pt"]
