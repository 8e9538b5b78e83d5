"""Every step on the way to a path is shown, and where it stops."""

from __future__ import annotations

from project_files import project
from source.resolving import HEADER
from torchload_lint.source.evaluation import tracing
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


def test_a_literal_is_left_out_where_the_step_before_it_shows_it():
    hops, _, _ = steps()
    assert not [hop for hop in hops if hop.code == "'TAG'"]
    assert [hop.place for hop in hops if hop.code == "'last.pt'"] == ["main.py:7"]
    assert [hop.place for hop in hops if hop.code == "'out'"] == ["settings.py:1"]


CHAIN = {
    "main.py": "from one import run\nrun('ckpt.pt')\n",
    "again.py": "from one import run\nfrom names import LAST\nrun(LAST)\nrun()\n",
    "names.py": "LAST = 'last.pt'\n",
    "one.py": "from two import go\ndef run(p='usual.pt'):\n    return go(p)\n",
    "two.py": "import torch\ndef go(q):\n    return torch.load(q, weights_only=True)\n",
}


def hops_in(files, path):
    index = project(files)
    module = index.module_at(path)
    return hops_to_path(module.loads[0].file, module, index)


def test_every_caller_is_named_and_what_it_gives():
    hops = hops_in(CHAIN, "two.py")
    calls = {(hop.code, hop.place, hop.does) for hop in hops if hop.does}
    assert calls == {
        ("go(p)", "one.py:3", "calls go()"),
        ("run('ckpt.pt')", "main.py:2", "calls run()"),
        ("run(LAST)", "again.py:3", "calls run()"),
        ("run()", "again.py:4", "calls run()"),
    }
    literals = {hop.place: hop.values for hop in hops if hop.code[0] == "'"}
    assert literals == {
        "main.py:2": ("'ckpt.pt'",),
        "names.py:1": ("'last.pt'",),
        "one.py:2": ("'usual.pt'",),
    }


def test_configuration_files_are_named():
    files = {
        "main.py": HEADER
        + "import hydra\n@hydra.main(config_path='conf', config_name='all')\n"
        + "def main(cfg):\n    torch.load(cfg.path)\n",
        "conf/all.yaml": "defaults:\n  - paths\n",
        "conf/paths.yaml": "path: last.pt\n",
    }
    named = [hop.place for hop in hops_in(files, "main.py") if hop.does]
    assert named == ["conf/all.yaml", "conf/paths.yaml"]


def test_steps_that_are_not_shown_are_counted(monkeypatch):
    monkeypatch.setattr(tracing, "MAX_HOPS", 3)
    shown = hops_in(CHAIN, "two.py")
    assert len(shown) == 4
    assert shown[-1].does.startswith("and ")
    assert shown[-1].does.endswith(" further steps")


def test_to_trace_changes_no_answer():
    _, module, index = steps()
    before = resolve_path(module.loads[0].file, module, index)
    hops_to_path(module.loads[0].file, module, index)
    assert resolve_path(module.loads[0].file, module, index) == before
