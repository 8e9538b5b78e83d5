"""What scripts and documents of a project give to an option that has no default."""

from __future__ import annotations

import json
import sys
import textwrap
from types import SimpleNamespace

import pytest

from project_files import project
from torchload_lint.source.paths import Rung, resolve_load, resolve_path
from torchload_lint.source.text.command_lines import commands, launched

MAIN = """
    import argparse
    import torch
    parser = argparse.ArgumentParser()
    parser.add_argument("-c", "--ckpt")
    parser.add_argument("--other", default="given.pt")
    args = parser.parse_args()
    torch.load(args.ckpt)
    """
GIVES = {
    "a shell script": ("run.sh", "python main.py --ckpt runs/last.pt\n", ["runs/last.pt"]),
    "a list of words in code": (
        "all.py",
        "import sys\nrun([sys.executable, '-u', 'main.py', '-c', 'a/b.pt'])\n",
        ["a/b.pt"],
    ),
    "a module in a list of words": (
        "all.py",
        "run([python, '-m', 'main', f'--ckpt=runs/{name}.pt'])  # of main.py\n",
        ["runs/*.pt"],
    ),
    "a text in code": (
        "all.py",
        "import os\nos.system(f'python main.py --ckpt runs/{name}/last.pt')\n",
        ["runs/*/last.pt"],
    ),
    "how a program is used": (
        "other.py",
        'USAGE = """First:\n    python main.py \\\\\n      --ckpt runs/last.pt\n"""\n',
        ["runs/last.pt"],
    ),
    "a comment in code": (
        "all.py",
        "# Then run:\n#   python main.py \\\n#     --ckpt runs/last.pt\n",
        ["runs/last.pt"],
    ),
    "a short name": ("run.sh", "python3 main.py -c runs/last.pt\n", ["runs/last.pt"]),
    "an equals sign": ("run.sh", "./main.py --ckpt=runs/last.pt &\n", ["runs/last.pt"]),
    "continued": ("a/run.sh", "torchrun main.py \\\n  --ckpt runs/last.pt\n", ["runs/last.pt"]),
    "behind a cd": ("run.sh", "cd tools && python main.py -c a/b.pt > log\n", ["a/b.pt"]),
    "a variable": ("run.sh", "OUT=runs/a\npython main.py -c $OUT/last.pt\n", ["runs/a/last.pt"]),
    "a variable of its own default": (
        "run.sh",
        'CKPT=${2:-"runs/last.pt"}\nCKPT=${CKPT:-other.pt}\npython main.py -c $CKPT\n',
        ["runs/last.pt"],
    ),
    "a variable that is set unless it is": (
        "run.sh",
        ': ${OUT:=runs/a}\n: "${CKPT:=$OUT/last.pt}"\npython main.py -c "$CKPT"\n',
        ["runs/a/last.pt"],
    ),
    "a number that the queue fills in": (
        "run.sbatch",
        "python main.py -c logs/%j/last.pt\n",
        ["logs/*/last.pt"],
    ),
    "a default in place": ("run.sh", "python main.py -c ${1:-a/b.pt}\n", ["a/b.pt"]),
    "a command in a variable": (
        "run.sh",
        'OUT=runs\nCMD="python -u main.py"\nCMD+=" --ckpt=$OUT/last.pt"\n$CMD | tee log\n',
        ["runs/last.pt"],
    ),
    "a command that is evaluated": (
        "run.sh",
        "ARGS='-c runs/last.pt'\nRUN=\"python main.py $ARGS\"\neval $RUN\n",
        ["runs/last.pt"],
    ),
    "an unknown variable": ("run.sh", "python main.py -c ${OUT}/last.pt\n", ["*/last.pt"]),
    "a path of Windows": ("README.md", "python main.py -c a\\b.pt\n", ["a/b.pt"]),
    "a module": ("run.sh", "python -m main --ckpt runs/last.pt\n", ["runs/last.pt"]),
    "a README": ("README.md", "```\n$ python main.py -c a/b.pt\n```\n", ["a/b.pt"]),
    "a word of a README": ("README.md", "Run `python main.py -c a/b.pt`.\n", ["a/b.pt"]),
    "a Makefile": ("Makefile", "test:\n\tpython main.py -c a/b.pt; echo\n", ["a/b.pt"]),
    "a Dockerfile": ("Dockerfile", 'CMD ["python", "main.py", "-c", "a/b.pt"]\n', ["a/b.pt"]),
    "a workflow": (".github/workflows/t.yml", "- run: python main.py -c a/b.pt\n", ["a/b.pt"]),
    "SLURM": ("job.slurm", "srun python -u main.py -c a/b.pt\n", ["a/b.pt"]),
    "a folder": ("run.sh", "python main.py -c runs/last/\n", ["runs/last"]),
    "several": ("run.sh", "python main.py -c a.pt\npython main.py -c b.pt\n", ["a.pt", "b.pt"]),
}


def notebook(*cells, kind="code"):
    return json.dumps({"cells": [{"cell_type": kind, "source": cell} for cell in cells]})


IN_NOTEBOOKS = {
    "a line for the shell": (["!python main.py -c a/b.pt\n"], ["a/b.pt"]),
    "several lines": (["!python main.py \\\n", '  --ckpt "a/b.pt" \\\n', "  -x\n"], ["a/b.pt"]),
    "a cell for the shell": ("%%bash\npython main.py -c a/b.pt\n", ["a/b.pt"]),
    "run": ("x = 1\n%run -i main.py -c a/b.pt\n", ["a/b.pt"]),
    "a module that is run": ("%run -m main -c a/b.pt\n", ["a/b.pt"]),
    "a name of Python": ("!python main.py -c {folder}/last.pt\n", ["*/last.pt"]),
    "a text of Python": ("text = 'python main.py -c a/b.pt'\n", []),
    "a comment": ("# !python main.py -c a/b.pt\n", []),
}


@pytest.mark.parametrize(("cell", "paths"), IN_NOTEBOOKS.values(), ids=list(IN_NOTEBOOKS))
def test_what_a_notebook_gives(cell, paths):
    found = resolved("use.ipynb", notebook("import torch", cell))
    assert [each.text for each in found.patterns] == paths
    assert bool(paths) == ("use.ipynb:cell 2:" in " ".join(found.unknown))


def test_what_the_text_of_a_notebook_gives_and_what_is_no_notebook():
    shown = "Start it:\n```\npython main.py -c a/b.pt\n```\n"
    found = resolved("use.ipynb", notebook(shown, kind="markdown"))
    assert [each.text for each in found.patterns] == ["a/b.pt"]
    for broken in ("{", "[" * 100_000, "3", '{"cells": [3, {"source": [3, ".py"]}, {}]}'):
        assert not resolved("use.ipynb", f"{broken} ").patterns


SCRIPTS = {
    "its first argument": ("python main.py -c $1\n", "bash test.sh a/b.pt\n", ["a/b.pt"]),
    "through a name": (
        'CKPT="$2"\npython $(dirname "$0")/main.py -c $CKPT ${@:3}\n',
        "./test.sh 8 a/b.pt\n",
        ["a/b.pt"],
    ),
    "all of them": ('python main.py "$@"\n', "sh ./test.sh --ckpt 'a b/c.pt'\n", ["a b/c.pt"]),
    "those behind the first": ("python main.py ${@:2}\n", "bash test.sh 4 -c a.pt\n", ["a.pt"]),
    "a folder": ("python main.py -c $1/last.pt\n", "bash test.sh runs/a\n", ["runs/a/last.pt"]),
    "its default": ("python main.py -c ${1:-a.pt}\n", "bash test.sh\n", ["a.pt"]),
    "both": (
        "python main.py -c ${1:-a.pt}\n",
        "bash test.sh\nbash test.sh b.pt\n",
        ["a.pt", "b.pt"],
    ),
    "nobody starts it": ("python main.py -c $1/last.pt\n", "cat test.sh\n", ["*/last.pt"]),
    "places that move": ("shift\npython main.py -c $1\n", "bash test.sh 4 a.pt\n", []),
    "another script": ("python main.py -c $1\n", "bash other/test.sh a.pt\n", []),
}


@pytest.mark.parametrize(("script", "start", "paths"), SCRIPTS.values(), ids=list(SCRIPTS))
def test_what_a_shell_script_is_given_and_gives_on(script, start, paths):
    index = project({"main.py": MAIN, "test.sh": script, "README.md": start})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [each.text for each in found.patterns] == paths
    assert {each.rung for each in found.patterns} <= {Rung.COMMAND_LINE}


INSTALLED = {
    "pyproject.toml": '[project.scripts]\nother = "a.b:c"\nnet-test = "pkg.main:run"\n[tool.x]\n',
    "setup.cfg": "[entry_points]\nconsole_scripts =\n  o = a:c\n  net-test = pkg.main:run\n",
    "setup.py": "setup(entry_points={'console_scripts': ['a=a.b:c', 'net-test = pkg.main:run']})\n",
}
STARTED = {
    "in a block": ("```\n$ net-test --ckpt a/b.pt\n```\n", ["a/b.pt"]),
    "behind a variable": ("CUDA_VISIBLE_DEVICES=0 net-test -c a/b.pt\n", ["a/b.pt"]),
    "another one": ("other --ckpt a/b.pt\n", []),
    "in a sentence": ("With net-test --ckpt a/b.pt is read.\n", []),
}


@pytest.mark.parametrize("declared", INSTALLED)
@pytest.mark.parametrize(("line", "paths"), STARTED.values(), ids=list(STARTED))
def test_commands_that_a_project_installs(declared, line, paths):
    files = {"pkg/main.py": MAIN, "README.md": line, declared: INSTALLED[declared]}
    index = project(files)
    module = index.module_at("pkg/main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [each.text for each in found.patterns] == paths


GIVES_NOTHING = {
    "another program": ("run.sh", "python other.py --ckpt runs/last.pt\n"),
    "another option": ("run.sh", "python main.py --other runs/last.pt\n"),
    "a file for another reader": ("README.md", "python main.py -c data/wiki.en.vec\n"),
    "a placeholder": ("README.md", "python main.py --ckpt path/to/model.pt\n"),
    "something to fill in": ("README.md", "python main.py --ckpt <checkpoint>\n"),
    "a variable alone": ("run.sh", "python main.py --ckpt $CKPT\n"),
    "the next option": ("run.sh", "python main.py --ckpt --other a.pt\n"),
    "a word": ("run.sh", "python main.py --ckpt best\n"),
    "a comment": ("run.sh", "python main.py # --ckpt a/b.pt\n"),
    "after the command": ("run.sh", "python main.py && echo --ckpt a/b.pt\n"),
    "what a command yields": ("run.sh", "CKPT=$(ls runs/*.pt)\npython main.py -c $CKPT\n"),
    "a variable that is never run": ("run.sh", 'CMD="python main.py -c a/b.pt"\necho $CMD\n'),
    "a link": ("README.md", "[main.py](./main.py) --ckpt runs/last.pt\n"),
    "a link as the value": ("README.md", "python main.py -c [it](./a.pt)\n"),
    "a sentence": ("README.md", "Start main.py -c a/b.pt, and wait.\n"),
    "a list of files": ("README.md", "├── main.py       -c a/b.pt\n`-- main.py  -c a/b.pt\n"),
    "another program in code": ("all.py", "run(['other.py', '--ckpt', 'a/b.pt'])  # main.py\n"),
    "a computed word in code": ("all.py", "run([python, 'main.py', '--ckpt', last()])\n"),
    "code that does not run it": ("all.py", "print('main.py takes', '--ckpt a/b.pt')\n"),
    "an address": ("run.sh", "python main.py --ckpt https://example.org/b.pt\n"),
}


def resolved(name, text, main=MAIN):
    index = project({"main.py": main, "other.py": "print(1)\n", name: text})
    module = index.module_at("main.py")
    return resolve_path(module.loads[0].file, module, index)


@pytest.mark.parametrize(("name", "text", "paths"), GIVES.values(), ids=list(GIVES))
def test_a_command_line_gives_a_path_that_is_never_exact(name, text, paths):
    found = resolved(name, textwrap.dedent(text))
    assert [each.text for each in found.patterns] == paths
    assert {(each.exact, each.rung) for each in found.patterns} == {(False, Rung.COMMAND_LINE)}
    assert not found.complete
    assert name in " ".join(found.unknown)


CONFIGURED = """
    import argparse
    import json
    import torch
    from dataclasses import dataclass
    @dataclass
    class Options:
        path: str = ""
    class Taking:
        def __init__(self, rate, **more):
            self.path = more["path"]
    def take(rate, path):
        torch.load(path)
    parser = argparse.ArgumentParser()
    parser.add_argument("--config")
    with open(parser.parse_args().config) as file:
        config = json.load(file)
    """
READINGS = (
    'config["path"]',
    "Options(**config).path",
    "Taking(**config).path",
    'dict(config)["path"]',
    'dict(**config)["path"]',
    '{**config, "rate": 2}["path"]',
    "argparse.Namespace(**config).path",
    "list(config.values())[1]",
    "[value for _, value in config.items()][1]",
    '"{path}".format(**config)',
    '"%(path)s" % config',
)


@pytest.mark.parametrize("reading", [*READINGS, ""])
def test_what_a_file_holds_that_a_command_line_names_is_not_exact_however_it_is_read(reading):
    use = f"torch.load({reading})" if reading else "take(**config)"
    index = project({
        "main.py": f"{textwrap.dedent(CONFIGURED)}{use}\n",
        "c.json": '{"rate": 1, "path": "runs/last.pt"}',
        "run.sh": "python main.py --config c.json\n",
    })  # fmt: skip
    module = index.module_at("main.py")
    found = [resolve_load(load, module, index) for load in module.loads]
    patterns = [one for each in found for one in each.patterns]
    assert "runs/last.pt" in [one.text for one in patterns]
    assert not any(one.exact for one in patterns)
    assert {one.rung for one in patterns} == {Rung.COMMAND_LINE}


@pytest.mark.parametrize(("name", "text"), GIVES_NOTHING.values(), ids=list(GIVES_NOTHING))
def test_a_command_line_gives_no_path(name, text):
    assert resolved(name, text).patterns == ()


@pytest.mark.parametrize("nothing", ["None", "False", "''"])
def test_a_default_that_stands_for_none_is_weaker(nothing):
    main = MAIN.replace('"--ckpt"', f'"--ckpt", default={nothing}')
    found = resolved("run.sh", "python main.py --ckpt runs/last.pt\n", main)
    assert [(each.text, each.exact) for each in found.patterns] == [("runs/last.pt", False)]


def test_options_that_another_file_declares():
    index = project(
        {
            "options.py": MAIN.replace("    torch.load(args.ckpt)\n", ""),
            "main.py": "import torch\nfrom options import args\ntorch.load(args.ckpt)\n",
            "run.sh": "python main.py --ckpt runs/last.pt\n",
        }
    )
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [each.text for each in found.patterns] == ["runs/last.pt"]


def test_a_script_that_only_mentions_the_file_is_another():
    index = project(
        {
            "tools/main.py": MAIN,
            "demo.py": "def main():\n    print('main')\n",
            "run.sh": "python demo.py --ckpt runs/last.pt\n",
        }
    )
    module = index.module_at("tools/main.py")
    assert resolve_path(module.loads[0].file, module, index).patterns == ()


def test_an_editor_launches():
    text = """{
        // the model
        "configurations": [
            {"program": "${workspaceFolder}/main.py", "args": ["--ckpt", "a/b.pt"]},
        ]
    }"""
    (found,) = launched(text)
    assert (found.script, found.words) == ("main.py", ("--ckpt", "a/b.pt"))
    assert resolved(".vscode/launch.json", text).patterns[0].text == "a/b.pt"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"configurations": 3}', '{"configurations": [3]}']
)
def test_a_broken_launch_file_says_nothing(text):
    assert list(launched(text)) == []


def test_an_unfinished_quote_is_read_by_its_words():
    (found,) = commands('echo "it\'s" ; python main.py --ckpt "a.pt\n')
    assert found.script == "main.py"


OPTIONS = """
    import argparse
    class Options:
        def parse(self):
            parser = argparse.ArgumentParser()
            parser.add_argument("--ckpt")
            return parser.parse_args()
    """
PROGRAM = """
    import torch
    from options import Options
    def run(args):
        torch.load(args.ckpt)
    if __name__ == "__main__":
        run(Options().parse())
    """


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        ("python test.py --ckpt a/b.pt\npython train.py --ckpt c/d.pt\n", ["a/b.pt"]),
        ("python train.py --ckpt c/d.pt\n", []),  # it is for another program
        ("python both.py --ckpt a/b.pt\npython train.py --ckpt c/d.pt\n", ["a/b.pt"]),
    ],
)
def test_a_command_is_for_the_program_that_it_starts(commands, expected):
    index = project(
        {
            "options.py": textwrap.dedent(OPTIONS),
            "test.py": textwrap.dedent(PROGRAM),
            "train.py": textwrap.dedent(PROGRAM),
            "both.py": "import options, test\n",
            "run.sh": commands,
        }
    )
    module = index.module_at("test.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [each.text for each in found.patterns] == expected


WORDS = """
    import sys
    import torch
    if __name__ == "__main__":
        torch.load(sys.argv[2])
    """
DECLARED = """
    import argparse
    import torch
    if __name__ == "__main__":
        parser = argparse.ArgumentParser()
        parser.add_argument("--ckpt")
        torch.load(parser.parse_args().ckpt)
    """


@pytest.mark.parametrize(("code", "given"), [(WORDS, "80 {}"), (DECLARED, "--ckpt {}")])
def test_what_a_file_asks_for_only_as_a_program_another_program_does_not_give(code, given):
    other = f"python export.py {given.format('dog.pt')}\n"
    files = {"main.py": code, "export.py": "import main\n", "run.sh": other}
    index = project(files)
    module = index.module_at("main.py")
    assert not resolve_path(module.loads[0].file, module, index).patterns
    index = project({**files, "own.sh": f"python main.py {given.format('a/b.pt')}\n"})
    module = index.module_at("main.py")
    found = resolve_path(module.loads[0].file, module, index)
    assert [pattern.text for pattern in found.patterns] == ["a/b.pt"]


@pytest.mark.parametrize(
    ("given", "found"),
    [("runs/net-EPOCH.pt", "runs/net-*.pt"), ("runs/EPOCHS.pt", "runs/EPOCHS.pt")],
)
def test_a_word_that_the_reader_fills_in_is_not_known(given, found):
    index = project(
        {"main.py": textwrap.dedent(MAIN), "run.sh": f"python main.py --ckpt {given}\n"}
    )
    module = index.module_at("main.py")
    (pattern,) = resolve_path(module.loads[0].file, module, index).patterns
    assert pattern.text == found


@pytest.mark.parametrize(
    ("given", "found"),
    [("runs/a.pt", []), ("https://example.org/a.pt", ["~/.cache/torch/hub/checkpoints/a.pt"])],
)
def test_a_path_of_a_command_line_is_no_address(given, found):
    read = "torch.hub.load_state_dict_from_url(args.ckpt)"
    code = textwrap.dedent(MAIN).replace("torch.load(args.ckpt)", f"torch.load({read})")
    index = project({"main.py": code, "run.sh": f"python main.py --ckpt {given}\n"})
    module = index.module_at("main.py")
    (load,) = module.loads
    assert [each.text for each in resolve_load(load, module, index).patterns] == found


BRANCHES = """
import argparse
import torch

def warm(path):
    torch.load(path)

def plain(path):
    torch.load(path)

def train(path, warm_start, mode):
    if mode == "test":
        torch.load(path)
    elif warm_start:
        warm(path)
    else:
        plain(path)

parser = argparse.ArgumentParser()
parser.add_argument("--ckpt")
parser.add_argument("--warm_start", action="store_true")
parser.add_argument("--mode", default="train")
parser.add_argument("--rate", type=float)
args = parser.parse_args()
train(args.ckpt, args.warm_start, args.mode)
"""
LINES = [
    "--ckpt a/a.pt --warm_start --rate 0.1",
    "--ckpt a/b.pt --rate 0.1",
    "--ckpt a/c.pt --mode test",
    "--warm_start --ckpt a/d.pt --mode train",
]


def test_a_command_line_gives_a_path_to_the_load_that_it_leads_to(monkeypatch):
    opened = {}

    def load(path):
        opened.setdefault(sys._getframe(1).f_lineno, []).append(path)

    program = BRANCHES.replace("import torch", "")
    for line in LINES:
        monkeypatch.setattr(sys, "argv", ["main.py", *line.split()])
        exec(program, {"torch": SimpleNamespace(load=load)})
    script = "".join(f"python main.py {line}\n" for line in LINES)
    index = project({"main.py": BRANCHES, "run.sh": script})
    module = index.module_at("main.py")
    found = {
        one.span.start.row: [each.text for each in resolve_load(one, module, index).patterns]
        for one in module.loads
    }
    assert found == opened


def test_a_dotted_key_is_for_the_program_that_is_started_with_it():
    program = (
        "import sys, torch\nfrom yacs.config import CfgNode as CN\n_C = CN()\n_C.TEST = CN()\n"
        "_C.TEST.FILE = ''\n"
    )
    started = (
        "if __name__ == '__main__':\n    cfg = _C.clone()\n    cfg.merge_from_list(sys.argv[1:])\n"
        "    torch.load(cfg.TEST.FILE)\n"
    )
    index = project(
        {
            "one.py": program + started,
            "two.py": program + started,
            "three.py": program + started,
            "run.sh": "python one.py TEST.FILE runs/a.pth\npython two.py TEST.FILE runs/b.pth\n",
        }
    )
    found = {
        name: [each.text for each in resolve_load(module.loads[0], module, index).patterns]
        for name in ("one", "two", "three")
        if (module := index.module_at(f"{name}.py")) is not None
    }
    assert found == {"one": ["runs/a.pth"], "two": ["runs/b.pth"], "three": []}
