"""What is said of a class whose package is not in the environment that is read."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.names import GlobalName
from torchload_lint.rules.absent_packages import advice_for_absent

USE = "import torch\nimport unheard_of.nets as nets\nnet = nets.Net()\ntorch.load('a.pt')\n"


def advice(name, files):
    return advice_for_absent(GlobalName.parse(name), "use.py", project(files))


def test_the_environment_that_has_the_package_is_asked_for():
    said = advice("unheard_of.nets.Net", {"use.py": USE})
    assert said.startswith("unheard_of is not installed in the environment that is read")
    assert "`--python PATH`" in said
    inside = USE.replace("import unheard_of", "try:\n    from unheard_of").replace(".nets as", "")
    inside = inside.replace("from unheard_of nets", "from unheard_of import nets")
    assert advice("unheard_of.nets.Net", {"use.py": f"{inside}except ImportError:\n    pass\n"})


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("unheard_of.nets.Net", {"use.py": "import torch\nname = 'unheard_of'\n"}),
        ("unheard_of.nets.Net", {"use.py": "import unheard_of_too\n"}),
        ("unheard_of.nets.Net", {"use.py": USE, "unheard_of/nets.py": "class Net:\n    pass\n"}),
        ("collections.Counter", {"use.py": "import collections\n"}),
        ("torch.nn.Linear", {"use.py": "import torch\n"}),
    ],
    ids=["not imported", "another package", "the project's own", "Python's own", "torch's own"],
)
def test_nothing_is_said_where_that_would_not_help(name, files):
    assert advice(name, files) == ""
