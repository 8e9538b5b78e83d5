"""Every layer class of torch.nn, with arguments that it can be made from."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from torch import nn
from torch.nn import modules

if TYPE_CHECKING:
    from collections.abc import Callable

_ARGUMENTS: dict[str, tuple[object, ...]] = {
    "Linear": (3, 2),
    **dict.fromkeys(
        "Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d".split(), (2, 3, 2)
    ),
    **dict.fromkeys(
        "BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LayerNorm RMSNorm LocalResponseNorm "
        "InstanceNorm1d InstanceNorm2d InstanceNorm3d CrossMapLRN2d".split(),
        (4,),
    ),
    **dict.fromkeys(
        "AvgPool1d AvgPool2d AvgPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d MaxUnpool2d "
        "MaxUnpool3d AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d "
        "AdaptiveMaxPool2d AdaptiveMaxPool3d Unfold PixelShuffle PixelUnshuffle ChannelShuffle "
        "CircularPad1d CircularPad2d CircularPad3d ReflectionPad1d ReflectionPad2d "
        "ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPad1d ZeroPad2d "
        "ZeroPad3d".split(),
        (2,),
    ),
    **dict.fromkeys(
        "ConstantPad1d ConstantPad2d ConstantPad3d LPPool1d LPPool2d LPPool3d".split(), (2, 2)
    ),
    **dict.fromkeys("FractionalMaxPool2d FractionalMaxPool3d".split(), (2, 2)),
    **dict.fromkeys("RNN LSTM GRU RNNCell LSTMCell GRUCell".split(), (3, 4)),
    "RNNBase": ("LSTM", 3, 4),
    "RNNCellBase": (3, 4, True, 2),
    "LinearCrossEntropyLoss": (3, 4),
    "Bilinear": (2, 3, 4),
    "Embedding": (5, 3),
    "EmbeddingBag": (5, 3),
    "GroupNorm": (2, 4),
    "Fold": (4, 2),
    "Threshold": (0.1, 2.0),
    "Unflatten": (1, (2, 2)),
    "MultiheadAttention": (4, 2),
    "Transformer": (4, 2, 1, 1, 8),
    "TransformerEncoderLayer": (4, 2, 8),
    "TransformerDecoderLayer": (4, 2, 8),
    "AdaptiveLogSoftmaxWithLoss": (6, 8, [3]),
    "DataParallel": (nn.Linear(2, 2),),
    "UpsamplingNearest2d": (),
}  # fmt: skip

_SPECIAL: dict[str, Callable[[], nn.Module]] = {
    "TransformerEncoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2),
    "TransformerDecoder": lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8), 2),
    "InstanceNorm1d tracking": lambda: nn.InstanceNorm1d(3, affine=True, track_running_stats=True),
    "BatchNorm1d without statistics": lambda: nn.BatchNorm1d(3, track_running_stats=False),
    "MultiheadAttention kdim": lambda: nn.MultiheadAttention(
        4, 2, kdim=3, vdim=5, add_bias_kv=True
    ),
    "LSTM projected": lambda: nn.LSTM(3, 4, proj_size=2, num_layers=2),
    "EmbeddingBag sum": lambda: nn.EmbeddingBag(5, 3, mode="sum"),
    "CrossEntropyLoss weighted": lambda: nn.CrossEntropyLoss(nn.Parameter(nn.Linear(2, 2).bias)),
    "Sequential": lambda: nn.Sequential(nn.Linear(2, 2), nn.Sequential(), nn.PReLU()),
    "ModuleList": lambda: nn.ModuleList([nn.Linear(2, 2), nn.Identity()]),
    "ModuleDict": lambda: nn.ModuleDict({"a": nn.Linear(2, 2)}),
    "ParameterList": lambda: nn.ParameterList([nn.Parameter(nn.Linear(2, 2).weight.detach())]),
    "ParameterDict": lambda: nn.ParameterDict({"a": nn.Parameter(nn.Linear(2, 2).bias.detach())}),
}

_NOT_MADE = frozenset({"Container", "DistributedDataParallel", "Module"})
"""Deprecated or abstract, or in need of a process group."""


def _classes() -> dict[str, type[nn.Module]]:
    found = {name: getattr(nn, name) for name in [*modules.__all__, "DataParallel"]}
    return {
        name: cls for name, cls in found.items()
        if isinstance(cls, type) and issubclass(cls, nn.Module) and not name.startswith("Lazy")
    }  # fmt: skip


def _layers() -> dict[str, Callable[[], nn.Module]]:
    made: dict[str, Callable[[], nn.Module]] = dict(_SPECIAL)
    for name, cls in _classes().items():
        if name not in _SPECIAL and name not in _NOT_MADE:
            made[name] = partial(cls, *_ARGUMENTS.get(name, ()))
    return made


LAYERS = _layers()


def not_listed() -> list[str]:
    """Layer classes that the tests do not try."""
    return sorted(set(_classes()) - set(LAYERS) - _NOT_MADE)
