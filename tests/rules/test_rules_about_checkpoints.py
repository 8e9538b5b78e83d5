"""Rules that compare a load with what its file holds, asked one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.in_memory import World, dangerous, failing, moved, needing, plain
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.config import Config
from torchload_lint.diagnostic import Applicability
from torchload_lint.rules import unneeded_safe_global, unreadable_checkpoint
from torchload_lint.rules.allowlists import mismatched_safe_global
from torchload_lint.rules.checkpoints import dangerous_checkpoint
from torchload_lint.rules.loads import missing_safe_globals, unloadable_checkpoint

LOAD = 'import torch\nstate = torch.load("model.pt", weights_only=True)\n'
UNSAFE = 'import torch\nstate = torch.load("model.pt", weights_only=False)\n'
OPCODE = failing(Verdict.CANNOT_LOAD, "opcode", "the pickle uses an opcode of protocol 4", "resave")
BROKEN = failing(Verdict.UNREADABLE, "truncated", "the archive is cut off", "get the file again")


def allowing(items: str, imports: str) -> str:
    return f"""
        import torch
        {imports}
        with torch.serialization.safe_globals([{items}]):
            torch.load("model.pt", weights_only=True)
    """


NAMESPACE = "from argparse import Namespace"


class TestMissing:
    rule = missing_safe_globals.RULE

    def test_what_the_file_needs_is_named_and_allowed_by_a_safe_fix(self) -> None:
        (found,) = World(checkpoints={"model.pt": needing("argparse.Namespace")}).findings(
            self.rule, LOAD
        )
        assert found.message == (
            "model.pt needs argparse.Namespace, which nothing at this call allows"
        )
        assert found.safe_globals == ("argparse.Namespace",)
        assert found.fix is not None
        assert found.fix.applicability is Applicability.SAFE
        assert any("safe_globals([Namespace])" in edit.content for edit in found.fix.edits)

    def test_what_runs_code_is_never_allowed(self) -> None:
        (found,) = World(checkpoints={"model.pt": needing("os.system")}).findings(self.rule, LOAD)
        assert found.fix is None
        assert any("os.system is not allowed" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("report", "code"),
        [
            (plain(), LOAD),
            (needing("argparse.Namespace"), UNSAFE),
            (
                needing("argparse.Namespace"),
                allowing("Namespace", NAMESPACE),
            ),
            (dangerous("os.system('id')"), LOAD),
        ],
        ids=["loads as it is", "not restricted", "allowed", "another finding"],
    )
    def test_silent(self, report: object, code: str) -> None:
        assert World(checkpoints={"model.pt": report}).findings(self.rule, code) == []


class TestUnloadable:
    rule = unloadable_checkpoint.RULE

    def test_the_obstacle_and_the_way_out_are_named(self) -> None:
        (found,) = World(checkpoints={"model.pt": OPCODE}).findings(self.rule, LOAD)
        assert "weights-only: the pickle uses an opcode of protocol 4; " in found.message
        assert found.message.endswith(found.notes[1])
        assert any("torchload-lint migrate model.pt" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("report", "code"),
        [(OPCODE, UNSAFE), (plain(), LOAD), (needing("argparse.Namespace"), LOAD)],
        ids=["not restricted", "loads", "an allowlist is enough"],
    )
    def test_silent(self, report: object, code: str) -> None:
        assert World(checkpoints={"model.pt": report}).findings(self.rule, code) == []


class TestDangerous:
    rule = dangerous_checkpoint.RULE

    @pytest.mark.parametrize(
        ("code", "told"),
        [
            (
                LOAD,
                "would run os.system('id') if it were loaded unsafely; torch refuses it here",
            ),
            (UNSAFE, "runs os.system('id') when it is loaded here"),
        ],
        ids=["restricted", "unsafe"],
    )
    def test_the_call_is_shown_and_nothing_is_offered(self, code: str, told: str) -> None:
        world = World(checkpoints={"model.pt": dangerous("os.system('id')")})
        (found,) = world.findings(self.rule, code)
        assert found.message == f"model.pt {told}"
        assert found.fix is None

    def test_silent_of_another_file(self) -> None:
        world = World(checkpoints={"other.pt": dangerous("os.system('id')"), "model.pt": plain()})
        assert world.findings(self.rule, LOAD) == []


class TestUnreadable:
    rule = unreadable_checkpoint.RULE

    def test_a_broken_file_is_reported_with_its_advice(self) -> None:
        (found,) = World(checkpoints={"model.pt": BROKEN}).findings(self.rule, LOAD)
        assert (
            found.message == "model.pt cannot be read: the archive is cut off; get the file again"
        )
        assert "get the file again" in found.notes

    def test_a_file_that_should_lie_beside_others_is_missed(self) -> None:
        code = 'import torch\ntorch.load("weights/b.pt")\n'
        (found,) = World(checkpoints={"weights/a.pt": plain()}).findings(self.rule, code)
        assert found.message == "weights/b.pt is not there"

    @pytest.mark.parametrize(
        "code",
        [
            'import torch\ntorch.load("weights/a.pt")\n',
            'import torch\ntorch.load("runs/b.pt")\n',
            'import torch\ntorch.save({}, "weights/b.pt")\ntorch.load("weights/b.pt")\n',
            'import torch\nURL = "https://example.org/b.pt"\ntorch.load("weights/b.pt")\n',
            "import torch\ndef f(path):\n    torch.load(path)\n",
        ],
        ids=["there", "a folder without any", "saved here", "downloaded", "unknown path"],
    )
    def test_silent(self, code: str) -> None:
        assert World(checkpoints={"weights/a.pt": plain()}).findings(self.rule, code) == []


class TestMismatched:
    rule = mismatched_safe_global.RULE
    world = World(
        files={"nets.py": "class Net: pass\n"},
        checkpoints={"model.pt": moved("old.nets.Net", "nets", "Net")},
        config=Config(renames=(("old.nets.Net", "nets.Net"),)),
    )

    def test_a_class_that_is_not_known_to_have_moved_is_not_trusted_by_its_old_name(self) -> None:
        world = replace(self.world, config=Config())
        (found,) = world.findings(self.rule, allowing("Net", "from nets import Net"))
        assert found.fix is None

    def test_the_pair_is_written(self) -> None:
        (found,) = self.world.findings(self.rule, allowing("Net", "from nets import Net"))
        assert found.message == (
            '`nets.Net` is not called that in model.pt: (nets.Net, "old.nets.Net") is needed'
        )
        assert found.fix is not None
        assert [edit.content for edit in found.fix.edits] == ['(Net, "old.nets.Net")']

    @pytest.mark.parametrize(
        "items", ['(Net, "old.nets.Net")', "torch.nn.Linear"], ids=["a pair", "another object"]
    )
    def test_silent(self, items: str) -> None:
        assert self.world.findings(self.rule, allowing(items, "from nets import Net")) == []


class TestUnneeded:
    rule = unneeded_safe_global.RULE

    def test_an_item_that_no_file_needs_is_taken_out_unsafely(self) -> None:
        world = World(checkpoints={"model.pt": needing("argparse.Namespace")})
        code = allowing(
            "Namespace, deque", "from argparse import Namespace; from collections import deque"
        )
        (found,) = world.findings(self.rule, code)
        assert found.message == "`collections.deque` is allowed, but model.pt does not need it"
        assert found.fix is not None
        assert found.fix.applicability is Applicability.UNSAFE

    def test_an_empty_block_is_taken_away_safely(self) -> None:
        (found,) = World(checkpoints={"model.pt": plain()}).findings(
            self.rule, allowing("", "import os")
        )
        assert found.fix is not None
        assert found.fix.applicability is Applicability.SAFE

    @pytest.mark.parametrize(
        "checkpoints",
        [{}, {"model.pt": BROKEN}, {"model.pt": needing("argparse.Namespace")}],
        ids=["no file", "not read", "needed"],
    )
    def test_silent(self, checkpoints: dict[str, object]) -> None:
        code = allowing("Namespace", NAMESPACE)
        assert World(checkpoints=checkpoints).findings(self.rule, code) == []
