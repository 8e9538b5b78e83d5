"""From a load to its situation: mode, evidence, needs, and what is allowed already."""

from __future__ import annotations

import pytest

from rules.in_memory import World, dangerous, failing, moved, needing, plain
from torchload_lint.checkpoint.report import Verdict
from torchload_lint.config import CheckpointEntry, Config, LoadEntry
from torchload_lint.rules.on_torch import Mode
from torchload_lint.rules.reading.evidence import Evidence
from torchload_lint.source.recorded import RecordedLoad

LOAD = 'import torch\nstate = torch.load("model.pt", weights_only=True)\n'
NAMESPACE = needing("argparse.Namespace")
ALLOWED = """
    import torch
    from argparse import Namespace
    with torch.serialization.safe_globals([Namespace]):
        state = torch.load("model.pt", weights_only=True)
"""

MODES = {
    "weights_only=True": ("2.0", Mode.RESTRICTED),
    "weights_only=False": ("2.6", Mode.UNSAFE),
    "weights_only=None": ("2.6", Mode.RESTRICTED),
    "map_location=None": ("2.6", Mode.RESTRICTED),
    "weights_only=flag()": ("2.6", Mode.UNDECIDED),
    "pickle_module=dill": ("2.6", Mode.UNSAFE),
    "pickle_module=dill, weights_only=True": ("2.6", Mode.REFUSED),
}


@pytest.mark.parametrize("arguments", MODES)
def test_the_mode_follows_from_the_arguments(arguments: str) -> None:
    torch, mode = MODES[arguments]
    code = f'import dill, torch\nstate = torch.load("model.pt", {arguments})\n'
    assert World(torch=torch).situation(code).mode is mode


def test_a_range_of_torch_has_an_unsafe_and_a_restricted_side() -> None:
    found = World(torch="2.4").situation('import torch\nstate = torch.load("model.pt")\n')
    assert [str(line) for line in found.unsafe_on] == ["2.4", "2.5"]
    assert str(found.restricted_on[0]) == "2.6"
    assert found.lines == (*found.unsafe_on, *found.restricted_on)


class TestEvidence:
    def test_an_exact_path_that_was_read_is_the_strongest(self) -> None:
        found = World(checkpoints={"model.pt": plain()}).situation(LOAD)
        assert found.evidence is Evidence.FILES
        assert found.checkpoints == ("model.pt",)

    def test_a_path_with_an_unknown_part_is_a_pattern(self) -> None:
        code = 'import torch\ndef f(name):\n    torch.load(f"runs/{name}.pt")\n'
        found = World(checkpoints={"runs/a.pt": plain(), "b.pt": plain()}).situation(code)
        assert found.evidence is Evidence.PATTERN
        assert found.checkpoints == ("runs/a.pt",)

    def test_no_file_is_no_evidence(self) -> None:
        assert World().situation(LOAD).evidence is Evidence.NONE

    def test_a_file_that_cannot_be_read_is_no_evidence(self) -> None:
        broken = failing(Verdict.UNREADABLE, "truncated", "the archive is cut off")
        assert World(checkpoints={"model.pt": broken}).situation(LOAD).evidence is Evidence.NONE

    def test_the_configuration_answers_for_a_file_that_is_not_here(self) -> None:
        entry = CheckpointEntry("*.pt", ("argparse.Namespace",))
        found = World(config=Config(checkpoints=(entry,))).situation(LOAD)
        assert found.evidence is Evidence.CONFIGURED
        assert [str(need.name) for need in found.missing] == ["argparse.Namespace"]

    def test_the_configuration_names_the_files_of_a_call_site(self) -> None:
        entry = LoadEntry("program:f", checkpoints=("weights/*.pt",))
        world = World(checkpoints={"weights/a.pt": NAMESPACE}, config=Config(loads=(entry,)))
        found = world.situation("import torch\ndef f(path):\n    torch.load(path)\n")
        assert found.checkpoints == ("weights/a.pt",)
        assert found.evidence is not Evidence.NONE

    def test_an_entry_for_another_function_says_nothing(self) -> None:
        entry = LoadEntry("program:g", checkpoints=("weights/*.pt",))
        world = World(checkpoints={"weights/a.pt": NAMESPACE}, config=Config(loads=(entry,)))
        found = world.situation("import torch\ndef f(path):\n    torch.load(path)\n")
        assert found.evidence is Evidence.NONE

    def test_a_recorded_run_remembers_a_file_that_is_gone(self) -> None:
        seen = RecordedLoad(
            "program.py",
            "f",
            3,
            "gone.pt",
            verdict="needs-safe-globals",
            safe_globals=("argparse.Namespace",),
        )
        found = World(recorded=(seen,)).situation(
            "import torch\ndef f(path):\n    torch.load(path, weights_only=True)\n"
        )
        assert found.evidence is Evidence.RECORDED
        assert [str(need.name) for need in found.missing] == ["argparse.Namespace"]

    def test_a_recorded_run_adds_to_what_the_code_says(self) -> None:
        """A run that opened one file hid that another, which is there too, needs more."""
        seen = RecordedLoad("program.py", "f", 3, "runs/a.pt", verdict="loads")
        files = {"runs/a.pt": plain(), "runs/b.pt": NAMESPACE}
        found = World(checkpoints=files, recorded=(seen,)).situation(
            'import torch\ndef f(name):\n    torch.load(f"runs/{name}.pt", weights_only=True)\n'
        )
        assert found.checkpoints == ("runs/a.pt", "runs/b.pt")
        assert [str(need.name) for need in found.missing] == ["argparse.Namespace"]

    def test_what_is_saved_counts_only_where_needs_are_inferred(self) -> None:
        code = """
            import argparse, torch
            def save():
                torch.save({"args": argparse.Namespace()}, "run.pt")
            def load():
                return torch.load("run.pt", weights_only=True)
        """
        assert World().situation(code).evidence is Evidence.NONE
        assert World(infers=True).situation(code).evidence is Evidence.INFERRED


class TestNeeds:
    def test_what_nothing_allows_is_missing(self) -> None:
        found = World(checkpoints={"model.pt": NAMESPACE}).situation(LOAD)
        assert [str(need.name) for need in found.missing] == ["argparse.Namespace"]

    def test_a_block_around_the_load_allows_it(self) -> None:
        found = World(checkpoints={"model.pt": NAMESPACE}).situation(ALLOWED)
        assert [str(need.name) for need in found.needs] == ["argparse.Namespace"]
        assert found.missing == ()

    def test_a_block_around_something_else_does_not(self) -> None:
        code = """
            import torch
            from argparse import Namespace
            with torch.serialization.safe_globals([Namespace]):
                pass
            state = torch.load("model.pt", weights_only=True)
        """
        found = World(checkpoints={"model.pt": NAMESPACE}).situation(code)
        assert [str(need.name) for need in found.missing] == ["argparse.Namespace"]

    def test_several_files_need_what_each_of_them_needs(self) -> None:
        code = 'import torch\ndef f(name):\n    torch.load(f"runs/{name}.pt")\n'
        files = {"runs/a.pt": NAMESPACE, "runs/b.pt": needing("collections.deque"), "c.pt": plain()}
        found = World(checkpoints=files).situation(code)
        assert {str(need.name) for need in found.needs} == {
            "argparse.Namespace",
            "collections.deque",
        }

    def test_an_object_that_the_file_names_otherwise_is_mismatched(self) -> None:
        world = World(
            files={"nets.py": "class Net: pass\n"},
            checkpoints={"model.pt": moved("old.nets.Net", "nets", "Net")},
        )
        code = """
            import torch
            from nets import Net
            with torch.serialization.safe_globals([Net]):
                torch.load("model.pt", weights_only=True)
        """
        found = world.situation(code)
        assert [str(need.name) for need, _ in found.mismatched] == ["old.nets.Net"]
        assert found.to_allow == ()

    def test_a_pair_under_the_name_of_the_file_is_not(self) -> None:
        world = World(
            files={"nets.py": "class Net: pass\n"},
            checkpoints={"model.pt": moved("old.nets.Net", "nets", "Net")},
        )
        code = """
            import torch
            from nets import Net
            with torch.serialization.safe_globals([(Net, "old.nets.Net")]):
                torch.load("model.pt", weights_only=True)
        """
        found = world.situation(code)
        assert found.mismatched == ()
        assert found.missing == ()

    def test_a_registration_in_another_file_is_named_by_its_row(self) -> None:
        elsewhere = """
            import torch
            from argparse import Namespace
            torch.serialization.add_safe_globals([Namespace])
        """
        found = World({"setup_torch.py": elsewhere}, {"model.pt": NAMESPACE}).situation(LOAD)
        assert found.registered == (("argparse.Namespace", "setup_torch.py:4"),)

    def test_a_registration_of_something_else_is_not_named(self) -> None:
        elsewhere = """
            import torch
            from collections import deque
            torch.serialization.add_safe_globals([deque])
        """
        found = World({"setup_torch.py": elsewhere}, {"model.pt": NAMESPACE}).situation(LOAD)
        assert found.registered == ()


def test_the_verdicts_of_the_files_are_kept() -> None:
    found = World(checkpoints={"model.pt": dangerous("os.system('id')")}).situation(LOAD)
    assert [report.path for report in found.with_verdict(Verdict.DANGEROUS)] == ["model.pt"]
    assert found.with_verdict(Verdict.LOADS) == ()


@pytest.mark.parametrize(
    ("world", "complete"),
    [
        (World(checkpoints={"other.pt": plain()}), False),
        (World(checkpoints={"model.pt": plain()}), True),
        (World(config=Config(checkpoints=(CheckpointEntry("model.pt", ("a.B",)),))), True),
        (World(infers=True), True),
    ],
    ids=["no file", "a file", "configured", "inferred"],
)
def test_that_no_other_file_is_read_is_only_asked_where_something_rests_on_it(
    world: World, complete: bool
) -> None:
    found = world.situation(LOAD).resolution
    assert [pattern.text for pattern in found.patterns] == ["model.pt"]
    assert found.complete is complete
