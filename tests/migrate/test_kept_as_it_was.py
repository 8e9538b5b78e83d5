"""What a new file keeps of the one in whose place it comes, and which files it may not replace."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from click.testing import CliRunner

from migrate.helpers import load
from torchload_lint.cli.group import root
from torchload_lint.cli.migrating import tasks
from torchload_lint.migrate.files import output

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(os.name == "nt", reason="modes and links of POSIX"),
]


def names_in(folder: Path | str) -> list[str]:
    return sorted(one.name for one in Path(folder).iterdir())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here" / "w" / "sub").mkdir(parents=True)
    torch.save({"w": torch.ones(2)}, tmp_path / "here" / "w" / "sub" / "in.pt")
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def migrated(*words: object):
    return CliRunner().invoke(root, ["migrate", "--isolated", *map(str, words)])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
@pytest.mark.parametrize("words", [["--in-place"], ["--force", "-o", "out.pt"]])
def test_who_may_use_a_file_may_use_the_one_in_its_place(words: list[str], mode: int) -> None:
    """What nobody else was to read had the mode of the checkpoint, which all may read."""
    named = Path("out.pt") if "-o" in words else Path("w/sub/in.pt")
    named.touch()
    named.chmod(mode)
    assert migrated("w/sub/in.pt", *words).exit_code == 0
    assert stat.S_IMODE(named.stat().st_mode) == mode
    assert load(named)["w"].tolist() == [1, 1]


@pytest.mark.usefixtures("place")
@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes")
def test_extended_attributes_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    named = Path("w/sub/in.pt")
    try:
        os.setxattr(named, "user.origin", b"here")
    except OSError:
        pytest.skip("a file system without extended attributes")
    assert migrated(named, "--in-place").exit_code == 0
    assert os.getxattr(named, "user.origin") == b"here"

    def refuse(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    data = named.read_bytes()
    monkeypatch.setattr(os, "setxattr", refuse)
    result = migrated(named, "--in-place", "--force")
    assert result.exit_code == 2
    assert "its attribute user.origin would be lost (not permitted)" in result.output
    assert named.read_bytes() == data
    assert names_in("w/sub") == ["in.pt", "in.pt.bak"]


@pytest.mark.usefixtures("place")
def test_what_is_read_only_stays_unasked() -> None:
    """Such as the files of a cache, to which links lead."""
    named = Path("w/sub/in.pt")
    named.chmod(0o444)
    data = named.read_bytes()
    result = migrated(named, "--in-place")
    assert result.exit_code == 2
    assert "it is read-only; --force replaces it, and keeps it as w/sub/in.pt.bak" in result.output
    assert named.read_bytes() == data
    assert migrated(named, "--in-place", "--force").exit_code == 0
    assert stat.S_IMODE(named.stat().st_mode) == 0o444
    assert Path("w/sub/in.pt.bak").read_bytes() == data


def test_what_a_link_out_of_the_folder_leads_to_is_not_replaced(place: Path) -> None:
    there = place / "cache.pt"
    shutil.move("w/sub/in.pt", there)
    Path("w/in.pt").symlink_to(there)
    data = there.read_bytes()
    result = migrated("w/in.pt", "--in-place", "--force")
    assert result.exit_code == 2
    assert "it is a link that leads out of its folder" in result.output
    assert there.read_bytes() == data
    assert names_in("w") == ["in.pt", "sub"]


@pytest.mark.parametrize("words", [[], ["--dry-run"], ["--force"]])
def test_no_link_leads_new_files_out_of_their_folder(words: list[str], place: Path) -> None:
    (place / "elsewhere").mkdir()
    Path("plain").mkdir()
    Path("plain/sub").symlink_to(place / "elsewhere")
    result = migrated("w", "--out-dir", "plain", "--to", "safetensors", *words)
    assert result.exit_code == 2
    assert "plain/sub/in.safetensors: a link leads out of plain there" in result.output
    assert names_in(place / "elsewhere") == []
    Path("way").symlink_to(place / "elsewhere")  # what somebody names may lead where it likes
    assert migrated("w", "--out-dir", "way", "--to", "safetensors").exit_code == 0
    assert names_in(place / "elsewhere" / "sub") == ["in.safetensors"]


def no_links(*_: object, **__: object) -> None:
    raise OSError("no links here")


@pytest.mark.usefixtures("place")
def test_half_a_copy_is_never_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL while it is copied, where there are no links, left half of it under the name."""
    named = Path("w/sub/in.pt")
    data = named.read_bytes()
    copied: list[list[str]] = []
    copy: Callable[..., object] = shutil.copy2

    def slowly(source: Path, new: Path) -> object:
        copied.append([name for name in names_in("w/sub") if name.endswith(".bak")])
        return copy(source, new)

    monkeypatch.setattr(os, "link", no_links)
    monkeypatch.setattr(output.shutil, "copy2", slowly)
    assert migrated(named, "--in-place").exit_code == 0
    assert copied == [[]]
    assert Path("w/sub/in.pt.bak").read_bytes() == data
    assert names_in("w/sub") == ["in.pt", "in.pt.bak"]


@pytest.mark.usefixtures("place")
def test_a_manifest_takes_no_kept_file_for_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that takes ``IN.PT.BAK`` for ``in.pt.bak``: here, one is a link to the other."""
    carry = tasks.migrate_file

    def with_other_name(source: Path, *given: object) -> object:
        os.link(source, "w/sub/IN.PT.BAK")
        return carry(source, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(tasks, "migrate_file", with_other_name)
    data = Path("w/sub/in.pt").read_bytes()
    result = migrated("w/sub/in.pt", "--in-place", "--manifest", "w/sub/IN.PT.BAK")
    assert result.exit_code == 2
    assert "is a checkpoint, and the manifest is not written there" in result.output
    assert Path("w/sub/IN.PT.BAK").read_bytes() == data


@pytest.mark.usefixtures("place")
def test_what_is_wrong_with_a_name_is_said() -> None:
    name = "a" * 252 + ".pt"
    Path("w/sub/in.pt").rename(name)
    result = migrated(name, "--in-place")
    assert result.exit_code == 2
    assert "File name too long" in result.output
    assert "regular file" not in result.output
