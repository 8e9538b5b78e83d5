"""Whole modules: ``torch.save(model, path)``."""

# ruff: noqa: PLW0108 - a case is a function, and a class is not

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from checkpoint import sample_classes as own
from checkpoint.cases.registry import ALLOWLIST, AS_IS, save_all, saved


@saved("module", ALLOWLIST)
def module_conv_bn():
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.MaxPool2d(2), nn.Dropout(), nn.Flatten()
    )


@saved("module", ALLOWLIST)
def module_weight_norm_old():
    return nn.utils.weight_norm(nn.Linear(2, 2))


@saved("module", ALLOWLIST)
def module_with_hook_bound_method():
    net = own.Net()
    net.register_forward_hook(net.hook)
    return net


@saved("module", AS_IS)
def module_ema_fn():
    swa = torch.optim.swa_utils
    averaged = swa.AveragedModel(own.Net(), multi_avg_fn=swa.get_ema_multi_avg_fn(0.9))
    return {"ema": averaged.state_dict(), "decay": 0.9}


save_all(
    "module",
    {
        "module_package": own.Net,
        "module_transformer_layer": lambda: nn.TransformerEncoderLayer(4, 2, 8),
        "module_transformer_gelu_str": lambda: nn.TransformerEncoderLayer(
            4, 2, 8, activation="gelu"
        ),
        "module_lstm": lambda: nn.LSTM(2, 3),
        "module_act_torch_relu": lambda: own.Net(torch.relu),
        "module_act_torch_tanh": lambda: own.Net(torch.tanh),
        "bound_method": lambda: own.Net().hook,
        "bound_method_builtin": lambda: [1].append,
        "module_averaged": lambda: torch.optim.swa_utils.AveragedModel(own.Net()),
    },
    ALLOWLIST,
)

save_all(
    "module",
    {
        "module_linear": lambda: nn.Linear(2, 2),
        "module_in_checkpoint": lambda: {"model": own.Net(), "epoch": 1},
        "module_of_modules": own.NetOfNets,
        "module_setstate": own.NetWithSetstate,
        "module_data_parallel": lambda: nn.DataParallel(nn.Linear(2, 2)),
        "module_conv_1d_3d": lambda: nn.Sequential(nn.Conv1d(1, 1, 1), nn.Conv3d(1, 1, 1)),
        "module_conv_transpose": lambda: nn.ConvTranspose2d(1, 1, 2),
        "module_gru_rnn": lambda: nn.ModuleList([nn.GRU(2, 2), nn.RNN(2, 2), nn.LSTMCell(2, 2)]),
        "module_embedding": lambda: nn.ModuleList([nn.Embedding(3, 2), nn.EmbeddingBag(3, 2)]),
        "module_norms": lambda: nn.ModuleList(
            [
                nn.LayerNorm(2),
                nn.GroupNorm(1, 2),
                nn.InstanceNorm2d(2),
                nn.RMSNorm(2),
                nn.BatchNorm1d(2),
                nn.SyncBatchNorm(2),
                nn.LocalResponseNorm(2),
            ]
        ),
        "module_activations": lambda: nn.Sequential(
            nn.ReLU(),
            nn.GELU(),
            nn.SiLU(),
            nn.ELU(),
            nn.PReLU(),
            nn.LeakyReLU(),
            nn.Sigmoid(),
            nn.Tanh(),
            nn.Softmax(1),
            nn.LogSoftmax(1),
            nn.Hardswish(),
            nn.Mish(),
            nn.Softplus(),
        ),
        "module_pools": lambda: nn.Sequential(
            nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1), nn.MaxPool1d(2), nn.Upsample(scale_factor=2)
        ),
        "module_losses": lambda: [nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss()],
        "module_identity_unflatten": lambda: nn.Sequential(nn.Identity(), nn.Unflatten(1, (1, 2))),
        "module_transformer": lambda: nn.Transformer(4, 2, 1, 1, 8),
        "module_multihead": lambda: nn.MultiheadAttention(4, 2),
        "module_padding_shuffle": lambda: nn.Sequential(
            nn.ZeroPad2d(1), nn.ReflectionPad2d(1), nn.PixelShuffle(2)
        ),
        "module_weight_norm_parametrized": lambda: parametrizations.weight_norm(
            nn.Linear(2, 2)
        ).state_dict(),
        "module_spectral_norm_old": lambda: nn.utils.spectral_norm(nn.Linear(2, 2)),
        "module_pruned": lambda: prune.l1_unstructured(nn.Linear(3, 3), "weight", 0.3),
        "module_parametrized_state": lambda: _parametrized().state_dict(),
        "module_function_hook": lambda: _hooked(),
        "module_act_partial": lambda: own.Net(__import__("functools").partial(torch.clamp, min=0)),
        "module_act_module": lambda: own.Net(nn.ReLU()),
        "module_act_functional_gelu": lambda: own.Net(nn.functional.gelu),
        "module_act_torch_sigmoid": lambda: own.Net(torch.sigmoid),
        "module_act_tensor_method": lambda: own.Net(torch.Tensor.relu),
        "module_act_softmax": lambda: own.Net(torch.softmax),
        "module_half": lambda: nn.Linear(2, 2).half(),
        "module_meta": lambda: nn.Linear(2, 2, device="meta"),
        "module_lazy": lambda: nn.LazyLinear(3),
        "module_frozen": lambda: nn.Linear(2, 2).requires_grad_(requires_grad=False),
        "module_deepcopied": lambda: copy.deepcopy(own.Net()),
        "module_list_of_nets": lambda: [own.Net(), own.Net()],
        "module_sub_module_dict": lambda: own.SubModuleDict({"a": nn.Linear(1, 1)}),
        "module_quantized_dynamic": lambda: torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, torch.qint8
        ),
        "module_quantized_dynamic_state": lambda: torch.ao.quantization.quantize_dynamic(
            nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, torch.qint8
        ).state_dict(),
        "module_observer": lambda: torch.ao.quantization.MinMaxObserver(),
        "module_fx_traced": lambda: torch.fx.symbolic_trace(nn.Sequential(nn.Linear(2, 2))),
        "module_ddp_state": lambda: {f"module.{k}": v for k, v in own.Net().state_dict().items()},
        "module_class_method": lambda: own.Net.build,
        "module_hook_partial": lambda: _hooked_by_partial(),
        "module_named_parameters": lambda: dict(own.Net().named_parameters()),
        "module_parameter_list": lambda: nn.ParameterList([torch.ones(1), torch.ones(2)]),
        "module_parameter_dict": lambda: nn.ParameterDict({"a": torch.ones(1)}),
        "module_bilinear_fold": lambda: nn.ModuleList([nn.Bilinear(1, 1, 1), nn.Fold(2, 1)]),
        "module_init_function": lambda: {"init": nn.init.xavier_uniform_},
        "module_swa_state": lambda: torch.optim.swa_utils.AveragedModel(own.Net()).state_dict(),
    },
)


def _parametrized() -> nn.Module:
    layer = nn.Linear(2, 2)
    parametrize.register_parametrization(layer, "weight", own.Symmetric())
    return layer


def _hooked() -> nn.Module:
    layer = nn.Linear(2, 2)
    layer.register_forward_pre_hook(own.plain_function)
    return layer


def _hooked_by_partial() -> nn.Module:
    import functools

    layer = nn.Linear(2, 2)
    layer.register_forward_hook(functools.partial(own.plain_function, 1))
    return layer
