"""Every step on the way to a path is shown, and where it stops."""

from __future__ import annotations

from resolving import HEADER

from project_files import project
from torchload_lint.source.paths import hops_to_path, resolve_path

FILES = {
    "main.py": HEADER
    + "import settings\n"
    + "def load(name):\n"
    + "    folder = settings.RUNS\n"
    + "    return torch.load(os.path.join(folder, os.environ['TAG'], name))\n"
    + "load('last.pt')\n",
    "settings.py": "ROOT = 'out'\nRUNS = ROOT + '/runs'\n",
}


def steps():
    index = project(FILES)
    module = index.module_at("main.py")
    return hops_to_path(module.loads[0].file, module, index), module, index


def test_each_step_has_its_place_and_its_value():
    hops, _, _ = steps()
    found = {hop.code: hop for hop in hops}
    assert hops[0].depth == 0
    assert hops[0].code == "os.path.join(folder, os.environ['TAG'], name)"
    assert found["folder"].values == ("'out/runs'",)
    assert found["ROOT + '/runs'"].place == "settings.py:2"
    assert found["ROOT"].depth > found["ROOT + '/runs'"].depth
    assert found["name"].values == ("'last.pt'",)


def test_the_step_that_stops_says_why():
    hops, _, _ = steps()
    (stopped,) = [hop for hop in hops if hop.code == "os.environ['TAG']"]
    assert stopped.values == ("unknown: the environment variable 'TAG'",)
    assert stopped.place == "main.py:6"


def test_literals_are_left_out():
    hops, _, _ = steps()
    assert not [hop for hop in hops if hop.code in {"'last.pt'", "'TAG'"}]


def test_to_trace_changes_no_answer():
    _, module, index = steps()
    before = resolve_path(module.loads[0].file, module, index)
    hops_to_path(module.loads[0].file, module, index)
    assert resolve_path(module.loads[0].file, module, index) == before
