"""What a file in the place of another takes over."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest

from torchload_lint.keeping.kept_attributes import keep_attributes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="extended attributes")


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    new.touch()
    try:
        os.setxattr(old, "user.origin", b"here")
    except OSError:
        pytest.skip("a file system without extended attributes")
    return old, new


def test_mode_and_extended_attributes_are_those_of_the_old_file(pair: tuple[Path, Path]) -> None:
    old, new = pair
    old.chmod(0o440)
    os.setxattr(new, "user.origin", b"elsewhere")
    keep_attributes(str(old), new)
    assert os.getxattr(new, "user.origin") == b"here"
    assert stat.S_IMODE(new.stat().st_mode) == 0o440


def test_an_attribute_that_would_be_lost_is_named(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise PermissionError(1, "not permitted")

    monkeypatch.setattr(os, "setxattr", refuse)
    with pytest.raises(OSError, match=r"its attribute user.origin would be lost \(not permitted\)"):
        keep_attributes(*pair)
