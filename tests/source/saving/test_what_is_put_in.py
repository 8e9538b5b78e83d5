"""What is put into an object before it is saved, against the file that torch writes."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from running import run_script, write
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.contained.plain_values import CONSTANTS
from torchload_lint.source.saving.producers import producers_for

HEAD = """
import argparse, copy, functools
from pathlib import Path
import numpy as np
import torch
from torch import nn
"""
LOAD = "\ntorch.load('x.pt', weights_only=False)\n"
SAVE = f"\ntorch.save(state, 'x.pt'){LOAD}"
NAMESPACE = "argparse.Namespace(x=1)"
KNOWN = {
    "nothing": "state = {'epoch': 1}",
    "by update": f"state = {{'epoch': 1}}\nstate.update(args={NAMESPACE})",
    "by update with a mapping": f"""
        state = dict(e=1)
        more = {{'a': {NAMESPACE}}}
        state.update(more)
        """,
    "by update with pairs": f"state = dict(e=1)\nstate.update([('a', {NAMESPACE})])",
    "by setdefault": f"state = dict(e=1)\nstate.setdefault('args', {NAMESPACE})",
    "by insert": f"state = [1]\nstate.insert(0, {NAMESPACE})",
    "into a slice": f"state = [1]\nstate[:0] = [{NAMESPACE}]",
    "by a loop over numbers": "state = {}\nfor key in 'ab':\n    state[key] = 1",
    "an attribute of a tensor": f"state = torch.ones(1)\nstate.tag = {NAMESPACE}",
    "an attribute of a module": f"state = nn.Linear(1, 1)\nstate.tag = {NAMESPACE}",
    "a path as a key": "state = {Path('a'): 1}",
    "options that are paths": """
        parser = argparse.ArgumentParser()
        parser.add_argument("--out", type=Path, default="x")
        state = {"args": vars(parser.parse_args([]))}
        """,
    "an option's default that is a path": """
        parser = argparse.ArgumentParser()
        parser.add_argument("--out", default=Path("x"))
        state = {"args": vars(parser.parse_args([]))}
        """,
    "a class of torch.nn itself": "state = {'layer': nn.Linear, 'type': torch.float32}",
    "torch's version": "state = {'torch': torch.__version__}",
    "the learning rate is a number": """
        net = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for group in optimizer.param_groups:
            group["lr"] = 0.2
        state = optimizer.state_dict()
        """,
    "an attribute of a module whose state is saved": f"""
        net = nn.Linear(1, 1)
        net.tag = {NAMESPACE}
        state = net.state_dict()
        """,
    "of another object of that name": f"""
        def elsewhere():
            state = []
            state.append({NAMESPACE})
        state = [1]
        """,
}
OPEN = {
    "a choice of numpy's": "state = {'h': np.random.choice([1, 2])}",
    "parts that numpy makes": "state = {'h': np.array_split([1, 2], 2)[0]}",
    "a number of numpy in a scheduler": """
        net = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3)
        schedule.best = np.float64(1)
        state = {"schedule": schedule.state_dict()}
        """,
    "a number of numpy in an optimizer's state": """
        net = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for parameter in net.parameters():
            optimizer.state[parameter]["step"] = np.float64(1)
        state = optimizer.state_dict()
        """,
    "an action that makes a path": """
        class Where(argparse.Action):
            def __call__(self, parser, namespace, value, option=None):
                setattr(namespace, self.dest, Path(value))
        parser = argparse.ArgumentParser()
        parser.add_argument("--out", action=Where)
        state = {"args": vars(parser.parse_args(["--out", "x"]))}
        """,
    "into an attribute's mapping": f"""
        class Log:
            def __init__(self):
                self.kept = {{}}
        log = Log()
        log.kept["args"] = {NAMESPACE}
        state = log.kept
        """,
    "by a method": f"""
        class Log:
            def __init__(self):
                self.kept = {{}}
            def note(self):
                self.kept["args"] = {NAMESPACE}
        log = Log()
        log.note()
        state = log.kept
        """,
    "by a function": f"""
        def fill(into):
            into["args"] = {NAMESPACE}
        state = dict(e=1)
        fill(state)
        """,
    "by a function that gives it back": """
        def prepare(args):
            args.out = Path("x")
            return args
        args = prepare(argparse.ArgumentParser().parse_args([]))
        state = {"args": vars(args)}
        """,
    "through another name": f"state = {{}}\nalias = state\nalias['args'] = {NAMESPACE}",
    "into a part": f"state = {{'m': {{}}}}\npart = state['m']\npart['args'] = {NAMESPACE}",
    "an attribute of options": """
        args = argparse.ArgumentParser().parse_args([])
        args.out = Path("x")
        state = {"args": vars(args)}
        """,
    "into a state": f"state = nn.Linear(1, 1).state_dict()\nstate._metadata['x'] = {NAMESPACE}",
    "an extra state": f"""
        class Net(nn.Module):
            def get_extra_state(self):
                return {NAMESPACE}
        state = Net().state_dict()
        """,
    "a learning rate of numpy": """
        net = nn.Linear(1, 1)
        state = torch.optim.SGD(net.parameters(), lr=np.float64(0.1)).state_dict()
        """,
    "a learning rate of numpy, set later": """
        net = nn.Linear(1, 1)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        for group in optimizer.param_groups:
            group["lr"] = np.float64(0.2)
        state = optimizer.state_dict()
        """,
    "a partial": "state = {'act': functools.partial(nn.GELU)}",
    "a function of torch": "state = {'act': torch.relu}",
}
"""What puts a class into the file that the saving expression does not show."""
KEEPER = """
import torch

STATE = {}

class Keeper:
    def __init__(self):
        self.kept = {}

    def on_save(self, into):
        pass

    def save(self):
        state = {'e': 1}
        self.on_save(state)
        torch.save(SAVED, 'x.pt')

def load():
    return torch.load('x.pt', weights_only=False)
"""
ELSEWHERE = {
    "a method of a subclass": (
        "state",
        f"""
        import argparse
        from keeper import Keeper
        class More(Keeper):
            def on_save(self, into):
                into["args"] = {NAMESPACE}
        More().save()
        """,
    ),
    "an attribute in a subclass": (
        "self.kept",
        f"""
        import argparse
        from keeper import Keeper
        class More(Keeper):
            def __init__(self):
                super().__init__()
                self.kept["args"] = {NAMESPACE}
        More().save()
        """,
    ),
    "a global of the module": (
        "STATE",
        f"""
        import argparse
        import keeper
        keeper.STATE['args'] = {NAMESPACE}
        keeper.Keeper().save()
        """,
    ),
    "a global by its name": (
        "STATE",
        f"""
        import argparse
        from keeper import Keeper, STATE
        STATE['args'] = {NAMESPACE}
        Keeper().save()
        """,
    ),
}


def said(files, name):
    index = project(files)
    module = index.module_at(name)
    (load,) = module.loads
    (found,) = producers_for(load, module, resolve_path(load.file, module, index), index)
    return found


def needed(tmp_path, files):
    import torch

    write(tmp_path, files)
    ran = run_script(tmp_path, "main.py")
    assert not ran.error
    return set(torch.serialization.get_unsafe_globals_in_checkpoint(tmp_path / "x.pt"))


PART = """
import dataclasses
import enum
import functools
from pathlib import Path
import torch
from torch import nn
"""
WHOLE = """
import torch
from part import make
torch.save(make(), 'x.pt')
torch.load('x.pt', weights_only=False)
"""
OBJECTS = {
    "a field's default": """
        @dataclasses.dataclass
        class Part:
            where: Path = Path("x")
        make = Part
        """,
    "a field's factory": """
        @dataclasses.dataclass
        class Inner:
            size: int = 1
        @dataclasses.dataclass
        class Part:
            inner: Inner = dataclasses.field(default_factory=Inner)
            sizes: list = dataclasses.field(default_factory=lambda: [Path("x")])
        make = Part
        """,
    "a property that is kept": """
        class Part:
            @functools.cached_property
            def where(self):
                return Path("x")
        def make():
            part = Part()
            part.where
            return part
        """,
    "layers of a list": """
        class Part(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.ModuleList()
                for _ in range(2):
                    self.layers.append(nn.Conv2d(1, 1, 1))
        make = Part
        """,
    "layers that are added by name": """
        class Part(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = nn.Sequential()
                self.layers.add_module("first", nn.ELU())
                self.add_module("second", nn.Tanh())
                setattr(self, "third", nn.Sigmoid())
        make = Part
        """,
}
OPEN_OBJECTS = {
    "a member of an enumeration in a field": """
        class Kind(enum.Enum):
            SMALL = 1
        @dataclasses.dataclass
        class Part:
            kind: Kind = Kind.SMALL
        make = Part
        """,
    "a method of another object": """
        class Other:
            def run(self):
                pass
        class Part:
            def __init__(self):
                self.run = Other().run
        make = Part
        """,
    "an attribute that a function sets": """
        class Part:
            pass
        def make():
            part = Part()
            part.where = Path("x")
            return part
        """,
    "an attribute that a class method sets": """
        class Part:
            @classmethod
            def made(cls):
                part = cls()
                part.where = Path("x")
                return part
        make = Part.made
        """,
    "a mean of an array": """
        def make():
            return {"mean": torch.ones(2).numpy().mean()}
        """,
}


def programs(expressions, objects):
    """Name → the files of a program that saves an expression, or an object of another file."""
    made = {name: {"main.py": HEAD + dedent(code) + SAVE} for name, code in expressions.items()}
    for name, code in objects.items():
        made[name] = {"main.py": WHOLE, "part.py": PART + dedent(code)}
    return made


KNOWN_PROGRAMS = programs(KNOWN, OBJECTS)
OPEN_PROGRAMS = programs(OPEN, OPEN_OBJECTS)


@pytest.mark.torch
@pytest.mark.parametrize("files", KNOWN_PROGRAMS.values(), ids=KNOWN_PROGRAMS)
def test_what_is_called_known_is_what_the_file_needs(files, tmp_path):
    found = said(files, "main.py")
    assert found.complete, found.unknown
    assert {str(name) for name in found.needs} == needed(tmp_path, files)


@pytest.mark.torch
@pytest.mark.parametrize("files", OPEN_PROGRAMS.values(), ids=OPEN_PROGRAMS)
def test_what_is_put_in_unseen_is_not_called_known(files, tmp_path):
    found = said(files, "main.py")
    assert not found.complete
    assert not {str(name) for name in found.needs} >= needed(tmp_path, files)


@pytest.mark.torch
@pytest.mark.parametrize(("save", "code"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_another_file_puts_in_is_not_called_known(save, code, tmp_path):
    files = {"keeper.py": KEEPER.replace("SAVED", save), "main.py": dedent(code)}
    found = said(files, "keeper.py")
    assert not found.complete
    assert not found.needs
    assert needed(tmp_path, files) == {"argparse.Namespace"}


@pytest.mark.parametrize(("count", "known"), [(10, True), (11, False)])
def test_nothing_is_known_where_too_many_files_may_fill_it(count, known):
    filling = "import keeper\nkeeper.STATE['epoch'] = 1\n"
    files = {f"part{number}.py": filling for number in range(count)}
    files["keeper.py"] = KEEPER.replace("SAVED", "STATE")
    assert said(files, "keeper.py").complete is known


TOOLS = "from omegaconf import OmegaConf\nmake = OmegaConf.create\n"
FILES = {
    "tools.py": TOOLS,
    "c.yaml": "a:\n  b: 1\nl: [1, 2]\n",
    "d.yaml": "a: 2020-01-02\n",
    "c.json": '{"a": 1}\n',
}
OMEGACONF = "from omegaconf import DictConfig, OmegaConf\n"
OF_LIBRARIES = {
    "OmegaConf.load": OMEGACONF + "state = {'cfg': OmegaConf.load('c.yaml')}",
    "a part of it": OMEGACONF + "state = {'cfg': OmegaConf.load('c.yaml').a}",
    "a list in it": OMEGACONF + "state = {'cfg': OmegaConf.load('c.yaml').l}",
    "OmegaConf.create": OMEGACONF + "state = {'cfg': OmegaConf.create({'a': 1})}",
    "OmegaConf.create by another name": "from tools import make\nstate = {'cfg': make({'a': 1})}",
    "DictConfig": OMEGACONF + "state = {'cfg': DictConfig({'a': 1})}",
    "dict of a nested one": OMEGACONF + "state = dict(OmegaConf.create({'a': {'b': 1}}))",
    "OmegaConf.structured": f"""{OMEGACONF}
from dataclasses import dataclass

@dataclass
class Options:
    a: int = 1

state = {{'cfg': OmegaConf.structured(Options)}}
""",
    "munchify": "from munch import munchify\nstate = {'cfg': munchify({'a': {'b': 1}}).a}",
    "Box": "from box import Box\nstate = {'cfg': Box({'a': {'b': 1}}).a}",
    "a date in YAML": "import yaml\nstate = {'cfg': yaml.safe_load(open('d.yaml'))}",
    "objects made of JSON": "import argparse, json\nstate = {'cfg': json.load(open('c.json'), "
    "object_hook=lambda found: argparse.Namespace(**found))}",
    "Hydra's": "import hydra\n\n@hydra.main(config_path='.', config_name='c')\ndef main(cfg):\n"
    "    torch.save({'cfg': cfg}, 'x.pt')\n",
}
NAMED = {
    # the class that a pickle of the configuration names, as the library itself pickled it
    "omegaconf.dictconfig.DictConfig": OMEGACONF + "state = {'cfg': OmegaConf.create({'a': 1})}",
    "munch.Munch": "from munch import Munch\nstate = {'cfg': Munch(a=1)}",
    "box.box.Box": "from box import Box\nstate = {'cfg': Box({'a': {'b': 1}}).a}",
    "addict.addict.Dict": "from addict import Dict\nstate = {'cfg': Dict({'a': 1})}",
    "dotmap.DotMap": "from dotmap import DotMap\nstate = {'cfg': DotMap({'a': 1})}",
    "yacs.config.CfgNode": "from yacs.config import CfgNode as CN\n_C = CN()\n_C.a = 1\n"
    "state = {'cfg': _C.clone()}",
    "fvcore.common.config.CfgNode": "from fvcore.common.config import CfgNode\n"
    "state = {'cfg': CfgNode({'a': 1})}",
    "ml_collections.config_dict.config_dict.ConfigDict": "import ml_collections\n"
    "state = {'cfg': ml_collections.ConfigDict({'a': 1})}",
}
PLAIN = {
    "YAML": "import yaml\nstate = {'cfg': yaml.safe_load(open('c.yaml'))}",
    "JSON": "import json\nstate = {'cfg': json.load(open('c.json'))}",
    "a number of OmegaConf's": OMEGACONF + "state = {'lr': OmegaConf.load('c.yaml').a.b}",
    "numbers that have a name": "import numpy as np\nstate = {'best': np.inf, 'none': torch.nan}",
    "to_container": OMEGACONF + "state = OmegaConf.to_container(OmegaConf.load('c.yaml'))",
}


@pytest.mark.parametrize("code", OF_LIBRARIES.values(), ids=OF_LIBRARIES)
def test_objects_of_configuration_libraries_are_no_dictionaries(code):
    last = LOAD if "torch.save" in code else SAVE
    assert not said({**FILES, "main.py": f"import torch\n{code}{last}"}, "main.py").complete


@pytest.mark.torch
def test_numbers_that_have_a_name_are_those_of_python():
    torch, numpy, known = pytest.importorskip("torch"), pytest.importorskip("numpy"), 0
    for dotted in CONSTANTS:
        library, _, name = dotted.partition(".")
        value = getattr(torch if library == "torch" else numpy, name, None)
        assert type(value) in {float, bool, type(None)}, dotted
        known += type(value) is float
    assert known >= len(("torch.inf", "torch.nan", "torch.pi", "torch.e", "numpy.inf"))


@pytest.mark.parametrize("name", NAMED)
def test_the_class_of_a_configuration_is_known(name):
    found = said({**FILES, "main.py": f"import torch\n{NAMED[name]}{SAVE}"}, "main.py")
    assert [str(need) for need in found.needs] == [name]
    assert not found.complete


def test_a_mapping_with_defaults_is_not_taken_for_one_without():
    code = "from munch import DefaultMunch\nstate = {'cfg': DefaultMunch.fromDict({'a': 1}, 0)}"
    found = said({**FILES, "main.py": f"import torch\n{code}{SAVE}"}, "main.py")
    assert not found.needs
    assert not found.complete


@pytest.mark.parametrize("code", PLAIN.values(), ids=PLAIN)
def test_what_is_read_of_a_configuration_may_be_plain(code):
    found = said({**FILES, "main.py": f"import torch\n{code}{SAVE}"}, "main.py")
    assert found.complete, found.unknown
    assert not found.needs
