"""What pytest gives to tests: cases, fixtures, temporary folders."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

TESTS = {
    "cases of one name": (
        (
            "import pytest\n@pytest.mark.parametrize('name', ['a', 'b'])\n"
            "def test_it(name):\n    torch.load(f'data/{name}.pt')"
        ),
        ["data/a.pt", "data/b.pt"],
    ),
    "cases of several names": (
        (
            "import pytest\nCASES = [(1, 'a.pt'), pytest.param(2, 'b.pt', id='two')]\n"
            "@pytest.mark.parametrize('size, path', CASES)\n"
            "def test_it(size, path):\n    torch.load(path)"
        ),
        ["a.pt", "b.pt"],
    ),
    "cases of unittest": (
        (
            "import unittest\nfrom parameterized import parameterized\n"
            "class Tests(unittest.TestCase):\n"
            "    @parameterized.expand([('a.pt', 1), ('b.pt', 2)])\n"
            "    def test_it(self, path, size):\n        torch.load(path)"
        ),
        ["a.pt", "b.pt"],
    ),
    "a fixture": (
        (
            "import pytest\n@pytest.fixture\ndef path():\n    return 'data/a.pt'\n"
            "def test_it(path):\n    torch.load(path)"
        ),
        ["data/a.pt"],
    ),
    "a fixture that yields": (
        (
            "import pytest\n@pytest.fixture(scope='module')\ndef path():\n    yield 'data/b.pt'\n"
            "def test_it(path):\n    torch.load(path)"
        ),
        ["data/b.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), TESTS.values(), ids=TESTS)
def test_what_a_test_is_given(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert all(pattern.exact for pattern in resolution.patterns)


OPEN = {
    "a temporary folder": ("def test_it(tmp_path):\n    torch.load(tmp_path / 'a.pt')", ["*/a.pt"]),
    "a fixture in a temporary folder": (
        (
            "import pytest\n@pytest.fixture\ndef path(tmp_path):\n    return tmp_path / 'b.pt'\n"
            "def test_it(path):\n    torch.load(path)"
        ),
        ["*/b.pt"],
    ),
    "no fixture of that name": ("def test_it(path):\n    torch.load(path)", []),
    "a function of that name that is no fixture": (
        "def path():\n    return 'a.pt'\ndef test_it(path):\n    torch.load(path)",
        [],
    ),
    "a function that pytest does not run": (
        (
            "import pytest\n@pytest.fixture\ndef path():\n    return 'a.pt'\n"
            "def use(path):\n    torch.load(path)"
        ),
        [],
    ),
}


@pytest.mark.parametrize(("source", "expected"), OPEN.values(), ids=OPEN)
def test_what_a_test_is_given_stays_unknown(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert not any(pattern.exact for pattern in resolution.patterns)
    assert not resolution.complete


def test_a_fixture_of_the_folder_above():
    conftest = "import pytest\n@pytest.fixture\ndef path():\n    return 'data/a.pt'\n"
    resolution = resolve(
        "def test_it(path):\n    torch.load(path)\n",
        {"tests/conftest.py": conftest},
        at="tests/unit/test_a.py",
    )
    assert texts(resolution) == ["data/a.pt"]


def test_files_of_other_kinds_are_left_out_where_the_program_picks():
    resolution = resolve("for p in ['a.safetensors', 'a.bin']:\n    torch.load(p)\n")
    assert texts(resolution) == ["a.bin"]
    assert not resolution.complete


def test_a_file_of_another_kind_alone_is_kept():
    assert texts(resolve("torch.load('a.safetensors')\n")) == ["a.safetensors"]
