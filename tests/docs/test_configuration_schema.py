"""The JSON schema of the configuration: what it takes is what the parser takes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

from configuration_schema import EXAMPLES, FILE, as_toml, text

from torchload_lint.config import READERS
from torchload_lint.configuration_files import load_config

SCHEMA = json.loads(FILE.read_text("utf-8"))
CHECK = jsonschema.Draft7Validator(SCHEMA)
VALUES: tuple[object, ...] = (
    True, 0, 1, 88, 1.5, "", "2.6", ">=2.1,<2.9", ">=2.1,", "~=2.6.0", "==2.*", "two", "warning",
    "note", "full", "FULL", [], ["a"], ["a.b"], ["a b"], ["1a"], [1], [["a"]], {},
    {"a": "b"}, {"a": 1}, {"a": []}, {"a": ["b.c"]}, {"a": ["b c"]}, {"a": {}},
    {"a": {"path": "p"}},
    {"a": {"path": 1}}, {"a": {"checkpoints": ["*.pt"]}}, {"a": {"checkpoints": "x.pt"}},
    {"a": {"safe-globals": ["b.c"]}}, {"a": {"safe-globals": ["b-c"]}}, {"a": {"other": 1}},
)  # fmt: skip


def accepts(key: str, value: object) -> bool:
    """Whether the parser takes a value."""
    try:
        READERS[key](value)
    except ValueError:
        return False
    return True


def test_it_is_a_schema_and_up_to_date():
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    assert FILE.read_text("utf-8") == text(), "run `python docs/configuration_schema.py`"


@pytest.mark.parametrize("key", READERS)
def test_it_takes_what_the_parser_takes(key):
    answers = [(accepts(key, value), CHECK.is_valid({key: value})) for value in VALUES]
    assert {parser for parser, _ in answers} == {True, False}
    assert [value for value, (a, b) in zip(VALUES, answers, strict=True) if a != b] == []


def test_an_unknown_key_is_refused():
    assert not CHECK.is_valid({"target_torch": "2.6"})


@pytest.mark.parametrize("key", EXAMPLES)
def test_each_example_is_read_as_it_is_shown(key, tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "torchload-lint.toml").write_text("unsafe-fixes = false\n")  # to be extended
    (inner / "pyproject.toml").write_text(as_toml(key, EXAMPLES[key]))
    read = load_config(inner / "pyproject.toml")
    assert CHECK.is_valid({key: EXAMPLES[key]})
    field = key.replace("-", "_")
    assert getattr(read, field) == READERS[key](EXAMPLES[key])
    assert getattr(read, field) != type(read)._field_defaults[field]
