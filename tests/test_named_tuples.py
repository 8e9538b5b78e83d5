"""Our ``NamedTuple`` beside the one of ``typing``."""

from __future__ import annotations

import copy
import pickle
import re
import typing
from pathlib import Path

from torchload_lint import named_tuples
from torchload_lint.names import GlobalName

TYPING = r"from typing import .*\bNamedTuple\b"
SOURCE = '''
from __future__ import annotations

class Pair(NamedTuple):
    """Two."""

    first: dict[str, Unknown] | None
    """A note."""
    second: int = 2

    limit = 7

    @property
    def both(self) -> tuple:
        return self.first, self.second

    @classmethod
    def of(cls, first, **more):
        return cls(first, **more)

    def __str__(self):
        return f"{self.first} and {self.second}"


class Near(Pair):
    pass
'''


def made_with(maker: object) -> dict[str, typing.Any]:
    space: dict[str, typing.Any] = {"NamedTuple": maker, "__name__": __name__}
    exec(SOURCE, space)
    return space


OURS, THEIRS = made_with(named_tuples.NamedTuple), made_with(typing.NamedTuple)


def told(space: dict[str, typing.Any]) -> tuple[object, ...]:
    pair, near = space["Pair"], space["Near"]
    classes = (
        *(pair._fields, pair._field_defaults, tuple(pair.__annotations__), pair.limit),
        *(pair.__doc__, pair.__qualname__, pair.__module__, pair.__mro__[1:], pair.__match_args__),
    )
    one = pair.of("a", second=3)
    return (
        *classes,
        *(repr(one), str(one), one.both, one._replace(first=4), one._asdict(), hash(one)),
        *(repr(near(1)), near.__mro__[2:], near(1).both, copy.copy(one), one == ("a", 3)),
    )


def test_it_makes_what_typing_makes() -> None:
    assert told(OURS) == told(THEIRS)


def test_the_first_instance_may_be_one_of_a_subclass() -> None:
    space = made_with(named_tuples.NamedTuple)
    near = space["Near"](1)
    assert (near, near.first, near.both) == ((1, 2), 1, (1, 2))
    assert space["Pair"]("a")._asdict() == {"first": "a", "second": 2}


def test_it_is_pickled_by_its_name() -> None:
    name = GlobalName("a.b", "C")
    assert pickle.loads(pickle.dumps(name)) == name


def test_all_of_the_package_is_made_by_it() -> None:
    package = Path(named_tuples.__file__).parent
    makers = [path for path in package.rglob("*.py") if "import NamedTuple" in path.read_text()]
    assert len(makers) > 100
    others = [path for path in makers if re.search(TYPING, path.read_text())]
    assert others == [Path(named_tuples.__file__)]
