"""What is kept of a file for several releases of torch is what each release says by itself."""

from __future__ import annotations

import pytest

from checkpoint.cases import CASES, forge, write_case
from torchload_lint import checkpoint
from torchload_lint.checkpoint import Target, inspect_file
from torchload_lint.checkpoint.known.torch_versions import KNOWN_VERSIONS, TorchVersion
from torchload_lint.checkpoint.limits import DEFAULT_LIMITS
from torchload_lint.config import Config
from torchload_lint.workspace.on_disk.checkpoints import DiskCheckpoints

SET_OF_ONE = b"c__builtin__\nset\n(]K\x01atR"
FILES = {
    "sound": (SET_OF_ONE, 4),
    "damaged": (b"}}}", 4),
    "no allowlist helps": (SET_OF_ONE + b"\x8c\x01a", 4),
    "dangerous": (b"cos\nsystem\n(X\x02\0\0\0idtR", 6),
    "too many opcodes": (b"}" * (DEFAULT_LIMITS.opcodes // 100), 1),
}
RELEASES = [line for line in KNOWN_VERSIONS if line >= TorchVersion(2, 4)]


@pytest.fixture
def reads(monkeypatch):
    """The releases for which a file was read."""
    found = []

    def counted(path, target, lookup):
        found.append(target.torch)
        limits = DEFAULT_LIMITS._replace(opcodes=DEFAULT_LIMITS.opcodes // 200)
        return inspect_file(path, target, lookup, limits)

    monkeypatch.setattr(checkpoint, "inspect_file", counted)
    return found


@pytest.mark.parametrize(("body", "most"), FILES.values(), ids=FILES)
def test_one_report_answers_for_all_releases_that_treat_a_file_alike(body, most, reads, tmp_path):
    end = b"" if body == b"}}}" else b"."
    (tmp_path / "a.pt").write_bytes(forge.archive(b"\x80\x02" + body + end))
    checkpoints = DiskCheckpoints(Config(root=tmp_path), Target())
    kept = [checkpoints.inspect("a.pt", lambda _: None, line) for line in RELEASES]
    assert len(reads) <= most
    own = [checkpoints._inspect("a.pt", lambda _: None, line) for line in RELEASES]
    assert kept == own


@pytest.mark.torch
@pytest.mark.parametrize("name", CASES)
def test_what_one_report_says_for_all_is_what_each_release_says(name, tmp_path):
    case = CASES[name]
    if case.missing:
        pytest.skip(f"needs {', '.join(case.missing)}")
    path = write_case(case, tmp_path).name
    checkpoints = DiskCheckpoints(Config(root=tmp_path), Target())
    kept = [checkpoints.inspect(path, lambda _: None, line) for line in RELEASES]
    assert kept == [checkpoints._inspect(path, lambda _: None, line) for line in RELEASES]


@pytest.mark.torch
def test_the_weights_of_a_model_are_read_once_for_all_releases(reads, tmp_path):
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3))
    torch.save({"net": net.state_dict(), "epoch": 3, "loss": 0.5}, tmp_path / "a.pt")
    checkpoints = DiskCheckpoints(Config(root=tmp_path), Target())
    kept = {checkpoints.inspect("a.pt", lambda _: None, line).verdict for line in RELEASES}
    assert kept == {"loads"}
    assert len(reads) == 1
