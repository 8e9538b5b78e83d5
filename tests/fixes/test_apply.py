from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixes.tools import NAMESPACE, check, fix, parsed
from torchload_lint.diagnostic import Applicability, Edit, Fix, Position, Span
from torchload_lint.fixes.apply import apply_edits
from torchload_lint.fixes.edits import Change, apply_changes, smallest_change, source_of
from torchload_lint.fixes.repair import Allow, Repair, Repaired
from torchload_lint.fixes.repairing import repair_load
from torchload_lint.names import GlobalName, Spelling

TEXT = "one\ntwo\nthree\n"


def fix_of(*edits: tuple[int, int, int, int, str]) -> Fix:
    written = tuple(Edit(Span.of(*edit[:4]), edit[4]) for edit in edits)
    return Fix(Applicability.SAFE, "", written)


def test_edits_are_sorted() -> None:
    late, early = fix_of((3, 1, 3, 6, "3")), fix_of((1, 1, 1, 4, "1"))
    assert apply_edits(TEXT, [late, early]) == ("1\ntwo\n3\n", (late, early))


def test_an_edit_of_two_fixes_is_made_once() -> None:
    one = fix_of((1, 1, 1, 1, "import a\n"), (2, 1, 2, 4, "2"))
    other = fix_of((1, 1, 1, 1, "import a\n"), (3, 1, 3, 6, "3"))
    assert apply_edits(TEXT, [one, other]) == ("import a\none\n2\n3\n", (one, other))


def test_a_fix_that_overlaps_is_left_out_whole() -> None:
    one = fix_of((2, 1, 2, 4, "2"))
    other = fix_of((1, 1, 1, 4, "1"), (2, 2, 3, 2, "x"))
    assert apply_edits(TEXT, [one, other]) == ("one\n2\nthree\n", (one,))


def test_an_insertion_inside_a_replaced_part_is_left_out() -> None:
    one, other = fix_of((2, 1, 2, 4, "2")), fix_of((2, 2, 2, 2, "x"))
    assert apply_edits(TEXT, [one, other])[1] == (one,)


def test_an_insertion_where_a_replaced_part_starts_comes_first() -> None:
    one, other = fix_of((2, 1, 2, 4, "2")), fix_of((2, 1, 2, 1, "import a\n"))
    assert apply_edits(TEXT, [one, other]) == ("one\nimport a\n2\nthree\n", (one, other))


def test_insertions_at_one_place_keep_the_order_of_their_fixes() -> None:
    one, other = fix_of((2, 1, 2, 1, "import b\n")), fix_of((2, 1, 2, 1, "import a\n"))
    assert apply_edits(TEXT, [one, other])[0] == "one\nimport b\nimport a\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("from a import b\n", "from a import c\n"),
        ("from a import b\n", "from z import b\n"),
        ("\ndef f(*args):\n    return 1\n", "\ndef f(*args):\n    return 2\n"),
    ],
)
def test_versions_of_one_thing_are_not_both_inserted(one: str, other: str) -> None:
    first, second = fix_of((2, 1, 2, 1, one)), fix_of((2, 1, 2, 1, other))
    assert apply_edits(TEXT, [first, second])[1] == (first,)


def test_one_name_is_not_imported_from_two_modules_at_two_places() -> None:
    first = fix_of((1, 1, 1, 1, "from a import b\n"))
    second = fix_of((3, 1, 3, 1, "from z import b\n"))
    assert apply_edits(TEXT, [first, second])[1] == (first,)


def test_a_name_is_not_imported_twice_by_a_row_and_a_list() -> None:
    first, second = fix_of((1, 1, 1, 1, "from a import b\n")), fix_of((3, 1, 3, 1, "b, "))
    assert apply_edits(TEXT, [first, second])[1] == (first,)


@pytest.mark.parametrize("rows", ["from a import b\n\n", "from z import (\n    c,\n    b,\n)\n\n"])
def test_a_name_is_not_imported_above_two_statements_of_a_module(rows: str) -> None:
    one = fix_of((1, 1, 1, 4, "from a import b\n\nwith b:\n    one"))
    other = fix_of((2, 1, 2, 4, f"from c import d\n{rows}with b:\n    two"))
    assert apply_edits(TEXT, [one, other])[1] == (one,)


def test_two_functions_may_each_import_a_name() -> None:
    text = "def f():\n    one\n\n\ndef g():\n    two\n"
    one = fix_of((2, 5, 2, 8, "from a import b\n\n    with b:\n        one"))
    other = fix_of((6, 5, 6, 8, "from a import b\n\n    with b:\n        two"))
    assert apply_edits(text, [one, other])[1] == (one, other)


def test_two_fixes_of_one_pass_do_not_import_one_name_twice() -> None:
    source = "import torch\n" + "".join(f"\ndef {f}(p):\n    torch.load(p)\n" for f in "fg")
    module = parsed(source)
    fixes = []
    for load, origin in zip(module.loads, ("a.models", "b.models"), strict=True):
        repair = Repair(allow=(Allow(Spelling(origin, "Net")),))
        outcome = repair_load(module, load, repair)
        assert isinstance(outcome, Repaired)
        fixes.append(Fix(Applicability.SAFE, "", outcome.edits))
    text, applied = apply_edits(source, fixes)
    assert applied == (fixes[0],)
    assert text.count("import Net") == 1


@given(st.text(alphabet="aé日\U0001f600 \t\f\r\n", max_size=60), st.data())
def test_positions_and_offsets_agree(text: str, data: st.DataObject) -> None:
    source = source_of(text)
    offset = data.draw(st.integers(0, len(text)))
    assert source.offset_of(source.position(offset)) == offset
    row = source.position(offset).row
    start = source.row_start(row)
    in_bytes = len(text[start:offset].encode())
    assert source.offset(row, in_bytes) == offset


@given(st.text(alphabet="ab\r\n", min_size=1), st.text(alphabet="ab\r\n", min_size=1))
def test_the_smallest_change_changes_the_text(old: str, new: str) -> None:
    change = smallest_change(2, old, new)
    assert apply_changes(f"..{old}..", [change]) == f"..{new}.."
    assert change.start == 2
    assert change.end > change.start


def test_positions_count_code_points() -> None:
    source = source_of('x = "日本語"; y\n')
    assert source.position(11) == Position(1, 12)
    assert source.edits([Change(11, 12, "z")]) == (Edit(Span.of(1, 12, 1, 13), "z"),)


NEWLINES = {"crlf": "\r\n", "cr": "\r"}


@pytest.mark.parametrize("newline", NEWLINES.values(), ids=NEWLINES)
@pytest.mark.parametrize(
    "lines",
    [
        ["import torch", "x = torch.load(p)", ""],
        ["import torch", "if p:", "\tx = torch.load(", "\t\tp", "\t)", "\ty = 1", ""],
        ["import torch", "def f():", "    x = torch.load(p)", "    y = torch.load(q)", ""],
        ["import torch", "def f():", "    yield torch.load(p)  # one by one", ""],
        ["import torch", "f = lambda p: torch.load(p)", ""],
        ["import torch", "from argparse import (", "    Action,", ")", "x = torch.load(p)", ""],
        ["import torch", "x = torch.load(p)"],
        ["def f():", "    from torch import load", "    load(p)", ""],
    ],
    ids=range(8),
)
def test_newlines_stay_what_they_are(newline: str, lines: list[str]) -> None:
    plain = fix("\n".join(lines), NAMESPACE).text
    check(newline.join(lines), plain.replace("\n", newline), NAMESPACE)


def test_a_string_over_rows_keeps_its_own_newlines() -> None:
    before = 'import torch\r\ndef f():\r\n    g("""a\r\n  b""", torch.load(p))\r\n'
    after = fix(before, NAMESPACE).text
    assert '        g("""a\r\n  b""", torch.load(p, weights_only=True))\r\n' in after


def test_form_feeds_stay() -> None:
    before = "import torch\n\x0c\ndef f():\n    a = 1\n\x0c\n    x = torch.load(p)\n\x0c\n"
    after = fix(before, NAMESPACE).text
    assert after.count("\x0c") == 3
    assert after.endswith("        x = torch.load(p, weights_only=True)\n\x0c\n")


def test_letters_beyond_ascii_in_every_place() -> None:
    before = 'import torch\nλ = "日本"; été = torch.load("ü", "é")  # ñ\n'
    after = fix(before, NAMESPACE).text
    assert 'λ = "日本"\nwith' in after
    assert '    été = torch.load("ü", "é", weights_only=True)  # ñ\n' in after


def test_edits_outside_the_statement_are_imports_only() -> None:
    source = "import torch\n\n\n\nx  =  [ 1,2 ]\n\ny = torch.load(p)\n\nz  =  3"
    module = parsed(source)
    outcome = repair_load(module, module.loads[0], Repair(allow=(NAMESPACE,)))
    assert isinstance(outcome, Repaired)
    assert [edit.span.start.row for edit in outcome.edits] == [1, 2, 7]


@pytest.mark.parametrize("length", [40, 60, 88, 120])
def test_the_line_length_is_kept(length: int) -> None:
    names = [Allow(Spelling("myapp.models", f"Network{n}")) for n in range(5)]
    after = fix("import torch\n\nx = torch.load(p)\n", *names, line_length=length).text
    assert all(len(row) <= length for row in after.splitlines())
    check("import torch\n\nx = torch.load(p)\n", after, *names, line_length=length)


def test_a_circular_import_goes_inside_the_function() -> None:
    allow = Allow(Spelling("myapp.models", "Net"), defined_in="myapp/models.py", not_at_top=True)
    check(
        "import torch\n\ndef f(p):\n    return torch.load(p)\n",
        "import torch\nfrom torch.serialization import safe_globals\n\ndef f(p):\n"
        "    from myapp.models import Net\n\n    with safe_globals([Net]):\n"
        "        return torch.load(p, weights_only=True)\n",
        allow,
    )
    check(
        "import torch\nx = torch.load(p)\n",
        "import torch\nfrom torch.serialization import safe_globals\n"
        "from myapp.models import Net\n\n"
        "with safe_globals([Net]):\n    x = torch.load(p, weights_only=True)\n",
        allow,
    )


AT_LOAD = Allow(Spelling("myapp.models", "Net"), defined_in="myapp/models.py", at_load=True)
HEAD = "import torch\nfrom torch.serialization import safe_globals\n\ndef f(p):\n"
IMPORT = "    from myapp.models import Net\n"
LOAD = "        return torch.load(p, weights_only=True)\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{HEAD}    with safe_globals([set]):\n{LOAD}",
         f"{HEAD}{IMPORT}    with safe_globals([set, Net]):\n{LOAD}"),
        (f"{HEAD}{IMPORT}    return torch.load(p)\n",
         f"{HEAD}{IMPORT}    with safe_globals([Net]):\n{LOAD}"),
    ],
    ids=["right before the block", "the function's own is used again"],
)  # fmt: skip
def test_an_import_that_belongs_to_the_load(before: str, after: str) -> None:
    check(before, after, AT_LOAD)


def at_load(module: str, *names: str) -> list[Allow]:
    return [Allow(Spelling(module, name), defined_in="x.py", at_load=True) for name in names]


@pytest.mark.parametrize(
    "body",
    [
        "    return torch.load(p)\n",
        "    with safe_globals([set]):\n        return torch.load(p)\n",
        "    return list(map(torch.load, p))\n",
    ],
)
def test_names_of_one_module_are_imported_together_before_the_load(body: str) -> None:
    names = [*at_load("b.models", "Net", "ANCHORS", "Head"), *at_load("a", "Box", "Net.Inner")]
    after = fix(f"{HEAD}{body}", *names, *at_load("b.models", "Tail")).text
    assert (
        "    from a import Box, Net as _Net\n    from b.models import ANCHORS, Head, Net" in after
    )
    assert after.count("from b.models") == 1
    wide = fix(f"{HEAD}{body}", *at_load("b.models", "N" * 40, "M" * 40)).text
    listed = f"    from b.models import (\n        {'M' * 40},\n        {'N' * 40},\n    )\n"
    assert listed in wide


OWN = Allow(Spelling("myapp.train", "Net"), "__main__.Net", "myapp/train.py")


def test_a_class_of_the_file_itself_is_not_imported() -> None:
    check(
        "import torch\nclass Net: pass\nx = torch.load(p)\n",
        "import torch\nfrom torch.serialization import safe_globals\nclass Net: pass\n"
        'with safe_globals([(Net, "__main__.Net")]):\n    x = torch.load(p, weights_only=True)\n',
        OWN,
    )


def test_a_class_of_the_file_that_does_not_exist_yet() -> None:
    source = "import torch\nx = torch.load(p)\nclass Net: pass\n"
    refused = fix(source, OWN)
    assert refused.text == source
    assert "further down" in refused.reasons[0]
    later = "import torch\ndef f(p):\n    return torch.load(p)\nclass Net: pass\n"
    assert "with safe_globals" in fix(later, OWN).text


@pytest.mark.parametrize(
    ("imports", "written"),
    [
        ("import numpy as np\nimport torch\n", 'type(np.dtype("float64"))'),
        ("import numpy\nimport torch\n", 'type(numpy.dtype("float64"))'),
        ("from numpy import dtype\nimport torch\n", 'type(dtype("float64"))'),
        ("import torch\n", 'type(dtype("float64"))'),
    ],
)
def test_a_template_around_the_object(imports: str, written: str) -> None:
    dtype = Allow(Spelling("numpy", "dtype", 'type({}("float64"))'))
    after = fix(f"{imports}x = torch.load(p)\n", dtype).text
    assert f"with safe_globals([{written}]):" in after
    assert "dtype" in after


@pytest.mark.parametrize(
    ("before", "written"),
    [
        ("import torch\n", "set"),
        ("import torch\nset = 3\n", "builtins.set"),
    ],
)
def test_builtins_need_no_import(before: str, written: str) -> None:
    after = fix(f"{before}x = torch.load(p)\n", Allow(Spelling("builtins", "set"))).text
    assert f"with safe_globals([{written}]):" in after


def test_modules_that_only_need_an_import() -> None:
    after = fix("import torch\nx = torch.load(p)\n", import_modules=("torch.distributed.tensor",))
    assert after.text == (
        "import torch\nimport torch.distributed.tensor\nx = torch.load(p, weights_only=True)\n"
    )


def test_what_the_project_registers_is_not_taken_away() -> None:
    source = "import torch\nx = torch.load(p)\n"
    refused = fix(source, NAMESPACE, registered=(GlobalName("argparse", "Namespace"),))
    assert refused.text == source
    assert "take it away" in refused.reasons[0]


def test_what_changes_the_meaning_says_so() -> None:
    assert fix("import torch\nx = torch.load(p)\n", NAMESPACE).keeps_meaning
    assert not fix("import torch\nf = lambda p: torch.load(p)\n", NAMESPACE).keeps_meaning


def test_a_file_whose_name_is_not_known() -> None:
    source = "import torch\nfrom . import models\nx = torch.load(p)\n"
    after = fix(source, Allow(Spelling("myapp.models", "Net")), path="-", name="").text
    assert "from myapp.models import Net" in after


def test_neighbours_in_a_notebook_are_wrapped_one_by_one() -> None:
    source = "import torch\n\nx = torch.load(p)\ny = torch.load(q)\n"
    after = fix(source, NAMESPACE, path="a.ipynb", name="").text
    assert after.count("with safe_globals([Namespace]):") == 2
    assert fix(source, NAMESPACE).text.count("with safe_globals([Namespace]):") == 1


@pytest.mark.parametrize("depth", [50, 400])
def test_a_deep_statement_is_fixed_or_left_alone(depth: int) -> None:
    source = f"import torch\nx = torch.load(p{' + 1' * depth})\n"
    fixed = fix(source, NAMESPACE)
    assert ("with safe_globals" in fixed.text) == (not fixed.reasons)
    assert fixed.text == source or not fixed.reasons


def test_an_insertion_at_the_end_of_a_replaced_part_waits():
    text = "x = load(p)\n"
    keyword = fix_of((1, 11, 1, 11, ", k=1"))
    whole = fix_of((1, 1, 1, 11, "with a:\n    x = load(p, k=1"))
    assert apply_edits(text, [keyword, whole]) == ("x = load(p, k=1)\n", (keyword,))
    assert apply_edits(text, [whole, keyword]) == ("with a:\n    x = load(p, k=1)\n", (whole,))


@pytest.mark.parametrize(
    "call",
    [
        "torch.load(p)",
        "torch.load(p,)",
        "torch.load(\n    p,\n)",
        "torch.load(\n    p,  # path\n)",
        "torch.load(\n    p  # path\n)",
        "torch.load(p, weights_only=False)",
        "torch.load(x for x in p)",
        "f(torch.load(p,))(a, b)",
        "lambda p: torch.load(p)",
        "lambda p: torch.load(p, weights_only=False, mmap=True)",
        "functools.partial(torch.load, mmap=True)",
    ],
)
def test_a_keyword_and_a_block_for_one_call_are_not_both_written(call: str) -> None:
    source = f"import functools\nimport torch\nx = {call}\n"
    module = parsed(source)
    fixes = []
    for repair in (Repair(), Repair(allow=(NAMESPACE,))):
        outcome = repair_load(module, module.loads[0], repair)
        assert isinstance(outcome, Repaired)
        fixes.append(Fix(Applicability.SAFE, outcome.how, outcome.edits))
    assert apply_edits(source, fixes)[1] == (fixes[0],)
    assert apply_edits(source, fixes[::-1])[1] == (fixes[1],)


@pytest.mark.parametrize("shown", ["{torch.load(p)=}", "{len(torch.load(p)) = !r:>{n}}"])
def test_an_f_string_that_shows_how_the_call_is_written_is_left_alone(shown):
    source = f'import torch\nprint(f"{shown}")\n'
    for entries in ((), (NAMESPACE,)):
        refused = fix(source, *entries)
        assert refused.text == source
        assert "shows how the call is written" in refused.reasons[0]
    assert fix(source.replace("=", "")).text.count("weights_only=True") == 1
