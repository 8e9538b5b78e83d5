"""A whole module becomes the state dict that it would have given, bit for bit."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from migrate.helpers import migrated, migrated_with_plan, notes, same, sharing
from migrate.layers import LAYERS, not_listed
from migrate.model_programs import PROGRAMS, Gan, SmallResNet, Tagger
from torchload_lint.migrate import (
    MigrationError,
    MigrationOptions,
    NoteKind,
    TargetFormat,
    migrate_file,
)
from torchload_lint.migrate.carriers import modules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]


def check(model: nn.Module, folder: Path) -> Any:
    wanted = model.state_dict()
    found = migrated(model, folder)
    assert type(found) is type(wanted)
    assert list(found) == list(wanted)
    assert [name for name in wanted if not same(found[name], wanted[name])] == []
    assert found._metadata == wanted._metadata
    assert sharing(found) == sharing(wanted)
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, tmp_path: Path) -> None:
    check(PROGRAMS[name](), tmp_path)


@pytest.mark.parametrize("name", LAYERS)
def test_layers(name: str, tmp_path: Path) -> None:
    check(LAYERS[name](), tmp_path)


def test_every_layer_of_torch_is_tried() -> None:
    assert not_listed() == []


def test_state_dict_loads_into_a_new_model(tmp_path: Path) -> None:
    model, other = PROGRAMS["resnet"](), SmallResNet()
    other.load_state_dict(migrated(model, tmp_path), strict=True)
    image = torch.randn(1, 3, 8, 8)
    assert torch.equal(model.eval()(image), other.eval()(image))


def test_version_of_one_object(tmp_path: Path) -> None:
    """``state_dict()`` asks the object, whose own version goes before that of its class."""
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[1]._version = 7
    assert check(model, tmp_path)._metadata["1"] == {"version": 7}


def test_modules_that_stand_in_two_places_at_every_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a few kB has as many names as it likes: there is a limit."""
    model: nn.Module = nn.Linear(1, 1)
    for depth in range(40):
        if depth == 4:
            check(model, tmp_path)
        model = nn.Sequential(model, model)
    monkeypatch.setattr(modules, "MOST_NAMES", 1000)
    with pytest.raises(MigrationError, match="more than 1,000 names"):
        migrated(model, tmp_path)


def test_two_entries_of_one_name(tmp_path: Path) -> None:
    """Torch keeps the later one in the place of the earlier; a file holds each name once."""
    model = nn.Module()
    model._parameters["a.b"] = nn.Parameter(torch.ones(2))
    model._parameters["c"] = nn.Parameter(torch.ones(1))
    model.add_module("a", nn.ParameterDict({"b": nn.Parameter(torch.zeros(3))}))
    check(model, tmp_path)
    as_safetensors = MigrationOptions(format=TargetFormat.SAFETENSORS)
    migrate_file(tmp_path / "before.pt", tmp_path / "new.safetensors", as_safetensors)
    found = load_file(tmp_path / "new.safetensors")
    assert {name: one.tolist() for name, one in found.items()} == {"a.b": [0, 0, 0], "c": [1]}


@pytest.mark.filterwarnings("ignore")  # torch's own
def test_a_nested_tensor_of_a_module_is_listed_as_what_it_is(tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    model.register_buffer("b", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]))
    found, plan = migrated_with_plan(model, tmp_path)
    assert list(found) == ["weight", "bias"]
    (note,) = plan.of_kind(NoteKind.LEFT_OUT)
    assert (note.place, note.outcome) == ("['b']", "it is a nested tensor, not a dense one")


def test_modules_inside_containers(tmp_path: Path) -> None:
    model = Tagger()
    saved = {"model": model, "ema": model, "parts": [model.out, (model.embedding, 3)]}
    found = migrated(saved, tmp_path)
    assert same(found["model"], model.state_dict())
    assert found["ema"] is found["model"]
    assert same(found["parts"][0], model.out.state_dict())
    assert found["parts"][1][1] == 3
    shared = found["parts"][0]["weight"].untyped_storage().data_ptr()
    assert shared == found["model"]["out.weight"].untyped_storage().data_ptr()


def test_hooks_are_accounted_for(tmp_path: Path) -> None:
    _, plan = migrated_with_plan(Gan(), tmp_path)
    left_out = [what for _, what in notes(plan, NoteKind.LEFT_OUT)]
    assert any("weight_norm.WeightNorm" in what for what in left_out)


class WithHook(nn.Linear):
    pass


def rename_keys(_module: nn.Module, state: dict[str, Any], prefix: str, _local: Any) -> None:
    state[prefix + "renamed"] = state.pop(prefix + "weight")


def test_state_dict_hooks_are_a_caution(tmp_path: Path) -> None:
    model = WithHook(2, 2)
    model._register_state_dict_hook(rename_keys)
    _, plan = migrated_with_plan({"m": model}, tmp_path)
    cautions = notes(plan, NoteKind.CAUTION)
    assert ("['m']", f"the hook {__name__}.rename_keys") in cautions


def test_attributes_that_no_state_dict_holds_are_named(tmp_path: Path) -> None:
    """They were gone without a word, and a program needs them to make the model anew."""
    model = nn.Sequential(WithHook(2, 2))
    model[0].rates = [0.1, 0.2]
    model[0].mean = torch.ones(2)  # left out, and told as that
    _, plan = migrated_with_plan({"m": model}, tmp_path)
    told = dict.fromkeys(note.what for note in plan.of_kind(NoteKind.CAUTION))
    assert ".0.in_features = 2, .0.out_features = 2, .0.rates" in told


def test_attributes_that_a_program_gives_to_layers_of_torch_are_named(tmp_path: Path) -> None:
    """Such as the names of the classes, which many programs keep at the model."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Sequential(nn.BatchNorm1d(2)))
    model.class_to_idx = {"cat": 0}
    model[0].note = "mine"
    model[1].alpha = 0.5
    _, plan = migrated_with_plan(model, tmp_path)
    told = dict.fromkeys(note.what for note in plan.of_kind(NoteKind.CAUTION))
    assert ".class_to_idx, .0.note = 'mine', .1.alpha = 0.5" in told


@pytest.mark.parametrize("name", LAYERS)
def test_attributes_that_layers_of_torch_have_are_not_named(name: str, tmp_path: Path) -> None:
    _, plan = migrated_with_plan(LAYERS[name](), tmp_path)
    assert notes(plan, NoteKind.CAUTION) == []


class Rotary(nn.Module):
    """Has a buffer that no state dict holds."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.ones(2), persistent=False)


EVALUATING = "evaluation mode (.training = False)"


def test_modes_that_no_state_dict_says_are_named(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout())
    _, plan = migrated_with_plan(model, tmp_path)
    assert notes(plan, NoteKind.CAUTION) == []
    model[1].eval()
    model[0].weight.requires_grad = False
    model[0].bias.role = "offset"
    _, plan = migrated_with_plan(model, tmp_path)
    told = [note.what for note in plan.of_kind(NoteKind.CAUTION)]
    assert told == [
        f"{EVALUATING} of 1",
        ".requires_grad = False of 0.weight",
        "attributes of the parameters 0.bias",
    ]
    _, plan = migrated_with_plan(model.eval(), tmp_path)
    assert next(note.what for note in plan.of_kind(NoteKind.CAUTION)) == EVALUATING
    frozen = nn.Sequential(*(nn.Linear(2, 2) for _ in range(4))).requires_grad_(False)
    _, plan = migrated_with_plan(frozen, tmp_path)
    assert [note.what for note in plan.of_kind(NoteKind.CAUTION)] == [
        ".requires_grad = False of 0.weight, 0.bias, 1.weight, 1.bias and 4 more"
    ]


def test_passing_buffers_of_a_program_are_named(tmp_path: Path) -> None:
    _, plan = migrated_with_plan({"m": nn.Sequential(Rotary())}, tmp_path)
    assert ("['m']", ".0.frequencies") in notes(plan, NoteKind.CAUTION)


def test_classes_of_others_are_a_caution(tmp_path: Path) -> None:
    _, plan = migrated_with_plan(WithHook(2, 2), tmp_path)
    assert notes(plan, NoteKind.CAUTION) == [
        ("", f"{__name__}.WithHook"),
        ("", ".in_features = 2, .out_features = 2"),
    ]
    _, plan = migrated_with_plan(nn.Linear(2, 2), tmp_path)
    assert notes(plan, NoteKind.CAUTION) == []


def test_norm_of_before_num_batches_tracked(tmp_path: Path) -> None:
    model = nn.BatchNorm1d(3)
    del model._buffers["num_batches_tracked"]
    found = migrated(model, tmp_path)
    assert found._metadata[""] == {"version": 1}
    nn.BatchNorm1d(3).load_state_dict(found)  # version 2 would make the missing buffer an error


LOSSES = {
    "lazy": (lambda: nn.LazyLinear(3), "['weight']", "UninitializedParameter"),
    "quantized cell": (
        lambda: torch.ao.quantization.quantize_dynamic(nn.ModuleList([nn.LSTMCell(2, 2)])),
        ".0",
        "torch.ao.nn.quantized.dynamic.modules.rnn.LSTMCell",
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_state_dict_lacks_is_said(name: str, tmp_path: Path) -> None:
    make, place, what = LOSSES[name]
    found, plan = migrated_with_plan(make(), tmp_path)
    assert (place, what) in notes(plan, NoteKind.LEFT_OUT)
    assert all(isinstance(value, torch.Tensor) for value in found.values())


def test_module_that_contains_itself(tmp_path: Path) -> None:
    model = nn.Module()
    model.inner = nn.Module()
    model.inner.weight = nn.Parameter(torch.ones(1))
    model.inner._modules["outer"] = model.inner
    found, plan = migrated_with_plan(model, tmp_path)
    assert list(found) == ["inner.weight"]
    assert notes(plan, NoteKind.LEFT_OUT) == [(".inner.outer", "torch.nn.modules.module.Module")]


# -- optimizers and schedulers ---------------------------------------------------------------------


def trained(make: Callable[[Any], torch.optim.Optimizer]) -> torch.optim.Optimizer:
    model = nn.Linear(3, 2)
    optimizer = make([{"params": [model.weight], "lr": 0.5}, {"params": [model.bias]}])
    for _ in range(2):
        optimizer.zero_grad()
        model(torch.ones(1, 3)).sum().backward()
        optimizer.step()
    return optimizer


OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
    "adam": lambda groups: torch.optim.Adam(groups, amsgrad=True),
    "adamw": torch.optim.AdamW,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": lambda groups: torch.optim.RMSprop(groups, momentum=0.1, centered=True),
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "rprop": torch.optim.Rprop,
    "adamax": torch.optim.Adamax,
    "asgd": torch.optim.ASGD,
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name: str, tmp_path: Path) -> None:
    optimizer = trained(OPTIMIZERS[name])
    found = migrated({"optimizer": optimizer}, tmp_path)["optimizer"]
    wanted = optimizer.state_dict()
    assert same(found["param_groups"], wanted["param_groups"])
    assert same(found["state"], wanted["state"])
    trained(OPTIMIZERS[name]).load_state_dict(found)


SCHEDULERS = {
    "step": lambda o: torch.optim.lr_scheduler.StepLR(o, 3),
    "cosine": lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 5),
    "plateau": torch.optim.lr_scheduler.ReduceLROnPlateau,
    "milestones": lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 4]),
    "exponential": lambda o: torch.optim.lr_scheduler.ExponentialLR(o, 0.9),
}


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers(name: str, tmp_path: Path) -> None:
    optimizer = trained(OPTIMIZERS["sgd"])
    scheduler = SCHEDULERS[name](optimizer)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = migrated([scheduler, optimizer], tmp_path)[0]
    assert found == scheduler.state_dict()


# -- quantized modules -----------------------------------------------------------------------------


def dynamically_quantized() -> nn.Module:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    return torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)


def statically_quantized() -> nn.Module:
    model = nn.Sequential(
        torch.ao.quantization.QuantStub(), nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(4 * 36, 2), torch.ao.quantization.DeQuantStub(),
    ).eval()  # fmt: skip
    model.qconfig = torch.ao.quantization.default_qconfig
    prepared = torch.ao.quantization.prepare(model)
    prepared(torch.randn(4, 3, 8, 8))
    return torch.ao.quantization.convert(prepared)


def quantized_embedding() -> nn.Module:
    return torch.ao.nn.quantized.Embedding(5, 4)


def observed() -> nn.Module:
    histogram = torch.ao.quantization.HistogramObserver()
    model = nn.Sequential(histogram, torch.ao.quantization.FakeQuantize(), nn.Linear(3, 4))
    model(torch.randn(4, 3))
    return model


QUANTIZED = {
    "dynamic": dynamically_quantized,
    "static": statically_quantized,
    "embedding": quantized_embedding,
    "quantization aware": observed,
}


@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized_modules(name: str, tmp_path: Path) -> None:
    torch.backends.quantized.engine = "fbgemm"
    model = QUANTIZED[name]()
    wanted = model.state_dict()
    found = migrated(model, tmp_path)
    assert list(found) == list(wanted)
    assert [name for name in wanted if not same(found[name], wanted[name])] == []
    assert found._metadata == wanted._metadata
