"""Arguments that the code itself hands to ``parse_args``."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

OPTIONS = (
    "p = argparse.ArgumentParser()\np.add_argument('--out', '-o', default='runs')\n"
    "p.add_argument('--epoch', type=int, default=1)\n"
    "p.add_argument('--best', action='store_true')\n"
    "p.add_argument('--nets', nargs='+', default=['a'])\np.add_argument('file', default='m.pt')\n"
)
PLACE = "torch.load(f'{a.out}/{a.epoch:02d}.pt')\n"

LINES = {
    "an option and its value": ("['--out', 'exp', '--epoch', '7']", ["exp/07.pt"]),
    "a short option": ("['-o', 'exp']", ["exp/01.pt"]),
    "joined by =": ("['--out=exp']", ["exp/01.pt"]),
    "the last one counts": ("['--out', 'a', '--out', 'b']", ["b/01.pt"]),
    "by keyword": ("args=['--out', 'exp']", ["exp/01.pt"]),
    "put together": ("['--out', os.path.join('a', 'b')]", ["a/b/01.pt"]),
    "a list under a name": ("line", ["named/01.pt"]),
    "split": ("'--out exp --epoch 3'.split()", ["exp/03.pt"]),
    "a value that is not known": ("['--out', unknown]", ["*/01.pt"]),
    "no arguments": ("[]", ["runs/01.pt"]),
    "those of the process": ("sys.argv[1:]", ["runs/01.pt"]),
    "None": ("None", ["runs/01.pt"]),
    "a value like an option": ("['file', 'out', 'exp']", ["runs/01.pt"]),
    "a list that is not known in full": ("['--out', 'exp', *more]", ["exp/01.pt"]),
}


@pytest.mark.parametrize(("line", "expected"), LINES.values(), ids=LINES)
def test_what_the_code_gives_counts_more_than_the_default(line, expected):
    code = f"{OPTIONS}line = ['--out', 'named']\na = p.parse_args({line})\n{PLACE}"
    assert texts(resolve(code)) == expected


def test_flags_and_lists():
    code = OPTIONS + "a = p.parse_args(['--nets', 'x', 'y', '--best'])\n"
    assert texts(resolve(code + "for n in a.nets:\n    torch.load(f'{n}.pt')")) == ["x.pt", "y.pt"]
    assert texts(resolve(code + "torch.load('b.pt' if a.best else 'c.pt')")) == ["b.pt", "c.pt"]


def test_each_call_has_its_own_command_line():
    code = (
        f"{OPTIONS}def build(line, more=None):\n    line = ['--out', 'exp'] + line\n"
        "    if more is not None:\n        line = line + more\n    return p.parse_args(line)\n"
        "def main():\n    return p.parse_args()\nbuild(['--epoch', '3'])\n"
        "a = build(['--epoch', '5'], other())\n"
    )
    assert texts(resolve(code + PLACE)) == ["exp/05.pt"]
    assert texts(resolve(code + PLACE.replace("a.", "main()."))) == ["runs/01.pt"]
