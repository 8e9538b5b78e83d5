"""Which files belong to one program: repositories hold many that use the same keys."""

from __future__ import annotations

import re
from posixpath import dirname
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern

if TYPE_CHECKING:
    from torchload_lint.source.facts.calls import SaveCall
    from torchload_lint.source.facts.module import Module
    from torchload_lint.source.project.index import ProjectIndex

_TESTS = late_pattern(r"(?:^|/)(?:[Tt]ests?/|test_[^/]*\.py$|[^/]*_test\.py$)")


def are_one_program(home: Module, module: Module, project: ProjectIndex) -> bool:
    """Whether two files may belong to one program: the one stands in the other's folder or below
    it, both in one package, or one imports something out of the other's folders. The file of one
    name in another folder is the same file of another program.
    """
    if dirname(home.path) == dirname(module.path):
        return True
    one, other = home.path.split("/"), module.path.split("/")
    if one[-1] == other[-1]:
        return False
    common = one[: shared_folders(dirname(home.path), dirname(module.path))]
    if len(common) in {len(one) - 1, len(other) - 1}:
        return True
    packages = ("/".join((*common[: n + 1], "__init__.py")) for n in range(len(common)))
    return (
        any(map(project.files.exists, packages))
        or _imports(home, module, len(common))
        or _imports(module, home, len(common))
    )


def tests_something_else(home: Module, module: Module, function: str) -> bool:
    """Whether a file is a test that speaks of neither another file nor a function of it, which does
    not speak of the test either. What a test saves it saves for what it tests, under names that
    programs use, too.
    """
    if home is module or not _TESTS.search(home.path):
        return False
    words = (_stem(module.path), function.rpartition(".")[2])
    is_named = any(word and _speaks_of(word, home.text) for word in words)
    return not is_named and not _speaks_of(_stem(home.path), module.text)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".py")


def _speaks_of(word: str, text: str) -> bool:
    return word in text and re.search(rf"\b{re.escape(word)}\b", text) is not None


def shared_folders(first: str, second: str) -> int:
    """How many leading folders two folders share."""
    count = 0
    for one, other in zip(first.split("/"), second.split("/"), strict=False):
        if one != other:
            break
        count += 1
    return count


def nearness(one: str, other: str) -> tuple[int, bool]:
    """How near two folders are: the leading folders that they share, and whether one of them is
    no further folder's own (``a/utils`` is as near to ``a/exp`` as ``a`` is, ``a/b/utils`` is not).
    """
    shared = shared_folders(one, other)
    return shared, one.count("/") - shared <= 0


def nearest(
    found: list[tuple[SaveCall, Module]], path: str, function: str
) -> list[tuple[SaveCall, Module]]:
    """Those in the load's own class or file; else those that share the most folders with it.
    Repositories hold many recipes that use the same names in folders of their own.
    """
    own = [each for each in found if each[1].path == path]
    owner = function.rpartition(".")[0]
    of_class = [each for each in own if owner and each[0].function.rpartition(".")[0] == owner]
    own = of_class or own
    folder = dirname(path)
    near = [nearness(dirname(home.path), folder) for _, home in found]
    return own or [each for each, one in zip(found, near, strict=True) if one == max(near)]


def _imports(one: Module, other: Module, shared: int) -> bool:
    """Whether a file imports something out of the folders that it does not share with another."""
    folders = list(map(re.escape, other.path.split("/")[:-1]))
    before, own = "|".join(folders[:shared]), "|".join(folders[shared:])
    pattern = rf"^\s*(?:from|import)\s+\.*(?:(?:{before})\.)*(?:{own})\b"
    return re.search(pattern, one.text, re.MULTILINE) is not None
