"""Files that dill has put functions in: what stands in the way, and what the owner can do."""

from __future__ import annotations

from checkpoint.cases import forge
from torchload_lint.checkpoint import inspect_bytes
from torchload_lint.checkpoint.report import HOLDS_A_PROGRAM
from torchload_lint.checkpoint.threats import SAVED_ANEW

DILL = "dill._dill"


def call(module, name, *arguments):
    return forge.call(forge.name(module, name), *arguments)


def report_of(program):
    return inspect_bytes(forge.archive(forge.program(program)), "m.pt")


BYTES = forge.call(call(DILL, "_load_type", forge.text("bytes")))
CODE = call(DILL, "_create_code", BYTES)
FUNCTION = call(DILL, "_create_function", CODE, forge.name("net", "__dict__"), forge.text("fn"))


def test_a_program_is_called_one_and_may_be_saved_anew():
    report = report_of(forge.call(call(DILL, "_load_type", forge.text("MethodType")), FUNCTION))
    assert report.verdict.value == "dangerous"
    assert {one.advice.startswith(f"{HOLDS_A_PROGRAM}{SAVED_ANEW}") for one in report.problems} == {
        True
    }


def test_a_type_of_values_by_name_is_no_threat():
    assert not [one for one in report_of(BYTES).problems if "would call" in one.message]


def test_what_does_harm_beside_it_is_not_to_be_loaded():
    harm = call("os", "system", forge.text("id"))
    for program in (FUNCTION + b"0" + harm, call(DILL, "_create_function", CODE, harm)):
        assert all(HOLDS_A_PROGRAM not in one.advice for one in report_of(program).problems)


def test_a_dangerous_function_that_is_handed_to_it_is_no_part_of_a_program():
    given = call(DILL, "_create_function", CODE, forge.name("os", "system"))
    assert all(HOLDS_A_PROGRAM not in one.advice for one in report_of(given).problems)
