"""What names stand for at each statement: as copied dictionaries would say, in linear memory."""

from __future__ import annotations

import ast
import random
import tracemalloc

import pytest

from torchload_lint.source.names.env import Env
from torchload_lint.source.names.flow import UNBOUND, Flow
from torchload_lint.source.text.definitions import Definition

NAMES = [f"name_{number}" for number in range(600)]


@pytest.mark.parametrize("seed", range(8))
def test_as_copied_dictionaries_would_say(seed: int) -> None:
    chance = random.Random(seed)
    names = NAMES[: chance.choice((3, 16, 17, 300, 600))]
    first: tuple[Env, dict[str, frozenset[Definition]]] = Env(), {}
    both = [first]
    for _ in range(400):
        env, copied = chance.choice(both[-8:])
        if chance.random() < 0.8:
            name, made = chance.choice(names), Definition("assign", ast.Pass())
            both.append((env.having(name, made), {**copied, name: frozenset((made,))}))
        else:
            ways = chance.choices(both[-8:], k=chance.randrange(1, 4))
            merged = Env.merged([way for way, _ in ways], UNBOUND)
            both.append((merged, merged_dictionaries([way for _, way in ways])))
    for env, copied in both:
        assert set(env.names()) == set(copied)
        for name in names:
            assert env.definitions(name) == copied.get(name, frozenset())


def merged_dictionaries(
    ways: list[dict[str, frozenset[Definition]]],
) -> dict[str, frozenset[Definition]]:
    missing = frozenset((UNBOUND,))
    names = {name for way in ways for name in way}
    return {name: frozenset().union(*(way.get(name, missing) for way in ways)) for name in names}


SHAPES = {
    "functions": "def name_{n}():\n    pass\n",
    "assignments": "name_{n} = {n}\n",
    "branches": "if a:\n    name_{n} = {n}\n",
    "branches with one name": "if a:\n    name = {n}\n",
    "tries": "try:\n    name_{n} = {n}\nexcept E:\n    name_{n} = 0\n",
    "loops": "for name_{n} in a:\n    b = name_{n}\n",
    "blocks": "with a as name_{n}:\n    b = name_{n}\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_memory_grows_with_the_file(shape: str) -> None:
    small, large = (memory(SHAPES[shape], count) for count in (800, 3200))
    assert large < 3 * 4 * small  # copies would need 16 times more


def memory(shape: str, count: int) -> int:
    tree = ast.parse("".join(shape.format(n=n) for n in range(count)))
    tracemalloc.start()
    try:
        flow = Flow(tree, None, walrus=False)
        assert list(flow.exit.names())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
