"""No proof where another file, or a function, puts something else in the place of what was read."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

MODELS = """
import torch
from torch import nn

def evil(*_):
    open("marker", "w")

def safe(x):
    return len([x])

class Net(nn.Module):
    limit = 3
    def __init__(self, x=0):
        super().__init__()
        self.x = safe(torch.zeros(x))
    def forward(self, x):
        return x
"""
REPLACED = (
    "import models\nmodels.safe = models.evil",
    "from models import Net, evil\nNet.__setattr__ = evil",
    "from models import *\nNet.anything = evil",
    "import models as m\nsetattr(m, 'safe', m.evil)",
    "import models as m\nvars(m)['safe'] = m.evil",
    "import models as m\nm.__dict__.update(safe=m.evil)",
    "import importlib\nm = importlib.import_module('models')\nm.safe = m.evil",
    "import models\ndef p(m):\n    m.safe = m.evil\np(models)",
    "import models\nfor name in list(vars(models)):\n    setattr(models, name, models.evil)",
    "def patch(target, name, value):\n    setattr(target, name, value)",
    "import sys\nm = sys.modules['models']\nm.safe = m.evil",
    "import sys\nimport other_models\nsys.modules['models'] = other_models",
    "from unittest import mock\nimport models\nmock.patch('models.safe', models.evil).start()",
    "import models\nclass P:\n    def go(self):\n        self.m = models\n        self.m.safe = f",
    "import builtins\nimport models\nbuiltins.len = models.evil",
    "import models\n__builtins__['len'] = models.evil",
    "import torch\nfrom models import evil\ntorch.zeros = evil",
    "import models\nt = models.torch\nt.zeros = models.evil",
    "import torch.nn as nn\nfrom models import evil\nnn.Module.__call__ = evil",
    "import models\n_, models.safe = 1, models.evil",
    "import models\nfor models.safe in [models.evil]:\n    pass",
    "from models import Net, evil\nfor c in Net.__mro__:\n    c.__call__ = evil",
    "import models\nmodels.safe.__code__ = models.evil.__code__",
    "import sys\nsys._getframe().f_globals['safe'] = print",
    "import models\ngetattr(models, '__di' + 'ct__')['safe'] = models.evil",
    "import models\nfound = getattr(models, f'__{kind}__')\nfound['safe'] = models.evil",
    "def swap(x, name):\n    getattr(x, name).update(safe=evil)",
    "import models\neval('setattr(models, \"safe\", models.evil)')",
    "from torch import Tensor\nfrom models import evil\nTensor.size = evil",
    "import models\nexec(open('more.py').read())",
    "import models\nif isinstance(models.Net, type): models.safe = models.evil",
    "import models\ntry: models.safe = models.evil\nfinally: models.Net.forward = models.evil",
    "import models\ndef f(m=models): m.safe = models.evil",
    "import models\nt, u = models.torch, 1\nt.zeros = models.evil",
    "import models\nwith models.opened() as (models.safe):\n    pass",
    "import models\nrun = eval if models else exec\nrun('models.safe.__code__ = 1')",
)
KEPT = (
    "import models\nmodels.unrelated = models.evil",
    "from models import Net\nnet = Net()\nnet.forward = print",
    "from models import Net\ndef f(net: Net, name, value):\n    setattr(net, name, value)",
    "import models\nmodels.Net.limit = 4",
    "import argparse\nargs = argparse.ArgumentParser().parse_args()\nargs.safe = f\nvars(args)",
    "class A:\n    def __init__(self, f):\n        self.safe = f\n        setattr(self, 'safe', f)",
    "class Other:\n    @classmethod\n    def go(cls, f):\n        cls.forward = f",
    "def f(model):\n    for m in model.modules():\n        m.forward = m.forward_fuse",
    "def f(m, other):\n    if isinstance(m, Other):\n        m.forward = other",
    "import torch\ntorch.backends.cudnn.benchmark = f()",
    "import torch\nold = torch.load\ntorch.load = lambda *a, **k: old(*a, **k)",
    "def f(m, name):\n    setattr(m, name, 3)\n    setattr(m, 'other', f)",
    "def f(m):\n    print(m.forward, m.safe)\n    return m.__dict__.items()",
    "f = eval(open('number.txt').read())",
    "def f(patch):\n    return patch.forward, patch  # in eval mode",
    "from models import Net\nclass Other(Net):\n    safe: Net.forward = 3",
    "import numpy as np\nnp.float = float",
    "class A:\n    def f(self, name):\n        getattr(self, name)['safe'] = f",
    "def f(config, name):\n    found = getattr(config, name)\n    return getattr(config, name)[0]",
)


def unproven(elsewhere: str, path: str = "patch.py") -> str:
    index = project({"models.py": MODELS, path: dedent(elsewhere) + "\n"})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("elsewhere", REPLACED)
def test_what_may_be_replaced_is_not_proven(elsewhere):
    assert unproven(elsewhere).startswith("patch.py:")


@pytest.mark.parametrize("elsewhere", KEPT)
def test_what_changes_nothing_of_it_keeps_the_proof(elsewhere):
    assert unproven(elsewhere) == ""


@pytest.mark.parametrize("path", ["tests/test_net.py", "tests/helpers.py", "setup.py"])
def test_tests_may_replace_what_they_like(path):
    assert unproven("import models\nmodels.safe = models.evil", path) == ""


def test_a_program_that_is_called_like_a_test_counts():
    assert "test_net.py" in unproven("import models\nmodels.safe = models.evil", "test_net.py")
    as_test = "import models\ndef test_it():\n    models.safe = models.evil"
    assert unproven(as_test, "test_net.py") == ""


def test_a_function_of_the_file_itself_counts():
    after = (
        "\ndef on(c):\n    def put(f):\n        c.__init__ = f\n        return f\n    return put\n"
    )
    index = project({"models.py": MODELS + after + "\n@on(Net)\ndef init(self):\n    evil()\n"})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    assert "sets c.__init__" in prove_class(node, module, index).unproven


LOGGING = MODELS.replace("import torch\n", "import logging\nimport torch\n", 1).replace(
    "        return x\n", "        logging.warning('x')\n        return x\n"
)


@pytest.mark.parametrize(
    ("elsewhere", "is_hooked"),
    [
        ("import logging\nclass H(logging.Handler):\n    def emit(self, r):\n        r()", True),
        ("import logging\nlogging.getLogger().addFilter(print)", True),
        ("from torch.nn.modules.module import *\nregister_module_forward_hook(print)", True),
        ("import logging\nlogging.getLogger().addHandler(logging.StreamHandler())", False),
        ("net.register_forward_hook(print)", False),
        ("import gc\nfor one in gc.get_objects():\n    one['safe'] = evil", True),
        ("from gc import get_objects as all_of\nput(all_of())", True),
        ("from gc import get_referrers as who\nwho(f)[0]['safe'] = evil", True),
        ("names = frame.f_back.f_locals\nnames['safe'] = evil", True),
        ("print(frame.f_locals['safe'], frame.f_locals.get('x'))", False),
    ],
)
def test_code_that_is_hung_onto_what_all_share(elsewhere, is_hooked):
    index = project({"models.py": LOGGING, "patch.py": elsewhere + "\n"})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    assert ("hangs" in prove_class(node, module, index).unproven) is is_hooked
