"""Who may go on an allowlist: judged by names and by what the project's source says."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.names import ClassFacts, GlobalName
from torchload_lint.policy import Trust, judge, judge_together
from torchload_lint.source.project.origins import origins


def named(dotted: str, **given: object) -> Trust:
    return judge(GlobalName.parse(dotted), **{"facts": None, **given}).trust


OWN = ClassFacts(GlobalName("app.models", "Net"), "class", "app/models.py", 3)

VETTED = """
argparse.Namespace collections.OrderedDict numpy.core.multiarray._reconstruct pathlib.PosixPath
torch.nn.modules.linear.Linear torch.amp.grad_scaler.GradScaler numpy.dtypes.Float64DType
torch.nn.functional.gelu datetime.datetime _codecs.encode
""".split()

REFUSED = """
builtins.eval __builtin__.eval os.system posix.system nt.system subprocess.Popen builtins.getattr
operator.attrgetter functools.partial importlib.import_module torch.load torch.serialization.load
pickle.loads runpy.run_path numpy.load builtins.type torch.hub.load builtins.eval.__call__
""".split()

UNTRUSTED = """
omegaconf.DictConfig app.models.Net torch.nn.modules.container.operator.attrgetter
torch.optim.optimizer.functools.partial torch.nn.functional.torch.load collections.abc.foo
torch.optim.adam.A² omegaconf.x;import.os
""".split()


@pytest.mark.parametrize("name", VETTED)
def test_vetted(name):
    assert named(name) is Trust.VETTED


@pytest.mark.parametrize("name", ["torch.optim.adam.Adam", "torch.optim.lr_scheduler.StepLR"])
def test_what_is_restored_alone(name):
    assert named(name) is Trust.RESTORE_ONLY


@pytest.mark.parametrize("name", REFUSED)
def test_what_runs_code_needs_its_exact_name(name):
    module = name.rpartition(".")[0]
    assert named(name) is Trust.RUNS_CODE
    assert named(name, trusted=["*", f"{module}.*"]) is Trust.RUNS_CODE
    assert named(name, trusted=[name]) is Trust.CONFIGURED


@pytest.mark.parametrize("name", UNTRUSTED)
def test_nobody_vouches_for_the_rest(name):
    assert not judge(GlobalName.parse(name), None).allowed


def test_a_pattern_of_the_configuration_trusts_what_it_matches():
    assert named("omegaconf.dictconfig.DictConfig", trusted=["omegaconf.*"]) is Trust.CONFIGURED
    assert named("hydra.Other", trusted=["omegaconf.*"]) is Trust.UNTRUSTED


@pytest.mark.parametrize(
    "name",
    [
        "omegaconf.base.sys.modules",
        "omegaconf.base.os.system",
        "omegaconf.base.importlib.import_module",
        "omegaconf.base.check_output",
        "omegaconf.functools.partial",
    ],
)
def test_a_pattern_does_not_reach_through_what_a_package_imports(name):
    assert named(name, trusted=["omegaconf.*"]) is Trust.RUNS_CODE
    assert named(name, trusted=[name]) is Trust.CONFIGURED


@pytest.mark.parametrize("name", ["omegaconf.x import y\rimport os", "a b", "app..x", "app.class"])
def test_what_is_no_name_is_never_trusted(name):
    assert not judge(GlobalName.parse(name), None, ["*", name]).allowed


def test_a_class_of_the_project():
    assert named("app.models.Net", facts=OWN) is Trust.FIRST_PARTY


@pytest.mark.parametrize("kind", ["function", "value"])
def test_only_classes_of_the_project(kind):
    facts = ClassFacts(OWN.defined_as, kind, OWN.path, OWN.row)
    assert named("app.models.Net", facts=facts) is Trust.UNTRUSTED
    assert named("app.models.Net", facts=facts, trusted=["app.*"]) is Trust.CONFIGURED


def test_a_class_that_runs_code_is_refused_even_by_pattern():
    facts = ClassFacts(OWN.defined_as, "class", OWN.path, OWN.row, runs=("os.system",))
    judgement = judge(OWN.defined_as, facts, ["app.*"])
    assert judgement.trust is Trust.RUNS_CODE
    assert "app/models.py:3 calls os.system" in judgement.reason
    assert "migrate" in judgement.advice
    assert "trusted" not in judgement.advice
    assert judge(OWN.defined_as, facts, ["app.models.Net"]).trust is Trust.CONFIGURED


def test_a_class_made_from_one_that_runs_code_is_refused():
    facts = ClassFacts(OWN.defined_as, "class", "m.py", 1, foreign_bases=("subprocess.Popen",))
    assert judge(OWN.defined_as, facts).trust is Trust.RUNS_CODE
    assert judge(OWN.defined_as, facts, ["app.*"]).trust is Trust.RUNS_CODE


FILES = {
    "app/__init__.py": "from app.tools import call as shell",
    "app/tools.py": """
        import os, functools
        from subprocess import check_output as call
        from torch import nn
        run = os.popen
        class Net(nn.Module):
            go = os.system
    """,
    "app/loose.py": "from subprocess import *",
}


@pytest.mark.parametrize(
    ("name", "outside"),
    [
        ("app.tools.call", {"subprocess.check_output"}),
        ("app.shell", {"subprocess.check_output"}),
        ("app.tools.run", {"os.popen"}),
        ("app.tools.os.system", {"os.system"}),
        ("app.tools.functools.partial", {"functools.partial"}),
        ("app.tools.Net.go", {"os.system"}),
        ("app.loose.Popen", {"subprocess.Popen"}),
        ("app.tools.Net", set()),
        ("numpy.dtype", {"numpy.dtype"}),
    ],
)
def test_where_a_name_comes_from_in_the_end(name, outside):
    assert origins(name, "", project(FILES)) == outside


def test_an_origin_speaks_against_a_name_but_never_for_it():
    against = judge(GlobalName("app", "shell"), None, ["app.*"], origins=["subprocess.run"])
    assert against.trust is Trust.RUNS_CODE
    neutral = judge(GlobalName("app", "Args"), None, [], origins=["argparse.Namespace"])
    assert neutral.trust is Trust.UNTRUSTED


def test_what_is_allowed_for_the_whole_process_is_not_called_by_a_proven_class():
    name = GlobalName("app", "A")
    proven = ClassFacts(name, "class", "app.py", 1, asks=frozenset({"run"}), not_restorable="")
    runner = ClassFacts(
        GlobalName("app", "Runner"), "class", "app.py", 9, methods=frozenset({"run"}), unproven="it"
    )
    alone = judge(name, proven)
    assert alone.trust is Trust.FIRST_PARTY
    (beside,) = judge_together([(alone, proven, False)], [runner])
    assert beside.trust is Trust.RESTORE_ONLY
    assert "run of a class that is allowed beside it" in beside.reason
    (called,) = judge_together([(alone, proven, True)], [runner])
    assert called.trust is Trust.UNPROVEN
    (kept,) = judge_together([(alone, proven, False)], [runner._replace(methods=frozenset())])
    assert kept == alone
