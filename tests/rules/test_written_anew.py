"""A file that was read, and that the project itself writes: is it still what it was?"""

from __future__ import annotations

from textwrap import dedent

import pytest

from rules.in_memory import World, needing, plain
from torchload_lint.diagnostic import Applicability
from torchload_lint.linter import lint
from torchload_lint.source.saving import overwrites

WORLD = {"x.pt": plain(), "ckpt.pt": needing("argparse.Namespace")}
LOAD = "held = torch.load('x.pt', weights_only=False)\n"
MORE = {
    "a save of more": "torch.save({'a': argparse.Namespace(x=1)}, 'x.pt')\n",
    "a save of something unknown": "def keep(state):\n    torch.save(state, 'x.pt')\nkeep(get())\n",
    "a save under a constant": "OUT = 'x.pt'\ntorch.save(get(), OUT)\n",
    "a copy": "shutil.copy('ckpt.pt', 'x.pt')\n",
    "a copy by keyword": "shutil.copyfile(src='ckpt.pt', dst='x.pt')\n",
    "a rename": "os.replace('ckpt.pt', 'x.pt')\n",
    "a rename of a path": "pathlib.Path('ckpt.pt').rename('x.pt')\n",
    "a link": "os.symlink('ckpt.pt', 'x.pt')\n",
    "bytes": "pathlib.Path('x.pt').write_bytes(data)\n",
    "a file that is opened": "with open('x.pt', 'wb') as out:\n    out.write(data)\n",
    "a file that is opened and copied to": "shutil.copyfileobj(source, open('x.pt', mode='wb'))\n",
    "a path that is opened": "pathlib.Path('x.pt').open('r+b').write(data)\n",
    "an archive": "import zipfile\nzipfile.ZipFile('a.zip').extractall('.')\n",
    "an archive's member": "import tarfile\nt = tarfile.open('a.tar')\nt.extract('x.pt')\n",
    "an archive that shutil unpacks": "shutil.unpack_archive('a.zip')\n",
    "a command": "subprocess.run(['cp', 'ckpt.pt', 'x.pt'], check=True)\n",
    "a line for the shell": "os.system('cp ckpt.pt x.pt')\n",
}
NO_MORE = {
    "a save of the same": "torch.save(torch.nn.Linear(2, 1).state_dict(), 'x.pt')\n",
    "a save of more elsewhere": "torch.save({'a': argparse.Namespace(x=1)}, 'y.pt')\n",
    "a copy elsewhere": "shutil.copy('x.pt', 'y.pt')\n",
    "a rename elsewhere": "os.replace('y.pt', 'z.pt')\n",
    "a replaced text": "print('x.pt'.replace('x.pt', 'y.pt'))\n",
    "bytes that are read": "pathlib.Path('x.pt').read_bytes()\n",
    "a file that is opened to be read": "open('x.pt', 'rb').read()\n",
    "a save to a file that is opened": "with open('x.pt', 'wb') as out:\n"
    "    torch.save(torch.nn.Linear(2, 1).state_dict(), out)\n",
    "a log that is opened": "open('log.txt', 'w').write(text)\n",
    "an archive in another folder": "import zipfile\nzipfile.ZipFile('a.zip').extractall('data')\n",
    "what is no archive": "features.extract('x.pt', '.')\n",
    "a command about other files": "subprocess.run(['cp', 'a.pt', 'b.pt'], check=True)\n",
}
HEAD = "import argparse, os, pathlib, shutil, subprocess\nimport torch\n"


def fix_of(code, files=None):
    world = World(files=files or {}, checkpoints=WORLD)
    module, _, context = world.read(dedent(code))
    (fix,) = [found.fix for found in lint(module, context) if found.code == "TLL101"]
    return fix


@pytest.mark.parametrize("writing", MORE.values(), ids=MORE)
def test_a_file_that_may_get_more_is_no_ground_for_a_safe_fix(writing):
    fix = fix_of(f"{HEAD}{writing}{LOAD}")
    assert fix.applicability is Applicability.UNSAFE
    assert "put more into it" in fix.risk


@pytest.mark.parametrize("writing", MORE.values(), ids=MORE)
def test_the_same_where_another_file_writes_it(writing):
    fix = fix_of(f"{HEAD}{LOAD}", {"train.py": f"{HEAD}{writing}"})
    assert fix.applicability is Applicability.UNSAFE


def test_a_function_that_does_not_spell_the_name():
    files = {"tools.py": "import shutil\ndef put(a, b):\n    shutil.copy(a, b)\n"}
    fix = fix_of(f"{HEAD}from tools import put\nput('ckpt.pt', 'x.pt')\n{LOAD}", files)
    assert fix.applicability is Applicability.UNSAFE
    assert fix.risk.startswith("tools.py:3 may write the file")


def test_so_many_files_that_write_that_they_are_not_looked_into(monkeypatch):
    monkeypatch.setattr(overwrites, "MAX_FILES", 2)
    files = {f"w{n}.py": "import shutil\n" for n in range(3)}
    assert fix_of(f"{HEAD}{LOAD}", files).applicability is Applicability.UNSAFE


@pytest.mark.parametrize("writing", NO_MORE.values(), ids=NO_MORE)
def test_a_file_that_gets_no_more_is_what_it_was(writing):
    fix = fix_of(f"{HEAD}{writing}{LOAD}")
    assert fix.applicability is Applicability.SAFE
    assert fix.risk == ""


def test_a_save_of_what_is_allowed_anyway_is_no_risk():
    code = "torch.save({'a': argparse.Namespace(x=2)}, 'ckpt.pt')\n"
    fix = fix_of(f"{HEAD}{code}{LOAD.replace('x.pt', 'ckpt.pt')}")
    assert fix.applicability is Applicability.SAFE


def test_names_that_are_only_added_cannot_break_what_is_restricted():
    code = f"{HEAD}torch.save(get(), 'ckpt.pt')\ntorch.load('ckpt.pt', weights_only=True)\n"
    module, _, context = World(checkpoints=WORLD).read(code)
    (fix,) = [found.fix for found in lint(module, context) if found.code == "TLL103"]
    assert fix.applicability is Applicability.SAFE
