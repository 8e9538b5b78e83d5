"""Path expression → exact path, pattern, or unknown and why.

The evaluator works on demand: it is asked about one expression, and follows names, attributes,
calls and imports only as far as that expression needs, within a budget.
"""

from __future__ import annotations

import ast
import re
from itertools import chain
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.branches import guards
from torchload_lint.source.domain import conversions, patterns
from torchload_lint.source.domain.enum_members import EnumMember
from torchload_lint.source.domain.patterns import (
    MAX_PATTERNS,
    PathPattern,
    Resolution,
    Rung,
    highest,
)
from torchload_lint.source.domain.sequences import elements
from torchload_lint.source.domain.values import (
    Constant,
    Frame,
    Handle,
    ParsedOptions,
    Sequence,
    Text,
    Unknown,
)
from torchload_lint.source.evaluation.engine import Engine
from torchload_lint.source.facts.calls import CallKind
from torchload_lint.source.libraries import registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torchload_lint.source.domain.values import Value, Values
    from torchload_lint.source.evaluation.tracing import Trace
    from torchload_lint.source.facts.calls import LoadCall
    from torchload_lint.source.facts.library_load import LibraryLoad
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

__all__ = ["MAX_PATTERNS", "PathPattern", "Resolution", "Rung", "resolve_path"]

_LONGEST_PATH = 32_767
"""The longest that a system takes (Windows); a text may be a thousand times longer, and each load
that opens one would go through it again and again.
"""
_FIELD = late_pattern(r"\{[A-Za-z_][^{}/]*\}|\{\}|%\(\w+\)[sdif]|%\d*[sdif](?![A-Za-z0-9])")
"""A field of a template that something out of sight fills in."""
_OF_TEXT = (
    *(".yaml", ".yml", ".json", ".toml", ".txt", ".md", ".csv", ".py", ".html", ".xml", ".vec"),
)
"""Endings of texts. One that a caller gives is not exact: it may be meant for another branch."""
_OTHER_KINDS = (
    *_OF_TEXT,
    *(".wav", ".mp3", ".flac", ".png", ".jpg", ".jpeg", ".mp4"),
    *(".safetensors", ".h5", ".hdf5", ".onnx", ".npy", ".npz", ".msgpack", ".index"),
)
"""Endings of files that other functions read: where a program picks the reader by the ending,
they are not what reaches the load.
"""
_SEVERAL = late_pattern(r"\.\w+,[^,]*\.\w+$")
"""Files that a program takes apart: ``encoder.pt,decoder.pt``."""
_ADDRESS_BELOW = late_pattern(r"/https?:/")
_ENDING = late_pattern(r"\.(?=[^/]*[^\d/])[^./]*$")
"""An ending of a file's name, which is not a number alone."""
_PATH_TO = late_pattern(r"path/(?:where/)?to/")
"""A folder that the reader is to replace."""
_YOURS = late_pattern(r"(?:^|[/_-])your[/_-]", re.IGNORECASE)
"""A folder or name that the reader is to fill in."""
_TO_FILL_IN = late_pattern(
    r"(?<![A-Za-z0-9])(?:EPOCH|STEP|ITER|ITERATION|NAME|VERSION|NUM|ID|N|X{1,6})(?![A-Za-z0-9])"
)
"""A word that the reader of a command line replaces: ``model-EPOCH.pth``."""
_NEVER_EXACT = (Rung.ONE_OF_SEVERAL, Rung.COMMAND_LINE)
_OF_CONFIGURATIONS = (Rung.CONFIG_FILE, Rung.COMMAND_LINE)
_NOT_FILES = frozenset({"", ".", "none", "null", "false", "true", "no", "n/a", "-", "todo", "tbd"})


def resolve_path(
    expression: ast.expr,
    module: Module,
    project: ProjectIndex,
    *,
    folders: bool = False,
    each: bool = False,
    matters: Callable[[Resolution], bool] | None = None,
) -> Resolution:
    """Resolve the first argument of a load in ``module``.

    A ``None``, ``False`` or empty-string possibility ("do not resume") is not a path and is left
    out; a URL is not a path unless a download rung maps it to a local cache. ``folders``: whether
    the path may be that of a folder, with a slash at its end. ``each``: whether the items of the
    expression are the paths. ``matters``: whether it is worth a look through the whole project that
    nothing else can be meant; where it is not, the answer does not count as complete.
    """
    engine = Engine(project)
    return _resolved(engine, expression, module, folders=folders, each=each, matters=matters)


def resolve_load(
    load: LoadCall,
    module: Module,
    project: ProjectIndex,
    *,
    folders: bool = False,
    matters: Callable[[Resolution], bool] | None = None,
) -> Resolution:
    """Resolve what a load reads, also where an installed package makes the path of what it is
    given. ``folders`` and ``matters`` are those of ``resolve_path``.
    """
    if load.file is None:
        unsaid = Resolution(unknown=("the call does not say which file",))
        of_hub = load.library is not None and load.library.loader.within == "hub"
        return _downloaded(load, module, project, unsaid) if of_hub else unsaid
    given = resolve_path(
        load.file, module, project, folders=folders, each=load.each, matters=matters
    )
    if load.library is None:
        return given
    given = _with_home(given, load.library)
    if load.kind is not CallKind.CALL:
        return given
    if load.library.loader.path == "url":
        return _downloaded(load, module, project, given)
    if copies := registry.copies(load.library.distribution, given.addresses):
        held = (*given.patterns, *copies)[:MAX_PATTERNS]
        return given._replace(patterns=held, complete=False)
    if not load.library.because:
        return given
    from torchload_lint.source.evaluation.followed import opened_inside  # noqa: PLC0415 - few are followed

    found = resolution(opened_inside(load, module, project), Engine(project), folders=folders)
    own = tuple(one for one in found.patterns if not one.anchored)
    if not found.patterns or {one.text for one in own} == {one.text for one in given.patterns}:
        return given
    why = f"{load.library.distribution} makes the path ({load.library.because})"
    return Resolution(own, unknown=(why, *found.unknown))


def _with_home(given: Resolution, by: LibraryLoad) -> Resolution:
    """What a library opens that is given ``~/last.ckpt``: the home folder, or one named ``~``."""
    asked = [each for each in given.patterns if each.text.startswith("./~")]
    if not asked or by.distribution == "torch":
        return given
    changed = tuple(
        each._replace(text=each.text.removeprefix("./"), exact=each.exact and by.expands_home)
        if each in asked
        else each
        for each in given.patterns
    )
    if by.expands_home:
        return given._replace(patterns=changed)
    why = f"whether {by.distribution} expands ~"
    return given._replace(patterns=changed, complete=False, unknown=(*given.unknown, why))


def _downloaded(
    load: LoadCall, module: Module, project: ProjectIndex, given: Resolution
) -> Resolution:
    """The copy that a loader of addresses keeps; never certain, since it may be fetched anew."""
    copy = resolve_path(load.node, module, project)
    return copy._replace(
        complete=False, unknown=copy.unknown or given.unknown, addresses=given.addresses
    )


def _resolved(
    engine: Engine,
    expression: ast.expr,
    module: Module,
    *,
    folders: bool,
    each: bool,
    matters: Callable[[Resolution], bool] | None = None,
) -> Resolution:
    values = _left_on(engine.top(expression, module), engine, expression, module)
    found = resolution(elements(values) if each else values, engine, folders=folders)
    if not found.patterns and not found.addresses and found.unknown and not each:
        found = _declared(expression, engine, module, found)
    exact = [pattern for pattern in found.patterns if pattern.exact]
    if not exact:
        return found
    if matters is not None and not matters(found):
        return found._replace(complete=False)
    from torchload_lint.source.certainty.doubts import doubts, seen  # noqa: PLC0415 - few are exact
    from torchload_lint.source.certainty.escaping.seen_changes import first_seen  # noqa: PLC0415

    relative = any(_depends_on_folder(pattern) for pattern in exact)
    settled = found.complete and len(exact) == len(found.patterns)
    doubt = next(doubts(engine, module, relative=relative), "") if settled else ""
    if settled and not doubt:
        return found
    found = found._replace(complete=False, unknown=(doubt,) if doubt else found.unknown)
    texts = [pattern.text for pattern in exact]
    reasons = chain((doubt,), seen(engine, module, relative=relative))
    change = first_seen(reasons, engine, texts)
    if not change:
        return found
    patterns = tuple(pattern._replace(exact=False) for pattern in found.patterns)
    unknown = tuple(dict.fromkeys((*found.unknown, change)))
    return found._replace(patterns=patterns, unknown=unknown)


def _declared(
    expression: ast.expr, engine: Engine, module: Module, unknown: Resolution
) -> Resolution:
    """What configuration files give to the key by which something unknown is asked for a file."""
    values = registry.under_telling_key()(expression, module, engine.project)
    return resolution(values, engine)._replace(complete=False, unknown=unknown.unknown)


def _left_on(values: Values, engine: Engine, expression: ast.expr, module: Module) -> Values:
    """The values without those of a configuration that turns the load off: below
    ``if opt["resume"]["state"]:`` the path beside ``state: false`` is not opened.
    """
    if not any(value.rung in _OF_CONFIGURATIONS for value in values):
        return values
    for test, subject in guards.asked_around(expression, module):
        names = [each for each in ast.walk(subject) if isinstance(each, ast.Name)]
        frame = Frame(module)
        if isinstance(subject, ast.Name) or any(
            isinstance(value, ParsedOptions)
            for name in names
            for value in engine.values(name, frame)
        ):
            continue
        found = engine.values(subject, frame)
        if found and all(guards.says(test, subject, each, module) is False for each in found):
            why = f"{ast.unparse(subject)} turns it off in the configuration that is known"
            left = (value for value in values if value.rung not in _OF_CONFIGURATIONS)
            return (*left, Unknown(why))
    return values


def _depends_on_folder(pattern: PathPattern) -> bool:
    at_home = pattern.text.startswith("~")
    return not (pattern.anchored or at_home or patterns.is_absolute(pattern.text))


def trace_path(
    expression: ast.expr, module: Module, project: ProjectIndex, *, each: bool = False
) -> Trace:
    """Every step that ``resolve_path`` takes: what was looked at, and where it stops."""
    from torchload_lint.source.evaluation.tracing import Trace, TracingEngine  # noqa: PLC0415 - asked for

    engine = TracingEngine(project)
    with engine.reasons:
        found = _resolved(engine, expression, module, folders=False, each=each)
    return Trace(engine.hops, {each: engine.reasons.at(each) for each in found.unknown})


def resolution(values: Values, engine: Engine, *, folders: bool = False) -> Resolution:
    """The values of an expression, read as the file that a load opens."""
    found: dict[tuple[str, bool], PathPattern] = {}
    reasons: dict[str, None] = {}
    addresses: dict[str, PathPattern] = {}
    for value in map(_no_longer_than_paths, _each_opened(values)):
        text, in_archive = _source(value)
        if text is None:
            if not isinstance(value, Constant):
                reasons.setdefault(conversions.why(value))
            continue
        reasons.update(dict.fromkeys(text.why))
        if folders:
            text = text.changed(text=text.text.rstrip("/"))
        pattern = _pattern(text, in_archive=in_archive)
        if pattern is not None:
            _keep(pattern, found)
        elif patterns.is_url(text.text):
            shown = patterns.render(text.text)
            reasons.setdefault(f"{shown} is not a local file")
            exact = patterns.is_exact(text.text)
            addresses.setdefault(shown, PathPattern(shown, exact, text.rung))
        else:
            reasons.update(_no_file(text))
    for key, what in (*_of_other_readers(found), *_folders_of_others(found)):
        reasons.setdefault(f"{found.pop(key).text} is {what}")
    words = [key for key, pattern in found.items() if _is_bare_word(pattern)]
    specific = any(each.exact or each.strong for key, each in found.items() if key not in words)
    for key in words if specific else ():
        reasons.setdefault(f"{found.pop(key).text} is not a file by its name")
    if not found and not reasons:
        reasons.setdefault("no value that is known for it names a file")
    complete = not reasons and not engine.open_ends
    reasons.update(dict.fromkeys(engine.open_ends))
    chosen = tuple(found.values())[:MAX_PATTERNS]
    known = complete and bool(chosen)
    return Resolution(chosen, known, tuple(reasons), tuple(addresses.values()))


def _keep(pattern: PathPattern, found: dict[tuple[str, bool], PathPattern]) -> None:
    """Add a pattern; of two with one text the exact one is kept."""
    key = pattern.text, pattern.anchored
    before = found.setdefault(key, pattern)
    if pattern.exact and not before.exact:
        found[key] = pattern


def _no_file(text: Text) -> dict[str, None]:
    """Why nothing is opened where a path is a folder by its spelling (``Path("runs") / ""``), or an
    address below one (``join("..", address)``).
    """
    shown = patterns.render(text.text)
    if _is_address(text.text):
        return {f"{shown} is not a local file": None}
    is_folder = text.is_path and text.text.endswith("/")
    return {f"{shown} is a folder": None} if is_folder else {}


def _is_address(marked: str) -> bool:
    return patterns.is_url(marked) or _ADDRESS_BELOW.search(marked) is not None


def _of_other_readers(
    found: dict[tuple[str, bool], PathPattern],
) -> list[tuple[tuple[str, bool], str]]:
    """The files that other functions read, where there are others, or where a command line says
    them: it gives them to the branch for another reader.
    """
    others = [key for key, pattern in found.items() if pattern.text.endswith(_OTHER_KINDS)]
    if len(others) == len(found):
        others = [key for key in others if found[key].rung is Rung.COMMAND_LINE]
    return [(key, "not a checkpoint by its name") for key in others]


def _folders_of_others(
    found: dict[tuple[str, bool], PathPattern],
) -> list[tuple[tuple[str, bool], str]]:
    """Paths without an ending that others lie below: where a program is given a file or a folder,
    these are folders. The number of a version (``net-1.0``) is none.
    """
    texts = [pattern.text for pattern in found.values()]
    return [
        (key, "a folder of another file")
        for key, pattern in found.items()
        if not _ENDING.search(pattern.text)
        and any(text.startswith(f"{pattern.text}/") for text in texts)
    ]


def _is_bare_word(pattern: PathPattern) -> bool:
    """Whether it looks like a name of something else (``RN50``, ``bicubic``) than a file."""
    spelled = pattern.exact or (
        pattern.rung is Rung.ONE_OF_SEVERAL and not {*"*?["} & {*pattern.text}
    )
    return spelled and "/" not in pattern.text and "." not in pattern.text


def _is_bare_ending(marked: str, rung: Rung) -> bool:
    """Whether a file has an ending and no name (``.pth``): what is put before it is empty by
    default, and given where it matters.
    """
    name = marked.rpartition("/")[2]
    return rung is not Rung.LITERAL and name.startswith(".") and name.count(".") == 1


def _each_opened(values: Values) -> Iterator[Value]:
    """What may be opened, where a list of one thing stands for that (``load([path])``)."""
    for value in values:
        if isinstance(value, Sequence) and len(value.items) == 1:
            yield from _each_opened((*value.items[0], *value.others))
        else:
            yield value


def _no_longer_than_paths(value: Value) -> Value:
    text, _ = _source(value)
    is_longer = text is not None and len(text.text) > _LONGEST_PATH
    return Unknown("it is longer than the path of any file") if is_longer else value


def _source(value: Value) -> tuple[Text | None, bool]:
    if isinstance(value, Handle):
        rung = highest(value.rung, value.source.rung)
        return value.source.changed(rung=rung), value.wrapped
    if isinstance(value, Text):
        return value, False
    if isinstance(value, EnumMember) and value.is_text:
        return value.as_text(), False
    return None, isinstance(value, Unknown)


def _pattern(text: Text, *, in_archive: bool) -> PathPattern | None:
    """The pattern of a text; None for a sentinel, a placeholder, a URL, a folder and
    what says nothing.
    """
    marked = text.text.removeprefix("file://")
    if _YOURS.search(marked) or (text.rung is Rung.COMMAND_LINE and _SEVERAL.search(marked)):
        return None
    if _PATH_TO.search(marked):  # what is computed is the file's own name
        folder, _, name = marked.rpartition("/")
        if patterns.HOLE not in name or patterns.HOLE in folder:
            return None
        marked = patterns.join(patterns.HOLE, name)
    if marked.strip().lower() in _NOT_FILES or _is_address(marked) or marked.endswith("/"):
        return None
    marked = patterns.normal(_FIELD.sub(patterns.HOLE, marked).replace("*", patterns.HOLE))
    if text.rung in {Rung.COMMAND_LINE, Rung.USAGE}:
        marked = _TO_FILL_IN.sub(patterns.HOLE, marked)
    shown = "./" * marked.startswith("~") + patterns.render(marked)
    is_prose = " " in shown and not set("./") & set(shown)
    if is_prose or not any(map(str.isalnum, shown)) or _is_bare_ending(marked, text.rung):
        return None
    return PathPattern(
        shown,
        exact=patterns.is_exact(marked)
        and text.rung not in _NEVER_EXACT
        and not (text.rung is Rung.CALLER and marked.endswith(_OF_TEXT)),
        rung=text.rung,
        anchored=text.anchored and not patterns.is_absolute(marked),
        in_archive=in_archive,
        origin=text.origin,
        listed=patterns.HOLE not in marked and not patterns.is_exact(marked),
    )
