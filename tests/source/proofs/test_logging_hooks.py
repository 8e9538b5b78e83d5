"""No proof of a class that logs or prints where code of the program sees what is said."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.proofs.proof import prove_class

LOGS = """
import logging
log = logging.getLogger(__name__)

class Net:
    def __init__(self, x=0):
        self.x = x
        log.warning("got %s", x)
"""
PRINTS = LOGS.replace('log.warning("got %s", x)', "print(x)")
WARNS = LOGS.replace('log.warning("got %s", x)', "warnings.warn(str(x))").replace(
    "import logging", "import logging, warnings"
)
HUNG = (
    "class H(logging.Handler):\n    pass",
    "from logging import Handler as Base\nclass H(Base):\n    pass",
    "kind = type('H', (logging.Handler,), {'emit': evil})",
    "kind = type('H', (logging.StreamHandler,), {'emit': evil})",
    "log.filter = evil",
    "own = logging.getLogger('models')\nown.filter = evil",
    "models.log.warning = evil",
    "logging.Logger.warning = evil",
    "logging.getLoggerClass().warning = evil",
    "type(models.log).warning = evil",
    "handler = logging.StreamHandler()\nhandler.emit = evil",
    "handler = logging.StreamHandler()\nhandler.setFormatter(Own())",
    "logging.getLogger().addHandler(Own())",
    "def add(handler):\n    logging.getLogger().addHandler(handler)",
    "from logging.config import dictConfig\ndictConfig(read())",
    "logging.basicConfig(stream=Own())",
    "logging.basicConfig(**given)",
    "logging.basicConfig(handlers=[Own()])",
    "logging.StreamHandler(Own())",
    "vars(models.log)['handle'] = evil",
    "models.log.__dict__.update(handle=evil)",
    "models.log.filters.append(evil)",
    "models.log.parent.handlers += [Own()]",
    "models.log.handlers[:] = [Own()]",
    "own = models.log.handlers\nown.append(Own())",
    "logging.lastResort.emit = evil",
    "logging.LogRecord.getMessage = evil",
)
IN_ORDER = (
    "logging.basicConfig(level=logging.INFO, format='%(message)s', stream=sys.stdout)",
    "logging.basicConfig(handlers=[logging.FileHandler('a.log'), logging.StreamHandler()])",
    (
        "handler = logging.StreamHandler()\nhandler.setFormatter(logging.Formatter('x'))\n"
        "logging.getLogger().addHandler(handler)"
    ),
    (
        "from logging.handlers import RotatingFileHandler\nlog = logging.getLogger('a')\n"
        "log.addHandler(RotatingFileHandler('a.log'))"
    ),
    "for handler in logging.getLogger().handlers:\n    handler.setLevel(logging.DEBUG)",
    "class A:\n    def __init__(self, f):\n        self.write = f\n        self.format = f",
    "def f(log: logging.Logger):\n    log.info('x')",
)
STREAMS = (
    "sys.stderr = sys.stdout = Own()",
    "sys.\\\nstderr = sys.\\\nstdout = Own()",
    "sys.__setattr__('stderr', Own())\nsys.__setattr__('stdout', Own())",
    "sys.stderr.write = sys.stdout.write = evil",
    "from contextlib import redirect_stdout as to, redirect_stderr as also\nto(Own())",
)


def unproven(elsewhere: str, models: str) -> str:
    patch = "import logging, sys\nimport models\ndef evil(*_):\n    open('marker', 'w')\n"
    index = project({"models.py": models, "patch.py": f"{patch}{elsewhere}\n"})
    module = index.module_at("models.py")
    (node,) = [one for one in module.tree.body if getattr(one, "name", "") == "Net"]
    return prove_class(node, module, index).unproven


@pytest.mark.parametrize("elsewhere", [*HUNG, *STREAMS])
def test_a_class_that_logs_is_not_proven_beside_code_that_sees_it(elsewhere):
    assert unproven(elsewhere, LOGS).startswith("patch.py")


@pytest.mark.parametrize("elsewhere", STREAMS)
def test_so_it_is_with_what_is_printed(elsewhere):
    assert unproven(elsewhere, PRINTS).startswith("patch.py")


@pytest.mark.parametrize("elsewhere", IN_ORDER)
def test_what_logging_itself_offers_keeps_the_proof(elsewhere):
    assert unproven(elsewhere, LOGS) == ""


def test_warnings_may_be_led_to_loggers():
    handler = "class H(logging.Handler):\n    pass\n"
    assert unproven(handler, WARNS) == ""
    assert unproven(f"{handler}logging.captureWarnings(True)", WARNS).startswith("patch.py")
