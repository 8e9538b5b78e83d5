"""What functions of the standard library and of well-known packages do with paths.

One table, from the canonical dotted name to a small function. What is not in the table is either
a function of the project (see ``invoke``) or unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from torchload_lint.source.domain import methods, strings
from torchload_lint.source.domain.arguments import Arguments
from torchload_lint.source.domain.conversions import as_text
from torchload_lint.source.domain.patterns import HOLE, Rung
from torchload_lint.source.domain.values import (
    Sequence,
    Text,
    Values,
    lift,
    union,
    unknown,
)
from torchload_lint.source.libraries import (
    config_files,
    huggingface_hub,
    iterators,
    numbers_known,
    typed_cli,
)
from torchload_lint.source.libraries.builtins_known import (
    _SAME_AS_FIRST,
    _URL_PARSERS,
    _get_attribute,
    _parsed_url,
    _partial,
    _to_text,
)
from torchload_lint.source.libraries.namespaces import (
    _MAPPINGS,
    _SAME_ENTRIES,
    _mapping,
    _variables,
)
from torchload_lint.source.libraries.open_files import (
    _OPENERS,
    _WRAPPING_OPENERS,
    _buffer,
    _open,
    _wrapped_open,
)
from torchload_lint.source.libraries.path_objects import _home, _path
from torchload_lint.source.state.arguments import arguments

if TYPE_CHECKING:
    import ast
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


def _unknowable(why: str) -> Known:
    def answer(*_: object) -> Values:
        return unknown(why)

    return answer


def _working_folder(*_: object) -> Values:
    return (Text("."),)


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
    return table | typed_cli.table()


_WORKING_FOLDER = ("os.getcwd", "os.getcwdb", "hydra.utils.get_original_cwd")


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
