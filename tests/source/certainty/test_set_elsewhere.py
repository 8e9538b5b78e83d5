"""A constant that another file sets is not known to be what its own file says."""

from __future__ import annotations

import pytest

from running import write
from torchload_lint import api

LOAD = """
    import torch

    SAFE = True

    def load(path):
        return torch.load(path, weights_only=SAFE)
"""
OF_CLASS = """
    import torch

    class Loader:
        safe = True

        def load(self, path):
            return torch.load(path, weights_only=self.safe)
"""
LOCAL = """
    import torch

    def load(path):
        SAFE = True
        return torch.load(path, weights_only=SAFE)
"""
SETTING = {
    "an attribute of the module": (LOAD, "import app.load as m\nm.SAFE = False\n"),
    "setattr": (LOAD, "import app.load as m\nsetattr(m, 'SAFE', False)\n"),
    "taken away": (LOAD, "import app.load as m\ndel m.SAFE\n"),
    "with an operator": (LOAD, "import app.load as m\nm.SAFE &= False\n"),
    "of a class": (OF_CLASS, "from app.load import Loader\nLoader.safe = False\n"),
    "of an object": (OF_CLASS, "def weaken(loader):\n    loader.safe = False\n"),
}
LEAVING = {
    "only read": (LOAD, "import app.load as m\nprint(m.SAFE)\n"),
    "of its own": (LOAD, "SAFE = False\n"),
    "another one": (LOAD, "import app.load as m\nm.OTHER = 'SAFE'\n"),
    "of another class": (OF_CLASS, "class A:\n    def f(self):\n        self.safe = False\n"),
    "a local name": (LOCAL, "import app.load as m\nm.SAFE = False\n"),
    "asked for": (LOAD, "import app.load as m\nprint(getattr(m, 'SAFE'))\n"),
}


def codes(root, source, other):
    write(root, {"pyproject.toml": "[project]\nname = 'app'\n", "app/__init__.py": ""})
    write(root, {"app/load.py": source, "app/other.py": other})
    results = api.check([root]).results
    return {one.code: one.message for result in results for one in result.diagnostics}


@pytest.mark.parametrize("case", SETTING)
def test_it_is_not_determined(case, tmp_path):
    told = codes(tmp_path, *SETTING[case])
    assert "cannot be determined: app/other.py:" in told["TLL105"]


@pytest.mark.parametrize("case", LEAVING)
def test_it_is_what_its_file_says(case, tmp_path):
    assert "TLL105" not in codes(tmp_path, *LEAVING[case])
