"""What a class does to the whole process, when a file makes its objects: it draws random numbers
that a training depends on, or says what the file has chosen.
"""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

MADE = "def __init__(self, x='told by a file'): "
DRAWN = {
    "Python": ("import random", f"{MADE}self.x = random.random()"),
    "a list": ("import random", f"{MADE}random.shuffle([1, 2, 3])"),
    "to sort": ("import random", f"{MADE}self.x = sorted([1, 2], key=random.choice)"),
    "torch": ("import torch", f"{MADE}self.x = torch.randn(3)"),
    "a parameter": ("import torch", f"{MADE}self.x = torch.nn.Parameter(torch.rand(2))"),
}
STATES = "random.getstate(), torch.get_rng_state().tolist()"


@pytest.mark.parametrize(("head", "body"), DRAWN.values(), ids=DRAWN)
def test_random_numbers_of_the_process(head, body, tmp_path):
    project(tmp_path, head, body)
    assert not stands_as_itself(tmp_path)
    shown = f"(b := ({STATES})) == a"
    reading = loaded(tmp_path, forge.call(NET), "victim.Net", shown, f"random; a = {STATES}")
    assert reading.stdout in {"False\n", ""}  # "": the class cannot be made of nothing
    quiet = loaded(tmp_path, forge.array(), "victim.Net", shown, f"random; a = {STATES}")
    assert quiet.stdout == "True\n"


SAID = {
    "print": ("", f"{MADE}print(x)"),
    "a warning": ("import warnings", f"{MADE}warnings.warn(x)"),
    "a logger": ("import logging\nLOG = logging.getLogger('app')", f"{MADE}LOG.error(x)"),
    "its logger": (
        "import logging",
        f"{MADE}\n        self.log = logging.getLogger('app')\n        self.log.error(x)",
    ),
    "a function of the file": (
        "import logging\nsay = logging.getLogger('app').error",
        f"{MADE}say(x)",
    ),
}


@pytest.mark.parametrize(("head", "body"), SAID.values(), ids=SAID)
def test_what_the_file_has_chosen_is_said(head, body, tmp_path):
    project(tmp_path, head, body)
    assert not stands_as_itself(tmp_path)
    done = loaded(tmp_path, forge.call(NET))
    assert "told by a file" in done.stdout + done.stderr


NAMED = {
    "given": f"{MADE}self.log = logging.getLogger(x)",
    "kept": f"{MADE}self.x = x; self.log = logging.getLogger(self.x)",
    "with a prefix": f"{MADE}self.log = logging.getLogger(f'app.{{x}}')",
    "by keyword": f"{MADE}self.log = logging.getLogger(name=x)",
    "spread": f"{MADE}self.log = logging.getLogger(*[x])",
    "handed on": f"{MADE}self.log = list(map(logging.getLogger, [x]))",
    "a child": f"{MADE}self.log = logging.getLogger('app').getChild(x)",
    "in a lambda": f"make = lambda s, x: logging.getLogger(x)\n    {MADE}self.log = self.make(x)",
}
OWN = {
    "its module": "logging.getLogger(__name__)",
    "its class": "logging.getLogger(type(self).__name__)",
    "both": "logging.getLogger(f'{__name__}.{self.__class__.__qualname__}')",
    "a text": "logging.getLogger('app' + '.nets')",
    "the root": "logging.getLogger()",
}


@pytest.mark.parametrize("body", NAMED.values(), ids=NAMED)
def test_loggers_of_names_that_the_file_has_chosen(body, tmp_path):
    project(tmp_path, "import logging", body)
    assert not stands_as_itself(tmp_path)
    shown = "any('told' in name for name in logging.root.manager.loggerDict)"
    assert loaded(tmp_path, forge.call(NET), "victim.Net", shown, "logging").stdout == "True\n"


@pytest.mark.parametrize("made", OWN.values(), ids=OWN)
def test_loggers_of_names_that_stand_there(made, tmp_path):
    project(tmp_path, "import logging", f"{MADE}self.x = x; self.log = {made}")
    assert stands_as_itself(tmp_path)


KIND = """import enum
class Kind(enum.Enum):
    A = 1
    def __hash__(self): return 1
    def __eq__(self, other): return {result}
"""


@pytest.mark.parametrize("result", ["self.value + other.value", "print(other)"])
def test_a_member_that_does_more_than_to_compare(result, tmp_path):
    member = forge.call(forge.name("victim", "Kind"), forge.number(1))
    project(tmp_path, KIND.format(result=result), "pass", forge.array(member))
    (judgement,) = torchload_lint.inspect(tmp_path / "net.pt").judgements
    assert not judgement.allowed


def test_what_stays_in_the_object(tmp_path):
    own = "self.x, self.y = random.Random(3), self.error(x)\n    def error(self, x): return x"
    project(tmp_path, "import random", MADE + own)
    assert stands_as_itself(tmp_path)
