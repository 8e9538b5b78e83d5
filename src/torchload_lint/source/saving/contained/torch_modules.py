"""Where the classes of ``torch.nn`` really live, and which others they are made of.

A pickle names a class by its ``__module__``, not by where it is imported from. Read from torch
2.13 (``torch/nn/modules/*.py``); the modules have had these names since torch 1.13, so that newer
classes are merely absent from older versions.
"""

from __future__ import annotations

from torchload_lint.names import GlobalName

_TABLE = """
activation: CELU ELU GELU GLU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid
    LogSoftmax Mish MultiheadAttention PReLU RReLU ReLU ReLU6 SELU SiLU Sigmoid Softmax
    Softmax2d Softmin Softplus Softshrink Softsign Tanh Tanhshrink Threshold
adaptive: AdaptiveLogSoftmaxWithLoss
batchnorm: BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d
    SyncBatchNorm
channelshuffle: ChannelShuffle
container: ModuleDict ModuleList ParameterDict ParameterList Sequential
conv: Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConv1d LazyConv2d
    LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
distance: CosineSimilarity PairwiseDistance
dropout: AlphaDropout Dropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout
flatten: Flatten Unflatten
fold: Fold Unfold
instancenorm: InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d
    LazyInstanceNorm3d
linear: Bilinear Identity LazyLinear Linear NonDynamicallyQuantizableLinear
loss: BCELoss BCEWithLogitsLoss CTCLoss CosineEmbeddingLoss CrossEntropyLoss GaussianNLLLoss
    HingeEmbeddingLoss HuberLoss KLDivLoss L1Loss MSELoss MarginRankingLoss MultiLabelMarginLoss
    MultiLabelSoftMarginLoss MultiMarginLoss NLLLoss NLLLoss2d PoissonNLLLoss SmoothL1Loss
    SoftMarginLoss TripletMarginLoss TripletMarginWithDistanceLoss
module: Module
normalization: CrossMapLRN2d GroupNorm LayerNorm LocalResponseNorm RMSNorm
padding: CircularPad1d CircularPad2d CircularPad3d ConstantPad1d ConstantPad2d ConstantPad3d
    ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d
    ReplicationPad3d ZeroPad1d ZeroPad2d ZeroPad3d
pixelshuffle: PixelShuffle PixelUnshuffle
pooling: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d
    AdaptiveMaxPool2d AdaptiveMaxPool3d AvgPool1d AvgPool2d AvgPool3d FractionalMaxPool2d
    FractionalMaxPool3d LPPool1d LPPool2d LPPool3d MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d
    MaxUnpool2d MaxUnpool3d
rnn: GRU GRUCell LSTM LSTMCell RNN RNNCell
sparse: Embedding EmbeddingBag
transformer: Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
    TransformerEncoderLayer
upsampling: Upsample UpsamplingBilinear2d UpsamplingNearest2d
"""
_BY_MODULE = {
    module: names.split()
    for module, _, names in (
        line.partition(":") for line in _TABLE.strip().replace("\n    ", " ").split("\n")
    )
}
_HOME = {
    name: f"torch.nn.modules.{module}" for module, names in _BY_MODULE.items() for name in names
} | {
    "DataParallel": "torch.nn.parallel.data_parallel",
    "parallel.DataParallel": "torch.nn.parallel.data_parallel",
    "parallel.DistributedDataParallel": "torch.nn.parallel.distributed",
}
_ATTENTION = ("MultiheadAttention", "NonDynamicallyQuantizableLinear")
_LAYER = (*_ATTENTION, "Linear", "Dropout", "LayerNorm")
_MADE_OF = {
    "MultiheadAttention": _ATTENTION,
    "TransformerEncoderLayer": _LAYER,
    "TransformerDecoderLayer": _LAYER,
    "TransformerEncoder": ("ModuleList",),
    "TransformerDecoder": ("ModuleList",),
    "Transformer": (
        *("TransformerEncoder", "TransformerDecoder", "TransformerEncoderLayer"),
        *("TransformerDecoderLayer", "ModuleList", *_LAYER),
    ),
    "CrossEntropyLoss": (),
}
_PREFIXES = ("torch.nn.modules.", "torch.nn.")
_FUNCTIONS_KEPT = {
    "TransformerEncoderLayer": "relu",
    "TransformerDecoderLayer": "relu",
    "Transformer": "relu",
}


def is_module_class(dotted: str) -> bool:
    """Whether a dotted name is that of a ``torch.nn`` class."""
    return _short(dotted) in _HOME


def home_of(dotted: str) -> GlobalName:
    """How a pickle names a ``torch.nn`` class. Raises KeyError for others."""
    name = _short(dotted)
    return GlobalName(_HOME[name], name.rpartition(".")[2])


def needs(dotted: str) -> tuple[GlobalName, ...]:
    """The globals in the pickle of an object of a ``torch.nn`` class, as torch saves it: its
    class, and those of the modules that it makes for itself.
    """
    name = _short(dotted)
    names = dict.fromkeys((name, *_MADE_OF.get(name, ())))
    found = [GlobalName(_HOME[each], each.rpartition(".")[2]) for each in names]
    if name in _FUNCTIONS_KEPT:
        found.append(GlobalName("torch.nn.functional", _FUNCTIONS_KEPT[name]))
    return tuple(found)


def _short(dotted: str) -> str:
    """``Linear`` for ``torch.nn.Linear`` and ``torch.nn.modules.linear.Linear``."""
    name = dotted
    for prefix in _PREFIXES:
        if dotted.startswith(prefix):
            name = dotted.removeprefix(prefix)
            break
    head, _, last = name.rpartition(".")
    return last if head and _HOME.get(last) == f"torch.nn.modules.{head}" else name
