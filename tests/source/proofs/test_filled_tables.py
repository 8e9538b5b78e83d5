"""No proof where the program may put code into a list or a dictionary that a class goes through."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

MODELS = """
LIMITS = {"a": 1}

class Net:
    hooks = [1, 2]
    def __init__(self, x=0):
        for hook in self.hooks:
            if callable(hook):
                hook(x)
        self.x = LIMITS["a"]
"""
FILLED = (
    "for Net.hooks[0] in [evil]:\n    pass",
    "a, Net.hooks[0] = 1, evil",
    "[0 for Net.hooks[0] in [evil]]",
    "with opened(evil) as Net.hooks[0]:\n    pass",
    "list.append(Net.hooks, evil)",
    "import heapq\nheapq.heappush(Net.hooks, evil)",
    "import operator\noperator.setitem(Net.hooks, 0, evil)",
    "import operator\noperator.attrgetter('hooks')(Net).append(evil)",
    "table = Net.hooks\ntable.append(evil)",
    "for table in [Net.hooks]:\n    table.append(evil)",
    "if (table := Net.hooks):\n    table.append(evil)",
    "def fill(table):\n    table.append(evil)\nfill(Net.hooks)",
    "add = Net.hooks.append\nadd(evil)",
    "Net.hooks[\n0\n] = evil",
    "Net.hooks.\\\n  append(evil)",
    "getattr(Net, 'hooks').append(evil)",
    "Net.__dict__['hooks'].append(evil)",
    "vars(Net)['hooks'].append(evil)",
    "for table in vars(Net).values():\n    table.append(evil)",
    "for name in dir(Net):\n    getattr(Net, name).append(evil)",
    "import inspect\nfor _, table in inspect.getmembers(Net):\n    table.append(evil)",
    "match Net:\n    case object(hooks=table):\n        table.append(evil)",
    "class Sub(Net):\n    pass\nSub.hooks.append(evil)",
    "from models import LIMITS as L\nL['a'] = evil",
    "from models import LIMITS\nLIMITS |= {'a': evil}",
    "import models\nmodels.LIMITS.update(a=evil)",
    "Net.__init__.__globals__['LIMITS']['a'] = evil",
)
READ = (
    "print(len(Net.hooks), Net.hooks[0], 1 in Net.hooks)",
    "for number in Net.hooks:\n    print(number)",
    "from models import LIMITS\nLIMITS['a'] = 3",
    "from models import LIMITS\nimport json\njson.dumps(LIMITS)\nlimits = dict(LIMITS)",
    "Net.hooks.append(3)\nNet.hooks.remove(3)\nNet.hooks.clear()",
    "hooks = []\nhooks.append(evil)",
    "LIMITS = {}\nLIMITS['a'] = evil",
    "class A:\n    def __init__(self):\n        self.hooks = []\n        self.hooks.append(evil)",
)


def unproven(elsewhere: str, models: str = MODELS) -> str:
    patch = f"from models import Net\ndef evil(*_):\n    open('marker', 'w')\n{elsewhere}\n"
    index = project({"models.py": models, "patch.py": patch})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("elsewhere", FILLED)
def test_a_table_that_code_may_come_into_is_not_proven(elsewhere):
    assert unproven(elsewhere).startswith("patch.py:")


@pytest.mark.parametrize("elsewhere", READ)
def test_a_table_that_is_read_or_gets_data_keeps_the_proof(elsewhere):
    assert unproven(elsewhere) == ""


def test_another_name_in_the_class_is_the_same_table():
    models = MODELS.replace("    def", "    other = hooks\n    def", 1)
    assert unproven("Net.other.append(evil)", models).startswith("models.py:")
