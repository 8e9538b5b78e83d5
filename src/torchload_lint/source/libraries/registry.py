"""What is known of libraries: found by the first part of a canonical name, imported when met.

A file of this room knows one library, or a few that work alike, and declares what it knows as
data: ``CALLS`` (what a call yields), ``METHODS`` and ``ATTRIBUTES`` (of what a library made),
``METHODS_OF_ANYTHING``, ``DECORATED`` and ``DEFAULTS`` (what a parameter is given), ``TEXTS``
(names that stand for a text), ``ITEMS`` (what is known of an item), ``COPIES`` (what a
distribution's loaders read of addresses) and ``MAPPINGS``. The keys are
canonical names; one that ends in ``.*`` means every name there, and ``__call__`` among the
``METHODS`` is a call of the object itself. ``INHERITED`` has names of attributes instead, which
objects have from a library's class, and ``PARAMETERS`` is what a library gives to functions that it
calls unseen. What makes an answer certain is ``CERTAIN`` (callables that yield just what is
computed here), ``READS_ONLY`` (callables that change nothing of what they are given),
``PLAIN_CLASSES`` and ``LEAVES_OBJECTS_ALONE`` (packages). ``MODULES`` are classes that are torch's
modules, ``RUNNERS`` make a program of a function, and ``CHANGES_FOLDER`` are decorators that let a
program run in another folder.

The functions in these tables (``source/evaluator.py`` has their types) answer with values of
``source/domain/values.py``. Where a call answers with a ``Record``, its items and attributes are
followed by themselves; ``METHODS`` and ``ATTRIBUTES`` are for what stays ``Made``. Values are
lifted to the ``Rung`` that they come from; ``evaluator.leave_open(why)`` says where something
outside of the project may decide otherwise, and ``evaluator.hop`` names a file that was read.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

    from torchload_lint.names import GlobalName
    from torchload_lint.source.domain.patterns import PathPattern
    from torchload_lint.source.domain.values import Frame, ParsedOptions, Record, Values
    from torchload_lint.source.evaluator import (
        Evaluator,
        FromDecorator,
        FromDefault,
        FromOutside,
        Inherited,
        Known,
        KnownAttribute,
        KnownEntry,
        KnownItem,
        KnownMethod,
        OfAddresses,
        OfAnything,
        OfOption,
    )

_LIGHTNING = ("lightning",)
_MAPPINGS = ("namespaces",)
_PATH_MANAGERS = ("hubs.path_managers",)
ROOTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("os", "posixpath", "glob"), ("os_paths", "open_files")),
    "sys": ("os_paths", "builtins_known"),
    "pathlib": ("path_objects",),
    **dict.fromkeys(("importlib", "importlib_resources", "inspect"), ("package_resources",)),
    **dict.fromkeys(("pkg_resources", "pkgutil"), ("package_resources",)),
    "builtins": ("builtins_known", "open_files", "namespaces", "numbers_known", "iterators"),
    "collections": ("namespaces", "iterators"),
    **dict.fromkeys(("copy", "functools", "tempfile", "time", "tqdm", "uuid"), ("builtins_known",)),
    "urllib": ("builtins_known", "hubs.downloaders", "open_files"),
    **dict.fromkeys(("itertools", "natsort", "more_itertools", "numpy", "random"), ("iterators",)),
    **dict.fromkeys(("bz2", "codecs", "gzip", "io", "lzma", "mmap", "tarfile"), ("open_files",)),
    **dict.fromkeys(
        ("adlfs", "boto3", "cloudpathlib", "contextlib", "gcsfs", "s3fs", "upath"), ("open_files",)
    ),
    **dict.fromkeys(("httpx", "requests"), ("open_files",)),
    **dict.fromkeys(("fsspec", "megfile", "smart_open"), ("open_files",)),
    "blobfile": ("open_files", "os_paths"),
    **dict.fromkeys(("zipfile", "zstandard"), ("open_files",)),
    **dict.fromkeys(("addict", "argparse", "attrdict", "attridict", "box"), _MAPPINGS),
    **dict.fromkeys(("dataclasses", "dotmap", "easydict", "munch"), _MAPPINGS),
    **dict.fromkeys(("ml_collections", "types"), _MAPPINGS),
    "detectron2": (*(*_MAPPINGS, *_PATH_MANAGERS, "settings.yacs", "settings.detectron2_config"),),
    "yacs": (*_MAPPINGS, "settings.yacs"),
    "fvcore": (*_MAPPINGS, *_PATH_MANAGERS, "settings.yacs"),
    **dict.fromkeys(("fairseq", "iopath"), _PATH_MANAGERS),
    "omegaconf": (*_MAPPINGS, "config_files", "settings.omegaconf_access"),
    **dict.fromkeys(("json", "toml", "tomli", "tomllib", "yaml"), ("config_files",)),
    **dict.fromkeys(("hyperpyyaml", "oyaml", "ruamel"), ("config_files",)),
    "dotenv": ("settings.environment_files",),
    "decouple": ("settings.decouple",),
    **dict.fromkeys(("pyrootutils", "rootutils"), ("settings.project_root",)),
    **dict.fromkeys(("mmcv", "mmengine"), ("settings.mmengine_config",)),
    "hydra": ("hydra", "settings.hydra_compose"),
    "dynaconf": ("settings.dynaconf",),
    **dict.fromkeys(
        ("click", "cyclopts", "fastapi", "rich_click", "typer"), ("options.click_cli",)
    ),
    **dict.fromkeys(("absl", "gflags"), ("options.absl_flags",)),
    "tensorflow": ("options.absl_flags", "open_files", "os_paths"),
    **dict.fromkeys(("chz", "draccus", "jsonargparse", "pyrallis", "tyro"), ("options.typed_cli",)),
    "simple_parsing": ("options.typed_cli",),
    **dict.fromkeys(("defopt", "fire"), ("options.function_cli",)),
    "hashlib": ("hashlib_digests",),
    **dict.fromkeys(("huggingface_hub", "modelscope"), ("hubs.huggingface_hub", "open_files")),
    "transformers": ("hubs.huggingface_hub", "hubs.downloaders", "hubs.weight_names"),
    **dict.fromkeys(("accelerate", "peft"), ("hubs.weight_names",)),
    "diffusers": ("hubs.huggingface_hub", "hubs.weight_names"),
    **dict.fromkeys(("pytorch_pretrained_bert", "pytorch_transformers"), ("hubs.weight_names",)),
    **dict.fromkeys(
        ("basicsr", "facexlib", "timm", "torch", "torchvision"),
        ("hubs.torch_hub", "hubs.torchvision_urls", "hubs.hub_models"),
    ),
    **dict.fromkeys(("cached_path", "datasets", "gdown", "wget"), ("hubs.downloaders",)),
    **dict.fromkeys(("lightning", "lightning_fabric", "pytorch_lightning"), _LIGHTNING),
    "torch_geometric": ("torch_geometric",),
}
"""The first part of a dotted name → the files that know it."""
METHOD_NAMES: dict[str, str] = {
    **dict.fromkeys(
        ("parse_args", "parse_known_args", "parse_intermixed_args"), "options.argparse_cli"
    ),
    **dict.fromkeys(
        ("parse_args_into_dataclasses", "parse_dict", "parse_json_file"), "options.typed_cli"
    ),
}
"""Names of methods that tell by themselves what they are → the file that knows them."""
ATTRIBUTE_NAMES: dict[str, str] = {
    "hparams": "lightning",
    **dict.fromkeys(("processed_paths", "raw_paths", "root"), "torch_geometric"),
}
"""Names of attributes that objects have from a library's class → the file that knows them."""
CHANGES_FOLDER: dict[str, str] = {"hydra": "hydra"}
"""The first part of the names of decorators that let a program run in another folder → the file
that knows them.
"""
CLASS_NAMES: dict[str, str] = {"LightningModule": "lightning"}
"""Names of classes that tell by themselves what they are → the file that knows them."""
_FOUND: dict[tuple[str, str], object] = {}


def call(dotted: str) -> Known | None:
    """What a call of that callable yields."""
    return cast("Known | None", _find("CALLS", dotted))


def method(callee: str, name: str) -> KnownMethod | None:
    """What a method yields of the object that ``callee`` made."""
    return cast("KnownMethod | None", _find("METHODS", f"{callee}.{name}"))


def method_of_anything(name: str) -> OfAnything | None:
    """What a method of that name yields, whatever it is a method of."""
    file = METHOD_NAMES.get(name)
    if file is None:
        return None
    table: dict[str, OfAnything] = _file(file).METHODS_OF_ANYTHING  # type: ignore[attr-defined]
    return table.get(name)


def attribute(callee: str) -> KnownAttribute | None:
    """What is known of the attributes of an object, or of what a callable made."""
    return cast("KnownAttribute | None", _find("ATTRIBUTES", callee))


def decorated(dotted: str) -> FromDecorator | None:
    """What that decorator gives to parameters."""
    return cast("FromDecorator | None", _find("DECORATED", dotted))


def copies(distribution: str, addresses: tuple[PathPattern, ...]) -> tuple[PathPattern, ...]:
    """The copies of addresses that the loaders of a distribution read."""
    known = cast("OfAddresses | None", _find("COPIES", distribution))
    return known(addresses) if known is not None else ()


def default(dotted: str) -> FromDefault | None:
    """What a call of that callable means as a parameter's default."""
    return cast("FromDefault | None", _find("DEFAULTS", dotted))


def inherited(name: str) -> Inherited | None:
    """What is known of an attribute of that name, whatever object has it."""
    file = ATTRIBUTE_NAMES.get(name)
    table: dict[str, Inherited] = getattr(_file(file), "INHERITED", {}) if file is not None else {}
    return table.get(name)


def given_to_test(function: ast.FunctionDef | ast.AsyncFunctionDef) -> FromOutside | None:
    """What a test runner gives to a function, by whose name or decorators it may be known."""
    if not function.name.startswith("test") and not function.decorator_list:
        return None
    return cast("FromOutside", _file("pytest_fixtures").PARAMETERS)  # type: ignore[attr-defined]


def given_to_constructor(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> FromOutside | None:
    """What configuration files that name a class give to its constructor."""
    if function.name != "__init__":
        return None
    return cast("FromOutside", _file("settings.config_targets").PARAMETERS)  # type: ignore[attr-defined]


def option() -> OfOption:
    """What the option of a command line is that nobody gives."""
    return cast("OfOption", _file("options.argparse_cli").value)  # type: ignore[attr-defined]


def special_options() -> Callable[[Evaluator, ParsedOptions], Iterator[tuple[str, bool]]]:
    """The options of a command line that are more than texts, and whether they are paths."""
    found: Callable[[Evaluator, ParsedOptions], Iterator[tuple[str, bool]]]
    found = _file("options.option_types").special_options  # type: ignore[attr-defined]
    return found


def merged_into(evaluator: Evaluator, record: Record, key: str, own: Values) -> Values:
    """What a key of a configuration may be, which files and command lines are merged into."""
    known = cast("KnownEntry | None", _find("ENTRIES", record.kind))
    return known(evaluator, key, own) if known is not None else own


def chosen_otherwise() -> Callable[..., Values]:
    """The configurations with other parts, where what a test asks for holds."""
    otherwise: Callable[..., Values]
    otherwise = _file("settings.hydra_groups").chosen_otherwise  # type: ignore[attr-defined]
    return otherwise


def option_declared_beside() -> Callable[[Evaluator, ast.Attribute, Frame], Values]:
    """What ``args.x`` is where only an option of that name is declared in the same file."""
    beside: Callable[[Evaluator, ast.Attribute, Frame], Values]
    beside = _file("options.argparse_cli").declared_beside  # type: ignore[attr-defined]
    return beside


def given_on_command_line(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> FromOutside | None:
    """What written command lines give to a function that a library makes a program of."""
    if function.name.startswith("_"):
        return None
    return cast("FromOutside", _file("options.function_cli").PARAMETERS)  # type: ignore[attr-defined]


def field_on_command_line() -> Callable[..., Values]:
    """What written command lines give to a field of a class that is a command line."""
    field: Callable[..., Values]
    field = _file("options.typed_cli").field_given  # type: ignore[attr-defined]
    return field


def named_in_help() -> Callable[[ast.Call], Values]:
    """The file that the help of an option or of a field names."""
    named: Callable[[ast.Call], Values]
    named = _file("options.option_hints").named_in_help  # type: ignore[attr-defined]
    return named


def under_telling_key() -> Callable[..., Values]:
    """The files that configurations name under a key, of whatever library that reads them."""
    found: Callable[..., Values]
    found = _file("settings.declared_keys").under_telling_key  # type: ignore[attr-defined]
    return found


def text(dotted: str) -> str | None:
    """The text that a name stands for."""
    return cast("str | None", _find("TEXTS", dotted))


def item(dotted: str) -> KnownItem | None:
    """What the items of that mapping or sequence are."""
    return cast("KnownItem | None", _find("ITEMS", dotted))


def is_mapping(dotted: str) -> bool:
    """Whether it is a class of mappings or namespaces."""
    return _is_listed("MAPPINGS", dotted)


def is_called_like_a_mapping(name: str) -> bool:
    """Whether classes of that name are mappings wherever they stand."""
    names: frozenset[str] = _file("namespaces").LAST_NAMES  # type: ignore[attr-defined]
    return name in names


def pickled_as(dotted: str) -> GlobalName | None:
    """What a pickle of a mapping of that class names, and torch does not allow by itself."""
    return cast("GlobalName | None", _find("MAPPINGS", dotted))


def pickles_more(dotted: str) -> bool:
    """Whether a pickle of a mapping of that class may name more than that, and what it holds."""
    return _is_listed("PICKLES_MORE", dotted)


def is_certain(dotted: str) -> bool:
    """Whether a call of that callable yields just what is computed here."""
    return _is_listed("CERTAIN", dotted)


def reads_only(dotted: str) -> bool:
    """Whether that callable changes nothing of what it is given."""
    return _is_listed("READS_ONLY", dotted)


def runs_functions(dotted: str) -> bool:
    """Whether that callable makes a program of the function that it is given."""
    return _is_listed("RUNNERS", dotted)


def leaves_objects_alone(root: str) -> bool:
    """Whether the functions of a package set no attribute of the objects of others."""
    return _is_listed("LEAVES_OBJECTS_ALONE", root)


def has_plain_classes(root: str) -> bool:
    """Whether the classes of a package set none of the attributes that a project's class reads as
    its own.
    """
    return _is_listed("PLAIN_CLASSES", root)


def folder_changers(root: str) -> dict[str, str]:
    """Decorators that let a program run in another folder → what a file spells that keeps it."""
    found: dict[str, str] = _file(CHANGES_FOLDER[root]).CHANGES_FOLDER  # type: ignore[attr-defined]
    return found


def is_module(dotted: str) -> bool:
    """Whether a library's class is a module of torch, by its last name."""
    file = next((file for name, file in CLASS_NAMES.items() if dotted.endswith(name)), None)
    return file is not None and dotted.endswith(tuple(getattr(_file(file), "MODULES", ())))


def _is_listed(table: str, dotted: str) -> bool:
    files = map(_file, ROOTS.get(dotted.partition(".")[0], ()))
    return any(dotted in getattr(file, table, ()) for file in files)


def _find(table: str, dotted: str) -> object:
    """The entry of a table for a name; None where no file has one. Found once."""
    key = table, dotted
    if key not in _FOUND:
        _FOUND[key] = _search(table, dotted)
    return _FOUND[key]


def _search(table: str, dotted: str) -> object:
    for name in ROOTS.get(dotted.partition(".")[0], ()):
        entries: dict[str, object] = getattr(_file(name), table, {})
        found = entries.get(dotted) or entries.get(f"{dotted.rpartition('.')[0]}.*")
        if found is not None:
            return found
    return None


def _file(name: str) -> object:
    return import_module(f"{__package__}.{name}")
