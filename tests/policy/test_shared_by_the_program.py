"""What the whole program shares: rows of a table, loggers, members of enumerations."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torchload_lint
from checkpoint.cases import forge
from policy.test_proofs_attacked import NET, SETS, filled, loaded, project, stands_as_itself

pytestmark = pytest.mark.torch

ROWS = "ROWS = [[1], [2]]\nNAMES = [1, 2]"
NEVER_EQUAL = "    def __eq__(self, o): o.append(9)\n"
STATE = {"x": forge.array(), "y": forge.number(9), "n": forge.new(NET)}
SHARED = {
    "the larger of two": f"{SETS}max(NAMES, s['x']).append(s['y'])",
    "the smaller of two": f"{SETS}min(s['x'], [], NAMES, key=lambda x: -len(x)).append(s['y'])",
    "a sum": f"{SETS}sum([], NAMES).append(s['y'])",
    "compared by index": f"{SETS}ROWS.index(s['n'])\n{NEVER_EQUAL}",
    "compared by count": f"{SETS}ROWS.count(s['n'])\n{NEVER_EQUAL}",
    "given to a key": f"{SETS}sorted(ROWS, key=self.key)\n    def key(self, o): o.append(9)\n",
}
READ = (
    "max(NAMES)",
    "sorted(NAMES)",
    "NAMES.index(s['x'])",
    "ROWS.index([1])",
    "max(NAMES, default=1)",
)


@pytest.mark.parametrize("body", SHARED.values(), ids=SHARED)
def test_a_file_changes_a_table_of_a_module(body, tmp_path):
    project(tmp_path, ROWS, body)
    assert not stands_as_itself(tmp_path)
    with (tmp_path / "victim.py").open("a") as text:
        text.write("\nimport atexit\natexit.register(lambda: print(NAMES, ROWS))\n")
    assert "9" in loaded(tmp_path, filled(**STATE)).stdout


@pytest.mark.parametrize("read", READ)
def test_a_table_may_be_read(read, tmp_path):
    project(tmp_path, ROWS, f"{SETS}self.x = {read}")
    assert stands_as_itself(tmp_path)


LOGGERS = "logging.getLogger(s['n'])", "logger.parent"


@pytest.mark.parametrize("logger", LOGGERS)
def test_a_file_silences_a_logger(logger, tmp_path):
    head = "import logging\nlogger = logging.getLogger('net')"
    project(tmp_path, head, f"{SETS}\n        p = {logger}\n        p._cache[s['k']] = False")
    assert not stands_as_itself(tmp_path)
    state = filled(n=b"N", k=forge.number(50))
    shown = "logging.getLogger().isEnabledFor(50)"
    assert loaded(tmp_path, state, shown=shown, more="logging").stdout == "False\n"


FLAG = "import enum\n\nclass Kind(enum.Flag):\n    A = 1\n    B = 2\n"
EMPTY = "import enum\n\nclass Kind(enum.Enum):\n    pass\n"
MAKING = (
    (FLAG, "Kind(s['x'])"), (FLAG, "list(map(Kind, [s['x']]))"), (EMPTY, "Kind('B', s['n'])"),
    (EMPTY, "Kind(*s['all'])"), (EMPTY, "[make(*s['all']) for make in (Kind,)]"),
)  # fmt: skip
LOOKED_UP = "Kind(s['x'])", "Kind.A", "list(Kind)", "[x for x in Kind]", "isinstance(s, Kind)"


@pytest.mark.parametrize(("head", "made"), MAKING)
def test_a_file_makes_members(head, made, tmp_path):
    project(tmp_path, head, f"{SETS}self.x = {made}")
    assert not stands_as_itself(tmp_path)
    names = forge.pair(forge.text("B"), forge.text("X"))
    state = filled(x=forge.number(3), n=forge.text("X Y"), all=names)
    shown = "len(victim.Kind._value2member_map_) + len(victim.Kind.__subclasses__())"
    assert int(loaded(tmp_path, state, shown=shown).stdout) == (3 if head == FLAG else 1)


@pytest.mark.parametrize("looked_up", LOOKED_UP)
def test_a_member_may_be_looked_up(looked_up, tmp_path):
    project(tmp_path, FLAG.replace("Flag", "Enum"), f"{SETS}self.x = {looked_up}")
    assert stands_as_itself(tmp_path)


MEMBER = (
    "import enum\n\nclass Kind(enum.Enum):\n    A = 1\n"
    "    def detach(self): return self\n    def requires_grad_(self, value): return self\n"
)


def test_torch_sets_attributes_of_a_member(tmp_path):
    made = forge.call(forge.name("victim", "Kind"), forge.number(1))
    project(tmp_path, MEMBER, "pass", made)
    assert not torchload_lint.inspect(tmp_path / "net.pt").judgements[0].allowed
    rebuild = forge.name("torch._utils", "_rebuild_parameter_with_state")
    hooks = forge.call(forge.name("collections", "OrderedDict"))
    hostile = forge.call(rebuild, made, b"\x88", hooks, forge.mapping({"_value_": forge.number(9)}))
    entry = "only_with(victim.Kind, (1,))"
    assert loaded(tmp_path, hostile, entry, "victim.Kind.A.value").stdout == "9\n"
