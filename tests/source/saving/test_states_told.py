"""Saves whose states are told from what is written: copied, under a name, or read in one branch."""

from __future__ import annotations

import pytest

from source.saving.test_pairs import matched

STATES = {
    "under a name": "kept = model.state_dict()",
    "copied": "kept = copy.deepcopy(model.state_dict())",
    "in one of two arms": "kept = model.module.state_dict() if wide else model.state_dict()",
    "entry by entry": "kept = {k: v.cpu() for k, v in model.state_dict().items()}",
    "by accelerate": "kept = accelerator.get_state_dict(model)",
}
NO_STATES = {
    "some entries": "kept = {k: v for k, v in model.state_dict().items() if 'head' in k}",
    "another object's": "kept = ema.state_dict()",
    "the object": "kept = copy.deepcopy(model)",
}
TRAIN = """
    def main(args, model, ema, accelerator, wide):
        if args.weights:
            model.load_state_dict(torch.load(args.weights))
        while True:
            {kept}
            torch.save(kept, args.out)
    """


@pytest.mark.parametrize("kept", STATES.values(), ids=STATES)
def test_a_state_is_one_however_it_is_written(kept):
    assert matched({"use.py": TRAIN.format(kept=kept)}) == [("use.py", "object")]


@pytest.mark.parametrize("kept", NO_STATES.values(), ids=NO_STATES)
def test_what_is_no_whole_state_of_the_object(kept):
    assert matched({"use.py": TRAIN.format(kept=kept)}) == []


SAVES = """
    def run(net, opt):
        torch.save({"net": net.state_dict(), "epoch": 3, "opt": opt.state_dict()}, name())
    """
READS = """
    def resume(path, net, opt, plan):
        state = torch.load(path)
        net.load_state_dict(state["net"])
        epoch = state["epoch"]
        {plan}
        return epoch
    """
IN_A_BRANCH = {
    "a test": 'if plan is not None:\n            plan.load_state_dict(state["plan"])',
    "an arm": 'plan = state["plan"] if plan else None',
    "an attempt": (
        'try:\n            plan = state["plan"]\n        except KeyError:\n            pass'
    ),
    "the second of two": 'plan = plan and state["plan"]',
}


@pytest.mark.parametrize("plan", IN_A_BRANCH.values(), ids=IN_A_BRANCH)
def test_a_key_that_is_read_in_a_branch_may_be_missing(plan):
    files = {"use.py": READS.format(plan=plan), "train.py": SAVES}
    assert matched(files) == [("train.py", "keys")]


def test_a_key_that_is_always_read_may_not():
    files = {"use.py": READS.format(plan='plan = state["plan"]'), "train.py": SAVES}
    assert matched(files) == []


def test_a_file_that_has_all_keys_comes_before_one_that_lacks_some():
    whole = SAVES.replace("3,", '3, "plan": 4,')
    files = {
        "use.py": READS.format(plan=IN_A_BRANCH["a test"]),
        "train.py": SAVES,
        "whole.py": whole,
    }
    assert matched(files) == [("whole.py", "keys")]


TUNE = """
    def main(args, gate):
        if args.resume:
            gate.load_state_dict(torch.load(args.resume)["{key}"])
        torch.save({{"{key}": gate.state_dict()}}, args.out)
    """


@pytest.mark.parametrize(("key", "own"), [("gate_state", True), ("state_dict", False)])
def test_a_state_under_a_name_of_its_own_is_what_the_next_run_goes_on_from(key, own):
    expected = [("use.py", "object")] if own else []
    assert matched({"use.py": TUNE.format(key=key)}) == expected


MERGES = """
    def merge(first, second, name):
        try:
            one = torch.load(first)
            if one["size"] != 3:
                return "another size"
            merged = {"size": one["size"], "weight": one["weight"]}
            torch.save(merged, name())
            return "merged"
        except Exception as error:
            return str(error)
    """


def test_what_is_made_of_the_loaded_values_is_saved_later():
    assert matched({"use.py": MERGES}) == []


READS_LAST = """
    import os
    def newest(folder):
        return torch.load(os.path.join(folder, "resumed_net.ckpt"))
    """
TEST = """
    import os
    {imports}
    def test_it(outputs):
        torch.save(3, os.path.join(outputs, "resumed_net.ckpt"))
    """


@pytest.mark.parametrize(
    ("path", "imports", "expected"),
    [
        ("tests/test_other.py", "import other", []),
        ("tests/test_use.py", "from use import newest", ["tests/test_use.py"]),
        ("tests/test_newest.py", "from pkg import newest", ["tests/test_newest.py"]),
        ("train.py", "import other", ["train.py"]),
    ],
    ids=["a test of another thing", "a test of the file", "a test of the function", "no test"],
)
def test_a_test_writes_for_what_it_tests(path, imports, expected):
    found = matched({"use.py": READS_LAST, path: TEST.format(imports=imports)})
    assert [one for one, _ in found] == expected
