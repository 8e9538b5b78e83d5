"""What is migrated loads with nothing allowed."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _allows_nothing(nothing_allowed: None) -> None:
    """Each of these tests."""
