"""Mappings made from other things, and numbers that name files."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

OPTIONS = (
    "parser = argparse.ArgumentParser()\n"
    "parser.add_argument('--run', default='runs/1')\n"
    "args = parser.parse_args()\n"
)
DICT_CLASS = "class Params(dict):\n    def __getattr__(self, key):\n        return self[key]\n"

COPIED = "conf = {}\nfor k, v in source.items():\n    conf[k] = v\n"
STORED_OTHERWISE = COPIED.replace("[k]", "[k + 's']")
PAIRS = "conf = dict((k, v) for k, v in source.items() if k != x)\n"

MAPPINGS = {
    "copied by a loop": (
        f"source = {{'run': 'a', 'rate': '1'}}\n{COPIED}torch.load(conf['run'] + '.pt')",
        ["a.pt"],
    ),
    "copied by a loop from one of two": (
        f"source = {{'run': 'a'}} if x else {{'run': 'b'}}\n{COPIED}torch.load(conf['run'] + '.p')",
        ["a.p", "b.p"],
    ),
    "stored by a loop under other keys": (
        f"source = {{'run': 'a', 'rate': 'b'}}\n{STORED_OTHERWISE}torch.load(conf['runs'] + '.pt')",
        ["a.pt", "b.pt"],
    ),
    "copied by dict() from pairs": (
        f"source = {{'run': 'a', 'rate': '1'}}\n{PAIRS}torch.load(conf['run'] + '.pt')",
        ["a.pt"],
    ),
    "a copy of the options": (
        OPTIONS + "conf = dict(vars(args))\nconf['seed'] = 1\ntorch.load(conf['run'] + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "options among others": (
        OPTIONS + "conf = {'seed': 1, **vars(args)}\ntorch.load(conf['run'] + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "what is stored later wins": (
        OPTIONS + "conf = dict(vars(args))\nconf['run'] = 'new'\ntorch.load(conf['run'] + '/a.pt')",
        ["new/a.pt"],
    ),
    "options as keywords": (
        OPTIONS + "ns = argparse.Namespace(**vars(args))\ntorch.load(ns.run + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "a filtered copy": (
        OPTIONS
        + "conf = {k: v for k, v in vars(args).items() if v is not None}\n"
        + "torch.load(conf['run'] + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "a copy by the parser's own names": (
        OPTIONS
        + "conf = {a.dest: getattr(args, a.dest, None) for a in parser._actions}\n"
        + "torch.load(conf['run'] + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "a class that is a dictionary": (
        DICT_CLASS + "p = Params({'dir': Path('data')}, n=3)\ntorch.load(p.dir / f'{p.n}.pt')",
        ["data/3.pt"],
    ),
    "such a class made from options": (
        OPTIONS + DICT_CLASS + "p = Params(vars(args))\ntorch.load(p.run + '/a.pt')",
        ["runs/1/a.pt"],
    ),
    "a dataclass as a dictionary": (
        (
            "from dataclasses import asdict, dataclass\n"
            "@dataclass\nclass C:\n    run: str = 'runs/2'\n"
            "conf = {'x': 1, **asdict(C())}\ntorch.load(conf['run'] + '/a.pt')"
        ),
        ["runs/2/a.pt"],
    ),
    "a member of an enumeration": (
        "import enum\nclass N(enum.Enum):\n    SMALL = 'small'\ntorch.load(N.SMALL.value + '.pt')",
        ["small.pt"],
    ),
    "the name of a class": ("class Agent: ...\ntorch.load(Agent.__name__ + '.pt')", ["Agent.pt"]),
    "each number of a range": (
        "for i in range(1, 4):\n    torch.load(f'net_{i:02d}.pt')",
        ["net_01.pt", "net_02.pt", "net_03.pt"],
    ),
    "a number out of a text": (
        "torch.load(f'net_{int('07')}.pt')".replace("'07'", '"07"'),
        ["net_7.pt"],
    ),
    "a length": ("ps = ['a', 'b']\ntorch.load(f'net_{len(ps)}.pt')", ["net_2.pt"]),
    "the larger number": ("torch.load('net_%d.pt' % max(2, 3))", ["net_3.pt"]),
    "a part of some items": (
        "for p in filter(None, ['a.pt', 'b.pt']):\n    torch.load(p)",
        ["a.pt", "b.pt"],
    ),
    "a function under another name": (
        (
            "from iopath.common.file_io import PathManager as Base\nPathManager = Base()\n"
            "with PathManager.open('a.pt', 'rb') as f:\n    torch.load(f)"
        ),
        ["a.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), MAPPINGS.values(), ids=MAPPINGS)
def test_what_a_mapping_holds(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert all(pattern.exact for pattern in resolution.patterns)


OPEN = {
    "an option that is not declared": (
        OPTIONS + "conf = dict(vars(args))\ntorch.load(conf['other'])",
        [],
    ),
    "an entry whose name is not known": (
        OPTIONS + "conf = dict(vars(args))\ntorch.load(conf[input()] + '.pt')",
        ["*.pt"],
    ),
    "keys that are changed on the way": (
        OPTIONS
        + "conf = {k + '_': v for k, v in vars(args).items()}\ntorch.load(conf['run'] + '/a.pt')",
        ["*/a.pt"],
    ),
    "a range of unknown length": (
        "for i in range(len(sys.argv)):\n    torch.load(f'net_{i}.pt')",
        ["net_*.pt"],
    ),
    "a long range": ("for i in range(500):\n    torch.load(f'net_{i}.pt')", ["net_*.pt"]),
    "a number out of an unknown text": ("torch.load(f'net_{int(input())}.pt')", ["net_*.pt"]),
    "a class that is no dictionary": (
        "class P:\n    pass\np = P({'dir': 'data'})\ntorch.load(p.dir + '/a.pt')",
        ["*/a.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), OPEN.values(), ids=OPEN)
def test_what_a_mapping_does_not_tell(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert not resolution.complete
    assert not any(pattern.exact for pattern in resolution.patterns)


ATTRIBUTES = {
    "defaults of a class": (
        (
            "class Yolo:\n"
            "    _defaults = {'model_path': 'model_data/yolo.pth'}\n"
            "    def __init__(self, **kwargs):\n"
            "        self.__dict__.update(self._defaults)\n"
            "    def load(self):\n        torch.load(self.model_path)"
        ),
        ["model_data/yolo.pth"],
    ),
    "what the caller gives by name": (
        (
            "class Net:\n"
            "    def __init__(self, **kwargs):\n"
            "        for key, value in kwargs.items():\n"
            "            setattr(self, key, value)\n"
            "    def load(self):\n        torch.load(self.path)\n"
            "Net(path='a.pt').load()"
        ),
        ["a.pt"],
    ),
    "a copy of another object": (
        (
            "from dataclasses import dataclass\n@dataclass\nclass Config:\n    path: str = 'b.pt'\n"
            "class Net:\n"
            "    def __init__(self, config):\n"
            "        for key in dir(config):\n"
            "            setattr(self, key, getattr(config, key))\n"
            "    def load(self):\n        torch.load(self.path)\n"
            "Net(Config()).load()"
        ),
        ["b.pt"],
    ),
    "saved hyperparameters": (
        (
            "class Net(LightningModule):\n"
            "    def __init__(self, path='c.pt'):\n"
            "        self.save_hyperparameters()\n"
            "    def load(self):\n        torch.load(self.hparams.path)"
        ),
        ["c.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes_that_are_not_spelled(source, expected):
    assert texts(resolve(source + "\n")) == expected


NOT_SET = {
    "a loop over something else": (
        "class Net:\n    def __init__(self, other):\n"
        "        for key in other:\n            setattr(self, key, read(key))\n"
        "    def load(self):\n        torch.load(self.path)\nNet({'path': 'a.pt'}).load()"
    ),
    "another object is updated": (
        "class Net:\n    def __init__(self, other):\n"
        "        other.__dict__.update({'path': 'a.pt'})\n"
        "    def load(self):\n        torch.load(self.path)"
    ),
    "hyperparameters that nobody saves": (
        "class Net:\n    def __init__(self, path='c.pt'):\n        pass\n"
        "    def load(self):\n        torch.load(self.hparams.path)"
    ),
}


@pytest.mark.parametrize("source", NOT_SET.values(), ids=NOT_SET)
def test_attributes_that_stay_unknown(source):
    assert texts(resolve(source + "\n")) == []


MODULES = {
    "stores to an object of another file": (
        "from conf import cfg\ntorch.load(cfg.MODEL.WEIGHTS)",
        (
            "from yacs.config import CfgNode as CN\ncfg = CN()\ncfg.MODEL = CN()\n"
            "cfg.MODEL.WEIGHTS = 'a.pt'\n"
        ),
        ["a.pt"],
    ),
    "a module that is handed on": (
        "import conf\ndef load(settings):\n    torch.load(settings.PATH)\nload(conf)",
        "PATH = 'b.pt'\n",
        ["b.pt"],
    ),
    "a name that the module lacks": (
        "import conf\ndef load(settings):\n    torch.load(settings.OTHER)\nload(conf)",
        "PATH = 'b.pt'\n",
        [],
    ),
}


@pytest.mark.parametrize(("source", "conf", "expected"), MODULES.values(), ids=MODULES)
def test_modules_as_configuration(source, conf, expected):
    assert texts(resolve(source + "\n", {"conf.py": conf})) == expected


TURNS = {
    "a name twice": (
        "for n in ['a', 'b']:\n    torch.load(f'{n}/{n}.pt')",
        ["a/a.pt", "b/b.pt"],
    ),
    "pairs": (
        "for n, p in {'x': 'runs/1', 'y': 'runs/2'}.items():\n    torch.load(f'{p}/{n}.pt')",
        ["runs/1/x.pt", "runs/2/y.pt"],
    ),
    "numbers twice": (
        "for i in range(2):\n    folder = f'rank{i}'\n    torch.load(f'{folder}/net_{i}.pt')",
        ["rank0/net_0.pt", "rank1/net_1.pt"],
    ),
    "a loop that several callers reach": (
        (
            "def load(ps):\n    for p in ps:\n        torch.load(f'{p}/{p}.pt')\n"
            "load(['a', 'b'])\nload(['c'])"
        ),
        ["a/a.pt", "b/b.pt", "c/c.pt"],
    ),
    "two loops": (
        "for d in ['a', 'b']:\n    for n in ['x', 'y']:\n        torch.load(f'{d}/{n}.pt')",
        ["*/x.pt", "*/y.pt"],  # which go together is not said
    ),
    "cases of a test": (
        (
            "import pytest\n@pytest.mark.parametrize('n', ['a', 'b'])\n"
            "def test_it(n):\n    torch.load(f'{n}/{n}.pt')"
        ),
        ["a/a.pt", "b/b.pt"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), TURNS.values(), ids=TURNS)
def test_turns_of_a_loop_are_not_mixed(source, expected):
    assert texts(resolve(source + "\n")) == expected


UNKNOWN_MAPPINGS = {
    "its default": ("def load(conf):\n    torch.load(conf.get('path', 'a.pt'))", ["a.pt"]),
    "a default by keyword": (
        "def load(conf):\n    torch.load(conf.pop('path', default='a.pt'))",
        ["a.pt"],
    ),
    "keywords that nobody is seen to give": (
        "def load(**conf):\n    torch.load(conf.setdefault('path', 'a.pt'))",
        ["a.pt"],
    ),
    "no default": ("def load(conf):\n    torch.load(conf.get('path'))", []),
    "another method": ("def load(conf):\n    torch.load(conf.read('path', 'a.pt'))", []),
}


@pytest.mark.parametrize(("source", "expected"), UNKNOWN_MAPPINGS.values(), ids=UNKNOWN_MAPPINGS)
def test_a_mapping_that_is_not_known_may_yield_its_default(source, expected):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert not any(pattern.exact for pattern in resolution.patterns)
    assert not resolution.complete


def test_the_bound_that_is_not_known_is_the_reason():
    result = resolve("def run(n):\n    for i in range(0, n):\n        torch.load(f'net_{i}.pt')\n")
    assert texts(result) == ["net_*.pt"]
    assert any("parameter 'n' of run()" in why for why in result.unknown)


def test_a_written_key_is_known_however_many_steps_were_taken():
    parts = "".join(f"    d['{n}'] = f'{{a}}_{{b}}_{n}.obj'\n" for n in range(600))
    source = f"def run(a, b):\n    d = {{'vis': a + 'x.pt'}}\n{parts}    torch.load(d['vis'])\n"
    assert texts(resolve(source)) == ["*x.pt"]
