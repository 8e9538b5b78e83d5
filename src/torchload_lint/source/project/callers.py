"""Who calls a function of the project. Found by words first, then by what the names stand for."""

from __future__ import annotations

import ast
from functools import partial
from itertools import chain
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.source.names import members
from torchload_lint.source.project import classes, families
from torchload_lint.source.project.call_search import calls_named, naming_own_class
from torchload_lint.source.project.call_targets import CallTarget, Other, Site, holding, is_super
from torchload_lint.source.project.mentions import TooManyError
from torchload_lint.source.project.nearness import calling_files
from torchload_lint.source.project.nearness.calling_files import MOST_CALLING_FILES, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from torchload_lint.source.names.source_file import SourceFile
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.project.passing.named_places import Mention
    from torchload_lint.source.text.definitions import NamedFunction

MAX_CALLS = 24
_BY_DOUBT = tuple(Other)


class OtherCall(NamedTuple):
    """A call of the same name that is not taken for one of the function."""

    module: SourceFile
    call: ast.Call
    why: Other

    @property
    def place(self) -> str:
        """``train.py:12``."""
        return f"{self.module.path}:{self.call.lineno}"


class Sites(NamedTuple):
    """The calls of a function."""

    calls: tuple[Site, ...] = ()
    cut: bool = False
    """Whether there may be more than were looked at."""
    others: tuple[OtherCall, ...] = ()
    """Those that may be calls of it first."""
    passed_over: tuple[str, ...] = ()
    """Files that are not looked into: they stand nearer to another definition of the name."""
    name: str = ""
    """The name by which it was looked for; empty where it has none that callers write."""
    mentions: tuple[Mention, ...] = ()
    """Where it is named and not called, and goes where it is not followed."""

    def why_none(self) -> str:
        """Why no call is known, as what a parameter of the function has: ``no caller …``."""
        unsettled = next((each.place for each in self.others if each.why is Other.UNKNOWN), "")
        if not self.name:
            return "callers that do not name it, and are not looked for"
        if self.calls:
            return "no caller that has an object of this class"
        if unsettled:
            return f"no caller that is known: what {unsettled} calls is not certain"
        if self.mentions:
            first = self.mentions[0]
            return f"no caller that is found: at {first.place} it {first.what}"
        if self.passed_over:
            return f"no caller near it: {self.passed_over[0]} is nearer to another {self.name}()"
        return (
            "no caller in the files looked at"
            if self.cut
            else "no caller in the project that is known"
        )


def sites(
    project: ProjectIndex, module: SourceFile, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Sites:
    """The calls of a function in the project; found once."""
    return project.remember(
        ("callers", function), lambda: _find(project, module, function), stands=True
    )


def _find(
    project: ProjectIndex, module: SourceFile, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> Sites:
    holder = module.parents.get(function)
    owner = holder if isinstance(holder, ast.ClassDef) else None
    target = CallTarget(project, module, function, owner)
    if not target.name:
        return Sites(cut=True)
    by_name = _with_subclasses(target, _by_name(target))
    found, others, cut = [*by_name.calls], [*by_name.others], by_name.cut
    mentions: list[Mention] = []
    cut |= _passed_on(target, found, others, mentions)
    others.sort(key=lambda each: _BY_DOUBT.index(each.why))
    return by_name._replace(
        calls=tuple(found[:MAX_CALLS]),
        cut=cut or len(found) > MAX_CALLS,
        others=tuple(others),
        mentions=tuple(mentions),
    )


def _with_subclasses(target: CallTarget, sites: Sites) -> Sites:
    """The calls of a constructor, and those that make a subclass that inherits it."""
    project, owner = target.project, target.owner
    if owner is None or target.kind != "class":
        return sites
    try:
        below = families.family(owner, target.module, project).subclasses
    except TooManyError:
        return sites._replace(cut=True)
    below_it = [
        CallTarget(project, module, target.function, node)
        for node, module in below.items()
        if node is not owner and _initializer(node, module, project) is target.function
    ]
    made = [_by_name(each) for each in below_it[:MAX_CALLS]]
    every = (sites, *made)
    calls: dict[ast.Call, Site] = {}
    for each in chain.from_iterable(one.calls for one in every):
        calls.setdefault(each.call, each)
    others = {each.call: each for one in every for each in one.others if each.call not in calls}
    passed_over = dict.fromkeys(path for one in every for path in one.passed_over)
    return sites._replace(
        calls=tuple(calls.values()),
        cut=len(below_it) > MAX_CALLS or any(one.cut for one in every),
        others=tuple(others.values()),
        passed_over=() if calls else tuple(passed_over),
    )


def _initializer(node: ast.ClassDef, module: SourceFile, project: ProjectIndex) -> ast.stmt | None:
    """The ``__init__`` that a class has or inherits."""
    levels = (level for level, _ in classes.ancestry(node, module, project))
    found = (members.member(level, "__init__") for level in levels)
    return next((each for each in found if each is not None), None)


def _by_name(target: CallTarget) -> Sites:
    """The calls that spell the name."""
    project, module, owner = target.project, target.module, target.owner
    name, kind = target.name, target.kind
    files = calling_files.of(target, name, kind)
    found: list[Site] = []
    others: list[OtherCall] = []
    for path in files.nearest:
        calling = module if path == module.path else project.module_at(path)
        if calling is None:
            continue
        calls = calls_named(project, calling, name)
        _sort_out(calling, calls, partial(target.meaning, calling), found, others)
        if owner is not None and kind == "class":
            found.extend(_initialized_by_subclasses(project, calling, target.function, owner))
    if owner is not None and kind == "class":
        for level, where in classes.ancestry(owner, module, project):
            fitting = partial(target.fitting, where, skipped=1)
            _sort_out(where, _making_itself(level, where), fitting, found, others)
    passed_over = () if found else calling_files.passed_over(files, project, name, kind)
    return Sites(tuple(found), files.cut, tuple(others), passed_over, name)


def _sort_out(
    calling: SourceFile,
    calls: Iterable[ast.Call],
    ask: Callable[[ast.Call], Site | Other],
    found: list[Site],
    others: list[OtherCall],
) -> None:
    for call in calls:
        meaning = ask(call)
        if isinstance(meaning, Other):
            others.append(OtherCall(calling, call, meaning))
        else:
            found.append(meaning)


def _passed_on(
    target: CallTarget, found: list[Site], others: list[OtherCall], mentions: list[Mention]
) -> bool:
    """The calls by those who get the function under another name. Yields whether there may be
    more.
    """
    from torchload_lint.source.project.passing import following, named_places, registering  # noqa: PLC0415 - few questions lead here

    project, home, name = target.project, target.module.path, target.name
    folder = dirname(home)
    paths = [
        path
        for path in holding(project, name, home)
        if (path == home and not home.endswith(".py"))
        or named_places.may_pass_on(
            project.files.text(path) or "",
            name,
            of_object=target.kind == "method",
            home=path == home,
        )
    ]
    paths.sort(key=lambda path: (path != home, -shared(path, folder), path))
    follow = following.Following(project, partial(_calls_by_name, project))
    for path in paths[:MOST_CALLING_FILES]:
        naming_it = target.module if path == home else project.module_at(path)
        for node in named_places.places(naming_it, name) if naming_it is not None else ():
            assert naming_it is not None
            skipped = target.left_out(naming_it, node)
            if isinstance(skipped, Other):
                continue
            for each in follow.from_place(node, naming_it):
                if isinstance(each, named_places.Mention):
                    mentions.append(each)
                    continue
                site = target.fitting(each.module, each.call, skipped, each.written)
                if isinstance(site, Other):
                    others.append(OtherCall(each.module, each.written, site))
                else:
                    found.append(site._replace(under=each.under))
    registering.add(follow, target, found, mentions)
    return len(paths) > MOST_CALLING_FILES


def _calls_by_name(
    project: ProjectIndex, module: SourceFile, function: NamedFunction
) -> tuple[Sequence[Site], str]:
    """The calls that spell a function's name, or why none is known."""
    holder = module.parents.get(function)
    owner = holder if isinstance(holder, ast.ClassDef) else None
    target = CallTarget(project, module, function, owner)
    if not target.name:
        return (), Sites(cut=True).why_none()
    found = project.remember(("calls by name", function), lambda: _by_name(target), stands=True)
    return found.calls[:MAX_CALLS], found.why_none()


def _initialized_by_subclasses(
    project: ProjectIndex,
    calling: SourceFile,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    owner: ast.ClassDef,
) -> Iterator[Site]:
    """``super().__init__(…)`` in subclasses, and in those that have no ``__init__``."""
    for node in members.body(calling.tree.body):
        if not isinstance(node, ast.ClassDef) or node is owner:
            continue
        lineage = [level for level, _ in classes.ancestry(node, calling, project)]
        if owner not in lineage or members.member(node, "__init__") is function:
            continue
        initializer = members.member(node, "__init__")
        if not members.is_function(initializer):
            own = _making_itself(node, calling)
            for call in (*calls_named(project, calling, node.name), *own):
                yield Site(calling, call, 1)
            continue
        for call in calls_named(project, calling, "__init__"):
            inside = initializer.lineno <= call.lineno <= (initializer.end_lineno or 0)
            if inside and isinstance(call.func, ast.Attribute):
                yield Site(calling, call, 1 if is_super(call.func.value) else 0)


def _making_itself(level: ast.ClassDef, module: SourceFile) -> Iterator[ast.Call]:
    """The calls in a class that make an object of the class whose method they stand in."""
    for named in naming_own_class(level, module):
        call = module.parents.get(named.node)
        if named.is_certain and isinstance(call, ast.Call) and call.func is named.node:
            yield call
