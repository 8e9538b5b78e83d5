"""Defaults of options, beside the command lines that give them otherwise."""

from __future__ import annotations

import shlex
import sys
import textwrap
from types import SimpleNamespace

import pytest

from project_files import project
from torchload_lint.source.paths import Rung, resolve_load, resolve_path

MAIN = """
    import argparse
    import torch
    parser = argparse.ArgumentParser()
    parser.add_argument("--ckpt", default="own.pt")
    parser.add_argument("--name", default="exp")
    parser.add_argument("--depth", type=int, default=28)
    parser.add_argument("--rate", type=float, default=0.1)
    args = parser.parse_args()
    torch.load({})
    """
NET = 'f"{args.name}/net-{args.depth}.pt"'
CASES = {
    "the default alone": ("args.ckpt", ["--rate 2"], []),
    "a path": ("args.ckpt", ["--ckpt runs/a.pt"], []),
    "a path, and the default": ("args.ckpt", ["--ckpt runs/a.pt", "--rate 2"], []),
    "several paths": ("args.ckpt", ["--ckpt a.pt", "--ckpt=b.pt"], []),
    "the default itself": ("args.ckpt", ["--ckpt own.pt"], []),
    "a word": (NET, ["--name cat"], []),
    "a number": (NET, ["--depth 16"], []),
    "as many as there are options": (
        NET,
        ["--depth 16 --name cat"],
        ["*/net-28.pt", "*/net-16.pt"],
    ),
    "an unknown word": (NET, ["--name $NAME"], ["*/net-28.pt"]),
    "more than are named": (NET, [f"--name c{n}" for n in range(9)], ["*/net-28.pt"]),
    "a path to be filled in": ("args.ckpt", ["--ckpt $1"], []),
}


def opened(expression, lines):
    """What the program opens when it is started as the lines say."""
    found = []
    fake = SimpleNamespace(load=found.append)
    program = textwrap.dedent(MAIN.format(expression)).replace("import torch\n", "")
    for line in lines:
        sys.argv = ["main.py", *shlex.split(line)]
        exec(program, {"torch": fake})
    return found


def resolved(expression, lines):
    script = "".join(f"python main.py {line}\n" for line in lines)
    main = textwrap.dedent(MAIN.format(expression))
    index = project({"main.py": main, "run.sh": script})
    module = index.module_at("main.py")
    return resolve_path(module.loads[0].file, module, index)


@pytest.mark.parametrize(("expression", "lines", "patterns"), CASES.values(), ids=list(CASES))
def test_what_is_opened_is_named_and_only_a_default_that_is_used_is_exact(
    expression, lines, patterns, monkeypatch
):
    monkeypatch.setattr(sys, "argv", ["main.py"])
    (usual,) = opened(expression, [""])
    known = [line for line in lines if "$" not in line]
    runs = opened(expression, known)
    found = resolved(expression, lines)
    told = {pattern.text for pattern in found.patterns}
    assert told >= set(patterns or runs)
    exact = [pattern.text for pattern in found.patterns if pattern.exact]
    assert exact == ([usual] if usual in runs else [])
    assert not found.complete


def test_a_replaced_default_says_what_it_is():
    found = resolved("args.ckpt", ["--ckpt runs/a.pt"])
    assert [(each.text, each.rung) for each in found.patterns] == [
        ("own.pt", Rung.ONE_OF_SEVERAL),
        ("runs/a.pt", Rung.COMMAND_LINE),
    ]
    assert "run.sh:1" in " ".join(found.unknown)


FIELDS = """
    import torch
    from dataclasses import dataclass
    from transformers import HfArgumentParser
    @dataclass
    class Args:
        ckpt: str = "own.pt"
    (args,) = HfArgumentParser(Args).parse_args_into_dataclasses()
    torch.load(args.ckpt)
    """
FUNCTION = """
    import fire
    import torch
    def main(ckpt="own.pt"):
        torch.load(ckpt)
    if __name__ == "__main__":
        fire.Fire(main)
    """
WORD = FUNCTION.replace("torch.load(ckpt)", "torch.load(f'runs/{ckpt}/last.pt')")


@pytest.mark.parametrize("main", [FIELDS, FUNCTION])
@pytest.mark.parametrize(("line", "exact"), [("--ckpt runs/a.pt", False), ("", True)])
def test_fields_and_parameters_that_are_options(main, line, exact):
    files = {"main.py": textwrap.dedent(main), "run.sh": f"python main.py {line}\n"}
    index = project(files)
    module = index.module_at("main.py")
    found = resolve_load(module.loads[0], module, index)
    texts = ["own.pt", *line.split()[1:]]
    assert [(each.text, each.exact) for each in found.patterns] == [
        (text, exact and text == "own.pt") for text in texts
    ]


def test_a_word_for_a_parameter():
    main = textwrap.dedent(WORD).replace('"own.pt"', '"exp"')
    index = project({"main.py": main, "run.sh": "python main.py --ckpt cat\n"})
    module = index.module_at("main.py")
    found = resolve_load(module.loads[0], module, index)
    texts = [each.text for each in found.patterns]
    assert texts == ["runs/exp/last.pt", "runs/cat/last.pt"]


def test_another_program_does_not_replace_a_default():
    main = textwrap.dedent(MAIN.format("args.ckpt"))
    files = {"main.py": main, "other.py": main, "run.sh": "python other.py --ckpt runs/a.pt\n"}
    index = project(files)
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [(each.text, each.exact) for each in found.patterns] == [("own.pt", True)]


@pytest.mark.parametrize(
    ("script", "exact"),
    [
        ("python main.py --ckpt runs/a.pt\n", False),
        ("python main.py --rate 1\n", True),
        ("ROOT=..\npython $ROOT/one/main.py --ckpt runs/a.pt\n", False),
    ],
)
def test_a_start_of_one_of_several_programs_of_that_name(script, exact):
    main = textwrap.dedent(MAIN.format("args.ckpt"))
    index = project({"one/main.py": main, "two/main.py": main, "docs/run.sh": script})
    module = index.module_at("one/main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [each.text for each in found.patterns if each.exact] == ["own.pt"] * exact


def test_a_start_that_leads_past_the_load_replaces_the_default_too():
    main = textwrap.dedent(MAIN.format("args.ckpt")).replace(
        "torch.load(args.ckpt)", "if args.name == 'cat':\n    torch.load(args.ckpt)"
    )
    index = project({"main.py": main, "run.sh": "python main.py --ckpt a.pt --name dog\n"})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [(each.text, each.exact) for each in found.patterns] == [("own.pt", False)]


@pytest.mark.parametrize("load", ["args.ckpt + '_ae.pt'", "args.ckpt + '/ae.pt'"])
def test_an_empty_default_is_there_for_something_to_be_put_in(load):
    main = textwrap.dedent(MAIN.format(load)).replace('"own.pt"', '""')
    index = project({"main.py": main})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert not any(each.exact for each in found.patterns)


@pytest.mark.parametrize("spelled", ["--the-ckpt", "--the_ckpt"])
def test_a_document_may_spell_an_option_otherwise(spelled):
    main = textwrap.dedent(MAIN.format("args.the_ckpt")).replace("--ckpt", "--the-ckpt")
    index = project({"main.py": main, "run.sh": f"python main.py {spelled} a.pt\n"})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [(each.text, each.exact) for each in found.patterns] == [
        ("own.pt", False),
        ("a.pt", False),
    ]


@pytest.mark.parametrize(
    ("path", "more"),
    [("README.md", ["a.pt"]), ("docs/use.rst", []), ("notes.sh", [])],
)
def test_a_document_may_name_an_option_in_no_command_line(path, more):
    main = textwrap.dedent(MAIN.format("args.ckpt"))
    said = "For the other weights add `--ckpt a.pt`, never `--ckpt`, nor `--name b`.\n"
    index = project({"main.py": main, path: said})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [(each.text, each.exact) for each in found.patterns] == [
        ("own.pt", True),
        *((text, False) for text in more),
    ]


@pytest.mark.parametrize(("name", "exact"), [("vectors.txt", False), ("net.h5", True)])
def test_a_text_that_a_caller_gives_is_not_exact(name, exact):
    main = f"import torch\ndef read(path):\n    torch.load(path)\nread({name!r})\n"
    index = project({"main.py": main})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [(each.text, each.exact) for each in found.patterns] == [(name, exact)]
