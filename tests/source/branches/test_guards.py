"""Tests around a name that say what it is."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

import pytest

from project_files import project
from source.resolving import resolve, texts
from torchload_lint.source.paths import resolve_path

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


ENDS = "def f(p):\n{}\nf('a.safetensors')\nf('b.pt')\nf(x + '.bin')\n"
ENDINGS = {
    "a method": ("if p.endswith('.safetensors'):\n    pass\nelse:\n    {}", ["b.pt", "*.bin"]),
    "one of some": ("if p.endswith(('.pt', '.pth')):\n    {}", ["b.pt"]),
    "of a text in small letters": ("if str(p).lower().endswith('.bin'):\n    {}", ["*.bin"]),
    "cut off": ("if os.path.splitext(p)[1] == '.pt':\n    {}", ["b.pt"]),
    "cut off before": (
        "_, e = os.path.splitext(p)\nif e.lower() != '.safetensors':\n    {}",
        ["b.pt", "*.bin"],
    ),
    "of a path": ("if Path(p).suffix in ['.pt', '.bin']:\n    {}", ["b.pt", "*.bin"]),
    "the last part": ("e = p.split('.')[-1]\nif e == 'bin':\n    {}", ["*.bin"]),
    "left before": (
        "if p.endswith('.safetensors'):\n    return read(p)\n{}",
        ["b.pt", "*.bin"],
    ),
    "of another path": (
        "if q.endswith('.safetensors'):\n    return read(q)\n{}",
        ["b.pt", "*.bin"],
    ),
    "and something else": ("if p.endswith('.pt') and ready:\n    {}", ["b.pt"]),
    "or something else": ("if p.endswith('.pt') or ready:\n    {}", ["b.pt", "*.bin"]),
    "not left": ("if p.endswith('.pt'):\n    say(p)\n{}", ["b.pt", "*.bin"]),
    "of an earlier path": ("old = p.endswith('.pt')\np = p + '.pt'\n{}", None),
}


@pytest.mark.parametrize(("body", "expected"), ENDINGS.values(), ids=ENDINGS)
def test_what_a_test_of_the_ending_leaves(body, expected):
    indented = "".join(f"    {line}\n" for line in body.format("torch.load(p)").splitlines())
    found = texts(resolve(ENDS.format(indented)))
    assert found == (expected or ["a.safetensors.pt", "b.pt.pt", "*.bin.pt"])


NAMES = (
    "model.pt model.best.pt model_best.pt best.pt .pt pt model. model MODEL.PT model.pth "
    "a/model.pt best best.model.pt modelbest.pt.pt last.ckpt"
).split()
ENTRY_TESTS = [
    "n.endswith('.pt')",
    "n.endswith(('.pt', '.pth'))",
    "n.startswith('model.') and n.endswith('.pt')",
    "n.startswith('model') and n.endswith('.pt')",
    "n.endswith('.pt') and n.startswith('model')",
    "n.startswith('model') and 'best' in n",
    "'best' in n and n.endswith('best.pt')",
    "'best.pt' in n and n.endswith('.pt')",
    "'best' in n",
    "n.split('.')[-1] == 'pt'",
    "n.rsplit('.')[-1] == 'pt'",
    "n[-3:] == '.pt'",
    "n[:5] == 'model'",
    "os.path.splitext(n)[1] == '.pt'",
    "os.path.splitext(n)[-1] == '.pt' and n.startswith('model')",
    "n.lower().endswith('.pt')",
    "n.endswith('.pt') or 'best' in n",
    "not n.endswith('.pt')",
    "'best' not in n",
    "n.endswith('')",
    "n.endswith('del', 0, 5)",
    "n.startswith('odel', 1)",
]


@pytest.mark.parametrize("test", ENTRY_TESTS)
def test_a_pattern_holds_every_name_that_passes_the_test(test):
    code = f"for n in os.listdir(folder):\n    if {test}:\n        torch.load(n)\n"
    passing = eval(f"[n for n in NAMES if {test}]", {"os": os, "NAMES": NAMES})
    found = texts(resolve(code)) or ["*"]
    assert passing, "the names are to show something"
    assert [n for n in passing if not any(fnmatchcase(n, each) for each in found)] == []


GLOBBED = {
    "runs/*.pt": ("'best' in n", ["runs/*.pt"]),
    "runs/?.pt": ("n.startswith('runs/a')", ["runs/?.pt"]),
    "runs/[ab].pt": ("n.endswith('b.pt')", ["runs/[ab].pt"]),
    "runs/[0-9].pth": ("n.endswith('.pt')", []),
    "last/*.pt": ("n.startswith('runs/')", []),
}


@pytest.mark.parametrize("glob", GLOBBED)
def test_a_test_of_what_is_searched_for(glob):
    test, expected = GLOBBED[glob]
    code = f"for n in glob.glob('{glob}'):\n    if {test}:\n        torch.load(n)\n"
    assert texts(resolve(code)) == expected


def test_a_file_that_another_reader_takes_is_not_loaded():
    code = (
        "def f(p):\n    if p.endswith('.safetensors'):\n        return read(p)\n"
        "    return torch.load(p)\nf('a.safetensors')\n"
    )
    found = resolve(code)
    assert found.patterns == ()
    assert "no value known of p passes the tests around the load" in found.unknown


def test_a_name_without_an_ending_has_none():
    code = (
        "def f(name='dla34', data='imagenet/'):\n"
        "    if name.endswith('.pth'):\n        torch.load(data + name)\nf()\n"
    )
    assert [each.text for each in resolve(code).patterns if each.exact] == []


PREFIXED = (
    "def full(p):\n    if p.startswith('zoo:'):\n        p = os.path.join('zoo', p[4:])\n"
    "        return p\n    if p.startswith('models:'):\n        return 'models/' + p[7:]\n"
    "    return p\ntorch.load(full({}))\n"
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("'zoo:a/b.cp'", ["zoo/a/b.cp"]),
        ("'models:a/b.cp'", ["models/a/b.cp"]),
        ("'a/b.cp'", ["a/b.cp"]),
    ],
)
def test_what_a_test_of_the_beginning_leaves(given, expected):
    assert [
        each.text for each in resolve(PREFIXED.format(given)).patterns if each.exact
    ] == expected


def test_an_ending_behind_nothing_is_no_file():
    options = "p = argparse.ArgumentParser()\np.add_argument('--name', default='{}')\n"
    code = options + "torch.load(p.parse_args().name + '.pth')\n"
    assert texts(resolve(code.format(""))) == []
    assert texts(resolve(code.format("last"))) == ["last.pth"]
    assert texts(resolve("torch.load('.pth')\n")) == [".pth"]


FLAGGED = (
    "def start(path, load={}):\n    if load:\n        read(path)\n"
    "def read(path):\n    torch.load(path)\n"
)


def test_a_call_behind_a_flag_that_is_off_is_not_reached():
    assert texts(resolve(FLAGGED.format(True) + "start('a.pt', load=False)\n")) == []
    assert texts(resolve(FLAGGED.format(True) + "start('a.pt', False)\n")) == []


def test_a_call_behind_a_flag_that_is_off_by_default_may_be_reached():
    assert texts(resolve(FLAGGED.format(False) + "start('a.pt')\n")) == ["a.pt"]
    assert texts(resolve(FLAGGED.format(False))) == []


def test_a_call_behind_a_flag_that_may_be_on_is_reached():
    called = "start('a.pt', load=False)\nstart('b.pt', load={})\n"
    for flag in ("True", "get()", "x"):
        found = texts(resolve(FLAGGED.format(True) + called.format(flag)))
        assert found == ["b.pt"]


SET_ANEW = {
    "none is given": ("if p is None:\n    p = 'b.pt'", ["a.pt"]),
    "nothing is given": ("if not p:\n    p = 'b.pt'", ["a.pt"]),
    "another text": ("if p == 'last':\n    p = 'b.pt'", ["a.pt"]),
    "that very text": ("if p == 'a.pt':\n    p = 'b.pt'", ["b.pt"]),
    "an ending": ("if p.endswith('.pt'):\n    p = p[:-3] + '.pth'", ["a.pth"]),
    "no ending": ("if not p.endswith('.pt'):\n    p = p + '.pt'", ["a.pt"]),
    "a last letter": ("if p[-1] != '/':\n    p = p + '/b.pt'", ["a.pt/b.pt"]),
    "a last letter, added to": ("if p[-1] != '/':\n    p += '/b.pt'", ["a.pt/b.pt"]),
    "last letters": ("if p[-3:] == '.pt':\n    p = 'b.pt'", ["b.pt"]),
    "first letters": ("if p[:2] == './':\n    p = 'b.pt'", ["a.pt"]),
    "one after another": (
        "if p is None:\n    p = 'b'\nif p[-1] == 't':\n    p = p + 'h'",
        ["a.pth"],
    ),
    "otherwise": ("if p is None:\n    p = 'b.pt'\nelse:\n    p = 'c.pt'", ["c.pt"]),
    "another name": ("if x is None:\n    p = 'b.pt'", ["a.pt", "b.pt"]),
    "more than one can see": ("if p == x:\n    p = 'b.pt'", ["a.pt", "b.pt"]),
    "not always": ("if x:\n    if p == 'a.pt':\n        p = 'b.pt'", ["a.pt", "b.pt"]),
    "in a loop": ("for x in y:\n    if p is None:\n        p = 'b.pt'\n    p = x", ["a.pt", "*"]),
}


@pytest.mark.parametrize(("body", "expected"), SET_ANEW.values(), ids=SET_ANEW)
def test_a_name_that_a_test_of_itself_sets_anew(body, expected):
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    code = f"def f(p=None, x=g(), y=g()):\n{indented}    torch.load(p)\nf('a.pt')\n"
    assert texts(resolve(code)) == [each for each in expected if each != "*"]


def test_a_name_that_is_set_anew_for_some():
    code = (
        "def f(p=None):\n    if p is None:\n        p = 'b.pt'\n    torch.load(p)\nf()\nf('a.pt')\n"
    )
    assert sorted(texts(resolve(code))) == ["a.pt", "b.pt"]


NET = "import torch\nclass Net:\n    def load(self, p):\n        torch.load(p + '_net')\n"
MADE = """
import argparse, first, second
parser = argparse.ArgumentParser()
parser.add_argument("--kind", default="one")
parser.add_argument("--width", default=0)
args = parser.parse_args()
path = f"runs/{args.kind}_{args.width}"
if args.kind == "one":
    net = first.Net()
elif args.kind == "two":
    net = second.Net()
net.load(path)
"""


@pytest.mark.parametrize(
    ("file", "change", "expected"),
    [
        ("first.py", ("", ""), ["runs/one_0_net"]),
        ("second.py", ("", ""), ["runs/two_0_net"]),
        ("second.py", ("net.load(path)", "args.kind = 'x'\nnet.load(path)"), ["runs/one_0_net"]),
        ("second.py", ('elif args.kind == "two":', "else:"), ["runs/*_0_net"]),
        ("second.py", ('elif args.kind == "two":', "elif net:"), ["runs/*_0_net"]),
    ],
)
def test_the_branch_that_makes_an_object_says_what_it_is_made_for(file, change, expected):
    index = project({"main.py": MADE.replace(*change), "first.py": NET, "second.py": NET})
    module = index.module_at(file)
    found = resolve_path(module.loads[0].file, module, index)
    assert texts(found) == expected
    assert not found.complete


SWITCHED = (
    "import torch\ndef f({given}):\n    path = f'zoo/{{name}}.pt'\n    {test}:\n"
    "        torch.load(path)\n{calls}"
)
BRANCHES = {
    "a part": ("if 'unet' in name", "f('unet_gray')\nf('ircnn')\n", ["zoo/unet_gray.pt"]),
    "no part": ("if 'unet' not in name", "f('unet_gray')\nf('ircnn')\n", ["zoo/ircnn.pt"]),
    "equal": ("if name == 'a'", "f('a')\nf('b')\n", ["zoo/a.pt"]),
    "of an unknown": ("if name == 'a'", "f(x())\n", ["zoo/a.pt"]),
    "none of them": ("if 'unet' in name", "f('ircnn')\n", ["zoo/*.pt"]),
    "a part of another": ("if 'a' in other", "f('b')\n", ["zoo/b.pt"]),
    "one of a list": ("if name in kinds", "f('b')\n", ["zoo/b.pt"]),
}


@pytest.mark.parametrize(("test", "calls", "expected"), BRANCHES.values(), ids=BRANCHES)
def test_a_path_is_made_of_what_the_test_around_the_load_leaves(test, calls, expected):
    code = SWITCHED.format(given="name, other='', kinds=()", test=test, calls=calls)
    assert texts(resolve(code)) == expected


def test_a_name_that_is_set_anew_is_not_what_the_path_was_made_of():
    code = (
        "name = 'a'\npath = f'{name}.pt'\nname = 'b' if x else 'c'\n"
        "if name == 'b':\n    torch.load(path)\n"
    )
    assert texts(resolve(code)) == ["a.pt"]


def test_a_turn_of_a_loop_tells_nothing_of_the_turn_before():
    code = (
        "path = None\nfor name in ('a', 'b'):\n    if path is None:\n        path = f'{name}.pt'\n"
        "    if name == 'b':\n        torch.load(path)\n"
    )
    assert "a.pt" in texts(resolve(code))


def test_a_caller_calls_only_where_its_own_test_holds():
    code = (
        "def load(path):\n    torch.load(path)\ndef run(name):\n    path = f'{name}.pt'\n"
        "    if name == 'wheat':\n        load(path)\nrun('wheat')\nrun('amazon')\n"
    )
    assert texts(resolve(code)) == ["wheat.pt"]
