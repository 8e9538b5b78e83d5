"""Where the public spelling of a class differs from the module that defines it (data).

Derived from torch 2.13, numpy 2.4, scipy and scikit-learn by importing each public module and
keeping each public name whose object says another ``__module__``, where it can be had as well.
"""

from __future__ import annotations

from functools import lru_cache

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.vetted import vetted_definitions


class PublicModule(NamedTuple):
    """Names that one public module takes from the modules below a prefix."""

    module: str
    defined_below: str
    """The defining module, or what its name starts with (then it ends in a dot)."""
    names: str
    """Separated by white space."""


PUBLIC_MODULES = (
    PublicModule(
        "torch.nn",
        "torch.nn.modules.",
        """
        AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveLogSoftmaxWithLoss
        AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AlphaDropout AvgPool1d
        AvgPool2d AvgPool3d BCELoss BCEWithLogitsLoss BatchNorm1d BatchNorm2d BatchNorm3d
        Bilinear CELU CTCLoss ChannelShuffle CircularPad1d CircularPad2d CircularPad3d
        ConstantPad1d ConstantPad2d ConstantPad3d Container Conv1d Conv2d Conv3d
        ConvTranspose1d ConvTranspose2d ConvTranspose3d CosineEmbeddingLoss CosineSimilarity
        CrossEntropyLoss CrossMapLRN2d Dropout Dropout1d Dropout2d Dropout3d ELU Embedding
        EmbeddingBag FeatureAlphaDropout Flatten Fold FractionalMaxPool2d
        FractionalMaxPool3d GELU GLU GRU GRUCell GaussianNLLLoss GroupNorm Hardshrink
        Hardsigmoid Hardswish Hardtanh HingeEmbeddingLoss HuberLoss Identity InstanceNorm1d
        InstanceNorm2d InstanceNorm3d KLDivLoss L1Loss LPPool1d LPPool2d LPPool3d LSTM
        LSTMCell LayerNorm LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d LazyConv1d
        LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d
        LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d LazyLinear LeakyReLU Linear
        LinearCrossEntropyLoss LinearCrossEntropyOptions LocalResponseNorm LogSigmoid
        LogSoftmax MSELoss MarginRankingLoss MaxPool1d MaxPool2d MaxPool3d MaxUnpool1d
        MaxUnpool2d MaxUnpool3d Mish Module ModuleDict ModuleList MultiLabelMarginLoss
        MultiLabelSoftMarginLoss MultiMarginLoss MultiheadAttention NLLLoss NLLLoss2d PReLU
        PairwiseDistance ParameterDict ParameterList PixelShuffle PixelUnshuffle
        PoissonNLLLoss RMSNorm RNN RNNBase RNNCell RNNCellBase RReLU ReLU ReLU6
        ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d
        ReplicationPad3d SELU Sequential SiLU Sigmoid SmoothL1Loss SoftMarginLoss Softmax
        Softmax2d Softmin Softplus Softshrink Softsign SyncBatchNorm Tanh Tanhshrink
        Threshold Transformer TransformerDecoder TransformerDecoderLayer TransformerEncoder
        TransformerEncoderLayer TripletMarginLoss TripletMarginWithDistanceLoss Unflatten
        Unfold Upsample UpsamplingBilinear2d UpsamplingNearest2d ZeroPad1d ZeroPad2d
        ZeroPad3d
        """,
    ),
    PublicModule(
        "torch.nn",
        "torch.nn.parallel.data_parallel",
        """
        DataParallel
        """,
    ),
    PublicModule(
        "torch.nn",
        "torch.nn.parameter",
        """
        Buffer Parameter UninitializedBuffer UninitializedParameter
        """,
    ),
    PublicModule(
        "torch.optim",
        "torch.optim.",
        """
        ASGD Adadelta Adagrad Adam AdamW Adamax LBFGS NAdam Optimizer RAdam RMSprop Rprop
        SGD SparseAdam
        """,
    ),
    PublicModule(
        "torch.utils.data",
        "torch.utils.data.",
        """
        BatchSampler ChainDataset ConcatDataset DFIterDataPipe DataChunk DataLoader Dataset
        DistributedSampler IterDataPipe IterableDataset MapDataPipe RandomSampler Sampler
        SequentialSampler StackDataset Subset SubsetRandomSampler TensorDataset
        WeightedRandomSampler
        """,
    ),
    PublicModule(
        "torch.amp",
        "torch.amp.",
        """
        GradScaler autocast custom_bwd custom_fwd is_autocast_available
        """,
    ),
    PublicModule(
        "torch.distributions",
        "torch.distributions.",
        """
        AbsTransform AffineTransform Bernoulli Beta Binomial CatTransform Categorical Cauchy
        Chi2 ComposeTransform ContinuousBernoulli CorrCholeskyTransform
        CumulativeDistributionTransform Dirichlet Distribution ExpTransform Exponential
        ExponentialFamily FisherSnedecor Gamma GeneralizedPareto Geometric Gumbel HalfCauchy
        HalfNormal Independent IndependentTransform InverseGamma Kumaraswamy LKJCholesky
        Laplace LogNormal LogisticNormal LowRankMultivariateNormal LowerCholeskyTransform
        MixtureSameFamily Multinomial MultivariateNormal NegativeBinomial Normal
        OneHotCategorical OneHotCategoricalStraightThrough Pareto Poisson
        PositiveDefiniteTransform PowerTransform RelaxedBernoulli RelaxedOneHotCategorical
        ReshapeTransform SigmoidTransform SoftmaxTransform SoftplusTransform StackTransform
        StickBreakingTransform StudentT TanhTransform Transform TransformedDistribution
        Uniform VonMises Weibull Wishart kl_divergence register_kl
        """,
    ),
    PublicModule(
        "torch.ao.quantization",
        "torch.ao.quantization.",
        """
        AffineQuantizedObserverBase DeQuantStub FakeQuantize FakeQuantizeBase
        FixedQParamsFakeQuantize FixedQParamsObserver FusedMovingAvgObsFakeQuantize
        Granularity HistogramObserver MappingType MinMaxObserver MovingAverageMinMaxObserver
        MovingAveragePerChannelMinMaxObserver NoopObserver ObserverBase PerAxis PerBlock
        PerChannelMinMaxObserver PerGroup PerRow PerTensor PerToken PlaceholderObserver
        QConfig QConfigDynamic QConfigMapping QuantStub QuantType QuantWrapper
        RecordingObserver ReuseInputObserver TorchAODType UniformQuantizationObserverBase
        ZeroPointDomain
        """,
    ),
    PublicModule(
        "torch.ao.nn.quantized",
        "torch.ao.nn.quantized.modules.",
        """
        BatchNorm2d BatchNorm3d Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d
        ConvTranspose3d Dropout ELU Embedding EmbeddingBag FXFloatFunctional FloatFunctional
        GroupNorm Hardswish InstanceNorm1d InstanceNorm2d InstanceNorm3d LSTM LayerNorm
        LeakyReLU Linear MultiheadAttention PReLU QFunctional ReLU6 Sigmoid Softmax
        """,
    ),
    PublicModule(
        "torch.ao.nn.quantized.dynamic",
        "torch.ao.nn.quantized.dynamic.modules.",
        """
        Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d GRU GRUCell
        LSTM LSTMCell Linear RNNCell
        """,
    ),
    PublicModule(
        "torch.ao.nn.intrinsic",
        "torch.ao.nn.intrinsic.modules.",
        """
        BNReLU2d BNReLU3d ConvAdd2d ConvAddReLU2d ConvBn1d ConvBn2d ConvBn3d ConvBnReLU1d
        ConvBnReLU2d ConvBnReLU3d ConvReLU1d ConvReLU2d ConvReLU3d LinearBn1d
        LinearLeakyReLU LinearReLU LinearTanh
        """,
    ),
    PublicModule(
        "torch.nn.parallel",
        "torch.nn.parallel.",
        """
        DistributedDataParallel
        """,
    ),
    PublicModule(
        "numpy.random",
        "numpy.random.",
        """
        BitGenerator Generator MT19937 PCG64 PCG64DXSM Philox RandomState SFC64 SeedSequence
        """,
    ),
    PublicModule(
        "scipy.sparse",
        "scipy.sparse.",
        """
        block_array bsr_array bsr_matrix coo_array coo_matrix csc_array csc_matrix csr_array
        csr_matrix dia_array dia_matrix diags_array dok_array dok_matrix eye_array lil_array
        lil_matrix random_array
        """,
    ),
    PublicModule(
        "sklearn.preprocessing",
        "sklearn.preprocessing.",
        """
        Binarizer FunctionTransformer KBinsDiscretizer KernelCenterer LabelBinarizer
        LabelEncoder MaxAbsScaler MinMaxScaler MultiLabelBinarizer Normalizer OneHotEncoder
        OrdinalEncoder PolynomialFeatures PowerTransformer QuantileTransformer RobustScaler
        SplineTransformer StandardScaler TargetEncoder add_dummy_feature binarize
        label_binarize maxabs_scale minmax_scale normalize power_transform
        quantile_transform robust_scale scale
        """,
    ),
    PublicModule(
        "io",
        "_io",
        """
        BufferedRWPair BufferedRandom BufferedReader BufferedWriter BytesIO FileIO
        IncrementalNewlineDecoder StringIO TextIOWrapper
        """,
    ),
)


@lru_cache(maxsize=1)
def _tables() -> tuple[tuple[str, str, frozenset[str]], ...]:
    return tuple(
        (entry.defined_below, entry.module, frozenset(entry.names.split()))
        for entry in PUBLIC_MODULES
    )


def public_module(module: str, name: str) -> str:
    """The module that people import a name from: the one given where no other is known."""
    for defined_below, public, names in _tables():
        below = module.startswith(defined_below) if defined_below.endswith(".") else False
        if (below or module == defined_below) and name in names and _is_same(public, module, name):
            return public
    return module


def _is_same(public: str, module: str, name: str) -> bool:
    """Whether both modules lead to one definition, where the public name is an enumerated one: no
    ``Linear`` of a module that torch does not have is ``torch.nn.Linear``.
    """
    enumerated = vetted_definitions(f"{public}.{name}")
    return not enumerated or not enumerated.isdisjoint(vetted_definitions(f"{module}.{name}"))
