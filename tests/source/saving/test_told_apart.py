"""Which save writes what a load reads, where several write files of one name."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path
from torchload_lint.source.saving.producers import producers_for


def writers(texts, at):
    index = project({path: f"import torch, sys\n{text}" for path, text in texts.items()})
    module = index.module_at(at)
    (load,) = module.loads
    found = producers_for(load, module, resolve_path(load.file, module, index), index)
    return [f"{each.path}:{each.row}" for each in found]


TUNED = "def tune(n, p=sys.argv[1]):\n    torch.save({}, f'{p}/tuned/net_{n}.pth')\n"


@pytest.mark.parametrize(
    ("read", "found"),
    [
        ("f'runs/one/tuned/net_{n}.pth'", ["tune.py:3"]),
        ("f'runs/one/net_{n}.pth'", []),
        ("f'{p}/one/net_{n}.pth'", []),
        ("'runs/one/net_last.pth'", []),
        ("f'{p}/net_{n}.pth'", ["tune.py:3"]),
    ],
)
def test_a_file_of_another_folder_is_written_by_others(read, found):
    use = f"def use(n, p):\n    torch.load({read})\n"
    assert writers({"tune.py": TUNED, "use.py": use}, "use.py") == found


def test_where_another_file_writes_such_a_name_too_neither_is_said():
    tune = TUNED.replace("/tuned", "") + "tune(sys.argv[2], 'runs/a')\ntune(1, sys.argv[3])\n"
    made = "def make(n):\n    torch.save({}, f'made/net_{n}.pth')\n"
    use = "def use(n, p):\n    torch.load(f'/data/{p}/net_{n}.pth')\n"
    assert writers({"tune.py": tune, "use.py": use}, "use.py") == ["tune.py:3"]
    assert writers({"tune.py": tune, "use.py": use, "made.py": made}, "use.py") == []
    at_home = {"tune.py": tune, "use.py": use.replace("/data/{p}", "runs/a"), "made.py": made}
    assert writers(at_home, "use.py") == ["tune.py:3"]


RESUMED = """
def main(args, net, optim):
    if args.resume:
        held = torch.load({path})
        net.load_state_dict(held["net"])
        optim.load_state_dict(held["optim"])
    train(net)
    torch.save({{"net": net.state_dict(), "optim": optim.state_dict()}}, {saved})
"""


@pytest.mark.parametrize(
    ("path", "saved"), [("args.resume", "args.out"), ("'out/a.ckpt'", "'out/a.ckpt'")]
)
def test_the_next_run_goes_on_from_what_is_saved_below(path, saved):
    code = RESUMED.format(path=path, saved=saved)
    other = code.replace("train(net)", "test(net)").replace("if args.resume", "if args.go_on")
    texts = {"a.py": code, "b.py": other}
    assert writers(texts, "a.py") == ["a.py:9"]
    assert writers(texts, "b.py") == ["b.py:9"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    if args.resume:\n", "    if True:\n        pass\n    while args.resume:\n"),
        ('        optim.load_state_dict(held["optim"])\n', ""),
        ("\n    train(net)\n    torch", "\n        train(net)\n        torch"),
    ],
    ids=["in any case", "one state alone", "where something was loaded"],
)
def test_what_becomes_of_what_was_loaded_is_not_its_origin(before, after):
    code = RESUMED.format(path="args.resume", saved="args.out")
    assert before in code
    assert writers({"a.py": code.replace(before, after)}, "a.py") == []
