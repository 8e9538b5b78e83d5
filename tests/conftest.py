"""What all tests share: property tests draw the same examples each time, unless told otherwise."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile("fixed", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.fixture
def nothing_allowed() -> Iterator[None]:
    """torch allows no names but its own list. What torch has registered itself when it was imported
    (jagged tensors), and what other tests of this process have, is put back afterwards.
    """
    from torch import serialization

    registered = serialization.get_safe_globals()
    serialization.clear_safe_globals()
    yield
    serialization.clear_safe_globals()
    serialization.add_safe_globals(registered)
