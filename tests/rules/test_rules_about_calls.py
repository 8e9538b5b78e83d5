"""Rules about how torch.load is called, asked one by one."""

from __future__ import annotations

import pytest

from rules.in_memory import World, needing, plain
from torchload_lint.config import Config, LoadEntry
from torchload_lint.diagnostic import Applicability, Severity
from torchload_lint.rules import weights_only_disabled
from torchload_lint.rules.loads import (
    custom_pickle_module,
    implicit_weights_only,
    undecided_weights_only,
    unknown_needs,
    unsafe_fallback,
)


def call(arguments: str) -> str:
    return f"import dill, torch\ndef f(flag):\n    return torch.load({arguments})\n"


class TestDisabled:
    rule = weights_only_disabled.RULE

    def test_the_message_says_what_the_file_needs_instead(self) -> None:
        world = World(checkpoints={"model.pt": needing("argparse.Namespace")})
        (found,) = world.findings(self.rule, call('"model.pt", weights_only=False'))
        assert found.message.endswith("; model.pt needs only argparse.Namespace")
        assert found.severity is Severity.ERROR
        assert found.fix is not None

    def test_without_a_file_nothing_is_written_and_the_note_says_what_would_settle_it(self) -> None:
        (found,) = World().findings(self.rule, call('"model.pt", weights_only=False'))
        assert found.fix is None
        assert any("[tool.torchload-lint.loads]" in note for note in found.notes)

    def test_a_state_dict_needs_nothing_and_is_fixed_without_its_file(self) -> None:
        code = (
            "import torch\ndef f(path):\n    model = torch.nn.Linear(2, 1)\n"
            "    model.load_state_dict(torch.load(path, weights_only=False))\n"
        )
        (found,) = World().findings(self.rule, code)
        assert found.fix is not None
        assert found.fix.applicability is Applicability.SAFE

    @pytest.mark.parametrize(
        "model", ["maker()", "torch.optim.SGD([])", "path.model", "torch.nn.Linear(2, 1).extra"]
    )
    def test_what_is_not_certainly_a_module_is_fixed_unsafely(self, model: str) -> None:
        code = (
            f"import torch\ndef f(path, maker):\n    model = {model}\n"
            "    model.load_state_dict(torch.load(path, weights_only=False))\n"
        )
        (found,) = World().findings(self.rule, code)
        assert found.fix is not None
        assert found.fix.applicability is Applicability.UNSAFE

    @pytest.mark.parametrize(
        "arguments",
        ['"model.pt"', '"model.pt", weights_only=True', '"model.pt", weights_only=flag'],
    )
    def test_silent(self, arguments: str) -> None:
        assert World().findings(self.rule, call(arguments)) == []


class TestImplicit:
    rule = implicit_weights_only.RULE

    @pytest.mark.parametrize(
        ("torch", "severity"), [("2.5", Severity.ERROR), ("2.6", Severity.INFO)]
    )
    def test_the_oldest_torch_decides_how_bad_it_is(self, torch: str, severity: Severity) -> None:
        world = World(checkpoints={"model.pt": plain()}, torch=torch)
        (found,) = world.findings(self.rule, call('"model.pt"'))
        assert found.severity is severity
        assert found.fix is not None
        assert found.fix.applicability is Applicability.SAFE

    @pytest.mark.parametrize(
        "arguments",
        [
            '"model.pt", weights_only=True',
            '"model.pt", weights_only=False',
            '"model.pt", weights_only=flag',
            '"model.pt", pickle_module=dill',
        ],
    )
    def test_silent(self, arguments: str) -> None:
        assert World().findings(self.rule, call(arguments)) == []


class TestUndecided:
    rule = undecided_weights_only.RULE

    def test_a_parameter_decides(self) -> None:
        (found,) = World().findings(self.rule, call('"model.pt", weights_only=flag'))
        assert found.message.endswith("cannot be determined: 'flag' is a parameter")
        assert found.severity is Severity.WARNING

    @pytest.mark.parametrize(
        ("default", "severity"),
        [
            ("True", Severity.INFO),
            ("False", Severity.WARNING),
            ("None", Severity.WARNING),
            ("other", Severity.WARNING),
        ],
    )
    def test_what_a_caller_has_to_ask_for_is_a_note(self, default: str, severity: Severity) -> None:
        code = (
            "import torch\nfrom elsewhere import other\n"
            f"def f(p, safe={default}):\n    return torch.load(p, weights_only=safe)\n"
        )
        (found,) = World().findings(self.rule, code)
        assert found.severity is severity
        assert found.message.endswith("ask for an unsafe load") == (default in {"False", "None"})

    @pytest.mark.parametrize(("default", "then"), [("True", "False"), ("None", "True")])
    def test_what_the_opposite_of_a_parameter_is_by_default(self, default: str, then: str) -> None:
        code = (
            f"import torch\ndef f(p, unpickle={default}):\n"
            "    return torch.load(p, weights_only=not unpickle)\n"
        )
        (found,) = World().findings(self.rule, code)
        assert f"defaults to {default}, so that it is {then} unless a caller" in found.message

    @pytest.mark.parametrize("made", ["import unpickle", "unpickle = get()", "pass"])
    def test_the_opposite_of_another_name(self, made: str) -> None:
        code = f"import torch\n{made}\ntorch.load('m.pt', weights_only=not unpickle)\n"
        (found,) = World().findings(self.rule, code)
        assert "unless a caller" not in found.message

    @pytest.mark.parametrize("arguments", ['"model.pt"', '"model.pt", weights_only=not 0'])
    def test_silent(self, arguments: str) -> None:
        assert World().findings(self.rule, call(arguments)) == []


class TestPickleModule:
    rule = custom_pickle_module.RULE

    def test_it_turns_the_default_off(self) -> None:
        (found,) = World().findings(self.rule, call('"model.pt", pickle_module=dill'))
        assert found.message.startswith("`pickle_module` turns the weights-only default off")

    def test_it_contradicts_weights_only(self) -> None:
        (found,) = World().findings(
            self.rule, call('"model.pt", pickle_module=dill, weights_only=True')
        )
        assert "exclude each other" in found.message

    @pytest.mark.parametrize("arguments", ['"model.pt"', '"model.pt", pickle_module=None'])
    def test_silent(self, arguments: str) -> None:
        assert World().findings(self.rule, call(arguments)) == []


class TestFallback:
    rule = unsafe_fallback.RULE
    program = """
        import torch
        def f(path):
            try:
                return torch.load(path, weights_only=True)
            except {error}:
                return torch.load({other}, weights_only={second})
    """

    def test_the_second_load_undoes_the_first(self) -> None:
        code = self.program.format(error="Exception", other="path", second="False")
        (found,) = World().findings(self.rule, code)
        assert "the safe load on line 5 refused" in found.message
        assert found.fix is not None
        assert found.fix.applicability is Applicability.UNSAFE

    def test_silent_where_the_second_load_is_safe_too(self) -> None:
        code = self.program.format(error="Exception", other="path", second="True")
        assert World().findings(self.rule, code) == []


class TestUnknownNeeds:
    rule = unknown_needs.RULE
    code = "import torch\ndef f(path):\n    return torch.load(path, weights_only=True)\n"

    def test_nothing_says_what_is_read(self) -> None:
        (found,) = World().findings(self.rule, self.code)
        assert found.message.startswith("nothing says what this `torch.load` needs: ")

    def test_silent_where_the_configuration_says_it(self) -> None:
        entry = LoadEntry("program:f", safe_globals=("argparse.Namespace",))
        assert World(config=Config(loads=(entry,))).findings(self.rule, self.code) == []
