"""Module names, classes and import circles of projects that lie about in different ways."""

from __future__ import annotations

import importlib
import sys

import pytest

from project_files import project
from torchload_lint.names import GlobalName
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.project.imports import closes_circle
from torchload_lint.source.proofs.class_lookup import find

LAYOUTS = {
    "src/pkg/models.py": "pkg.models",
    "src/pkg/__init__.py": "pkg",
    "src/space/part/a.py": "space.part.a",
    "python/other/__init__.py": "other",
    "python/other/sub/b.py": "other.sub.b",
    "lib/net.py": "lib.net",
    "tools/train.py": "train",
    "tools/my-exp/run.py": "run",
    "setup.py": "setup",
    "pkg_at_root/__init__.py": "pkg_at_root",
    "pkg_at_root/x.py": "pkg_at_root.x",
}


@pytest.mark.parametrize(("path", "name"), LAYOUTS.items())
def test_module_names(path, name):
    files = dict.fromkeys(LAYOUTS, "")
    files["main.py"] = "from lib import net\nimport os\n"
    assert project(files).module_name(path) == name


def test_source_roots_are_a_setting():
    index = project({"code/app/x.py": ""}, source_roots=("code",))
    assert index.module_name("code/app/x.py") == "app.x"


def test_a_module_is_found_by_its_name():
    index = project({"src/pkg/__init__.py": "A = 1", "src/pkg/m.py": "B = 2"})
    assert index.module("pkg").path == "src/pkg/__init__.py"
    assert index.module("pkg.m").path == "src/pkg/m.py"
    assert index.module("torch") is None


def test_a_broken_file_is_no_module():
    assert project({"a.py": "def ("}).module_at("a.py") is None


NETS = {
    "pkg/__init__.py": "from .models import Net, make\nfrom .models import *\n",
    "pkg/models.py": """
        import os, enum
        from torch import nn
        class Base(nn.Module):
            def __setstate__(self, state):
                os.system(state["x"])
        class Net(Base):
            __slots__ = ("a", "b")
            def forward(self, x): ...
            class Inner(enum.Enum):
                A = 1
        def make():
            return eval("1")
        Alias = Net
        value = 3
        """,
}


def test_a_class_is_found_with_its_facts():
    facts = find(project(NETS), GlobalName("pkg.models", "Net"))
    assert str(facts.defined_as) == "pkg.models.Net"
    assert (facts.kind, facts.path, facts.row) == ("class", "pkg/models.py", 7)
    assert list(map(str, facts.bases)) == ["pkg.models.Base"]
    assert facts.methods == {"forward"}
    assert facts.slots == ("a", "b")


STATES = {
    "@dataclass\nclass C: ...": False,
    "@dataclass(frozen=True)\nclass C: ...": False,
    "class C: ...": False,
    "class C:\n    def __getstate__(self): ...": False,
    "@dataclass(frozen=True, slots=True)\nclass C: ...": True,
    "@dataclass(**OPTIONS)\nclass C: ...": True,
    "@attrs.define\nclass C: ...": True,
    "@registered\nclass C: ...": True,
    "class C(metaclass=Meta): ...": True,
    "class C:\n    def __setstate__(self, state): ...": True,
    "class C:\n    __setstate__ = set_all": True,
}


@pytest.mark.parametrize(("code", "expected"), STATES.items())
def test_whether_a_class_may_set_its_state_itself(code, expected):
    index = project({"a.py": f"import attrs\nfrom dataclasses import dataclass\n{code}\n"})
    assert find(index, GlobalName("a", "C")).may_set_state is expected


def test_what_unpickling_would_run_is_inherited():
    assert find(project(NETS), GlobalName("pkg.models", "Net")).runs == ("os.system",)
    assert find(project(NETS), GlobalName("pkg.models", "make")).runs == ("builtins.eval",)


@pytest.mark.parametrize("name", ["pkg.Net", "pkg.models.Alias", "pkg.Alias"])
def test_reexports_and_aliases_lead_to_the_definition(name):
    assert str(find(project(NETS), GlobalName.parse(name)).defined_as) == "pkg.models.Net"


def test_nested_classes_functions_and_values():
    index = project(NETS)
    inner = find(index, GlobalName("pkg.models", "Net.Inner"))
    assert inner.kind == "class"
    assert find(index, GlobalName("pkg", "make")).kind == "function"
    assert find(index, GlobalName("pkg.models", "value")).kind == "value"


@pytest.mark.parametrize(
    "name", ["pkg.models.Gone", "torch.nn.Linear", "gone.Net", "pkg.models.Net.Gone"]
)
def test_what_is_not_ours_is_not_found(name):
    assert find(project(NETS), GlobalName.parse(name)) is None


def test_a_package_may_bring_names_by_many_stars():
    packages = [f"pkg.parts{number}" for number in range(12)]
    files = {"pkg/__init__.py": "".join(f"from {each} import *\n" for each in packages)}
    for each in packages:
        folder = each.replace(".", "/")
        files[f"{folder}/__init__.py"] = f"from {each}.a import *\nfrom {each}.b import *\n"
        files |= {f"{folder}/{name}.py": f"class {name.upper()}: ..." for name in "ab"}
    files["pkg/parts9/net.py"] = "class Net: ..."
    files["pkg/parts9/__init__.py"] += "from pkg.parts9.net import *\n"
    found = find(project(files), GlobalName("pkg", "Net"))
    assert str(found.defined_as) == "pkg.parts9.net.Net"


def test_reexports_in_a_circle_end():
    index = project({"a.py": "from b import X", "b.py": "from a import X"})
    assert find(index, GlobalName("a", "X")) is None


def test_main_is_looked_for_near_and_then_everywhere():
    files = {"a.py": "class Net: ...", "b.py": "class Net: ...", "c.py": "class Only: ..."}
    index = project(files)
    assert find(index, GlobalName("__main__", "Net"), near="b.py").path == "b.py"
    assert find(index, GlobalName("__main__", "Net")) is None
    assert find(index, GlobalName("__main__", "Only"), near="a.py").path == "c.py"


def test_an_imported_name_is_not_what_main_defined():
    index = project({"a.py": "from c import Only", "c.py": "class Only: ..."})
    assert find(index, GlobalName("__main__", "Only"), near="a.py").path == "c.py"


def test_scripts_with_the_same_stem_are_told_apart_by_their_folder():
    files = {f"{x}/{name}.py": f"class Net_{x}: ..." for x in "ab" for name in ("model", "run")}
    index = project(files)
    assert find(index, GlobalName("model", "Net_b"), near="b/run.py").path == "b/model.py"
    assert find(index, GlobalName("model", "Net_b"), near="a/run.py") is None
    assert find(index, GlobalName("model", "Net_b")) is None


CIRCLES = {
    "direct": ("import use", True),
    "from": ("from use import main", True),
    "through another": ("import third", True),
    "in a function": ("def f():\n    import use", False),
    "in a try": ("try:\n    import use\nexcept ImportError:\n    use = None", True),
    "for types only": ("if TYPE_CHECKING:\n    import use", False),
    "none": ("import os", False),
}


@pytest.mark.parametrize(("text", "expected"), CIRCLES.values(), ids=CIRCLES)
def test_import_circles(text, expected):
    files = {"use.py": "", "models.py": text, "third.py": "from use import x"}
    assert closes_circle(project(files), "use.py", "models") is expected


PACKAGE = {"pkg/__init__.py": "from .use import main", "pkg/use.py": "", "pkg/models.py": ""}


def test_the_package_around_is_being_imported_already():
    assert not closes_circle(project(PACKAGE), "pkg/use.py", "pkg.models")


def test_another_package_may_come_back():
    files = {**PACKAGE, "app.py": "", "pkg/__init__.py": "import app"}
    assert closes_circle(project(files), "app.py", "pkg.models")


def test_a_file_is_one_module_whichever_way_it_is_reached():
    index = project({"a.py": "def f(): pass\n", "b.py": "from a import f\n"})
    reached = index.module_at("a.py")
    assert index.read("def f(): pass\n", "a.py") is reached
    assert index.definitions("a.f", "b.py")[0].node is reached.tree.body[0]


def test_another_text_stands_for_a_file_until_it_is_restored():
    index = project({"a.py": "def f(): pass\n", "b.py": "from a import f\n"})
    before = index.definitions("a.f", "b.py")[0].node
    changed = index.read("\ndef f(): pass\n", "a.py")
    assert index.module_at("a.py") is changed
    assert index.definitions("a.f", "b.py")[0].node is changed.tree.body[0]
    index.restore("a.py")
    assert index.definitions("a.f", "b.py")[0].node is before


def asked(index, key):
    """How often an answer is looked for when it is asked for now."""
    times = []
    index.remember(key, lambda: times.append(key))
    return len(times)


def test_what_was_known_before_another_text_is_known_again_after_it():
    index = project({"a.py": "x = 1\n", "b.py": "y = 1\n"})
    index.module_at("a.py"), index.module_at("b.py")
    assert asked(index, ("values", "y")) == 1
    index.read("x = 2\n", "a.py")
    assert asked(index, ("values", "y")) == 1
    index.read("y = 2\n", "b.py")
    index.restore("a.py")
    assert asked(index, ("values", "y")) == 1  # b.py has another text still
    index.restore("b.py")
    assert asked(index, ("values", "y")) == 0


@pytest.mark.parametrize(("fixed", "again"), [(True, 0), (False, 1)])
def test_where_files_are_saved_is_known_while_a_fix_is_looked_at(fixed, again):
    index = project({"a.py": "x = 1\n"})
    index.module_at("a.py")
    assert asked(index, ("saved as", "a save of another file")) == 1
    assert asked(index, ("values", "x")) == 1
    index.read("import os\nx = 1\n", "a.py", fixed=fixed)
    assert asked(index, ("saved as", "a save of another file")) == again
    assert asked(index, ("values", "x")) == 1


def test_callers_are_looked_for_again_where_a_file_has_another_text():
    index = project(
        {
            "a.py": "import torch\ndef load(p):\n    return torch.load(p)\n",
            "b.py": "from a import load\nload('old.pt')\n",
        }
    )
    home = index.module_at("a.py")

    def read():
        return [each.text for each in resolve_path(home.loads[0].file, home, index).patterns]

    assert read() == ["old.pt"]
    index.read("from a import load\nload('new.pt')\n", "b.py")
    assert read() == ["new.pt"]
    index.restore("b.py")
    assert read() == ["old.pt"]


PACKAGES = {
    "its class": "from .net import net\n",
    "its class, by a star": "from .net import *\n",
    "the module": "from . import net\n",
    "the module, in passing": "from .net import other\n",
    "an alias": "from .net import other as net\n",
    "nothing": "",
}


@pytest.mark.parametrize("text", PACKAGES.values(), ids=list(PACKAGES))
def test_what_a_package_binds_under_the_name_of_its_module(text, tmp_path, monkeypatch):
    files = {
        "bound/__init__.py": text,
        "bound/net.py": "class net:\n    pass\nclass other:\n    pass\n",
        "user.py": "from bound import net\nx = net\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [one for one in sys.modules if one.partition(".")[0] in {"bound", "user"}]:
        monkeypatch.delitem(sys.modules, name)
    thing = importlib.import_module("user").net
    kinds = {(one.kind, one.qualname) for one in project(files).definitions("bound.net")}
    expected = ("class", thing.__qualname__) if isinstance(thing, type) else ("module", "")
    assert kinds == {expected}
    for name in [one for one in sys.modules if one.partition(".")[0] in {"bound", "user"}]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.parametrize("name", ["conf", ".conf"])
def test_a_package_comes_before_a_module_of_the_same_name(name):
    index = project({"conf.py": "", "conf/__init__.py": "", "conf.pyi": "", "main.py": ""})
    assert index.layout.locate(name, "main.py") == "conf/__init__.py"
