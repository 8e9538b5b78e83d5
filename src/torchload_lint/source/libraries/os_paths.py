"""What functions of the standard library and of well-known packages do with paths.

One table, from the canonical dotted name to a small function. What is not in the table is either
a function of the project (see ``invoke``) or unknown.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.domain import mappings, methods, strings
from torchload_lint.source.domain import values as domain
from torchload_lint.source.domain.arguments import Arguments
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import HOLE, Rung
from torchload_lint.source.domain.values import (
    Constant,
    Handle,
    Instance,
    Options,
    Record,
    Sequence,
    Text,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries import (
    argparse_cli,
    config_files,
    huggingface_hub,
    iterators,
    numbers_known,
)
from torchload_lint.source.state import handing, spreading
from torchload_lint.source.state.arguments import arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from torchload_lint.source.domain.values import Frame
    from torchload_lint.source.evaluator import Evaluator, Known

    OfText: TypeAlias = Callable[[Text], Values]


def lookup(dotted: str) -> Known | None:
    """What is known of the callable of that canonical name."""
    return _TABLE.get(dotted)


def _first(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return next(iter(arguments(evaluator, call, frame).positional), ())


def _on_text(function: Callable[[Text, Arguments], Values]) -> Known:
    """A function of a text that has a method's twin (``os.path.dirname`` and ``.parent``)."""

    def apply(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
        given = arguments(evaluator, call, frame)
        receiver, *rest = given.positional or [(), ()]
        receiver = receiver or next(iter(given.named.values()), ())
        left = Arguments(rest, given.named)
        return union(*(function(as_text(value), left) for value in receiver))

    return apply


def _to_text(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = _first(evaluator, call, frame)
    return tuple(value if isinstance(value, Instance) else as_text(value) for value in values)


def _path(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    if not given.positional:
        return (Text("", is_path=True),)
    first, *rest = given.positional
    joined = union(
        *(methods.join_path(as_text(value), Arguments(rest)) for value in first if _is_some(value))
    )
    return tuple(strings.path(as_text(value)) for value in joined) or first


def _is_some(value: domain.Value) -> bool:
    return not (isinstance(value, Constant) and value.value is None)


def _open(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    path = given.at(0) or next(iter(given.named.values()), ())
    return tuple(_opened(value) for value in path)


def _opened(value: domain.Value) -> domain.Value:
    if isinstance(value, Handle):
        return value
    return Handle(as_text(value), rung=value.rung)


def _wrapped_open(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return tuple(
        Handle(value.source if isinstance(value, Handle) else as_text(value), wrapped=True)
        for value in _open(evaluator, call, frame)
    )


def _buffer(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = _first(evaluator, call, frame)
    if not values:
        return unknown("a buffer in memory")
    return tuple(
        value if isinstance(value, Handle) else domain.Unknown("a buffer in memory")
        for value in values
    )


def _glob(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return union(*(methods.glob_text(as_text(value)) for value in _first(evaluator, call, frame)))


def _list_folder(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    values = _first(evaluator, call, frame) or (Text(""),)
    return union(*(methods.entries(as_text(value), bare=True) for value in values))


def _walk(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    name = unknown("any entry of a folder")
    found = tuple(
        Sequence(
            (
                (strings.concatenate((as_text(top),), (Text(HOLE, why=("any folder below",)),))),
                (Sequence(others=name),),
                (Sequence(others=name),),
            ),
            kind="tuple",
        )
        for top in _first(evaluator, call, frame)
    )
    return (Sequence(others=found),)


def _environment(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    given = arguments(evaluator, call, frame)
    name = given.literal(0) or "…"
    evaluator.leave_open(f"the environment variable {name} may say otherwise")
    default = given.at(1, "default")
    return lift(default, Rung.DEFAULT) or unknown(f"the environment variable {name}")


def _get_attribute(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``getattr(x, "name", default)``."""
    literal = call.args[1] if len(call.args) > 1 else None
    if not isinstance(literal, ast.Constant) or not isinstance(literal.value, str):
        return unknown("an attribute whose name is not known")
    reference = ast.copy_location(ast.Attribute(call.args[0], literal.value, ast.Load()), call)
    found = evaluator.values(reference, frame)
    default = union(*(evaluator.values(each, frame) for each in call.args[2:]))
    return union(found, default)


def _variables(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``vars(args)``, ``edict(d)``, ``OmegaConf.create(d)``: the same entries in another coat."""
    given = arguments(evaluator, call, frame)
    if not given.positional:
        return (Record(dict(given.named), kind="dict"),)
    return tuple(
        value.changed(as_mapping=True)
        if isinstance(value, (Options, Instance))
        else value.changed(kind="dict")
        if isinstance(value, Record)
        else value
        for value in handing.on(evaluator, call.args[0], given.positional[0], frame)
    )


def _mapping(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    """``dict(…)``, ``Namespace(…)``, ``AttrDict(…)``."""
    given = arguments(evaluator, call, frame)
    dotted = frame.module.bindings.qualified(call.func) or "dict"
    base = spreading.spread(evaluator, given.at(0), frame)
    entries, others = mappings.over(given.named, base.entries), base.others
    for keyword in call.keywords:
        if keyword.arg is None:
            values = evaluator.values(keyword.value, frame)
            values = handing.on(evaluator, keyword.value, values, frame)
            spread = spreading.spread(evaluator, values, frame)
            entries = mappings.over(entries, spread.entries)
            others = union(others, spread.others)
    return (Record(entries, others, kind=dotted),)


def _parsed_url(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    found: list[domain.Value] = []
    for value in _first(evaluator, call, frame):
        text = as_text(value)
        scheme, _, rest = text.text.rpartition("://")
        host, slash, path = rest.partition("/") if scheme else ("", "", rest)
        parts = {"scheme": scheme, "netloc": host, "path": slash + path.partition("?")[0]}
        entries = {name: (strings.changed(text, part),) for name, part in parts.items()}
        found.append(Record(dict(entries), kind="url"))
    return tuple(found)


def _partial(evaluator: Evaluator, call: ast.Call, frame: Frame) -> Values:
    return evaluator.values(call.args[0], frame) if call.args else ()


def _unknowable(why: str) -> Known:
    def answer(*_: object) -> Values:
        return unknown(why)

    return answer


def _working_folder(*_: object) -> Values:
    return (Text("."),)


def _home(*_: object) -> Values:
    return (Text("~", is_path=True),)


def _table() -> dict[str, Known]:
    """The table, made once: canonical name → what a call of it yields."""
    paths = ("os.path", "posixpath")
    table: dict[str, Known] = {}
    for module in paths:
        table |= {
            f"{module}.join": _on_text(methods.join_path),
            f"{module}.dirname": _on_text(methods.parent),
            f"{module}.basename": _on_text(methods.base),
            f"{module}.splitext": _on_text(methods.split_suffix),
            f"{module}.split": _on_text(methods.split_folder),
            **{
                f"{module}.{name}": _first
                for name in (
                    "abspath",
                    "realpath",
                    "normpath",
                    "expanduser",
                    "expandvars",
                    "normcase",
                )
            },
        }
    for name in ("Path", "PurePath", "PosixPath", "PurePosixPath", "WindowsPath"):
        table[f"pathlib.{name}"] = _path
    table |= {
        f"pathlib.Path.{name}": known for name, known in (("home", _home), ("cwd", _working_folder))
    }
    table |= dict.fromkeys(_SAME_AS_FIRST, _first)
    table |= dict.fromkeys(_OPENERS, _open)
    table |= dict.fromkeys(_WRAPPING_OPENERS, _wrapped_open)
    table |= dict.fromkeys(_WORKING_FOLDER, _working_folder)
    table |= dict.fromkeys(("os.environ.get", "os.getenv", "os.environ.setdefault"), _environment)
    table |= dict.fromkeys(_MAPPINGS, _mapping)
    table |= dict.fromkeys(_SAME_ENTRIES, _variables)
    table |= dict.fromkeys(_TEMPORARY, _unknowable("a temporary file or folder"))
    table |= dict.fromkeys(("glob.glob", "glob.iglob"), _glob)
    table |= dict.fromkeys(_CONFIG_LOADERS, config_files.loaded)
    table |= {
        "builtins.str": _to_text,
        **dict.fromkeys(_URL_PARSERS, _parsed_url),
        "io.BytesIO": _buffer,
        "os.listdir": _list_folder,
        "os.walk": _walk,
        "builtins.getattr": _get_attribute,
        "builtins.input": _unknowable("typed in by the user"),
        "functools.partial": _partial,
    }
    table |= huggingface_hub.table() | numbers_known.table() | iterators.table()
    return table | argparse_cli.table()


_URL_PARSERS = ("urllib.parse.urlparse", "urllib.parse.urlsplit", "torch.hub.urlparse")
_SAME_AS_FIRST = (
    *("urllib.parse.unquote", "urllib.parse.quote", "torch.compile", "builtins.str.encode"),
    "torch.nn.SyncBatchNorm.convert_sync_batchnorm",
    *("os.fspath", "builtins.bytes", "hydra.utils.to_absolute_path", "copy.copy", "copy.deepcopy"),
    *("glob.escape", "sys.intern", "tqdm.tqdm", "tqdm.auto.tqdm", "os.fsdecode", "os.fsencode"),
)
_OPENERS = (
    *(
        "builtins.open",
        "io.open",
        "io.FileIO",
        "codecs.open",
        "smart_open.open",
        "smart_open.smart_open",
    ),
    *("fsspec.open", "megfile.smart_open", "os.open", "io.BufferedReader"),
    *(f"{manager}.open" for manager in huggingface_hub.PATH_MANAGERS),
    *("tensorflow.io.gfile.GFile", "tensorflow.gfile.GFile", "blobfile.BlobFile", "mmap.mmap"),
)
_WRAPPING_OPENERS = (
    *("gzip.open", "gzip.GzipFile", "bz2.open", "bz2.BZ2File", "lzma.open", "lzma.LZMAFile"),
    *("zipfile.ZipFile", "tarfile.open", "zstandard.open"),
)
_WORKING_FOLDER = ("os.getcwd", "os.getcwdb", "hydra.utils.get_original_cwd")
_MAPPINGS = (
    *("builtins.dict", "collections.OrderedDict", "argparse.Namespace", "types.SimpleNamespace"),
    *("easydict.EasyDict", "addict.Dict", "box.Box", "munch.Munch", "ml_collections.ConfigDict"),
    *("yacs.config.CfgNode", "fvcore.common.config.CfgNode", "detectron2.config.CfgNode"),
    *("collections.defaultdict", "attrdict.AttrDict", "attridict.AttriDict", "dotmap.DotMap"),
)
_SAME_ENTRIES = (
    *("builtins.vars", "omegaconf.OmegaConf.create", "omegaconf.DictConfig", "munch.munchify"),
    *("omegaconf.OmegaConf.to_container", "omegaconf.OmegaConf.structured", "dataclasses.asdict"),
)
_TEMPORARY = (
    *("tempfile.mkdtemp", "tempfile.mkstemp", "tempfile.mktemp", "tempfile.gettempdir"),
    *("tempfile.NamedTemporaryFile", "tempfile.TemporaryFile", "tempfile.TemporaryDirectory"),
    *("tempfile.SpooledTemporaryFile", "uuid.uuid4", "time.time", "time.strftime"),
)
_CONFIG_LOADERS = (
    *(
        "yaml.load",
        "yaml.safe_load",
        "yaml.full_load",
        "yaml.unsafe_load",
        "json.load",
        "toml.load",
    ),
    *("tomllib.load", "tomli.load", "omegaconf.OmegaConf.load", "json.loads", "toml.loads"),
    *(
        "ruamel.yaml.safe_load",
        "ruamel.yaml.load",
        "oyaml.safe_load",
        "hyperpyyaml.load_hyperpyyaml",
    ),
)
_TABLE: dict[str, Known] = {}
_TABLE.update(_table())
