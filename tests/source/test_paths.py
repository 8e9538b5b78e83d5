"""Which file a load reads: each row is a program and the paths that it opens."""

# ruff: noqa: E501 (a program stays on its line)

from __future__ import annotations

import pytest

from project_files import project
from source.resolving import resolve, texts
from torchload_lint.source.domain import conversions, patterns, strings
from torchload_lint.source.evaluation import named
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import Rung, resolve_load, resolve_path

IN_PLACE = {
    '"weights/model.pt"': "weights/model.pt",
    'b"model.pt"': "model.pt",
    '"a" + "/" + "b.pt"': "a/b.pt",
    'f"epoch_{3:03d}.pt"': "epoch_003.pt",
    '"%s/%05d.pt" % ("runs", 7)': "runs/00007.pt",
    '"%(a)s.pt" % {"a": "net"}': "net.pt",
    '"{}/{name}.pt".format("runs", name="net")': "runs/net.pt",
    'os.path.join("a", "b", "c.pt")': "a/b/c.pt",
    'os.path.join("a", "/abs/c.pt")': "/abs/c.pt",
    'os.path.join("a", "..", "c.pt")': "c.pt",
    'os.path.splitext("net.onnx")[0] + ".pt"': "net.pt",
    'os.path.abspath("./net.pt")': "net.pt",
    '"%s/w/net.pt" % os.getcwd()': "w/net.pt",
    'f"{Path.cwd()}/w/net.pt"': "w/net.pt",
    'os.path.join(os.getcwd(), "..", "net.pt")': "../net.pt",
    'os.path.expanduser("~/net.pt")': "~/net.pt",
    'Path("a") / "b.pt"': "a/b.pt",
    'str(Path("runs/")) + ".pt"': "runs.pt",
    'Path("a/net/").name + ".pt"': "net.pt",
    'Path("a/net/").stem + ".pt"': "net.pt",
    'str(Path("a", "")) + ".pt"': "a.pt",
    'os.path.normpath("") + "a.pt"': ".a.pt",
    'os.path.normpath("a//b/../c.pt")': "a/c.pt",
    "f\"{5!r}-{'a'!r}.pt\"": "5-'a'.pt",
    "f\"{'net':_>6}.pt\"": "___net.pt",
    '"{:>4}.pt".format("net")': " net.pt",
    '"{!r}.pt".format("net")': "'net'.pt",
    '"%5s.pt" % "net"': "  net.pt",
    '"%.1s.pt" % "net"': "n.pt",
    '("" and "a") + "b.pt"': "b.pt",
    'Path("a", "b").joinpath("c.pt")': "a/b/c.pt",
    'Path("a/net.tmp").with_suffix(".pt")': "a/net.pt",
    'Path("a/net.tmp").with_name("b.pt")': "a/b.pt",
    'str(Path("a/b/net.pt").parent / "c.pt")': "a/b/c.pt",
    'Path("a/b/net.pt").parents[1] / "c.pt"': "a/c.pt",
    '"a/net.txt".replace(".txt", ".pt")': "a/net.pt",
    '"a/net.txt"[:-4] + ".pt"': "a/net.pt",
    '"/".join(["a", "b.pt"])': "a/b.pt",
    '"x.pt,y.pt".split(",")[1]': "y.pt",
    'open("net.pt", "rb")': "net.pt",
    'io.BytesIO(open("net.pt", "rb").read())': "net.pt",
    'open(Path("net.pt"), mode="rb")': "net.pt",
    '(None or "net.pt")': "net.pt",
    '["a.pt", "b.pt"][-1]': "b.pt",
    '{"x": "a.pt"}["x"]': "a.pt",
    "r'weights\\net.pt'": "weights/net.pt",
}


IN_PLACE |= {
    '"a_a_b.pt".replace("_", "-", 1)': "a-a_b.pt",
    '"a_a_b.pt".split("_", maxsplit=1)[1]': "a_b.pt",
    'os.path.dirname("runs//a") + "/b.pt"': "runs/b.pt",
}


@pytest.mark.parametrize(("expression", "expected"), IN_PLACE.items())
def test_an_expression_in_place_is_exact(expression, expected):
    resolution = resolve(f"torch.load({expression})\n")
    assert texts(resolution) == [expected]
    assert resolution.patterns[0].exact
    assert resolution.complete
    assert resolution.unknown == ()


UNKNOWN_PARTS = {
    '"runs/" + "a_b.pt".replace("_", "-", int(input()))': "runs/*",
    '"runs/" + "a.b.pt".rstrip(input())': "runs/*",
    '"runs/" + "a.b.pt".removesuffix(input())': "runs/*",
    '"runs/" + ("a_b.pt".split(input()))[0]': "runs/*",
    '"runs/" + "a_b.pt".partition(input())[2]': "runs/*",
    'Path("runs.").stem + ".pt"': "*.pt",
    'os.path.join(sys.argv[1], "net.pt")': "*/net.pt",
    'f"net_{input()}.pt"': "net_*.pt",
    'Path(input()) / "net.pt"': "*/net.pt",
    'input() + "/net.pt"': "*/net.pt",
    'Path("net.txt").parent.with_suffix(".pt") / "a.pt"': "*/a.pt",
    '(input() + "/net.tmp")[:-4] + ".pt"': "*/net.pt",
    'sorted(glob.glob("runs/*/net.pt"))[-1]': "runs/*/net.pt",
    'next(Path("runs").glob("v?.pt"))': "runs/v?.pt",
    'os.path.join("runs", max(os.listdir("runs")))': "runs/*",
    '"net[1]" + input() + ".pt"': "net[[]1]*.pt",
    'f"{input():>9}.pt"': "*.pt",
    "f\"{'a':>{9}}.pt\"": "*.pt",
    'f"{Path(input())!r}.pt"': "*.pt",
    '"%9s.pt" % input()': "*.pt",
    'f"{os.environ["HOME_DIR"]}/net.pt"'.replace('["HOME_DIR"]', "['HOME_DIR']"): "*/net.pt",
}


def test_an_unknown_text_before_and_may_be_the_value():
    resolution = resolve('torch.load("runs/" + (input() and "a.pt"))\n')
    assert texts(resolution) == ["runs/*", "runs/a.pt"]
    assert not resolution.complete


@pytest.mark.parametrize(("expression", "expected"), UNKNOWN_PARTS.items())
def test_an_unknown_part_becomes_a_star(expression, expected):
    resolution = resolve(f"torch.load({expression})\n")
    assert texts(resolution) == [expected]
    assert not resolution.patterns[0].exact


NOTHING = [
    "None",
    '""',
    '"none"',
    "io.BytesIO()",
    "io.BytesIO(requests.get(url).content)",
    "sys.argv[1]",
    '"/path/to/net.pt"',
    '"/set/your/model/path"',
    '"https://example.org/net.pt"',
    '"//models/net"',
    '"TODO"',
    "tempfile.mkdtemp()",
    "x",
]


@pytest.mark.parametrize("expression", NOTHING)
def test_what_is_no_file_of_the_project_has_no_pattern(expression):
    resolution = resolve(f"import tempfile, requests\ntorch.load({expression})\n")
    assert resolution.patterns == ()
    assert not resolution.complete


PROGRAMS = {
    "a local": ("p = 'a.pt'\ntorch.load(p)", ["a.pt"], Rung.LOCAL),
    "the last assignment holds": ("p = 'a.pt'\np = 'b.pt'\ntorch.load(p)", ["b.pt"], Rung.LOCAL),
    "every branch": (
        "if x:\n    p = 'a.pt'\nelse:\n    p = 'b.pt'\ntorch.load(p)",
        ["a.pt", "b.pt"],
        Rung.LOCAL,
    ),
    "a module's constant": (
        "ROOT = 'w'\ndef f():\n    torch.load(ROOT + '/a.pt')",
        ["w/a.pt"],
        Rung.CONSTANT,
    ),
    "a loop over a display": (
        "for n in ['a', 'b']:\n    torch.load(n + '.pt')",
        ["a.pt", "b.pt"],
        Rung.LOCAL,
    ),
    "a comprehension": (
        "l = [torch.load(n + '.pt') for n in ('a', 'b')]",
        ["a.pt", "b.pt"],
        Rung.LOCAL,
    ),
    "a loop that counts": (
        "for i in range(len(sys.argv)):\n    torch.load(f'net_{i}.pt')",
        ["net_*.pt"],
        Rung.LOCAL,
    ),
    "a text that grows": (
        "p = 'net'\nfor i in x:\n    p += '_'\ntorch.load(p + '.pt')",
        ["net.pt", "net_.pt", "*_.pt"],
        Rung.LOCAL,
    ),
    "appended items": (
        "ps = []\nps.append('a.pt')\nps.append('b.pt')\nfor p in ps:\n    torch.load(p)",
        ["a.pt", "b.pt"],
        Rung.LOCAL,
    ),
    "a with statement": ("with open('a.pt', 'rb') as f:\n    torch.load(f)", ["a.pt"], Rung.LOCAL),
    "a function's result": (
        "def name(kind):\n    return f'net_{kind}.pt'\ntorch.load(name('best'))",
        ["net_best.pt"],
        Rung.LOCAL,
    ),
    "a default": ("def f(p='a.pt'):\n    torch.load(p)", ["a.pt"], Rung.DEFAULT),
    "a caller": ("def f(p):\n    torch.load(p)\nf('a.pt')", ["a.pt"], Rung.CALLER),
    "callers are not mixed": (
        "def f(d, n):\n    torch.load(d + '/' + n)\nf('x', 'a.pt')\nf(n='b.pt', d='y')",
        ["x/a.pt", "y/b.pt"],
        Rung.CALLER,
    ),
    "a caller's caller": (
        "def f(p):\n    torch.load(p)\ndef g(d):\n    f(d + '/a.pt')\ng('w')",
        ["w/a.pt"],
        Rung.CALLER,
    ),
    "a recursive function": (
        "def f(p):\n    torch.load(p)\n    f(p)\nf('a.pt')",
        ["a.pt"],
        Rung.CALLER,
    ),
    "an attribute": (
        (
            "class A:\n    def __init__(self, d):\n        self.d = d\n"
            "    def go(self):\n        torch.load(self.d + '/a.pt')\nA('w').go()"
        ),
        ["w/a.pt"],
        Rung.CALLER,
    ),
    "an inherited attribute": (
        (
            "class B:\n    def __init__(self):\n        self.p = 'a.pt'\n"
            "class A(B):\n    def go(self):\n        torch.load(self.p)"
        ),
        ["a.pt"],
        Rung.CONSTANT,
    ),
    "a property": (
        (
            "class A:\n    root = 'w'\n    @property\n    def p(self):\n        return self.root + '/a.pt'\n"
            "    def go(self):\n        torch.load(self.p)"
        ),
        ["w/a.pt"],
        Rung.CONSTANT,
    ),
    "argparse": (
        (
            "p = argparse.ArgumentParser()\np.add_argument('--ckpt', default='a.pt')\n"
            "args = p.parse_args()\ntorch.load(args.ckpt)"
        ),
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "argparse in a function, args passed on": (
        (
            "def options():\n    p = argparse.ArgumentParser()\n"
            "    p.add_argument('-c', '--my-ckpt', type=Path, default='a.pt')\n    return p.parse_args()\n"
            "def main(args):\n    torch.load(args.my_ckpt)\nmain(options())"
        ),
        ["a.pt"],
        Rung.CALLER,
    ),
    "an option that is changed": (
        (
            "p = argparse.ArgumentParser()\np.add_argument('--out', default='w')\n"
            "args = p.parse_args()\nargs.out = args.out + '/x'\ntorch.load(args.out + '/a.pt')"
        ),
        ["w/x/a.pt"],
        Rung.DEFAULT,
    ),
    "options in a mapping": (
        (
            "p = argparse.ArgumentParser()\np.add_argument('--out', default='w')\n"
            "params = {'n': 1}\nparams.update(vars(p.parse_args()))\ntorch.load(params['out'] + '/a.pt')"
        ),
        ["w/a.pt"],
        Rung.DEFAULT,
    ),
    "click": (
        (
            "import click\n@click.command()\n@click.option('--ckpt', default='a.pt')\n"
            "def main(ckpt):\n    torch.load(ckpt)\nmain()"
        ),
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "typer": (
        (
            "import typer\ndef main(ckpt: str = typer.Option('a.pt')):\n    torch.load(ckpt)\n"
            "typer.run(main)"
        ),
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "absl": (
        (
            "from absl import flags\nflags.DEFINE_string('ckpt', 'a.pt', 'help')\nFLAGS = flags.FLAGS\n"
            "def main(_):\n    torch.load(FLAGS.ckpt)"
        ),
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "a dataclass": (
        (
            "from dataclasses import dataclass, field\n@dataclass\nclass C:\n    d: str = 'w'\n"
            "    n: str = field(default='a.pt')\ndef main(c: C):\n    torch.load(c.d + '/' + c.n)"
        ),
        ["w/a.pt"],
        Rung.DEFAULT,
    ),
    "a dataclass that is given values": (
        (
            "from dataclasses import dataclass\n@dataclass\nclass C:\n    p: str = 'a.pt'\n"
            "c = C(p='b.pt')\ntorch.load(c.p)"
        ),
        ["b.pt"],
        Rung.LOCAL,
    ),
    "tyro": (
        (
            "import tyro\nfrom dataclasses import dataclass\n@dataclass\nclass C:\n    p: str = 'a.pt'\n"
            "c = tyro.cli(C)\ntorch.load(c.p)"
        ),
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "the environment": ("torch.load(os.environ.get('CKPT', 'a.pt'))", ["a.pt"], Rung.DEFAULT),
    "a namespace": (
        (
            "from types import SimpleNamespace\na = SimpleNamespace()\na.name = 'net'\n"
            "def f(a):\n    torch.load(a.name + '.pt')\nf(a)"
        ),
        ["net.pt"],
        Rung.CALLER,
    ),
    "a power": (
        "for size in [2**i for i in range(3, 5)]:\n    torch.load(f'{size}.data')",
        ["8.data", "16.data"],
        Rung.LOCAL,
    ),
    "the last part of a name": (
        (
            "def f(name='org/net/'):\n"
            "    last = list(filter(None, name.split('/'))).pop()\n    torch.load(f'{last}.pt')"
        ),
        ["net.pt"],
        Rung.DEFAULT,
    ),
    "a pattern that captures the whole": (
        "def f(p='a.pt'):\n    match p:\n        case str() as q:\n            torch.load(q)",
        ["a.pt"],
        Rung.DEFAULT,
    ),
    "yacs": (
        (
            "from yacs.config import CfgNode as CN\n_C = CN()\n_C.MODEL = CN()\n_C.MODEL.W = 'a.pt'\n"
            "def get():\n    return _C.clone()\ncfg = get()\ntorch.load(cfg.MODEL.W)"
        ),
        ["a.pt"],
        Rung.CONSTANT,
    ),
    "a Hugging Face file": (
        "from huggingface_hub import hf_hub_download\ntorch.load(hf_hub_download('o/m', 'a.bin'))",
        ["~/.cache/huggingface/hub/models--o--m/snapshots/*/a.bin"],
        Rung.DOWNLOAD,
    ),
    "a torch hub file": (
        (
            "from torch.hub import load_state_dict_from_url as get\n"
            "torch.load(get('https://x.org/a-1.pth', model_dir='w'))"
        ),
        ["w/a-1.pth"],
        Rung.DOWNLOAD,
    ),
    "a file of basicsr, by its place": (
        (
            "from basicsr.utils.download_util import load_file_from_url as get\n"
            "torch.load(get('https://x.org/a-1.pth', 'w', True, 'b.pth'))"
        ),
        ["w/b.pth"],
        Rung.DOWNLOAD,
    ),
    "a file of facexlib in a folder of one's own": (
        (
            "from facexlib.utils.misc import load_file_from_url as get\n"
            "torch.load(get('https://x.org/a-1.pth', 'w', save_dir='s'))"
        ),
        ["s/a-1.pth"],
        Rung.DOWNLOAD,
    ),
}


@pytest.mark.parametrize(("source", "expected", "rung"), PROGRAMS.values(), ids=PROGRAMS)
def test_a_program(source, expected, rung):
    resolution = resolve(source + "\n")
    assert texts(resolution) == expected
    assert resolution.patterns[0].rung is rung


SENTINELS = {
    "an empty default": "p.add_argument('--resume', default='')\na = p.parse_args()\n"
    "if a.resume:\n    torch.load(a.resume)",
    "a default that is tested away": "p.add_argument('--epoch', default=0)\na = p.parse_args()\n"
    "if a.epoch != 0:\n    torch.load('net_%d.pt' % a.epoch)",
    "a negative number": "last = -1\nif last >= 0:\n    torch.load(f'net-{last}.pt')",
    "a flag": "p.add_argument('--resume', action='store_true')\na = p.parse_args()\n"
    "torch.load(a.resume)",
    "no default": "p.add_argument('--resume')\na = p.parse_args()\ntorch.load(a.resume)",
}


@pytest.mark.parametrize("source", SENTINELS.values(), ids=SENTINELS)
def test_do_not_resume_is_not_a_file(source):
    resolution = resolve(f"p = argparse.ArgumentParser()\n{source}\n")
    assert not any(pattern.exact for pattern in resolution.patterns)
    assert not resolution.complete
    assert resolution.unknown


def test_a_part_of_what_is_matched_is_not_known():
    code = "def f(p='a.pt'):\n    match p:\n        case [q, _]:\n            torch.load(q)\n"
    assert texts(resolve(code)) == []


def test_a_bare_word_beside_files_is_a_name_of_something_else():
    code = (
        "NETS = {'RN50': 'nets/RN50.pt'}\ndef f(name='RN50'):\n"
        "    torch.load(NETS[name] if x else name)"
    )
    found = resolve(code)
    assert texts(found) == ["nets/RN50.pt"]
    assert not found.complete
    assert texts(resolve("torch.load('generator_v1')")) == ["generator_v1"]


def test_minus_one_is_the_number_of_no_file():
    code = "def f(epoch=-1, fold={}):\n    torch.load(f'epoch-{{epoch}}-{{fold}}.pt')"
    assert texts(resolve(code.format(2))) == ["epoch-*-2.pt"]
    assert texts(resolve(code.format(-2))) == ["epoch-*--2.pt"]


ENDS = {
    "perhaps longer": ("if etag():\n    n += '.' + etag()\n", ["corpus.data*"]),
    "longer for certain": ("n += '.' + etag()\n", ["corpus.data.*"]),
    "longer by an option": ("if a.tag:\n    n += '.' + a.tag\n", ["corpus.data", "corpus.data.*"]),
    "longer by what is known": ("if etag():\n    n += '.x'\n", ["corpus.data", "corpus.data.x"]),
}


@pytest.mark.parametrize(("code", "expected"), ENDS.values(), ids=ENDS)
def test_what_may_be_appended(code, expected):
    head = (
        "p = argparse.ArgumentParser()\np.add_argument('--tag')\na = p.parse_args()\n"
        "n = 'corpus.data'\n"
    )
    assert texts(resolve(f"{head}{code}torch.load(n)")) == expected


def test_what_another_branch_appends_is_not_in_this_list():
    code = (
        "def f(n):\n    if n:\n        files = glob.glob('runs/checkpoint-*.pt')\n"
        "        torch.load(files[0])\n    else:\n        files = []\n"
        "        for i in range(3):\n            files.append(f'{i}.pt')\n"
    )
    assert texts(resolve(code)) == ["runs/checkpoint-*.pt"]


def test_file_is_anchored_at_the_root():
    source = "HERE = Path(__file__).resolve().parent\ntorch.load(HERE.parent / 'w' / 'a.pt')\n"
    (pattern,) = resolve(source, at="src/pkg/main.py").patterns
    assert (pattern.text, pattern.anchored, pattern.exact) == ("src/w/a.pt", True, True)


def test_constants_are_followed_through_imports_and_reexports():
    others = {
        "pkg/__init__.py": "from .paths import ROOT",
        "pkg/paths.py": "import os\nBASE = 'w'\nROOT = os.path.join(BASE, 'x')\n",
    }
    resolution = resolve("from pkg import ROOT\ntorch.load(f'{ROOT}/a.pt')\n", others)
    assert texts(resolution) == ["w/x/a.pt"]


def test_callers_in_other_files_are_found_through_relative_imports():
    others = {
        "pkg/__init__.py": "",
        "pkg/use.py": "from .main import Loader, get\nget('a.pt')\nLoader().get('b.pt')\n",
    }
    source = (
        "def get(p):\n    torch.load(p)\nclass Loader:\n    def get(self, p):\n        get(p)\n"
    )
    assert texts(resolve(source, others, at="pkg/main.py")) == ["b.pt", "a.pt"]


def test_a_function_of_the_same_name_elsewhere_is_no_caller():
    others = {"b/other.py": "def get(p): ...\nget('wrong.pt')\n"}
    resolution = resolve("def get(p):\n    torch.load(p)\n", others, at="a/main.py")
    assert resolution.patterns == ()
    why = "parameter 'p' of get() has no caller in the project that is known"
    assert resolution.unknown == (why,)


CONFIGURATIONS = {
    "yaml": (
        "import yaml\nc = yaml.safe_load(open('c.yaml'))",
        "c.yaml",
        "m:\n  ckpt: 'a.pt' # x\n",
    ),
    "json": ("import json\nc = json.load(open('c.json'))", "c.json", '{"m": {"ckpt": "a.pt"}}'),
    "omegaconf": (
        "from omegaconf import OmegaConf\nc = OmegaConf.load('c.yaml')",
        "c.yaml",
        "root: a\nm:\n  ckpt: ${root}.pt\n",
    ),
    "toml": (
        "import tomllib\nc = tomllib.load(open('c.toml', 'rb'))",
        "c.toml",
        '[m]\nckpt = "a.pt"\n',
    ),
}


@pytest.mark.parametrize(("source", "path", "text"), CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_configuration_files_of_the_project_are_read(source, path, text):
    resolution = resolve(f"{source}\ntorch.load(c['m']['ckpt'])\n", {path: text})
    assert texts(resolution) == ["a.pt"]
    assert resolution.patterns[0].rung is Rung.CONFIG_FILE


def test_hydra_composes_its_defaults_list():
    source = (
        "import hydra\n@hydra.main(config_path='conf', config_name='main')\n"
        "def main(cfg):\n    torch.load(f'{cfg.model.dir}/{cfg.name}.pt')\nmain()\n"
    )
    others = {
        "conf/main.yaml": "defaults:\n  - model: big\n  - _self_\nname: net\n",
        "conf/model/big.yaml": "dir: w/big\n",
    }
    resolution = resolve(source, others)
    assert texts(resolution) == ["w/big/net.pt"]
    assert not resolution.complete


def test_hydras_folder_may_be_a_path_that_is_made():
    code = (
        "import hydra\nFOLDER = os.path.join(os.path.dirname(__file__), 'configs')\n"
        "@hydra.main(config_path=FOLDER, config_name='lego')\n"
        "def main(cfg):\n    torch.load(cfg.checkpoint)\n"
    )
    configs = {"app/configs/lego.yaml": "checkpoint: runs/lego.pth\n"}
    assert texts(resolve(code, configs, at="app/train.py")) == ["runs/lego.pth"]
    unknown_folder = code.replace("'configs'", "os.environ['CONFIGS']")
    assert texts(resolve(unknown_folder, configs, at="app/train.py")) == []


def test_an_example_in_the_docstring_is_a_rung_of_its_own():
    source = (
        '"""Usage:\n\n  ./main.py --ckpt ./exp/a.pt --other /path/to/b.pt\n"""\n'
        "import argparse, torch\np = argparse.ArgumentParser()\np.add_argument('--ckpt')\n"
        "torch.load(p.parse_args().ckpt)\n"
    )
    index = project({"main.py": source})
    module = index.module_at("main.py")
    resolution = resolve_path(module.loads[0].file, module, index)
    assert [(p.text, p.rung) for p in resolution.patterns] == [("exp/a.pt", Rung.USAGE)]
    assert not resolution.complete


@pytest.mark.parametrize("twice", ["os.path.join(p, p)", "p + p", "Path(p, p)", "f'{p}{p}'"])
def test_no_text_is_put_together_that_is_longer_than_any_path(twice, monkeypatch):
    lengths = []
    combine = strings.combine
    monkeypatch.setattr(
        strings, "combine", lambda *a, **k: lengths.append(len(a[2])) or combine(*a, **k)
    )
    found = resolve('p = "a"\n' + f"p = {twice}\n" * 22 + "torch.load(p)")
    assert (texts(found), found.complete) == ([], False)
    assert max(lengths) < 2 * conversions.LONGEST_TEXT + 2


def test_a_name_that_is_set_at_many_places_is_followed_to_so_many(monkeypatch):
    followed = []
    defined = named._defined
    monkeypatch.setattr(named, "_defined", lambda *a: followed.append(a[1]) or defined(*a))
    found = resolve("".join(f"if c{n}: p = f(p)\n" for n in range(200)) + "torch.load(p)")
    assert len(set(followed)) <= patterns.MAX_DEFINITIONS + 1
    assert "p is set at more places than are followed" in found.unknown


def test_the_work_is_bounded():
    lines = [f"def f{n}(p):\n    return f{n + 1}(p) + f{n + 1}(p + 'x')\n" for n in range(30)]
    source = "".join(lines) + "def f30(p):\n    return p\ntorch.load(f0('a'))\n"
    resolution = resolve(source)
    assert not resolution.complete
    assert len(resolution.patterns) <= 16


def test_the_answer_does_not_depend_on_earlier_questions():
    files = {
        "a.py": "import torch\nfrom b import get\nget('a.pt')\n",
        "b.py": "import torch\ndef get(p):\n    torch.load(p)\n    torch.load(p + '.bak')\n",
    }

    def answers(order):
        index = project(files)
        module = index.module_at("b.py")
        loads = [module.loads[n] for n in order]
        found = {load.node.lineno: resolve_path(load.file, module, index) for load in loads}
        return dict(sorted(found.items()))

    assert answers((0, 1)) == answers((1, 0))


def test_what_other_heirs_pass_to_a_base_is_not_ours():
    source = """
        import torch
        class Base:
            def __init__(self, root):
                self.root = root
        class Middle(Base):
            def __init__(self, root):
                super().__init__(root)
        class Beside(Middle):
            def __init__(self):
                super().__init__("beside")
        class Ours(Middle):
            def __init__(self):
                super().__init__("ours")
                torch.load(self.root + "/data.pt")
        class Other(Base):
            def __init__(self):
                super().__init__("other")
        class Third(Base):
            pass
        third = Third("third")
        """
    index = project({"a.py": source})
    module = index.module_at("a.py")
    (load,) = module.loads
    found = resolve_path(load.file, module, index).patterns
    assert [pattern.text for pattern in found] == ["ours/data.pt"]


@pytest.mark.parametrize("decorator", ["@classmethod\n    ", ""])
def test_a_subclass_may_be_whose_attribute_a_method_reads(decorator):
    """Of a class method, too: Python looks ``cls.path`` up in the class that is asked."""
    source = (
        "import torch\nclass Base:\n    path = 'base.pt'\n"
        f"    {decorator}def load(cls):\n        return torch.load(cls.path)\n"
        "class Derived(Base):\n    path = 'derived.pt'\n"
    )
    index = project({"a.py": source})
    module = index.module_at("a.py")
    (load,) = module.loads
    found = resolve_path(load.file, module, index).patterns
    assert {pattern.text for pattern in found} == {"base.pt", "derived.pt"}


def test_a_function_that_opens_the_file_may_open_another_one():
    """``opener=`` of ``open``: Python calls it with the path, and takes what it gives."""
    plain = resolve("torch.load(open('a.pt', 'rb'))\n")
    opened = resolve("torch.load(open('a.pt', 'rb', opener=newest))\n")
    assert texts(plain) == texts(opened) == ["a.pt"]
    assert plain.complete
    assert not opened.complete


@pytest.mark.parametrize(
    "folder",
    ["os.path.dirname(pkg.__file__)", "pkg.__path__[0]", "os.path.dirname(pkg.sub.__file__)"],
)
def test_the_folder_of_an_imported_package_is_known(folder):
    files = {"pkg/__init__.py": "", "pkg/sub.py": ""}
    resolution = resolve(
        f"import pkg, pkg.sub\ntorch.load(os.path.join({folder}, 'a.pt'))\n", files
    )
    assert texts(resolution) == ["pkg/a.pt"]
    assert resolution.patterns[0].exact


def test_a_list_of_one_thing_is_all_that_the_thing_may_be():
    loads = "from fairseq.checkpoint_utils import load_model_ensemble_and_task as get\n"
    program = f"{loads}def load(path):\n    return get([path])\nload('a.pt')\nload('b.pt')\n"
    index = project({"main.py": program})
    module = index.module_at("main.py")
    (load,) = every_load(module, index)
    assert texts(resolve_load(load, module, index)) == ["a.pt", "b.pt"]


def test_a_text_that_is_longer_than_any_path_is_unknown_and_not_gone_through(monkeypatch):
    gone_through = []
    render = patterns.render
    monkeypatch.setattr(patterns, "render", lambda text: gone_through.append(text) or render(text))
    rows = 'p = p.replace("n", "nn")\n' * 20
    found = resolve(f'p = "net.pt"\n{rows}torch.load(p)\n')
    assert found.unknown == ("it is longer than the path of any file",)
    assert not found.patterns
    assert not found.complete
    assert not gone_through
    assert resolve('torch.load("n" * 32_764 + ".pt")\n').patterns
