"""Models such as programs define and save whole."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(x + self.norm(self.conv(x)))


class SmallResNet(nn.Module):
    """Convolutions, norms that have seen data, a head."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4)))
        self.blocks = nn.ModuleList(Residual(4) for _ in range(2))
        self.head = nn.Linear(4, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 5, padding_idx=0)
        self.encoder = nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.out = nn.Linear(8, 3)


class TiedLanguageModel(nn.Module):
    """Tied weights, a mask that is not persistent, positions that are a buffer."""

    mask: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(13, 6)
        layer = nn.TransformerEncoderLayer(6, 2, 8, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(6, 13, bias=False)
        self.head.weight = self.tokens.weight
        self.register_buffer("positions", torch.arange(7).float())
        self.register_buffer("mask", torch.ones(7, 7).tril(), persistent=False)
        self.register_buffer("cache", None)


class VariationalEncoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(4, 3), nn.Tanh())
        self.decoder = nn.Sequential(nn.Linear(3, 4), nn.Sigmoid())
        self.prior = nn.Parameter(torch.randn(3, dtype=torch.float64), requires_grad=False)


class Experts(nn.Module):
    """Parameters in lists and dicts, modules in dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.ParameterList([nn.Parameter(torch.randn(2)), nn.Parameter(torch.randn(3))])
        self.scales = nn.ParameterDict({"a": nn.Parameter(torch.ones(1)), "b": torch.zeros(2)})
        self.experts = nn.ModuleDict({"left": nn.Linear(2, 2), "right": nn.Bilinear(2, 3, 4)})


class Gan(nn.Module):
    """Old-style weight norm and spectral norm, which leave hooks behind."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = nn.utils.weight_norm(nn.Linear(3, 4))
        self.critic = nn.utils.spectral_norm(nn.Linear(4, 2))
        self.critic(torch.randn(5, 4))


class SharedBlocks(nn.Module):
    """One module under two names, one parameter under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = self.first
        self.alias = self.first.bias


class HalfPrecision(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(4, 4).to(torch.bfloat16)
        self.tail = nn.Linear(4, 4).half()
        self.register_buffer("float8", torch.arange(6).to(torch.float8_e4m3fn))
        self.register_buffer("phase", torch.randn(3, dtype=torch.complex64))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("transposed", torch.randn(3, 5).t())
        self.register_buffer("slice", torch.arange(20.0)[4:9:2])


class Lightning(nn.Module):
    """What Lightning's module adds to its attributes: the hyper-parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SmallResNet()
        self.loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
        self.hparams: dict[str, Any] = {"lr": 0.1}


def seen_data(model: nn.Module) -> nn.Module:
    model(torch.randn(2, 3, 8, 8))
    return model


PROGRAMS: dict[str, Callable[[], nn.Module]] = {
    "resnet": lambda: seen_data(SmallResNet()),
    "tagger": Tagger,
    "tied language model": TiedLanguageModel,
    "variational encoder": VariationalEncoder,
    "experts": Experts,
    "gan": Gan,
    "shared blocks": SharedBlocks,
    "half precision": HalfPrecision,
    "lightning": Lightning,
    "data parallel": lambda: nn.DataParallel(SmallResNet()),
    "averaged": lambda: torch.optim.swa_utils.AveragedModel(VariationalEncoder()),
    "meta": lambda: nn.Linear(3, 4, device="meta"),
}
