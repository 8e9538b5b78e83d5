"""What a file does where it is itself the program is no part of the programs of other files."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

TRIED_OUT = (
    "{imports}\n"
    "def build(options):\n    return options.depth\n"
    "if __name__ == '__main__':\n"
    "    options = make()\n"
    "    options.weights = 'tried.pt'\n"
    "    build(options)\n"
)
LOADS = (
    "from net import build\n"
    "def main(options):\n    build(options)\n    torch.load(options.weights)\n"
    "parser = argparse.ArgumentParser()\n"
    "parser.add_argument('--weights', default='runs/best.pt')\n"
    "main(parser.parse_args())\n"
)


@pytest.mark.parametrize(
    ("imports", "at_main", "exact"),
    [("", True, True), ("from main import main", True, False), ("", False, False)],
    ids=["tried out alone", "a program that runs the load", "at its import"],
)
def test_what_a_file_sets_when_it_is_started_alone(imports, at_main, exact):
    net = TRIED_OUT.format(imports=imports)
    if not at_main:
        net = net.replace("__name__ == '__main__'", "True")
    found = resolve(LOADS, {"net.py": net})
    assert texts(found) == ["runs/best.pt"]
    assert [each.exact for each in found.patterns] == [exact]
