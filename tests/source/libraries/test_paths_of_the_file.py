"""Paths made from ``__file__`` and the working folder, against what Python makes of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from source.resolving import resolve

HERE = "HERE = os.path.dirname(os.path.abspath(__file__))\n"
EXPRESSIONS = """
HERE + '/x.pt'
HERE + os.sep + 'x.pt'
HERE + 'x.pt'
f'{HERE}/x.pt'
'%s/x.pt' % HERE
'{}/x.pt'.format(HERE)
(HERE + '/%s.pt') % 'x'
'/'.join([HERE, 'x.pt'])
os.path.join(HERE + '/', 'x.pt')
str(Path(__file__).parent) + '/x.pt'
Path(__file__).resolve().parent.as_posix() + '/x.pt'
os.path.join(os.path.dirname(HERE), 'x.pt')
os.path.dirname(HERE) + '/x.pt'
os.path.split(HERE)[0] + '/x.pt'
os.path.dirname(os.path.dirname(HERE)) + '/x.pt'
Path(__file__).parent.parent / 'x.pt'
Path(__file__).resolve().parents[1] / 'x.pt'
Path(__file__).resolve().parents[2] / 'x.pt'
os.path.abspath(os.path.join(__file__, '..', '..', 'x.pt'))
os.path.dirname(os.path.realpath(HERE + '/..')) + '/x.pt'
(Path(__file__).parent / '..').resolve().parent / 'x.pt'
Path(__file__).parent.with_name('x.pt')
Path(__file__).with_suffix('.pt')
os.path.basename(HERE) + '.pt'
os.path.join(os.path.dirname(HERE), os.path.basename(HERE), 'x.pt')
Path(__file__).parent.name + '.pt'
Path(__file__).parent.stem + '.pt'
Path(__file__).parts[-2] + '.pt'
Path(__file__).parts[1] + '.pt'
os.path.abspath(__file__).split('/')[-2] + '.pt'
HERE.split('/')[1] + '/x.pt'
os.path.abspath(__file__).rsplit('/', 2)[0] + '/x.pt'
__file__.rpartition('/')[0] + '/x.pt'
__file__.partition('/')[2] + '.pt'
__file__[:-3] + '.pt'
os.path.abspath(__file__)[:-7] + 'x.pt'
HERE[1:] + '/x.pt'
HERE[-3:] + '/x.pt'
HERE.rstrip('/') + '/x.pt'
HERE.strip('/') + '/x.pt'
HERE.upper() + '/x.pt'
HERE.removeprefix('/') + '/x.pt'
__file__.replace('main.py', 'x.pt')
os.path.splitext(__file__)[0] + '.pt'
'data' + HERE + '/x.pt'
os.getcwd() + '/x.pt'
os.path.dirname(os.getcwd()) + '/x.pt'
os.path.basename(os.getcwd()) + '.pt'
Path.cwd().parent / 'x.pt'
Path.cwd() / 'x.pt'
os.path.dirname(os.path.abspath('x.pt')) + '/y.pt'
os.path.dirname(os.path.dirname(os.path.abspath('x.pt'))) + '/y.pt'
os.path.join(os.path.abspath('..'), 'x.pt')
os.path.abspath('.') + '/x.pt'
Path('x.pt').resolve().parent / 'y.pt'
Path('x.pt').resolve().parents[1] / 'y.pt'
os.path.dirname('x.pt') + 'y.pt'
os.path.join(os.path.dirname('x.pt'), 'y.pt')
""".strip().splitlines()
UNKNOWN = 26
"""How many of these may be open at most, in a file beside the project's settings."""


def opened(expression: str, file: Path) -> str:
    """What Python makes of the expression in that file."""
    names = {"__file__": str(file), "os": os, "Path": Path}
    exec(HERE, names)
    return os.path.normpath(Path.cwd() / eval(expression, names))


@pytest.mark.parametrize("file", ["main.py", "tools/main.py", "a/b/main.py"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_said_is_what_python_makes_of_it(expression, file, tmp_path, monkeypatch):
    root = tmp_path / "Project"
    root.mkdir()
    monkeypatch.chdir(root)
    found = resolve(f"{HERE}torch.load({expression})\n", at=file)
    if found.complete:
        (pattern,) = found.patterns
        assert pattern.exact
        assert os.path.normpath(root / pattern.text) == opened(expression, root / file)
    else:
        assert found.unknown


def test_most_of_them_are_known():
    known = [each for each in EXPRESSIONS if resolve(f"{HERE}torch.load({each})\n").complete]
    assert len(known) >= len(EXPRESSIONS) - UNKNOWN
