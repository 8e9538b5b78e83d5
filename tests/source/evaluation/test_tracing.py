"""Every step on the way to a path is shown, and where it stops."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import torchload_lint
from project_files import project
from source.resolving import HEADER, resolve
from torchload_lint.source.evaluation import tracing
from torchload_lint.source.paths import resolve_path, trace_path

PACKAGE = Path(torchload_lint.__file__).parent
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
    return trace_path(module.loads[0].file, module, index).hops, module, index


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
    return trace_path(module.loads[0].file, module, index).hops


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
    everything = hops_in(CHAIN, "two.py")
    monkeypatch.setattr(tracing, "MAX_HOPS", 3)
    *shown, last = hops_in(CHAIN, "two.py")
    assert last.does == f"and {len(everything) - len(shown)} further steps inside these"
    assert 0 < len(shown) <= 3


def test_the_steps_inside_others_are_left_out_first(monkeypatch):
    source = "import torch\nfirst = 'a' + 'b' + 'c' + 'd'\npath = first or 'last.pt'\n"
    everything = hops_in({"a.py": source + "torch.load(path)\n"}, "a.py")
    depth = max(hop.depth for hop in everything)
    monkeypatch.setattr(tracing, "MAX_HOPS", sum(hop.depth < depth for hop in everything))
    shown = hops_in({"a.py": source + "torch.load(path)\n"}, "a.py")
    assert [hop.depth < depth for hop in shown[:-1]] == [True] * (len(shown) - 1)
    assert shown[:-1] == [hop for hop in everything if hop.depth < depth]


def test_to_trace_changes_no_answer():
    _, module, index = steps()
    before = resolve_path(module.loads[0].file, module, index)
    trace_path(module.loads[0].file, module, index)
    assert resolve_path(module.loads[0].file, module, index) == before


def test_calls_that_are_left_out_are_shown_with_the_reason():
    files = {
        "main.py": HEADER
        + "class Ours:\n    def load(self, path):\n        torch.load(path)\n"
        + "class Other:\n    def load(self, path):\n        pass\n"
        + "def use(one):\n    one.load('b.pt')\n"
        + "Other().load('c.pt')\nOurs().load()\nOurs().load('a.pt')\n"
    }
    shown = [(hop.code, hop.does) for hop in hops_in(files, "main.py") if hop.does]
    assert shown == [
        ("Ours().load('a.pt')", "calls load()"),
        ("one.load('b.pt')", "is left out: what it calls is not known"),
        ("Other().load('c.pt')", "is left out: its object is of another class"),
        ("Ours().load()", "is left out: its arguments do not fit"),
        ("torch.load(path)", "is left out: it calls a function of another package"),
    ]


def test_calls_that_a_test_rules_out_are_no_matter_of_classes():
    files = {
        "main.py": HEADER
        + "def f(path=None):\n    if path:\n        torch.load(path)\n"
        + "f(path=None)\n"
    }
    hops = hops_in(files, "main.py")
    shown = {hop.code: hop.does for hop in hops}
    assert shown["f(path=None)"] == "is left out: a test on the way rules out what it gives"
    (why,) = hops[0].values
    assert why.endswith("f() has no caller that gives what the tests on the way ask for")


def test_what_a_library_gives_is_named_and_not_called_unknown():
    code = "import torch, fabric\nf = fabric.Fabric()\ntorch.load(f.broadcast('a.pt'))\n"
    shown = {hop.code: hop.values for hop in hops_in({"main.py": code}, "main.py")}
    assert shown["f"] == ("what fabric.Fabric() gives",)


def test_callers_on_objects_of_another_subclass_are_shown():
    files = {
        "main.py": HEADER
        + "class Base:\n    def run(self, path):\n        self.load(path)\n"
        + "class Ours(Base):\n    def load(self, path):\n        torch.load(path)\n"
        + "class Other(Base):\n    def load(self, path):\n        pass\n"
        + "Other().run('b.pt')\nOurs().run('a.pt')\n"
    }
    shown = {hop.code: hop.does for hop in hops_in(files, "main.py")}
    assert shown["Ours().run('a.pt')"] == "calls run()"
    assert shown["Other().run('b.pt')"] == "is left out: its object is of another class"


def test_many_calls_that_are_left_out_are_counted():
    calls = "".join(f"unknown_{number}().load('b.pt')\n" for number in range(9))
    source = f"{HEADER}class Ours:\n    def load(self, path):\n        torch.load(path)\n{calls}"
    other = "class Other:\n    def load(self, path):\n        pass\n"
    shown = [hop.does for hop in hops_in({"main.py": source + other}, "main.py") if hop.does]
    assert shown[-1] == "4 further calls of that name are left out"
    assert len(shown) == 7


def test_what_is_spread_by_two_stars_is_shown():
    files = {
        "main.py": HEADER
        + "def load(path, **more):\n    torch.load(path)\n"
        + "def outer(**options):\n    load(**options)\n"
        + "GIVEN = {'path': 'a.pt', 'more': 1}\nouter(**GIVEN)\n"
    }
    spread = [(hop.place, hop.does, hop.values) for hop in hops_in(files, "main.py")]
    assert ("main.py:6", "is spread by ** and gives path", ("'a.pt'",)) in spread
    assert ("main.py:8", "is spread by ** and gives path", ("'a.pt'",)) in spread


def stopped_in(source):
    index = project({"main.py": HEADER + source})
    module = index.module_at("main.py")
    trace = trace_path(module.loads[0].file, module, index)
    resolution = resolve_path(module.loads[0].file, module, index)
    assert tuple(trace.reasons) == resolution.unknown
    return trace


@pytest.mark.parametrize(
    ("source", "file", "row"),
    [
        (
            "torch.load(os.getenv('TAG') + '.pt')\n",
            "source/libraries/os_paths.py",
            "the environment",
        ),
        ("def f(p='a.pt'):\n    torch.load(p)\n", "source/evaluation/parameters.py", "leave_open"),
        ("torch.load(nobody + '.pt')\n", "source/evaluation/named.py", "is not defined in"),
        (
            "import thing\nos.chdir('x')\ntorch.load('a.pt')\n",
            "source/certainty/working_folder.py",
            "changes the working folder",
        ),
    ],
)
def test_the_row_of_this_package_where_a_value_stops(source, file, row):
    """The row gives the reason, or hands on the text that it is."""
    place = next(iter(stopped_in(source).reasons.values()))
    path, _, number = place.rpartition(":")
    assert path == file
    assert row in (PACKAGE / path).read_text("utf-8").splitlines()[int(number) - 1]


def test_only_the_innermost_step_says_where_it_stops():
    trace = stopped_in("tag = os.environ['TAG']\ntorch.load(f'{tag}/a.pt')\n")
    stopped = [hop.code for hop in trace.hops if hop.stopped_at]
    assert stopped == ["os.environ['TAG']"]


def test_whoever_watches_the_calls_keeps_watching():
    """A profiler that runs already is there again afterwards."""

    def watch(*_):
        pass

    sys.setprofile(watch)
    try:
        stopped_in("torch.load(os.environ['TAG'])\n")
        assert sys.getprofile() is watch
    finally:
        sys.setprofile(None)


def test_the_parser_of_known_options_is_no_step():
    source = (
        "parser = argparse.ArgumentParser()\nparser.add_argument('--path')\n"
        "args = parser.parse_args()\ntorch.load(args.path)\n"
    )
    hops = hops_in({"main.py": HEADER + source}, "main.py")
    assert ("parser.parse_args()", ("the options of a command line",)) in [
        (hop.code, hop.values) for hop in hops
    ]
    assert not [hop for hop in hops if "ArgumentParser" in hop.code or hop.code == "parser"]


def test_a_default_is_shown_once_however_many_calls_leave_it():
    source = "def load(path, name=None):\n    torch.load(name or path)\nload('a')\nload('b')\n"
    hops = hops_in({"main.py": HEADER + source}, "main.py")
    assert [hop.place for hop in hops if hop.code == "None"] == ["main.py:3"]


def reason_of(source, others=None):
    return resolve(source, others).unknown[0]


def test_reasons_name_their_place():
    parsed = (
        "parser = argparse.ArgumentParser()\nargs = parser.parse_args()\ntorch.load(args.path)\n"
    )
    declared = parsed.replace("args =", "parser.add_argument('--path')\nargs =", 1)
    made = "class Net:\n    def __init__(self, path):\n        torch.load(path)\n"
    tested = "def f(path=None):\n    if path:\n        torch.load(path)\n"
    assert reason_of(parsed) == (
        "no add_argument for path is found where main.py:4 parses the command line"
    )
    assert reason_of(declared) == (
        "the option --path (main.py:4) has no default, and no written command line gives it"
    )
    assert reason_of(made) == (
        "parameter 'path' of Net.__init__() has no caller in the project that is known"
    )
    assert reason_of(tested).startswith("path is not its default below main.py:4")


def test_what_python_itself_calls_by_that_name_is_no_other_function():
    others = {
        "tests/test_a.py": "import unittest\nunittest.main()\n",
        "tests/run.py": "def main():\n    pass\n",
    }
    source = "def main(path):\n    torch.load(path)\n"
    nobody = "parameter 'path' of main() has no caller in the project that is known"
    assert reason_of(source, others) == nobody


def test_why_the_repository_of_a_download_is_not_known():
    source = (
        "from huggingface_hub import hf_hub_download\n"
        "torch.load(hf_hub_download(os.environ['REPO'], 'a.pt'))\n"
    )
    assert "the environment variable 'REPO'" in resolve(source).unknown


def test_a_class_that_is_asked_for_by_a_made_up_name():
    net = "import torch\nclass Net:\n    def __init__(self, path):\n        torch.load(path)\n"
    index = project({"m.py": net, "main.py": "import m, sys\nm.Net('a.pt')\n"})
    module = index.module_at("m.py")
    assert resolve_path(module.loads[0].file, module, index).complete
    asked = "import m, sys\nm.Net('a.pt')\ngetattr(m, sys.argv[1])('b.pt')\n"
    index = project({"m.py": net, "main.py": asked})
    module = index.module_at("m.py")
    assert not resolve_path(module.loads[0].file, module, index).complete


ASKED_FOR = {
    "zoo/__init__.py": "",
    "zoo/net.py": "import torch\nclass Net:\n    def __init__(self, cfg):\n"
    "        torch.load(cfg['path'])\ndef make(path):\n    torch.load(path)\n",
    "main.py": "import zoo\ncfg = read()\nKind = getattr(zoo, cfg['model'])\nKind(cfg)\n",
    "late.py": "import importlib\nm = importlib.import_module(NAME)\ngetattr(m, KIND)()\n",
    "else.py": "import torch, zoo\ngetattr(torch, KIND)()\ngetattr(zoo, 'Other')()\n",
    "net.yaml": "model: Net\npath: a.pt\n",
}


def test_who_asks_a_module_for_a_made_up_name_is_shown():
    index = project(ASKED_FOR)
    module = index.module_at("zoo/net.py")
    hops = [trace_path(load.file, module, index).hops for load in module.loads]
    asking = "asks a module for a name that is made up, perhaps this"
    assert {hop.place for hop in hops[0] if hop.does == asking} == {"main.py:3", "late.py:3"}
    assert {hop.place for hop in hops[1] if hop.does == asking} == {"main.py:3", "late.py:3"}
    assert [hop.place for hop in hops[0] if hop.does == "has the word Net"] == ["net.yaml"]


def test_methods_of_that_name_are_no_other_functions():
    others = {
        "meta/env.py": "class Env:\n    def trade(self):\n        pass\n",
        "meta/run.py": "from main import trade\ntrade('a.pt')\n",
    }
    resolution = resolve("def trade(path):\n    torch.load(path)\n", others)
    assert [pattern.text for pattern in resolution.patterns] == ["a.pt"]


def test_a_method_of_what_is_not_known_keeps_the_reason():
    source = "def load(options):\n    torch.load(options.get('path'))\n"
    assert reason_of(source) == (
        "parameter 'options' of load() has no caller in the project that is known"
    )
