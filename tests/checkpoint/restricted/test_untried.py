"""What is said to be known to succeed does, and what torch refuses is not said to be."""

from __future__ import annotations

import functools
import io
import uuid

import pytest

from checkpoint import bare_files, sample_classes
from checkpoint.oracle import entry
from checkpoint.oracle_worker import resolved
from checkpoint.sample_facts import sample_facts
from torchload_lint.checkpoint import Verdict, inspect_bytes

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

numpy = pytest.importorskip("numpy")
SAMPLES = b"ccheckpoint.sample_classes\n"


def looked_at(data):
    report = inspect_bytes(data, "model.pt", lookup=sample_facts)
    assert report.verdict is Verdict.NEEDS_SAFE_GLOBALS
    return report


def refusal(data, report):
    entries = [resolved(entry(needed)) for needed in report.safe_globals]
    try:
        with torch.serialization.safe_globals(entries):
            torch.load(io.BytesIO(data), weights_only=True)
    except Exception as error:  # noqa: BLE001 - whatever a class raises
        return str(error)
    return ""


def archive(*parts):
    return bare_files.archive(b"\x80\x02" + b"".join(parts) + b".")


REFUSED = {
    "too few arguments": (b"ctorch.nn.modules.linear\nBilinear\n)R", "the call "),
    "too many arguments": (SAMPLES + b"Empty\nK\x01\x85R", "the call "),
    "a __new__ with arguments": (SAMPLES + b"NewArgsObject\n)\x81", "an object of "),
    "no member": (SAMPLES + b"Colour\nK\x07\x85R", "the call "),
    "no factory": (SAMPLES + b"DefaultDictSub\nK\x01\x85R", "the call "),
    "no list of parameters": (b"ctorch.optim.sgd\nSGD\n)\x81}b", "an object of "),
    "no table of parameters": (
        b"ctorch.nn.modules.conv\nConv2d\n)\x81}X\x0b\0\0\0_parametersK\x01sb",
        "the state of ",
    ),
    "no names of weights": (b"ctorch.nn.modules.rnn\nRNN\n)\x81}b", "the state of "),
    "no mapping": (SAMPLES + b"Empty\n)\x81K\x01b", "the state of "),
    "a number as a buffer": (b"ctorch.nn.parameter\nUninitializedBuffer\nK\x01\x85R", "the call "),
    "a dtype of a shape": (b"cnumpy\ndtype\n(X\x01\0\0\0qX\x01\0\0\0wttR", "the call "),
    "a dtype by a name": (b"cnumpy\ndtype\nX\x07\0\0\0float33\x85R", "the call "),
    "an array by such a name": (
        b"cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85X\x07\0\0\0float33\x87R",
        "the call ",
    ),
    "a number that is given a generator": (
        (
            b"cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0U4I00\nI01\ntR"
            b"cnumpy.random._pickle\n__generator_ctor\n)RtR"
        ),
        "the call ",
    ),
    "a class of arrays that changes": (
        (
            b"cnumpy._core.multiarray\n_reconstruct\ncnumpy.ma.core\nMaskedConstant\nK\0\x85"
            b"X\x01\0\0\0b\x87R(K\x01)X\x02\0\0\0f8I00\nNtb"
        ),
        "the call ",
    ),
    "a number of another object": (
        b"cdecimal\nDecimal\ncdatetime\ntimedelta\nK\1\x85R\x85R",
        "the call ",
    ),
    "a time zone of another class": (
        b"cdatetime\ntime\n(K\1K\0K\0K\0cdecimal\nDecimal\nX\1\0\0\x001\x85RtR",
        "the call ",
    ),
    "a list of two arguments": (b"c__builtin__\nlist\n]]\x86R", "the call "),
    "a list of nothing": (b"c__builtin__\nlist\nN\x85R", "the call "),
    "a parameter in the place of hooks": (
        b"ctorch.nn.modules.linear\nLinear\n)\x81}X\x0b\0\0\0_parameters}"
        b"X\x14\0\0\0_backward_pre_hooks" + b"Nssb",
        "the state of ",
    ),
    "a weight that is a text": (
        (
            b"ctorch.nn.modules.rnn\nLSTM\n)\x81}(X\x0c\0\0\0_all_weights]](X\1\0\0\0aee"
            b"X\x0d\0\0\0_flat_weights](X\1\0\0\0aeub"
        ),
        "the state of ",
    ),
    "attributes of a tensor without a name": (
        b"ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\n"
        + SAMPLES
        + b"SubTensor\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000"
        b"X\3\0\0\0cpuK\1tQK\0K\1\x85K\1\x85\x89ccollections\nOrderedDict\n)Rt}\x88\x88stR",
        "the call ",
    ),
    "an array of another class": (
        b"cnumpy._core.multiarray\n_reconstruct\n" + SAMPLES + b"Empty\nK\0\x85C\1b\x87R",
        "the call ",
    ),
    "what is no seed": (
        b"cnumpy.random._pcg64\nPCG64\nX\x01\0\0\0a\x85R",
        "the call ",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_class_refuses_is_not_called_enough(case):
    steps, begins = REFUSED[case]
    data = archive(steps)
    report = inspect_bytes(data, "model.pt", lookup=sample_facts)
    if report.verdict is Verdict.NEEDS_SAFE_GLOBALS:
        assert report.untried[0].startswith(begins), report.untried
        assert refusal(data, report)
    else:
        assert report.verdict in {Verdict.CANNOT_LOAD, Verdict.UNREADABLE}


def test_a_class_that_torch_does_not_have_is_not_the_one_of_the_same_name():
    report = looked_at(archive(b"ctorch.nn.modules.linebr\nLinear\n"))
    assert report.safe_globals[0].spelling.module == "torch.nn.modules.linebr"
    assert report.untried == ("whether there is a torch.nn.modules.linebr.Linear",)


TAKEN = {
    "a module": lambda: torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1), torch.nn.Softmax(1)),
    "a recurrent module": lambda: torch.nn.LSTM(1, 1),
    "a module of the program": sample_classes.Net,
    "an object": sample_classes.PlainObject,
    "a dataclass": sample_classes.Cfg,
    "a member": lambda: [sample_classes.Colour(one.value) for one in sample_classes.Colour],
    "slots": sample_classes.Slots,
    "a dataset": sample_classes.Data,
    "a function with arguments": lambda: functools.partial(torch.nn.LayerNorm, eps=1e-6),
    "a number of numpy": lambda: numpy.float64(2.5),
    "an array": lambda: numpy.arange(3),
    "an identifier": uuid.uuid4,
    "a release of torch": lambda: torch.__version__,
    "a tensor of a class of the program": lambda: torch.ones(2).as_subclass(
        sample_classes.SubTensor
    ),
}


@pytest.mark.parametrize("case", TAKEN)
def test_what_programs_save_is_known_to_be_enough(case):
    stream = io.BytesIO()
    torch.save({"value": TAKEN[case]()}, stream)
    report = looked_at(stream.getvalue())
    assert report.untried == ()
    assert refusal(stream.getvalue(), report) == ""


def test_a_state_of_the_programs_own_making_is_only_tried_by_loading():
    stream = io.BytesIO()
    torch.save(sample_classes.WithSetstate(), stream)
    report = looked_at(stream.getvalue())
    assert report.untried == ("an object of checkpoint.sample_classes.WithSetstate",)
    assert refusal(stream.getvalue(), report) == ""


def test_code_of_the_program_that_hashes_is_only_tried_by_loading():
    stream = io.BytesIO()
    torch.save({sample_classes.FrozenCfg()}, stream)
    assert looked_at(stream.getvalue()).untried[0].startswith("the hash of an object of ")
