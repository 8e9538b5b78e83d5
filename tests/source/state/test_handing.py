"""What a caller stores in an object before it hands the object on."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

OPTIONS = (
    "p = argparse.ArgumentParser()\np.add_argument('--out', default='runs')\n"
    "p.add_argument('--resume', default='')\n"
)
LOAD = "def run(a):\n    torch.load(a.resume)\n"
CONFIG = {
    "conf.py": (
        "from yacs.config import CfgNode as CN\n_C = CN()\n_C.DIR = 'ckpt'\n_C.MODEL = CN()\n"
        "_C.MODEL.weights = ''\ncfg = _C\n"
    )
}

STORED = {
    "in a function": (
        (
            "def main():\n    args = p.parse_args()\n    args.resume = args.out + '/x.pt'\n"
            "    run(args)\n"
        ),
        ["runs/x.pt"],
    ),
    "at module level": (
        "args = p.parse_args()\nargs.resume = os.path.join(args.out, 'x.pt')\nrun(args)\n",
        ["runs/x.pt"],
    ),
    "through two calls": (
        ("def outer(b):\n    run(b)\nargs = p.parse_args()\nargs.resume = 'x.pt'\nouter(args)\n"),
        ["x.pt"],
    ),
    "the inner one wins": (
        (
            "def outer(b):\n    b.resume = 'y.pt'\n    run(b)\nargs = p.parse_args()\n"
            "args.resume = 'x.pt'\nouter(args)\n"
        ),
        ["y.pt"],
    ),
    "perhaps": (
        (
            "args = p.parse_args()\nargs.resume = 'x.pt'\nif args.out:\n    args.resume = 'y.pt'\n"
            "run(args)\n"
        ),
        ["x.pt", "y.pt"],
    ),
    "as an item": (
        "args = vars(p.parse_args())\nargs['resume'] = 'x.pt'\nrun(argparse.Namespace(**args))\n",
        ["x.pt"],
    ),
    "each caller by itself": (
        (
            "args = p.parse_args()\nargs.resume = 'x.pt'\nrun(args)\n"
            "def other():\n    args = p.parse_args()\n    args.resume = 'y.pt'\n    run(args)\n"
        ),
        ["x.pt", "y.pt"],
    ),
    "too late": ("args = p.parse_args()\nrun(args)\nargs.resume = 'x.pt'\n", []),
    "in another object": (
        "args, others = p.parse_args(), p.parse_args()\nothers.resume = 'x.pt'\nrun(args)\n",
        [],
    ),
    "under another name": ("args = p.parse_args()\nargs.resumed = 'x.pt'\nrun(args)\n", []),
    "a sentinel": ("args = p.parse_args()\nargs.resume = None\nrun(args)\n", []),
}


@pytest.mark.parametrize(("code", "expected"), STORED.values(), ids=STORED)
def test_what_was_stored_goes_with_the_options(code, expected):
    assert texts(resolve(OPTIONS + LOAD + code)) == expected


def test_what_was_stored_in_a_part_goes_with_the_whole():
    code = (
        "from conf import cfg\n"
        "def build(weights=''):\n    if weights:\n        torch.load(weights)\n"
        "def main(cfg, gpu):\n    build(weights=cfg.MODEL.weights)\n"
        "if __name__ == '__main__':\n    cfg.MODEL.weights = os.path.join(cfg.DIR, 'a.pth')\n"
        "    main(cfg, 0)\n"
    )
    assert texts(resolve(code, CONFIG)) == ["ckpt/a.pth"]
    assert texts(resolve(code.replace("cfg.MODEL.weights = ", "other = "), CONFIG)) == []


def test_an_object_that_is_made_and_completed():
    code = (
        "class Job:\n    def __init__(self):\n        self.path = None\n"
        "def run(job):\n    torch.load(job.path)\n"
        "job = Job()\njob.path = 'x.pt'\nrun(job)\n"
    )
    assert texts(resolve(code)) == ["x.pt"]


MADE = (
    "def get():\n    args = p.parse_args()\n    args.resume = args.out + '/x.pt'\n    return {}\n"
)

RETURNED = {
    "by itself": (MADE.format("args") + "torch.load(get().resume)", ["runs/x.pt"]),
    "in a tuple": (MADE.format("1, args") + "_, a = get()\ntorch.load(a.resume)", ["runs/x.pt"]),
    "stored again by the caller": (
        MADE.format("args") + "a = get()\na.resume = 'y.pt'\ntorch.load(a.resume)",
        ["y.pt"],
    ),
    "another attribute": (
        MADE.format("args").replace("resume", "others") + "torch.load(get().resume)",
        [],
    ),
    "another object": (MADE.format("p.parse_args()") + "torch.load(get().resume)", []),
}


@pytest.mark.parametrize(("code", "expected"), RETURNED.values(), ids=RETURNED)
def test_what_a_function_stored_comes_back_with_what_it_returns(code, expected):
    assert texts(resolve(OPTIONS + code)) == expected
