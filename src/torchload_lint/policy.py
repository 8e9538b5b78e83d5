"""May this global be trusted? First-party, vetted or configured; otherwise no, and why.

A checkpoint is hostile input and must never talk its way into an allowlist. So the default is no.
"""

from __future__ import annotations

import re
from enum import Enum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from torchload_lint.checkpoint.dangerous import why_dangerous, why_gateway
from torchload_lint.late_patterns import late_pattern
from torchload_lint.names import is_dotted_name

if TYPE_CHECKING:
    from collections.abc import Collection

    from torchload_lint.names import ClassFacts, GlobalName


class Trust(str, Enum):
    """On what ground a global may be allowed, or not."""

    FIRST_PARTY = "first-party"
    VETTED = "vetted"
    CONFIGURED = "configured"
    UNTRUSTED = "untrusted"
    """Nobody vouches for it; a line of configuration would."""
    RUNS_CODE = "runs-code"
    """It runs code that the file chooses; only its exact name in ``trusted`` allows it."""


class Judgement(NamedTuple):
    """The answer for one global, with the reason in words."""

    trust: Trust
    reason: str
    advice: str = ""
    """The line of configuration that would allow it."""

    @property
    def allowed(self) -> bool:
        """Whether it may be put on an allowlist without asking."""
        return self.trust in {Trust.FIRST_PARTY, Trust.VETTED, Trust.CONFIGURED}


VETTED_NAMES = frozenset(
    """
    argparse.Namespace
    builtins.bool builtins.bytearray builtins.bytes builtins.complex builtins.dict builtins.float
    builtins.frozenset builtins.int builtins.list builtins.object builtins.range builtins.set
    builtins.slice builtins.str builtins.tuple
    builtins.ArithmeticError builtins.AssertionError builtins.Exception builtins.IndexError
    builtins.KeyError builtins.RuntimeError builtins.TypeError builtins.ValueError
    builtins.Ellipsis builtins.NotImplemented
    collections.Counter collections.OrderedDict collections.defaultdict collections.deque
    copyreg._reconstructor
    datetime.date datetime.datetime datetime.time datetime.timedelta datetime.timezone
    decimal.Decimal fractions.Fraction
    ipaddress.IPv4Address ipaddress.IPv4Network ipaddress.IPv6Address ipaddress.IPv6Network
    numpy.core.multiarray._reconstruct numpy._core.multiarray._reconstruct
    numpy.core.multiarray.scalar numpy._core.multiarray.scalar
    numpy.core.numeric._frombuffer numpy._core.numeric._frombuffer
    numpy._core._internal._convert_to_stringdtype_kwargs
    numpy.dtype numpy.ndarray numpy.matrix numpy.recarray numpy.rec.recarray numpy.record
    numpy.ma.MaskedArray numpy.ma.core.MaskedArray numpy.ma.core._mareconstruct
    numpy.bool numpy.bool_ numpy.int8 numpy.int16 numpy.int32 numpy.int64 numpy.uint8 numpy.uint16
    numpy.uint32 numpy.uint64 numpy.float16 numpy.float32 numpy.float64 numpy.longdouble
    numpy.complex64 numpy.complex128 numpy.clongdouble numpy.datetime64 numpy.timedelta64
    numpy.bytes_ numpy.str_ numpy.void numpy.object_
    numpy.random._pickle.__randomstate_ctor numpy.random._pickle.__generator_ctor
    numpy.random._pickle.__bit_generator_ctor
    numpy.random.bit_generator.SeedSequence
    numpy.random.bit_generator.__pyx_unpickle_SeedSequence
    numpy.random._bounded_integers.SeedlessSequence
    numpy.random.mtrand.RandomState numpy.random._generator.Generator
    numpy.random._mt19937.MT19937 numpy.random._pcg64.PCG64 numpy.random._pcg64.PCG64DXSM
    numpy.random._philox.Philox numpy.random._sfc64.SFC64
    pathlib.Path pathlib.PosixPath pathlib.WindowsPath pathlib.PurePath pathlib.PurePosixPath
    pathlib.PureWindowsPath
    pathlib._local.Path pathlib._local.PosixPath pathlib._local.WindowsPath
    pathlib._local.PurePath pathlib._local.PurePosixPath pathlib._local.PureWindowsPath
    random.Random
    torch.torch_version.TorchVersion
    torch.amp.grad_scaler.GradScaler torch.amp.grad_scaler.OptState
    torch.amp.grad_scaler._refresh_per_optimizer_state
    torch.cuda.amp.grad_scaler.GradScaler torch.nn.parallel.data_parallel.DataParallel
    torch._C.Generator torch.Generator torch.memory_format torch.layout
    types.SimpleNamespace
    uuid.UUID uuid.SafeUUID
    zoneinfo.ZoneInfo
    """.split()
)
"""Exact names that hold data and nothing else: their construction calls nothing that the file
chooses. Read in CPython 3.11, numpy 1.26 and 2.4, and torch 2.13."""

VETTED_FUNCTIONS = frozenset(
    """
    binary_cross_entropy binary_cross_entropy_with_logits celu cross_entropy dropout elu gelu glu
    gumbel_softmax hardshrink hardsigmoid hardswish hardtanh huber_loss kl_div l1_loss layer_norm
    leaky_relu leaky_relu_ linear log_softmax logsigmoid log_sigmoid mish mse_loss nll_loss
    normalize pad prelu relu relu6 relu_ rrelu selu sigmoid silu smooth_l1_loss softmax softmin
    softplus softshrink softsign tanh tanhshrink threshold
    """.split()
)
"""Functions on tensors that models keep as an attribute (``self.act = F.gelu``)."""

VETTED_FUNCTION_MODULES = frozenset({"torch.nn.functional", "torch._C._nn"})

VETTED_CLASSES = late_pattern(
    r"(?:numpy\.dtypes|torch\.nn\.(?:modules|parameter|quantized|utils)|torch\.ao\.nn|torch\.optim"
    r"|torch\.distributions)(?:\.[a-z_][a-z_0-9]*)*\.[A-Z]\w*",
    re.ASCII,
)
"""Packages whose classes are vetted as a whole. The pattern leaves no room for a class that is
reached through something else (``torch.optim.optimizer.functools.partial``)."""


UNMISTAKABLE = frozenset(
    """
    CDLL Popen __import__ attrgetter check_call check_output compile delattr eval exec exec_module
    execfile execl execv getattr getoutput getstatusoutput import_module load_module methodcaller
    partial popen rmtree run_module run_path runctx setattr spawnl spawnv system
    """.split()
)
"""Names that a pattern of the configuration never lets through, whichever module offers them."""


def judge(
    name: GlobalName,
    facts: ClassFacts | None,
    trusted: Collection[str] = (),
    aliases: Collection[str] = (),
    origins: Collection[str] = (),
) -> Judgement:
    """Judge one global that a checkpoint needs.

    ``facts``: what the project's source says of it, None for what is not first-party.
    ``trusted``: patterns from the configuration. ``aliases``: other names of the same object
    (the runtime name beside the one in the file), any of which the configuration may use.
    ``origins``: what the name stands for in the end, where the project re-exports or renames it;
    they can only speak against it.
    """
    names = {str(name), *aliases}
    if not is_dotted_name(str(name)):
        return _untrusted(name, "no object can have this name")
    if names & set(trusted):
        return Judgement(Trust.CONFIGURED, "named in the configuration")
    danger = _why_refused_by_name(names | set(origins)) or _why_refused_by_source(facts)
    if danger:
        return _refused(name, danger)
    if any(fnmatchcase(one, pattern) for one in names for pattern in trusted):
        through = "" if facts else next(filter(None, map(_why_hidden, sorted(names))), "")
        if through:
            return _refused(name, through)
        return Judgement(Trust.CONFIGURED, "matched by the configuration")
    if any(map(_is_vetted, names)):
        return Judgement(Trust.VETTED, "known to hold data only")
    if facts is None:
        return _untrusted(name, "neither a class of this project nor in the vetted table")
    if facts.kind != "class":
        return _untrusted(name, f"{facts.path}:{facts.row} is a {facts.kind}, not a class")
    return Judgement(Trust.FIRST_PARTY, f"a class of this project ({facts.path}:{facts.row})")


def _why_refused(name: str) -> str:
    return why_dangerous(name) or why_gateway(name)


def _why_refused_by_name(names: set[str]) -> str:
    return next(filter(None, map(_why_refused, sorted(names))), "")


def _why_refused_by_source(facts: ClassFacts | None) -> str:
    """Why the project's own source speaks against it: what it calls, or what it is made from."""
    if facts is None:
        return ""
    if facts.runs:
        calls = ", ".join(facts.runs)
        return f"{facts.path}:{facts.row} calls {calls} while it is unpickled"
    if facts.import_runs:
        calls = ", ".join(facts.import_runs)
        return f"{facts.path} calls {calls} as soon as it is imported, outside of any function"
    for base in sorted({*map(str, facts.bases), *facts.foreign_bases}):
        danger = _why_refused(base)
        if danger:
            return f"its base class {base} {danger}"
    return ""


def _why_hidden(name: str) -> str:
    """Why a name that only a pattern matches may lead out of the package that was meant.

    Every module also hands out what it imports: ``app.tools.os.system``, or plain
    ``app.tools.check_output``.
    """
    parts = name.split(".")
    inner = (".".join(parts[start:]) for start in range(1, len(parts) - 1))
    reached = next(filter(_why_refused, inner), "")
    if reached:
        return f"it may be {reached}, reached through another module"
    if parts[-1] in UNMISTAKABLE:
        return f"what is called {parts[-1]} runs code in most packages"
    return ""


def _is_vetted(name: str) -> bool:
    module, _, last = name.rpartition(".")
    if module in VETTED_FUNCTION_MODULES:
        return last in VETTED_FUNCTIONS
    return name in VETTED_NAMES or VETTED_CLASSES.fullmatch(name) is not None


def _untrusted(name: GlobalName, reason: str) -> Judgement:
    if not is_dotted_name(str(name)):
        return Judgement(Trust.UNTRUSTED, reason)
    advice = f'to allow it, add "{name}" to `trusted` in [tool.torchload-lint]'
    return Judgement(Trust.UNTRUSTED, reason, advice)


def _refused(name: GlobalName, danger: str) -> Judgement:
    advice = f'only its exact name, "{name}", in `trusted` would allow it'
    return Judgement(Trust.RUNS_CODE, danger, advice)
