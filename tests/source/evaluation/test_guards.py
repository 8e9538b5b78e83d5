"""Tests around a name that say what it is."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

LOAD = "torch.load(f'{m}gram.pt')"

SAID = {
    "equal to one": ("if m == 'bi':\n    {}", ["bigram.pt"]),
    "not different": ("if m != 'bi':\n    pass\nelse:\n    {}", ["bigram.pt"]),
    "one of some": ("if m in ('bi', 'tri'):\n    {}", ["bigram.pt", "trigram.pt"]),
    "a number": ("if m == 3:\n    {}", ["3gram.pt"]),
    "and more": ("if m == 'bi' and x:\n    {}", ["bigram.pt"]),
    "asserted": ("assert m in ('3', '4'), m\n{}", ["3gram.pt", "4gram.pt"]),
    "asserted further out": ("assert m in ['3', '4']\nif x:\n    {}", ["3gram.pt", "4gram.pt"]),
    "asserted, then converted": (
        "assert m in ('3', '4')\nm = int(m)\n{}",
        ["3gram.pt", "4gram.pt"],
    ),
    "different from one": ("if m != 'bi':\n    {}", ["*gram.pt"]),
    "not one of some": ("if m not in ('bi', 'tri'):\n    {}", ["*gram.pt"]),
    "one or something else": ("if m == 'bi' or x:\n    {}", ["*gram.pt"]),
    "another name": ("if x == 'bi':\n    {}", ["*gram.pt"]),
    "equal to what is not known": ("if m == x:\n    {}", ["*gram.pt"]),
    "asserted too late": ("{}\nassert m in ('3', '4')", ["*gram.pt"]),
    "asserted of an earlier value": (
        "assert m in ('3', '4')\nm = m + x\n{}",
        ["3*gram.pt", "4*gram.pt"],
    ),
    "asserted and replaced": ("assert m in ('3', '4')\nm = x\n{}", ["*gram.pt"]),
    "asserted elsewhere": ("if x:\n    assert m == '3'\n{}", ["*gram.pt"]),
}


@pytest.mark.parametrize(("body", "expected"), SAID.values(), ids=SAID)
def test_what_a_test_says_of_an_unknown_value(body, expected):
    indented = "".join(f"    {line}\n" for line in body.format(LOAD).splitlines())
    assert texts(resolve(f"def f(m, x):\n{indented}")) == expected


def test_a_value_that_is_known_stays():
    code = "def f(m):\n    if m in ('bi', 'tri'):\n        torch.load(f'{m}gram.pt')\nf('tri')\n"
    assert texts(resolve(code)) == ["trigram.pt"]


def test_a_default_that_cannot_be_meant_gives_way():
    code = (
        "p = argparse.ArgumentParser()\np.add_argument('--set', default='mnist')\n"
        "a = p.parse_args()\nif a.set == 'cifar':\n    torch.load(f'{a.set}.pt')\n"
    )
    assert texts(resolve(code)) == ["cifar.pt"]
