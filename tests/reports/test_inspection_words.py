"""What `inspect` says about allowlists that may not simply be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torchload_lint
from checkpoint import bare_files as files
from torchload_lint.reports.checkpoints.inspection import inspection_as_text

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = b"cargparse\nNamespace\n)\x81"
FOREIGN = b"cforeign.net\nNet\n)\x81"
LOOKALIKE = "c\N{CYRILLIC SMALL LETTER A}pp\nNet\n".encode() + b")\x81"
UNKNOWN_TYPE = b"cmaker\nmake\n)R}X\x01\x00\x00\x00aNsb"
"""Only a run shows what the function returns, whose state the file sets."""
MAKER = "class A:\n    pass\n\n\ndef make():\n    return A()\n"
TRUSTED = "trusted = ['maker.make']"


def told(folder: Path, program: bytes) -> str:
    (folder / "maker.py").write_text(MAKER)
    path = folder / "model.pt"
    path.write_bytes(files.archive(b"\x80\x02" + program + b"."))
    found = torchload_lint.inspect(path)
    return inspection_as_text(found.report, found.judgements, "")


def test_an_allowlist_of_trusted_names_is_shown_to_be_copied(tmp_path):
    text = told(tmp_path, NAMESPACE)
    assert "loads with weights_only=True and an allowlist" in text
    assert "To load it" in text


def test_names_that_nobody_trusts_are_counted_in_the_first_line(tmp_path):
    text = told(tmp_path, b"]" + NAMESPACE + b"a" + FOREIGN + b"a")
    assert "loads only with an allowlist; 1 of 2 not trusted" in text.partition("\n")[0]
    assert "To load it" not in text


def test_an_allowlist_that_is_not_known_to_be_whole_is_not_shown_to_be_copied(tmp_path):
    (tmp_path / "torchload-lint.toml").write_text(f"{TRUSTED}\n")
    text = told(tmp_path, UNKNOWN_TYPE)
    assert "the file does not say all of it" in text.partition("\n")[0]
    assert "To load it" not in text


def test_an_allowlist_that_is_not_known_to_be_whole_is_not_written(tmp_path):
    told(tmp_path, UNKNOWN_TYPE)
    (tmp_path / "torchload-lint.toml").write_text(f'target-torch = "2.13"\n{TRUSTED}\n')
    source = "import torch\nx = torch.load('model.pt', weights_only=True)\n"
    assert torchload_lint.fix(source, tmp_path / "app.py") == source


def test_letters_that_only_look_familiar_are_spelled_out(tmp_path):
    assert "\\u0430pp.Net" in told(tmp_path, LOOKALIKE)


def test_a_thousand_needs_are_counted_not_listed(tmp_path):
    program = b"(" + b"".join(b"cm\nX%d\n)\x81" % at for at in range(1000)) + b"t"
    text = told(tmp_path, program)
    assert "and 940 more, 940 of them not allowed" in text
    assert len(text.splitlines()) < 300
