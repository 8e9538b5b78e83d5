"""Options without a default: what their help, their choices and examples of their use say."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts
from torchload_lint.source.domain.patterns import Rung

WITH_HELP = (
    "p = argparse.ArgumentParser()\n"
    "p.add_argument('--ckpt', help={})\n"
    "torch.load(p.parse_args().ckpt)\n"
)


@pytest.mark.parametrize(
    ("help_text", "pattern"),
    [
        ("Path to HLG.pt.Used when method is 1best", "*/HLG.pt"),
        ("the /to/path/checkpoint_best.pt of a run", "*/checkpoint_best.pt"),
        ("such as /data/best.pt", "*/best.pt"),
        ("such as ~/runs/best.pt", "*/best.pt"),
        ("where last.ckpt lies; last.ckpt is the newest", "*/last.ckpt"),
        ("eg. result/ExpName/states-100.ckpt", "*/states-100.ckpt"),
        ("either a/best.pt or b/best.pt", "*/best.pt"),
        ("see path/to/best.pt", "*/best.pt"),
    ],
)
def test_help_names_the_file_but_not_its_folder(help_text, pattern):
    found = resolve(WITH_HELP.format(repr(help_text)))
    assert [(each.text, each.exact, each.rung) for each in found.patterns] == [
        (pattern, False, Rung.USAGE)
    ]
    assert not found.complete


@pytest.mark.parametrize(
    ("help_text", "path"),
    [
        ("input data, e.g., data/bpe_500/lm_data.pt", "data/bpe_500/lm_data.pt"),
        ("start from this one. e.g. ./exp_v2/epoch-4.pt\n ", "exp_v2/epoch-4.pt"),
    ],
)
def test_help_that_tells_the_folder_too_is_exact(help_text, path):
    found = resolve(WITH_HELP.format(repr(help_text)))
    assert [(each.text, each.exact, each.rung) for each in found.patterns] == [
        (path, True, Rung.USAGE)
    ]
    assert not found.complete


@pytest.mark.parametrize(
    "help_text",
    [
        "the checkpoint",
        "either a.pt or b.pt",
        "names like checkpoint_xx.pt",
        "<name>.pt in {dir}_best.pt",
        "see torch.load.pt_file",
    ],
)
def test_help_that_names_no_single_file_says_nothing(help_text):
    assert resolve(WITH_HELP.format(repr(help_text))).patterns == ()


def test_an_empty_default_is_none():
    code = WITH_HELP.format("'such as x.pt', default=''")
    assert texts(resolve(code)) == ["*/x.pt"]
    assert texts(resolve(WITH_HELP.format("'', default=''"))) == []


def test_a_default_goes_before_what_the_help_says():
    code = WITH_HELP.format("'such as x.pt', default='runs/y.pt'")
    assert texts(resolve(code)) == ["runs/y.pt"]


HELPS = {
    "a field's metadata": (
        (
            "from dataclasses import dataclass, field\nfrom transformers import HfArgumentParser\n"
            "@dataclass\nclass A:\n"
            "    p: str = field(default=None, metadata={'help': 'e.g. runs/x.pt'})\n"
            "a, = HfArgumentParser(A).parse_args_into_dataclasses()\ntorch.load(a.p)\n"
        ),
        ["runs/x.pt"],
    ),
    "a field's default goes before": (
        (
            "from dataclasses import dataclass, field\nimport tyro\n@dataclass\nclass A:\n"
            "    p: str = field(default='y.pt', metadata={'help': 'e.g. runs/x.pt'})\n"
            "torch.load(tyro.cli(A).p)\n"
        ),
        ["y.pt"],
    ),
    "pydantic's description": (
        (
            "from pydantic import BaseModel, Field\nclass A(BaseModel):\n"
            "    p: str = Field(description='path of net.pth')\n"
            "def f(a: A):\n    torch.load(a.p)\n"
        ),
        ["*/net.pth"],
    ),
    "typer": (
        (
            "import typer\ndef f(p: str = typer.Option(None, help='the file net.pth')):\n"
            "    torch.load(p)\n"
        ),
        ["*/net.pth"],
    ),
    "click": (
        (
            "import click\n@click.command()\n@click.option('--p', help='e.g. runs/net.pth')\n"
            "def f(p):\n    torch.load(p)\n"
        ),
        ["runs/net.pth"],
    ),
    "absl": (
        (
            "from absl import flags\nP = flags.DEFINE_string('p', None, help='e.g. runs/a.pth')\n"
            "torch.load(P.value)\n"
        ),
        ["runs/a.pth"],
    ),
    "absl's default": (
        (
            "from absl import flags\nP = flags.DEFINE_string('p', 'b.pth', help='e.g. a.pth')\n"
            "torch.load(P.value)\n"
        ),
        ["b.pth"],
    ),
    "another library's value": (
        "import other\nP = other.define('p', 'b.pth')\ntorch.load(P.value)\n",
        [],
    ),
}


@pytest.mark.parametrize(("code", "expected"), HELPS.values(), ids=HELPS)
def test_help_of_other_kinds_of_options(code, expected):
    assert texts(resolve(code)) == expected


WITH_CHOICES = (
    "sizes = ('base', 'large')\np = argparse.ArgumentParser()\np.add_argument('--size', {})\n"
    "torch.load(f'nets/{{p.parse_args().size}}.pth')\n"
)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("choices=['base', 'large'], required=True", ["nets/base.pth", "nets/large.pth"]),
        ("choices=sizes", ["nets/base.pth", "nets/large.pth"]),
        ("choices=sizes, default='large'", ["nets/large.pth"]),
        ("choices=[str(n) for n in unknown]", ["nets/*.pth"]),
        ("choices=range(3)", ["nets/*.pth"]),
        ("required=True", ["nets/*.pth"]),
    ],
)
def test_an_option_without_a_default_is_one_of_its_choices(arguments, expected):
    assert texts(resolve(WITH_CHOICES.format(arguments))) == expected
