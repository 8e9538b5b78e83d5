"""Whether the path of a load and that of a save can name one file, by how they are spelled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from torchload_lint.late_patterns import late_pattern
from torchload_lint.source.domain import patterns
from torchload_lint.source.domain.patterns import Rung

if TYPE_CHECKING:
    from torchload_lint.source.paths import PathPattern

_SHORTEST_WORD = 3
_SHORTEST_PATH = 6
_OF_A_LIBRARY = late_pattern(r"(?:diffusion_)?pytorch_model|adapter_model")
"""How files are called in every folder of a model: two unknown folders are two models."""


def is_spelled(pattern: PathPattern) -> bool:
    """Whether a pattern whose name says little is still one that nobody writes twice by chance:
    ``saved/%s/G_%d.pt``.
    """
    folder, _, name = pattern.text.rpartition("/")
    stem = name.rpartition(".")[0]
    told = any(map(str.isalnum, stem)) and sum(map(str.isalnum, folder + stem)) >= _SHORTEST_PATH
    return told and not (may_lie_anywhere(pattern) and _OF_A_LIBRARY.match(name))


def words_of_name(pattern: str) -> list[str]:
    """The literal pieces of a file's name that are worth looking for."""
    pieces = re.findall(r"[A-Za-z]+", patterns.stem(pattern))
    return [piece for piece in pieces if len(piece) >= _SHORTEST_WORD]


def name_one_file(loaded: list[PathPattern], saved: tuple[PathPattern, ...]) -> bool:
    """Whether one of the paths of a load and one of a save's are spelled so that both are one."""
    return any(
        patterns.overlap(one.text, other.text)
        and patterns.overlap(_name(one), _name(other))
        and _share_a_folder(one.text, other.text)
        and have_common_word(one.text, other.text)
        and (one.exact or other.exact or _say_the_same(_name(one), _name(other)))
        and not (
            _OF_A_LIBRARY.match(_name(one)) and (may_lie_anywhere(one) or may_lie_anywhere(other))
        )
        for one in loaded
        for other in saved
        if other.exact or other.strong
    )


def _share_a_folder(first: str, second: str) -> bool:
    """Whether the folders of two files may be one: ``*/tuned/net_*.pt`` is no file of ``runs/one``,
    although its ``net_*`` might hold a folder. A name that begins with what is not known may.
    """
    (folder, _, name), (other, _, its) = first.rpartition("/"), second.rpartition("/")
    return "*" in {name[:1], its[:1]} or patterns.overlap(folder, other)


def _say_the_same(first: str, second: str) -> bool:
    """Whether two names that are known in part hold the same words: what is unknown in
    ``seed-*.pth`` is a number more likely than the rest of ``seed-*-last-info.pth``.
    """
    return sorted(words_of_name(first)) == sorted(words_of_name(second))


def begin_alike(first: str, second: str) -> bool:
    """Whether the names of two files begin with the same word, as far as both begin with one."""
    begins = [re.match(r"[A-Za-z]*", each.rpartition("/")[2]) for each in (first, second)]
    return len({each.group() for each in begins if each is not None and each.group()}) <= 1


def names_of(written: tuple[PathPattern, ...]) -> set[str]:
    """The files' own names."""
    return set(map(_name, written))


def _name(pattern: PathPattern) -> str:
    """The file's own name: ``actor_*.pt`` is not ``model_*.pt``, whatever a folder is called."""
    return pattern.text.rpartition("/")[2]


def have_common_word(first: str, second: str) -> bool:
    """Whether the names of the files have a literal piece in common; two patterns that overlap
    only because each is unknown where the other is known say nothing.
    """
    names = first.rpartition("/")[2].lower(), second.rpartition("/")[2].lower()
    return names[0] == names[1] or any(
        word.lower() in name
        for words, name in ((words_of_name(first), names[1]), (words_of_name(second), names[0]))
        for word in words
    )


def may_lie_anywhere(pattern: PathPattern) -> bool:
    """Whether nothing is known of the folder that a pattern begins with, or it is a cache."""
    return pattern.text.startswith("*") or pattern.rung is Rung.DOWNLOAD
