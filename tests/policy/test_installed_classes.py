"""Classes of installed libraries: judged by their own source, where the project needs them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import torchload_lint
from checkpoint.cases import forge
from installed_library import install
from torchload_lint.cli.group import root
from torchload_lint.policy import Trust

LIBRARY = {
    "fakelib/__init__.py": "from fakelib.models import Net, Plain\n",
    "fakelib/base.py": """
        class Base:
            def __init__(self, x=1): self.x = x
        def documented(*texts):
            def inner(cls):
                cls.__doc__ = "".join(texts) + (cls.__doc__ or "")
                return cls
            return inner
        def registered(cls):
            ALL.append(cls)
            return cls
        def changed(cls):
            cls.__setstate__ = print
            return cls
        def wrapped(cls):
            return type(cls.__name__, (cls,), {})
        ALL = []
        """,
    "fakelib/models.py": """
        import enum, os
        from torch import nn
        from fakelib.base import Base, changed, documented, registered, wrapped
        class Plain(Base):
            def forward(self, x): return self.x
        class Runs(Base):
            def __init__(self, command): os.system(command)
        class Opaque:
            def __init__(self, value): self.value = unknown(value)
        class Net(nn.Module):
            def __init__(self, spec):
                super().__init__()
                self.layers = eval(spec)
        class Own:
            def __setstate__(self, state): os.system(state)
        class Slots:
            __slots__ = ("x",)
            def __init__(self, x): os.system(x)
        class Color(str, enum.Enum):
            RED = "red"
            @classmethod
            def _missing_(cls, value): raise ValueError(f"{value} is none of {list(cls)}")
        class Loud(enum.Enum):
            RED = 1
            @classmethod
            def _missing_(cls, value): os.system(value)
        @documented("more", "words")
        class Documented: pass
        @registered
        class Registered: pass
        @changed
        class Changed: pass
        @wrapped
        class Wrapped: pass
        class Config:
            def get(self, key, default=None): return getattr(self, key, default)
        class Tools:
            def get(self, key, default=None): return getattr(self, key, default)
            def clean(self, path): os.remove(path)
        class Settings(nn.Module):
            def get(self, key, default=None): return getattr(self, key, default)
        def make(x): return x
        VALUE = Base()
        """,
    "fakelib/foreign.py": "from otherlib import Far\nclass Near(Far): pass\n",
}  # fmt: skip
OTHER = {
    "otherlib.py": """
        import os
        class Far:
            def __init__(self, x): os.system(x)
        class Calm: pass
        """
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH"):
        monkeypatch.delenv(variable, raising=False)
    install(tmp_path, LIBRARY, needs=("otherlib>=1",))
    install(tmp_path, OTHER, "otherlib", "3.0")
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\ndependencies = ["fakelib>=1"]\n'
        '[tool.torchload-lint]\ntarget-torch = "2.13"\n'
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checkpoint(folder, *programs):
    path = folder / "model.pt"
    path.write_bytes(forge.archive(forge.program(forge.array(*programs))))
    return path


def trust(folder, name, program=forge.new, module="fakelib.models"):
    found = torchload_lint.inspect(checkpoint(folder, program(forge.name(module, name))))
    return found.judgements[0] if found.judgements else None


PROVEN = ["Plain", "Documented", "Config"]
RESTORED = ["Runs", "Opaque", "Net", "Registered", "Tools", "Settings"]
REFUSED = ["Own", "Slots", "Loud", "Wrapped", "make", "VALUE", "absent"]


@pytest.mark.parametrize("name", PROVEN)
def test_a_class_is_proven_by_the_source_of_its_library(name, project):
    judgement = trust(project, name)
    assert judgement.trust is Trust.INSTALLED
    assert "read from fakelib 1.2.3 (fakelib/models.py:" in judgement.reason


def test_an_enumeration_of_a_library_is_held_to_the_members_that_the_file_has(project):
    def asked(kind):
        return forge.call(kind, forge.text("red"))

    assert trust(project, "Color", asked).trust is Trust.ONLY_WITH
    assert trust(project, "Color").trust is Trust.UNPROVEN


@pytest.mark.parametrize("name", RESTORED)
def test_a_class_that_is_not_proven_may_be_restored(name, project):
    judgement = trust(project, name)
    assert judgement.trust is Trust.RESTORE_ONLY
    assert "(read from fakelib 1.2.3)" in judgement.reason


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_its_own_code_is_refused(name, project):
    assert not trust(project, name).allowed


@pytest.mark.parametrize("name", [*RESTORED, "Changed"])
def test_what_is_not_proven_may_not_be_called(name, project):
    path = checkpoint(project, forge.call(forge.name("fakelib.models", name), forge.text("x")))
    found = torchload_lint.inspect(path)
    assert not any(judgement.allowed for judgement in found.judgements)


def test_a_base_class_of_another_library_is_read_there(project):
    assert trust(project, "Near", module="fakelib.foreign").trust is Trust.RESTORE_ONLY


def test_a_library_that_a_dependency_needs_is_one(project):
    assert trust(project, "Calm", module="otherlib").reason.startswith("read from otherlib 3.0")


def test_a_class_under_another_name_needs_a_pair(project):
    found = torchload_lint.inspect(
        checkpoint(project, forge.new(forge.name("fakelib", "Plain")))
    ).report.safe_globals[0]
    assert found.pair
    assert found.spelling.expression() == "fakelib.models.Plain"


@pytest.mark.parametrize(
    ("setting", "allowed"),
    [
        ("true", True),
        ("false", False),
        ('["fakelib"]', True),
        ('["Fake_Lib", "otherlib"]', False),
        ("[]", False),
    ],
)
def test_the_setting(setting, allowed, project):
    file = project / "pyproject.toml"
    file.write_text(f"{file.read_text()}trust-installed = {setting}\n")
    assert trust(project, "Plain").allowed is allowed


def test_a_wrong_setting_is_refused(project):
    file = project / "pyproject.toml"
    file.write_text(f"{file.read_text()}trust-installed = 'all'\n")
    result = CliRunner().invoke(root, ["show-settings", "."])
    assert result.exit_code == 2
    assert "trust-installed must be true, false or a list of strings, not a string" in result.output


@pytest.mark.parametrize(
    ("setting", "shown"), [("", True), ("trust-installed = ['fakelib']\n", ["fakelib"])]
)
def test_settings_are_shown(setting, shown, project):
    file = project / "pyproject.toml"
    file.write_text(file.read_text() + setting)
    result = CliRunner().invoke(root, ["show-settings", "."])
    assert json.loads(result.output)["trust-installed"] == shown


NEEDED_BY = {
    "requirements": ("requirements.txt", "numpy\nfakelib\n", True),
    "the extra of a requirement": ("requirements.txt", "fakelib[all]==1.2.3\n", True),
    "conda": ("environment.yml", "dependencies:\n  - pip:\n    - fakelib>=1\n", True),
    "an import": ("app.py", "import os, fakelib\n", True),
    "an import of a part": ("app.py", "def f():\n    from fakelib.models import Net\n", True),
    "another library": ("requirements.txt", "fakelib-extra\n", False),
    "a comment": ("requirements.txt", "numpy  # fakelib\n", False),
    "a word": ("app.py", "'''import fakelibrary, not fakelib'''\n", False),
    "nothing": ("app.py", "", False),
}


@pytest.mark.parametrize("case", NEEDED_BY)
def test_only_what_the_project_needs_may_speak(case, project):
    name, text, is_needed = NEEDED_BY[case]
    (project / "pyproject.toml").write_text('[tool.torchload-lint]\ntarget-torch = "2.13"\n')
    (project / name).write_text(text)
    assert trust(project, "Plain").allowed is is_needed


def test_a_folder_of_the_project_stands_before_a_library(project):
    (project / "fakelib").mkdir()
    (project / "fakelib" / "__init__.py").write_text("")
    assert not trust(project, "Plain").allowed


def test_a_compiled_module_says_nothing(project):
    folder = project / ".venv/lib/python3.11/site-packages/fakelib"
    (folder / "models.cpython-311-x86_64-linux-gnu.so").touch()
    assert not trust(project, "Plain").allowed


def test_a_file_that_no_distribution_has_installed_says_nothing(project):
    folder = project / ".venv/lib/python3.11/site-packages/fakelib"
    (folder / "late.py").write_text("class Late: pass\n")
    assert not trust(project, "Late", module="fakelib.late").allowed


@pytest.mark.parametrize("name", ["os.system", "Net.__init__", "enum.Enum", "nn.Module"])
def test_what_a_library_imports_is_not_its_own(name, project):
    path = checkpoint(project, forge.new(forge.name("fakelib.models", name)))
    found = torchload_lint.inspect(path)
    assert found.report.verdict.value == "dangerous" or not found.judgements[0].allowed


def load(folder, text):
    (folder / "app.py").write_text(text)
    checkpoint(folder, forge.new(forge.name("fakelib.models", "Plain")))
    return CliRunner().invoke(root, ["check", "--output-format", "full", "app.py"]).output


def test_the_finding_says_what_was_read(project):
    shown = load(project, "import torch\nx = torch.load('model.pt', weights_only=True)\n")
    assert "Plain was read from fakelib 1.2.3" in shown


@pytest.mark.parametrize(("head", "is_safe"), [("import fakelib\n", True), ("", False)])
def test_a_new_import_of_a_library_is_no_safe_fix(head, is_safe, project):
    load(project, f"import torch\n{head}x = torch.load('model.pt', weights_only=True)\n")
    CliRunner().invoke(root, ["check", "--fix", "app.py"])
    assert ("safe_globals([Plain])" in (project / "app.py").read_text()) is is_safe
    CliRunner().invoke(root, ["check", "--fix", "--unsafe-fixes", "app.py"])
    fixed = (project / "app.py").read_text()
    assert "safe_globals([Plain])" in fixed
    assert "from fakelib.models import Plain" in fixed
