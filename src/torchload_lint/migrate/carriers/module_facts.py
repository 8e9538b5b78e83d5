"""Classes of torch's own whose state dict is more than parameters and buffers (data).

Read from torch 2.13 (``_version`` and ``_save_to_state_dict`` of each class below ``torch.nn`` and
``torch.ao``); a test compares this with the torch that is installed.
"""

from __future__ import annotations


def _classes(text: str) -> list[str]:
    """Lines of ``module: Class Class``."""
    found = []
    for line in text.strip().splitlines():
        module, _, names = line.strip().partition(": ")
        found += [f"torch.{module}.{name}" for name in names.split()]
    return found


_NORMS = _classes(
    """
    nn.modules.batchnorm: BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm LazyBatchNorm1d
    nn.modules.batchnorm: LazyBatchNorm2d LazyBatchNorm3d
    nn.modules.instancenorm: InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d
    nn.modules.instancenorm: LazyInstanceNorm2d LazyInstanceNorm3d
    ao.nn.intrinsic.quantized.modules.bn_relu: BNReLU2d BNReLU3d
    ao.nn.quantized.modules.batchnorm: BatchNorm2d BatchNorm3d
    ao.nn.quantized.modules.normalization: InstanceNorm1d InstanceNorm2d InstanceNorm3d
    """
)
_VERSION_2 = _classes(
    """
    ao.nn.intrinsic.qat.modules.conv_fused: ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d ConvBnReLU2d
    ao.nn.intrinsic.qat.modules.conv_fused: ConvBnReLU3d
    ao.nn.quantized.dynamic.modules.rnn: GRU LSTM RNNBase
    """
)
_VERSION_3 = _classes(
    """
    ao.nn.intrinsic.quantized.modules.linear_relu: LinearLeakyReLU LinearReLU LinearTanh
    ao.nn.quantized.modules.linear: Linear LinearPackedParams
    ao.quantization.observer: HistogramObserver MinMaxObserver MovingAverageMinMaxObserver
    ao.quantization.observer: MovingAveragePerChannelMinMaxObserver PerChannelMinMaxObserver
    ao.quantization.observer: UniformQuantizationObserverBase
    """
)
_VERSION_4 = _classes(
    """
    ao.nn.intrinsic.quantized.dynamic.modules.linear_relu: LinearReLU
    ao.nn.quantized.dynamic.modules.linear: Linear
    """
)

VERSIONS: dict[str, int] = {
    **dict.fromkeys((*_NORMS, *_VERSION_2), 2),
    **dict.fromkeys(_VERSION_3, 3),
    **dict.fromkeys(_VERSION_4, 4),
}
"""Class → ``_version``, where it is not 1."""

_QUANTIZED_LINEAR = _classes(
    """
    ao.nn.quantized.modules.linear: Linear
    ao.nn.quantized.dynamic.modules.linear: Linear
    ao.nn.intrinsic.quantized.modules.linear_relu: LinearLeakyReLU LinearReLU LinearTanh
    ao.nn.intrinsic.quantized.dynamic.modules.linear_relu: LinearReLU
    """
)

QUANTIZED_CONVOLUTIONS = frozenset(
    _classes(
        """
        ao.nn.quantized.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
        ao.nn.quantized.modules.conv: ConvTranspose3d
        ao.nn.quantized.dynamic.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
        ao.nn.quantized.dynamic.modules.conv: ConvTranspose3d
        ao.nn.intrinsic.quantized.modules.conv_relu: ConvReLU1d ConvReLU2d ConvReLU3d
        ao.nn.intrinsic.quantized.modules.conv_add: ConvAdd2d ConvAddReLU2d
        """
    )
)
"""Classes whose state is a tuple: ten settings, weight, bias, scale, zero point, training."""

_TENSOR_QPARAMS = (("attribute", "scale"), ("attribute", "zero_point"))
_NUMBER_QPARAMS = (("number", "scale"), ("number", "zero_point"))

OVERRIDES: dict[str, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(_QUANTIZED_LINEAR, _NUMBER_QPARAMS),
    "torch.ao.nn.quantized.modules.linear.LinearPackedParams": (
        ("attribute", "dtype"), ("packed", "_packed_params"),
    ),
    "torch.ao.nn.quantized.modules.embedding_ops.EmbeddingPackedParams": (
        ("attribute", "dtype"), ("unpacked", "_packed_weight"),
    ),
    "torch.ao.nn.quantized.modules.functional_modules.QFunctional": _NUMBER_QPARAMS,
    "torch.ao.quantization.fake_quantize.FakeQuantize": _TENSOR_QPARAMS,
    "torch.ao.quantization.fake_quantize.FixedQParamsFakeQuantize": _TENSOR_QPARAMS,
    "torch.ao.quantization.fake_quantize.FusedMovingAvgObsFakeQuantize": _TENSOR_QPARAMS,
    "torch.ao.quantization.observer.HistogramObserver": (
        ("attribute", "min_val"), ("attribute", "max_val"),
    ),
}  # fmt: skip
"""Class → what it adds: an attribute as it is, a number as a tensor, packed weights."""

MORE_THAN_KNOWN = frozenset(
    _classes(
        """
        ao.nn.quantized.dynamic.modules.rnn: PackedParameter GRUCell LSTMCell RNNCell RNNCellBase
        ao.nn.quantized.reference.modules.conv: Conv1d Conv2d Conv3d ConvTranspose1d
        ao.nn.quantized.reference.modules.conv: ConvTranspose2d ConvTranspose3d
        ao.nn.quantized.reference.modules.linear: Linear
        ao.nn.quantized.reference.modules.sparse: Embedding EmbeddingBag
        ao.nn.sparse.quantized.dynamic.linear: Linear
        ao.nn.sparse.quantized.linear: Linear LinearPackedParams
        """
    )
)
"""Classes that add something which is not reproduced; it is said so."""


_SET_BY_LAYERS = frozenset(
    """
    activation activation_relu_or_gelu add_zero_attn affine align_corners alpha anneal_epochs
    anneal_func approximate avg_fn batch_first batched_grad_copy beta bias bias_hh bias_ih
    bias_k bias_v bidirectional blank broadcast_bucket_size bucket_bytes_cap
    bucket_bytes_cap_default bucket_bytes_cap_list buffer_hook ceil_mode count_include_pad
    cutoffs d_model ddp decoder delta device device_ids device_mesh device_type dilation dim
    distance_function div_value divisor_override downscale_factor dropout dropout1 dropout2
    dropout3 elementwise_affine embed_dim embedding_dim enable_nested_tensor encoder end_dim
    eps find_unused_parameters forward_sync_buffers full gradient_as_bucket_view groups head
    head_bias head_dim head_size hidden_size hook ignore_index in1_features in2_features
    in_channels in_features in_proj_bias in_proj_weight include_last_offset init inplace
    input_size is_multi_device_module k k_proj_weight kdim keepdim kernel_size label_smoothing
    lambd layers linear linear1 linear2 log_input log_target logger lower margin mask_check
    max_norm max_val min_val mixed_precision mode module modules_buffers momentum multi_avg_fn
    multihead_attn n_averaged n_classes n_clusters name named_module_buffers negative_slope
    nhead nonlinearity norm norm1 norm2 norm3 norm_first norm_type normalized_shape
    num_batches_tracked num_channels num_classes num_embeddings num_features num_groups
    num_heads num_layers num_parameters options out_channels out_features out_proj
    output_device output_padding output_ratio output_size p padding padding_idx padding_mode
    parameters_to_ignore pos_weight process_group proj_size q_proj_weight
    recompute_scale_factor reducer reduction require_backward_grad_sync
    require_forward_param_sync return_indices running_mean running_var scale_factor
    scale_grad_by_freq self_attn shortlist_size size skip_all_reduce_unused_params sparse
    src_device_obj start_dim static_graph stride swap tail threshold track_running_stats
    training transposed unflattened_size upper upscale_factor use_buffers use_nested_tensor
    use_side_stream_for_tensor_copies v_proj_weight value vdim weight weight_hh weight_ih
    with_module zero_infinity
    """.split()
)
"""What the layers of torch 2.13 set on themselves."""
_SET_BY_OLD_LAYERS = frozenset(
    "dropout_state kh kw outh outw qkv_same_embed_dim reduce rh rw size_average".split()
)
_CONTAINERS, _LAYERS = "torch.nn.modules.container.", ("torch.nn.", "torch.optim.swa_utils.")


def is_of_its_class(name: str, attribute: str) -> bool:
    """Whether a module has an attribute because of its class, where that is torch's own, and not
    because the program gave it to the module.
    """
    if not is_torch_class(name) or name.startswith(_CONTAINERS):
        return False
    return not name.startswith(_LAYERS) or attribute in _SET_BY_LAYERS | _SET_BY_OLD_LAYERS


def is_torch_class(name: str) -> bool:
    """Whether a class is torch's own, so that what its state dict holds is known."""
    return name.startswith("torch.")


def state_dict_version(name: str, buffers: set[str]) -> int:
    """The ``version`` in a module's metadata.

    A batch norm saved before torch 0.4.1 lacks ``num_batches_tracked``; version 1 lets
    ``load_state_dict`` add it.
    """
    version = VERSIONS.get(name, 1)
    lacks = "running_mean" in buffers and "num_batches_tracked" not in buffers
    return 1 if name in _NORM_SET and lacks else version


_NORM_SET = frozenset(_NORMS)
