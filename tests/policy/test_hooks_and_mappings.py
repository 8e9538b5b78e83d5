"""Code that the program hangs onto loggers and outputs; mappings that ask whatever they hold."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from checkpoint.cases import forge
from policy.test_proofs_attacked import (
    SETS,
    filled,
    is_only_heard,
    loaded,
    project,
    stands_as_itself,
)
from torchload_lint.names import GlobalName
from torchload_lint.policy import judge

pytestmark = pytest.mark.torch

DIR = forge.text("ran")
LOGS, PRINTS = "logging.error(s['x'])", "print(s['x'], end='')"
WRITER = (
    "import io, os, sys\nclass W(io.StringIO):\n"
    "    def write(self, x): os.mkdir(x.split(':')[-1].strip())\n"
)
FORMAT = "format='%(message)s'"
HOOKS = {
    "two at once": (PRINTS, f"{WRITER}sys.stdout, sys.stderr = W(), W()\n"),
    "by setattr": (PRINTS, f"{WRITER}setattr(sys, 'stdout', W())\n"),
    "by a loop": (PRINTS, f"{WRITER}for sys.stdout in (W(),): pass\n"),
    "its method": (PRINTS, f"{WRITER}sys.stdout = sys.__stdout__\nsys.stdout.write = W().write\n"),
    "errors, for a logger": (LOGS, f"{WRITER}sys.stderr = W()\nimport logging\n"),
    "a stream": (LOGS, f"{WRITER}import logging\nlogging.basicConfig(stream=W(), {FORMAT})\n"),
    "a handler of its own kind": (
        LOGS,
        (
            "import logging, os\nclass H:\n    level = 0\n"
            "    def handle(self, r): os.mkdir(r.msg)\n"
            "logging.root.handlers.append(H())\n"
        ),
    ),
}


@pytest.mark.parametrize(("does", "other"), HOOKS.values(), ids=HOOKS)
def test_another_file_gets_what_is_printed(does, other, tmp_path):
    project(tmp_path, "import logging", SETS + does, other=other)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, filled(x=DIR), more="other")
    assert (tmp_path / "ran").is_dir()


PLAIN = (
    "import logging, sys\nlogging.basicConfig(stream=sys.stdout)\n",
    "import logging\nlogging.debug(logging.StreamHandler())\n",
    "import sys\nprint(1, file=sys.stderr)\nsys.stdout.write('x')\nsys.stdout.flush()\n",
)


@pytest.mark.parametrize("other", PLAIN)
def test_a_file_that_only_logs_hangs_nothing_onto_it(other, tmp_path):
    project(tmp_path, "import logging", f"{SETS}print(s); {LOGS}", other=other)
    assert is_only_heard(tmp_path)


def test_a_decorator_is_replaced(tmp_path):
    head = "import functools\n"
    body = f"{SETS}self.x = self.y\n    @functools.cached_property\n    def y(self): return 1"
    other = (
        "import functools, os\n"
        "functools.cached_property.__get__ = lambda s, o, c=None: os.mkdir('ran')\n"
    )
    project(tmp_path, head, body, other=other)
    assert not stands_as_itself(tmp_path)
    loaded(tmp_path, filled(x=DIR), more="other")
    assert (tmp_path / "ran").is_dir()


def tree(**attributes):
    """An object with these attributes, of nothing but what torch allows."""
    kind = forge.name("collections", "OrderedDict")
    rebuild = forge.name("torch._tensor", "_rebuild_from_type_v2")
    return forge.call(rebuild, kind, kind, forge.pair(), forge.mapping(attributes))


LOGGING = (
    "logging.error('x', exc_info=s['e'])", "logging.error('x', **s['more'])",
    "logging.log(40, 'x', exc_info=s['e'])",
)  # fmt: skip


@pytest.mark.parametrize("logged", LOGGING)
def test_a_traceback_of_the_file_shows_what_stands_in_other_files(logged, tmp_path):
    project(tmp_path, "import logging", SETS + logged)
    assert not stands_as_itself(tmp_path)
    (tmp_path / "secret.txt").write_text("secret words\n")
    code = tree(co_filename=forge.text("secret.txt"), co_name=forge.text("x"))
    frame = tree(f_code=code, f_globals=tree(), f_locals=tree())
    last = tree(tb_frame=frame, tb_lasti=forge.number(-2), tb_lineno=forge.number(1), tb_next=b"N")
    error = forge.pair(b"N", b"N", last)
    done = loaded(tmp_path, filled(e=error, more=forge.mapping({"exc_info": error})))
    assert "secret words" in done.stderr


CAUGHT = "exc_info=True", "exc_info=e", "stacklevel=2"


@pytest.mark.parametrize("shown", CAUGHT)
def test_an_error_at_hand_may_be_shown(shown, tmp_path):
    body = f"try: self.x = 1\n        except Exception as e: logging.error('x', {shown})"
    project(tmp_path, "import logging", f"{SETS}\n        {body}")
    assert is_only_heard(tmp_path)


@pytest.mark.parametrize("name", ["ImportError", "ModuleNotFoundError"])
def test_an_error_that_imports_what_it_names_is_refused(name):
    assert not judge(GlobalName("builtins", name), None).allowed
    assert not judge(GlobalName("exceptions", name), None).allowed


STORAGE = forge.call(forge.name("torch.storage", "UntypedStorage"), forge.number(8))
HEAD = "from collections import UserDict\nfrom collections.abc import MutableMapping\n"
POPPING = {
    "of a class": "UserDict.pop(s['x'], s['y'])",
    "of an abstract class": "MutableMapping.pop(s['x'], s['y'])",
    "handed on": "[f(s['x'], s['y']) for f in (UserDict.pop,)]",
}


@pytest.mark.parametrize("popped", POPPING.values(), ids=POPPING)
def test_a_method_of_a_mapping_deletes_an_item_of_anything(popped, tmp_path):
    project(tmp_path, HEAD, SETS + popped)
    assert not stands_as_itself(tmp_path)
    assert loaded(tmp_path, filled(x=STORAGE, y=forge.number(0))).returncode < 0


OWN = (
    "self.pop(s['y'])", "super().pop(s['y'])", "UserDict.pop(self, s['y'])", "self.clear()",
    "self.popitem()",
)  # fmt: skip


@pytest.mark.parametrize("popped", OWN)
def test_a_user_dict_asks_what_its_data_is(popped, tmp_path):
    project(tmp_path, HEAD, "pass")
    source = f"{HEAD}\nclass Net(UserDict):\n    {SETS}self.__dict__.update(s); {popped}\n"
    (tmp_path / "victim.py").write_text(source)
    assert not stands_as_itself(tmp_path)


@pytest.mark.parametrize("used", ["isinstance(s, UserDict)", "UserDict({'a': 1})"])
def test_a_mapping_may_be_named(used, tmp_path):
    project(tmp_path, HEAD, f"{SETS}self.x = {used}")
    assert stands_as_itself(tmp_path)
