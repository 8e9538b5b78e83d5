"""Classes that a configuration file names: what it gives to their constructors is known."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts
from torchload_lint.source.paths import Rung

NET = """class Net:
    def __init__(self, ckpt_path=None, **kwargs):
        if ckpt_path is not None:
            self.restore(ckpt_path)

    def restore(self, path):
        self.weights = torch.load(path)
"""
RUN = {"run.py": "from hydra.utils import instantiate\ninstantiate(config)\n"}

CONFIGURED = {
    "Hydra": ("net:\n  _target_: pkg.net.Net\n  ckpt_path: runs/a.pt\n", ["runs/a.pt"]),
    "target and params": (
        "model:\n  target: pkg.net.Net\n  params:\n    ckpt_path: runs/b.ckpt\n",
        ["runs/b.ckpt"],
    ),
    "class_path and init_args": (
        "- class_path: pkg.net.Net\n  init_args:\n    ckpt_path: c.pt\n",
        ["c.pt"],
    ),
    "a reference": (
        "dir: d\nnet:\n  _target_: pkg.net.Net\n  ckpt_path: ${dir}/e.pt\n",
        ["d/e.pt"],
    ),
    "another class": ("net:\n  _target_: pkg.other.Net\n  ckpt_path: runs/a.pt\n", []),
    "no path": ("net:\n  _target_: pkg.net.Net\n  width: 3\n", []),
    "a null": ("net:\n  _target_: pkg.net.Net\n  ckpt_path: null\n", []),
}


@pytest.mark.parametrize(("config", "expected"), CONFIGURED.values(), ids=CONFIGURED)
def test_what_a_configuration_gives_to_a_class(config, expected):
    resolution = resolve(NET, {"conf/model.yaml": config, **RUN}, at="pkg/net.py")
    assert texts(resolution) == expected
    assert not resolution.complete
    assert all(pattern.rung.height >= Rung.CONFIG_FILE.height for pattern in resolution.patterns)


OWN_KEYS = {
    "module and args": (
        "backbone:\n  module: pkg.net.Net\n  keep: []\n  args:\n    ckpt_path: runs/a.pt\n",
        ["runs/a.pt"],
    ),
    "beside it": ("- class: pkg.net.Net\n  ckpt_path: runs/b.pt\n", ["runs/b.pt"]),
    "another class": ("net:\n  module: pkg.other.Net\n  args: {ckpt_path: runs/a.pt}\n", []),
    "its name alone": ("net:\n  module: Net\n  args: {ckpt_path: runs/a.pt}\n", []),
}
IMPORTING = {"make.py": "import importlib\nimportlib.import_module(name)\n"}


@pytest.mark.parametrize(("config", "expected"), OWN_KEYS.values(), ids=OWN_KEYS)
def test_a_class_that_a_project_imports_by_a_name_of_its_own(config, expected):
    resolution = resolve(NET, {"conf/model.yaml": config, **IMPORTING}, at="pkg/net.py")
    assert texts(resolution) == expected
    assert not resolution.complete
    assert texts(resolve(NET, {"conf/model.yaml": config}, at="pkg/net.py")) == []


MODES = """class Net:
    def __init__(self, ckpt_path, mode="old", tuned=False):
        if mode == "old":
            if tuned:
                torch.load(ckpt_path)
"""
GIVEN_MODES = {
    "another mode": ("{ckpt_path: a.pt, mode: new, tuned: true}", []),
    "this mode": ("{ckpt_path: a.pt, mode: old, tuned: true}", ["a.pt"]),
    "the default": ("{ckpt_path: a.pt, tuned: true}", ["a.pt"]),
    "a default that leads past it": ("{ckpt_path: a.pt}", []),
}


@pytest.mark.parametrize(("given", "expected"), GIVEN_MODES.values(), ids=GIVEN_MODES)
def test_a_configuration_that_leads_past_the_load_does_not_count(given, expected):
    config = f"net:\n  class_path: pkg.net.Net\n  init_args: {given}\n"
    resolution = resolve(MODES, {"conf/model.yaml": config, **RUN}, at="pkg/net.py")
    assert texts(resolution) == expected


def test_a_base_class_gets_it_through_keywords():
    subclass = "class Big(Net):\n    def __init__(self, *args, **kwargs):\n"
    subclass += "        super().__init__(*args, **kwargs)\n"
    config = "net:\n  target: pkg.net.Big\n  params:\n    ckpt_path: runs/big.pt\n"
    resolution = resolve(NET + subclass, {"big.yaml": config, **RUN}, at="pkg/net.py")
    assert texts(resolution) == ["runs/big.pt"]


def test_each_configuration_counts():
    files = {
        f"conf/{name}.yaml": f"net:\n  _target_: pkg.net.Big\n  ckpt_path: {name}.pt\n"
        for name in ("a", "b")
    }
    subclass = (
        "class Big(Net):\n    def __init__(self, **kwargs):\n        super().__init__(**kwargs)\n"
    )
    resolution = resolve(NET + subclass, {**files, **RUN}, at="pkg/net.py")
    assert texts(resolution) == ["a.pt", "b.pt"]


def test_a_project_that_instantiates_nothing_is_not_searched():
    config = "net:\n  _target_: pkg.net.Net\n  ckpt_path: runs/a.pt\n"
    assert texts(resolve(NET, {"conf/model.yaml": config}, at="pkg/net.py")) == []


REGISTERED = f"@MODELS.register_module()\n{NET}"
NAMED = "model = dict(type='Net', {others}, ckpt_path='runs/{name}.pt')\n"


@pytest.mark.parametrize(("configurations", "exact"), [(8, True), (9, False)])
def test_a_registered_class_is_given_what_stands_behind_many_others(configurations, exact):
    others = ", ".join(f"width_{number}={number}" for number in range(12))
    files = {
        f"conf/{number}.py": NAMED.format(others=others, name="a")
        for number in range(configurations)
    }
    resolution = resolve(REGISTERED, files, at="pkg/net.py")
    assert texts(resolution) == ["runs/a.pt"]
    assert [pattern.exact for pattern in resolution.patterns] == [exact]
    assert not resolution.complete


def test_nothing_is_taken_from_what_stands_beside_another_name():
    files = {"conf/a.py": "a = dict(type='Net')\nb = dict(type='Other', ckpt_path='runs/a.pt')\n"}
    assert texts(resolve(REGISTERED, files, at="pkg/net.py")) == []
