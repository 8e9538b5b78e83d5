"""Branches that are not taken: each program is run, and what it opens is all that is found."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from source.resolving import resolve, texts

ARGS = "parser = argparse.ArgumentParser()\nparser.add_argument('--name', default='')\n"
METHOD = "parser.add_argument('--method', default='plain')\nargs = parser.parse_args()\n"

KEEPING = (
    "READERS = {}\ndef register(name):\n    def keep(kept):\n        READERS[name] = kept\n"
    "        return kept\n    return keep\n"
)
RUN = {
    "what a decorator keeps under a name": (
        f"{KEEPING}@register('q')\ndef q(path):\n    torch.load(path)\n"
        "@register(name='other')\ndef other(path):\n    print(path)\n"
        "READERS['q']('a.pth')\nREADERS.get('q')('b.pth')\nREADERS['other']('c.pth')"
    ),
    "what a decorator keeps under its own name": (
        "READERS = {}\ndef register(kept):\n    READERS[kept.__name__] = kept\n    return kept\n"
        "@register\ndef q(path):\n    torch.load(path)\nREADERS['q']('a.pth')"
    ),
    "a class that a decorator keeps": (
        f"{KEEPING}@register('q')\nclass Q:\n    def __init__(self, path):\n"
        "        torch.load(path)\nREADERS['q']('a.pth')"
    ),
    "a flag that the caller gives": (
        "def load(folder, best=False):\n"
        "    if best:\n        name = 'best.pth'\n    else:\n        name = 'last.pth'\n"
        "    torch.load(os.path.join(folder, name))\n"
        "load('a', best=True)\nload('b', True)"
    ),
    "the last part of a name": (
        "def load(path):\n    name = list(filter(None, path.split('/'))).pop()\n"
        "    torch.load('cached_' + name)\nload('models/bert/')"
    ),
    "an object that only another mode makes": (
        "class Special:\n    def __init__(self, path):\n        torch.load(path)\n"
        "def make(path, special=False):\n    if special:\n        return Special(path)\n"
        "make('a.pth')\nmake('b.pth', special=True)"
    ),
    "what a constructor sets anew": (
        "class A:\n    folder = 'x'\n    def __init__(self, folder, version):\n"
        "        self.folder = folder\n        self.version = version\n"
        "        self.folder = os.path.join(folder, self.version)\n        self.load()\n"
        "    def load(self):\n        torch.load(self.folder + '/G.pth')\nA('models', 'v1')"
    ),
    "what a constructor sets anew after it is used": (
        "class A:\n    def __init__(self):\n        self.name = 'a.pth'\n        self.load()\n"
        "        self.name = 'b.pth'\n        self.load()\n"
        "    def load(self):\n        torch.load(self.name)\nA()"
    ),
    "what a method returns for a kind": (
        "class Log:\n    def path(self, mode):\n        if mode is None:\n"
        "            return 'log'\n        elif mode == 'net':\n            return 'net.pth'\n"
        "        elif mode == 'info':\n            return 'last-info.pth'\n"
        "log = Log()\nlast_info, net = log.path('info'), log.path('net')\ntorch.load(last_info)"
    ),
    "a flag that only some give": (
        "def load(folder, best=False):\n"
        "    name = 'best.pth' if best else 'last.pth'\n"
        "    torch.load(os.path.join(folder, name))\n"
        "load('a', best=True)\nload('b')"
    ),
    "a flag alone": (
        "def load(best=False):\n    torch.load('best.pth' if not best else 'last.pth')\nload()"
    ),
    "a kind": (
        "def load(kind, folder):\n"
        "    if kind == 'net':\n        name = 'net.pth'\n"
        "    elif kind in ('head', 'tail'):\n        name = kind + '_x.pth'\n"
        "    else:\n        name = 'other.pth'\n"
        "    torch.load(folder + name)\n"
        "load('head', 'a/')\nload('net', 'b/')"
    ),
    "a method's flag": (
        "class Learner:\n"
        "    def load(self, name, saved=False):\n"
        "        if saved:\n            folder = Path('save')\n"
        "        else:\n            folder = Path('models')\n"
        "        torch.load(folder / name)\n"
        "Learner().load('a.pth', True)\nLearner().load('b.pth', saved=True)"
    ),
    "a member of an enumeration by its value": (
        "import enum\nclass Kind(enum.Enum):\n    city = 'cifar10'\n    wood = 'cifar100'\n"
        "def load(kind=Kind.city):\n    torch.load(Kind(kind).value + '.pth')\n"
        "load()\nload('cifar100')"
    ),
    "a number that is made a text": (
        "def load(dim):\n    if isinstance(dim, int):\n        dim = str(dim) + 'd'\n"
        "    torch.load(f'glove.{dim}.pt')\n"
        "load(100)\nload(20)"
    ),
    "another name for one of several": (
        "def load(net):\n    if net == 'small':\n        n = 1\n    elif net == 'resnet':\n"
        "        n = 2\n        net = 'super_resnet'\n    else:\n        n = 3\n"
        "    torch.load(net + '.pth')\n"
        "load('small')\nload('resnet')\nload('other')"
    ),
    "another name below another test": (
        "def load(net, best):\n    if best:\n        n = 1\n    elif net == 'resnet':\n"
        "        net = 'super_resnet'\n    torch.load(net + '.pth')\n"
        "load('resnet', True)\nload('resnet', False)"
    ),
    "None": (
        "def load(path=None, step=None):\n"
        "    if path is None:\n        path = 'a.pth'\n"
        "    else:\n        path = f'{path}/b.pth'\n"
        "    torch.load(path)\n"
        "load('x')"
    ),
    "a test around both": (
        "task = 'node'\n"
        "if task == 'graph':\n    name = 'graph.pth'\nelse:\n    name = 'node.pth'\n"
        "if task == 'node':\n    torch.load(name)"
    ),
    "one of the names that are known": (
        "KNOWN = {'a.pth', 'b.pth'}\nPLACES = {'c': 1}\n"
        "def load(name):\n    if name in KNOWN:\n        name = 'known/' + name\n"
        "    if name not in PLACES:\n        torch.load(name)\n"
        "load('a.pth')\nload('c')\nload('d.pth')"
    ),
    "options that a function sets up": (
        f"{ARGS}parser.add_argument('--out', default='runs')\n"
        "def inner(o, n):\n    o.out = os.path.join(o.out, 'x', n)\n"
        "def setup(options):\n    print(options)\n    inner(options, 'y')\n"
        "def run(args):\n    torch.load(os.path.join(args.out, 'last.pth'))\n"
        "args = parser.parse_args()\nsetup(args)\nrun(args)"
    ),
    "options that a function sets up beside the load": (
        f"{ARGS}def setup(options):\n    options.name = 'b'\n"
        "args = parser.parse_args()\nsetup(args)\ntorch.load(args.name + '.pth')"
    ),
    "the option that made the object": (
        "parser = argparse.ArgumentParser()\nparser.add_argument('--alg', default='qmix')\n"
        "class Iql:\n    def __init__(self, args):\n        self.args = args\n"
        "        torch.load(self.args.alg + '/net.pth')\n"
        "class Agents:\n    def __init__(self, args):\n        if args.alg == 'vdn':\n"
        "            self.policy = None\n        elif args.alg == 'iql':\n"
        "            self.policy = Iql(args)\n"
        "args = parser.parse_args(['--alg', 'iql'])\nAgents(args)"
    ),
    "an arm for the other case": (
        "train = True\nname = 'test.pth' if not train else 'train.pth'\n"
        "if train:\n    torch.load(name)"
    ),
    "what the called function stores later": (
        f"{ARGS}def run(options, n):\n    torch.load(options.name + 'a.pth')\n"
        "    options.name = 'late'\nargs = parser.parse_args()\nrun(\n    args,\n    1,\n)"
    ),
    "an option's length": (
        f"{ARGS}args = parser.parse_args()\n"
        "if len(args.name) == 0:\n    args.name = 'none_cnn'\n"
        "torch.load(f'ckpt/{args.name}.pth')"
    ),
    "an option that is empty": (
        f"{ARGS}args = parser.parse_args()\n"
        "if not args.name or args.name == 'x':\n    args.name = 'other'\n"
        "torch.load(f'ckpt/{args.name}.pth')"
    ),
    "what is added for another option": (
        f"{ARGS}{METHOD}"
        "folder = 'ckpt/%s' % args.method\n"
        "if not args.method in ['plain', 'bare']:\n    folder += '_5way'\n"
        "torch.load(folder + '/best.pth')"
    ),
    "what is stored for the other case": (
        f"{ARGS}parser.add_argument('--again', action='store_true')\n"
        'args = parser.parse_args(["--again"])\n'
        "args.name = 'EXP'\n"
        "if not args.again:\n    args.name = 'eval-EXP'\n"
        "if args.again:\n    torch.load(os.path.join(args.name, 'model.pth'))"
    ),
    "a flag that the code turns off": (
        "TUNED = False\nif TUNED:\n    name = 'tuned.pth'\nelse:\n    name = 'plain.pth'\n"
        "torch.load(name)"
    ),
    "a flag that stands beside": (
        "LARGE = True\ndef load():\n    torch.load('large.pth' if LARGE else 'small.pth')\nload()"
    ),
    "a flag among the options": (
        f"{ARGS}args = parser.parse_args()\nargs.tuned = True\n"
        "torch.load('a.pth' if args.tuned else 'b.pth')"
    ),
    "a part of the option that made the object": (
        "parser = argparse.ArgumentParser()\nparser.add_argument('--alg', default='qmix+comm')\n"
        "class Iql:\n    def __init__(self, args):\n        torch.load(args.alg + '/iql.pth')\n"
        "class Qmix:\n    def __init__(self, args):\n        torch.save({}, 'x')\n"
        "class Agents:\n    def __init__(self, args):\n        kind = args.alg\n"
        "        if kind.find('qmix') > -1:\n            self.policy = Qmix(args)\n"
        "        elif kind.find('iql') >= 0:\n            self.policy = Iql(args)\n"
        "args = parser.parse_args(['--alg', 'iql+comm'])\nAgents(args)"
    ),
    "a path that is not absolute": (
        "def load(path):\n"
        "    if not os.path.isabs(path):\n        path = os.path.join('runs', path)\n"
        "    torch.load(path)\n"
        "load('a.pth')\nload('/data/b.pth')"
    ),
}


def opened_by(program, line, monkeypatch):
    """What a program opens where it is started with a command line."""
    opened = []
    monkeypatch.setattr(sys, "argv", ["main.py", *line.split()])
    torch = SimpleNamespace(load=lambda path: opened.append(os.fspath(path)))
    exec(program, {"torch": torch, "os": os, "argparse": argparse, "Path": Path})
    assert opened
    return sorted(opened)


@pytest.mark.parametrize("program", RUN.values(), ids=RUN)
def test_what_is_found_is_what_is_opened(program, monkeypatch):
    assert sorted(texts(resolve(program))) == opened_by(program, "", monkeypatch)


STARTED = {
    "a flag that the command line gives": (
        (
            f"{ARGS}parser.add_argument('--warm', action='store_true')\n"
            "def start(path, warm):\n    if warm:\n        torch.load(path)\n"
            "args = parser.parse_args()\nstart('a.pth', args.warm)"
        ),
        ["--warm"],
    ),
    "what a branch says of a part of the path": (
        (
            f"{ARGS}{METHOD}kind = args.method\nname = 'runs/' + kind\n"
            "if kind == 'large':\n    name = name + '_20k'\ntorch.load(name + '.pth')"
        ),
        ["", "--method large"],
    ),
}


@pytest.mark.parametrize(("program", "lines"), STARTED.values(), ids=STARTED)
def test_what_command_lines_lead_to_is_found(program, lines, monkeypatch):
    opened = [path for line in lines for path in opened_by(program, line, monkeypatch)]
    assert sorted(texts(resolve(program))) == sorted(opened)


OPEN = {
    "a flag that an option gives": (
        "def load(best):\n    torch.load('best.pth' if best else 'last.pth')\nload(best=x())",
        ["best.pth", "last.pth"],
    ),
    "a name that is set anew in between": (
        (
            "task = x()\nif task == 'a':\n    name = 'a.pth'\nelse:\n    name = 'b.pth'\n"
            "task = x()\nif task == 'b':\n    torch.load(name)"
        ),
        ["a.pth", "b.pth"],
    ),
    "a name that a loop sets": (
        (
            "for task in x():\n    if task == 'a':\n        name = 'a.pth'\n"
            "    else:\n        name = 'b.pth'\n    if task == 'b':\n        torch.load(name)"
        ),
        ["a.pth", "b.pth"],
    ),
    "an attribute that is set somewhere": (
        (
            "if o.task == 'a':\n    name = 'a.pth'\nelse:\n    name = 'b.pth'\no.task = x()\n"
            "if o.task == 'b':\n    torch.load(name)"
        ),
        ["a.pth", "b.pth"],
    ),
    "a key that is known in part": (
        (
            "NETS = {'small_1': 'a.pth', 'small_2': 'b.pth', 'large_1': 'c.pth'}\n"
            "torch.load(NETS[f'small_{x()}'])"
        ),
        ["a.pth", "b.pth"],
    ),
    "a key that is known in part, and that an assertion is about": (
        (
            "NETS = {'ema_a': 'a.pth', 'ema_b': 'b.pth', 'c': 'c.pth'}\nname = f'ema_{x()}'\n"
            "assert name in NETS\ntorch.load(NETS[name])"
        ),
        ["a.pth", "b.pth"],
    ),
    "a key that no entry has": (
        (
            "NETS = {'small_1': 'a.pth', 'small_2': 'b.pth'}\n"
            "torch.load(NETS.get(f'large_{x()}', 'c.pth'))"
        ),
        ["c.pth"],
    ),
    "a flag that turns off the load, too": (
        (
            "tuned = False\nif tuned:\n    name = 'tuned.pth'\nelse:\n    name = 'plain.pth'\n"
            "if tuned:\n    torch.load(name)"
        ),
        ["tuned.pth"],
    ),
    "a flag that a loop turns on": (
        (
            "ready = False\nfor n in x():\n    name = 'b.pth' if ready else 'a.pth'\n"
            "    torch.load(name)\n    ready = True"
        ),
        ["a.pth", "b.pth"],
    ),
    "a flag that is an option": (
        (
            f"{ARGS}parser.add_argument('--big', action='store_true')\n"
            "args = parser.parse_args()\ntorch.load('b.pth' if args.big else 'a.pth')"
        ),
        ["a.pth", "b.pth"],
    ),
    "a file below a folder, where an address is asked for": (
        (
            "def load(path):\n    if path.startswith('https'):\n        torch.load(path)\n"
            "load(os.path.join(x(), 'a.pth'))\nload('runs/' + x())\nload(x() + 'b.pth')"
        ),
        ["*b.pth"],
    ),
    "a cached file, where a folder may be given": (
        (
            "import hashlib\ndef cached(url):\n"
            "    name = hashlib.sha256(url.encode()).hexdigest()\n"
            "    return os.path.join('cache', name)\n"
            "def load(found, other=False):\n"
            "    if os.path.isdir(found) or other:\n        folder = found\n    else:\n"
            "        folder = 'unpacked'\n    torch.load(os.path.join(folder, 'a.bin'))\n"
            "load(cached('https://h.org/a.tar.gz'))"
        ),
        ["*/a.bin", "unpacked/a.bin"],
    ),
    "a folder to which nothing is joined": (
        "torch.load(Path('runs') / '')",
        [],
    ),
    "a text made of a folder to which nothing is joined": (
        (
            "p = Path('a/runs') / ''\nq = str(p)\n"
            "torch.load('-'.join([q + '.a', f'{p}.b', '%s.c' % p, os.path.basename(p), p.name,"
            " os.path.dirname(p), str(p.parent)]))"
        ),
        ["a/runs.a-a/runs.b-a/runs.c-runs-runs-a-a"],
    ),
    "what one branch stores, and the other uses": (
        (
            "class A:\n    def __init__(self, fresh):\n        if fresh:\n"
            "            self.folder = 'new'\n        else:\n            self.folder = 'old'\n"
            "            torch.load(self.path())\n"
            "    def path(self):\n        return os.path.join(self.folder, 'a.pth')\nA(x())"
        ),
        ["old/a.pth"],
    ),
    "a folder, where a file may be given": (
        (
            "def load(path):\n"
            "    name = path if os.path.isfile(path) else os.path.join(path, 'a.pth')\n"
            "    torch.load(name)\nload('runs/x')"
        ),
        ["runs/x/a.pth"],
    ),
    "a folder that the reader is to name": (
        "torch.load(os.path.join('/path/where/to/store', 'runs', 'a.pth'))",
        [],
    ),
    "a default beside which a name is made of it": (
        (
            f"{ARGS}parser.add_argument('--path', default='base/plain.pth')\n"
            "def name_of(path):\n    return path.split('/')[-1]\n"
            "def load(path, name):\n    if 'tuned' in name.lower():\n        torch.load(path)\n"
            "args = parser.parse_args()\nload(args.path, name_of(args.path))"
        ),
        [],
    ),
    "a default beside which a name is given": (
        (
            f"{ARGS}parser.add_argument('--path', default='base/plain.pth')\n"
            "def load(path, name):\n    if 'tuned' in name.lower():\n        torch.load(path)\n"
            "args = parser.parse_args()\nload(args.path, args.name)"
        ),
        ["base/plain.pth"],
    ),
    "a case that the function sets before": (
        (
            "class A:\n    def load(self):\n        self.train = x()\n"
            "        name = 'test.pth' if not self.train else 'train.pth'\n"
            "        if self.train:\n            torch.load(name)"
        ),
        ["train.pth"],
    ),
    "a case that another function may set": (
        (
            "class A:\n    def stop(self):\n        self.train = False\n    def load(self):\n"
            "        name = 'test.pth' if not self.train else 'train.pth'\n        self.stop()\n"
            "        if self.train:\n            torch.load(name)"
        ),
        ["test.pth", "train.pth"],
    ),
    "options that a function may set up": (
        (
            f"{ARGS}def setup(options):\n    if x():\n        options.name = 'b'\n"
            "args = parser.parse_args()\nsetup(args)\ntorch.load('a_' + args.name + '.pth')"
        ),
        ["a_.pth", "a_b.pth"],
    ),
    "options that are set up too late": (
        (
            f"{ARGS}def setup(options):\n    options.name = 'b'\n"
            "args = parser.parse_args()\ntorch.load('a_' + args.name + '.pth')\nsetup(args)"
        ),
        ["a_.pth"],
    ),
    "an item of a sorted list": (
        "names = ['run_a.pth', 'run_b.pth']\ntorch.load(sorted(names)[-1])",
        ["run_*.pth"],
    ),
    "a found file's name that is cut where there is one": (
        (
            "found = None\nfor path in x():\n    found = 'runs/net_' + path\n"
            "if found is not None:\n    found = found.split('/')[1]\n"
            "torch.load('y/' + found + '.pth')"
        ),
        ["y/*.pth", "y/net_*.pth"],
    ),
    "a default that is prose": (
        (
            f"{ARGS}parser.add_argument('--init', default='model to begin with ')\n"
            "args = parser.parse_args()\ntorch.load(args.init)"
        ),
        [],
    ),
    "a name that is found later": (
        (
            "def load(epoch):\n    if epoch == '*':\n        epoch = x()\n"
            "    torch.load('runs/net_' + str(epoch) + '.pth')\nload(3)\nload('*')"
        ),
        ["runs/net_*.pth", "runs/net_3.pth"],
    ),
    "parts that go together": (
        (
            "for space in ('one', 'two'):\n    end = 'x' if space == 'one' else 'y'\n"
            "    torch.load(os.path.join('runs-' + space, end + '.pth'))"
        ),
        ["runs-*/x.pth", "runs-*/y.pth"],
    ),
    "an option's choices beside what a branch makes of them": (
        (
            "parser = argparse.ArgumentParser()\nparser.add_argument('--a', choices=['p', 'q'])\n"
            "args = parser.parse_args()\nif args.a == 'p':\n    n = 1\nelse:\n    n = 2\n"
            "torch.load(f'net_{args.a}_{n}.pth')"
        ),
        ["net_*_1.pth", "net_*_2.pth"],
    ),
    "a default of an option that has to be given": (
        (
            "parser = argparse.ArgumentParser()\n"
            "parser.add_argument('--base', default='runs/x', required=True)\n"
            "args = parser.parse_args()\ntorch.load(args.base + '.args.pt')"
        ),
        ["*.args.pt"],
    ),
    "an option that a function sets where it is empty": (
        (
            f"{ARGS}def setup(options):\n    if options.name == '':\n        options.name = x()\n"
            "    options.out = os.path.join('runs', options.name)\n"
            "args = parser.parse_args()\nsetup(args)\ntorch.load(args.out + '/a.pth')"
        ),
        ["runs/*/a.pth"],
    ),
    "a parameter's default beside one who may give it": (
        (
            "class A:\n    def load(self, path='a.pth'):\n        torch.load(path)\n"
            "class B:\n    def load(self, path):\n        print(path)\n"
            "def use(one):\n    one.load('b.pth')\n"
        ),
        [],
    ),
    "setattr of a listed name": (
        (
            f"{ARGS}args = parser.parse_args()\nnames = ['name', 'x']\nfor k in y():\n"
            "    if k in names:\n        setattr(args, k, x(k))\ntorch.load(f'a_{args.name}.pth')"
        ),
        ["a_*.pth"],
    ),
    "setattr of other names": (
        (
            f"{ARGS}args = parser.parse_args()\nfor k in y():\n"
            "    if k in ['x']:\n        setattr(args, k, x(k))\ntorch.load(f'a_{args.name}.pth')"
        ),
        ["a_.pth"],
    ),
}


@pytest.mark.parametrize(("program", "expected"), OPEN.values(), ids=OPEN)
def test_what_stays_possible(program, expected):
    assert sorted(texts(resolve(program))) == expected


def test_what_is_perhaps_appended_is_so_for_all_of_many():
    urls = ", ".join(f"{n}: 'u{n}'" for n in range(20))
    program = (
        f"URLS = {{{urls}}}\ndef name(url, etag=None):\n    found = 'x_' + url\n    if etag:\n"
        "        found += '.' + etag\n    return found\n"
        "def get(k):\n    etag = None\n    if not k:\n        etag = x()\n"
        "    torch.load(name(URLS[k], etag))\n"
    )
    found = resolve(program).patterns
    assert len(found) > 5
    assert not any(each.exact for each in found)


def test_many_branches_that_add_to_a_name_take_no_time_that_doubles():
    adding = "".join(f"if x({n}):\n    name += '_{n}'\n" for n in range(60))
    assert texts(resolve(f"name = 'a'\n{adding}torch.load(name)")) != []
