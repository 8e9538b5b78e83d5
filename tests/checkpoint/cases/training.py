"""Objects that training loops keep: optimizers, schedulers, loaders, random state, histories."""

from __future__ import annotations

import random

import torch
from torch import nn

from checkpoint import sample_classes as own
from checkpoint.cases.registry import ALLOWLIST, IMPOSSIBLE, save_all, saved

data = torch.utils.data
schedulers = torch.optim.lr_scheduler


def _sgd(**options: float) -> torch.optim.SGD:
    return torch.optim.SGD(nn.Linear(2, 2).parameters(), lr=0.1, **options)


def _stepped(kind: type[torch.optim.Optimizer]) -> torch.optim.Optimizer:
    layer = nn.Linear(2, 2)
    optimizer = kind(layer.parameters(), lr=0.1)
    layer(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    return optimizer


def _dataset() -> data.TensorDataset:
    return data.TensorDataset(torch.ones(4, 1))


@saved("training", IMPOSSIBLE)
def optimizer_object_stepped():
    return _stepped(torch.optim.Adam)


@saved("training", ALLOWLIST, requires=("numpy",))
def history_of_scalars():
    import numpy as np

    return {"loss": [np.float64(0.5), np.float64(0.25)], "acc": np.float32(0.1)}


save_all(
    "training",
    {
        "scheduler_object": lambda: schedulers.StepLR(_sgd(), 3),
        "gradscaler_object": lambda: torch.amp.GradScaler("cpu"),
        "generator_object": lambda: torch.Generator().manual_seed(3),
        "dataset_objects": _dataset,
        "dataloader_object": lambda: data.DataLoader(_dataset(), batch_size=2),
        "autocast_cls": lambda: torch.amp.autocast,
    },
    ALLOWLIST,
)

save_all(
    "training",
    {
        "optimizer_object_fresh": _sgd,
        "optimizer_object_sgd_stepped": lambda: _stepped(torch.optim.SGD),
        "optimizer_object_own": lambda: own.MyOptimizer(nn.Linear(1, 1).parameters(), lr=0.1),
        "optimizer_object_adamw_fresh": lambda: torch.optim.AdamW(nn.Linear(1, 1).parameters()),
        "optimizer_in_checkpoint": lambda: {"model": own.Net().state_dict(), "optimizer": _sgd()},
        "scheduler_object_cosine": lambda: schedulers.CosineAnnealingLR(_sgd(), 10),
        "scheduler_object_plateau": lambda: schedulers.ReduceLROnPlateau(_sgd()),
        "scheduler_object_lambda_function": lambda: schedulers.LambdaLR(_sgd(), own.decay),
        "scheduler_state_callable_object": lambda: schedulers.LambdaLR(
            _sgd(), own.Callback()
        ).state_dict(),
        "scheduler_object_multistep": lambda: schedulers.MultiStepLR(_sgd(), [2, 4]),
        "scheduler_object_onecycle": lambda: schedulers.OneCycleLR(
            _sgd(momentum=0.9), 0.1, total_steps=10
        ),
        "gradscaler_state": lambda: torch.amp.GradScaler("cpu").state_dict(),
        "gradscaler_disabled": lambda: torch.amp.GradScaler("cpu", enabled=False),
        "generator_state": lambda: torch.Generator().get_state(),
        "autocast_object": lambda: torch.amp.autocast("cpu"),
        "dataset_subset": lambda: data.Subset(_dataset(), [0, 1]),
        "dataset_concat": lambda: data.ConcatDataset([_dataset(), own.Data()]),
        "dataset_split": lambda: data.random_split(_dataset(), [2, 2]),
        "sampler_random": lambda: data.RandomSampler(_dataset()),
        "sampler_weighted": lambda: data.WeightedRandomSampler([0.1, 0.9], 2),
        "dataloader_shuffled": lambda: data.DataLoader(own.Data(), shuffle=True),
        "rng_states_all": lambda: {"python": random.getstate(), "torch": torch.get_rng_state()},
        "distribution_normal": lambda: torch.distributions.Normal(0.0, 1.0),
        "distribution_categorical": lambda: torch.distributions.Categorical(torch.ones(3)),
        "distribution_constraint": lambda: torch.distributions.constraints.positive,
        "loss_and_optimizer_classes": lambda: {"loss": nn.MSELoss, "optimizer": torch.optim.SGD},
        "loss_function": lambda: {"loss": nn.functional.cross_entropy},
        "replay_buffer": lambda: [(torch.ones(2), 1, 0.5, torch.zeros(2), False)] * 3,
        "torch_dataset_class": lambda: data.Dataset,
        "collate_function": lambda: data.default_collate,
        "profiler_activity": lambda: torch.profiler.ProfilerActivity.CPU,
        "early_stopping_state": lambda: {"best": float("inf"), "patience": 3, "mode": "min"},
        "packed_sequence": lambda: nn.utils.rnn.pack_sequence([torch.ones(2), torch.ones(1)]),
        "return_type_max": lambda: torch.ones(2, 2).max(0),
        "return_type_sort": lambda: torch.ones(3).sort(),
        "futures_class": lambda: torch.futures.Future,
        "hub_function": lambda: nn.functional.one_hot,
    },
)
