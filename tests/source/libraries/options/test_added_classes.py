"""Options that a class declares: ``parser.add_arguments(Config, dest="cfg")``."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

PARSER = (
    "from dataclasses import dataclass\nfrom simple_parsing import ArgumentParser\n"
    "@dataclass\nclass Config:\n    path: str = 'a.pt'\n"
    "parser = ArgumentParser()\n"
)
LOAD = "args = parser.parse_args()\ntorch.load(args.cfg.path)\n"


@pytest.mark.parametrize("added", ["Config, dest='cfg'", "Config, 'cfg'"])
def test_the_fields_of_a_class_are_options(added):
    resolution = resolve(f"{PARSER}parser.add_arguments({added})\n{LOAD}")
    assert texts(resolution) == ["a.pt"]
    assert not resolution.complete
    assert "the fields of cfg (main.py:9) may be given other values" in resolution.unknown


def test_a_class_that_is_not_known_is_named_with_its_place():
    resolution = resolve(f"{PARSER}parser.add_arguments(make(), dest='cfg')\n{LOAD}")
    assert not texts(resolution)
    assert "of which class cfg is, which main.py:9 adds" in resolution.unknown


def test_a_class_under_another_name_is_not_the_option():
    resolution = resolve(f"{PARSER}parser.add_arguments(Config, dest='other')\n{LOAD}")
    assert not texts(resolution)
    assert resolution.unknown == (
        "no add_argument for cfg is found where main.py:10 parses the command line",
    )
