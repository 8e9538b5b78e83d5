"""The samples once more, through real flake8 and through the language server: the same rows."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from code_samples import Expected, copy_to, expected, samples
from torchload_lint.rules import RULES
from torchload_lint.source.text.text import decode

pytest.importorskip("pygls")
pytest_lsp = pytest.importorskip("pytest_lsp")

from lsprotocol import types  # noqa: E402 - only where it is installed
from pytest_lsp import (  # noqa: E402
    ClientServerConfig,
    LanguageClient,
    client_capabilities,
    make_test_lsp_client,
)

SOURCE = Path(__file__).parents[2] / "src"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(SOURCE), "PYTHONUTF8": "1"}
NEEDS_CHECKPOINTS = frozenset(rule.code for rule in RULES if rule.needs_checkpoints)
SAID_BY_FLAKE8 = frozenset({"TLL001", "TLL002"})
"""What flake8 reports itself, as E999 and E902."""
FIRST_PARTY = "a first-party class is only looked up in the project"
ONCE = "it is said once for a project, which is not seen"
NOTE = "the checkpoint is not read, so that what is said of the call stands alone"
FALLBACK = "TLL107"
BESIDE_A_FALLBACK = frozenset({"TLL101", "TLL106"})
"""What an unsafe fallback stands for elsewhere: in flake8, which may turn it off, both show."""
NOT_IN_FLAKE8 = {
    "whole_module_saved/base_class_of_a_base_class.py": FIRST_PARTY,
    "whole_module_saved/class_of_another_file.py": FIRST_PARTY,
    "whole_module_saved/class_of_this_file.py": FIRST_PARTY,
    "whole_module_saved/in_a_dictionary.py": FIRST_PARTY,
    "whole_module_saved/moved_to_a_device.py": FIRST_PARTY,
    "weights_only_disabled/file_that_is_hostile.py": NOTE,
    "weights_only_disabled/tests_off/test_resume.py": "flake8 has its own per-file-ignores",
    "overlapping_safe_globals/elsewhere/registered_in_another_file.py": "it takes the other file",
    "missing_safe_globals/any_torch/old_branch.py": ONCE,
    "vulnerable_torch_allowed/before_2_6/first.py": ONCE,
    "vulnerable_torch_allowed/before_2_10/relies.py": ONCE,
    "dangerous_checkpoint/left_to_the_default.py": NOTE,
    "dangerous_checkpoint/never_straight_into_the_model.py": NOTE,
    "dangerous_checkpoint/unsafe_load.py": NOTE,
    "missing_safe_globals/any_torch/left_to_the_default.py": NOTE,
    "missing_safe_globals/any_torch/shim_is_there.py": NOTE,
    "missing_safe_globals/docstring_only_before.py": NOTE,
    "missing_safe_globals/whole_model.py": NOTE,
    "unloadable_checkpoint/left_to_the_default.py": NOTE,
    "unused_suppression/prefix.py": "TLL2 also means rules that need the project",
}
"""What one file by itself does not tell."""
PLUGIN = "torchload_lint.editors.flake8_plugin:Plugin"
CONFIG = "[flake8]\nselect = TLL\n"
if all(point.value != PLUGIN for point in entry_points(group="flake8.extension")):
    CONFIG += f"[flake8:local-plugins]\nextension =\n    TLL = {PLUGIN}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return copy_to(tmp_path_factory.mktemp("samples"))


def text_of(path: Path) -> str | None:
    """The text of a file as an editor has it; None where it has no readable text."""
    data = path.read_bytes()
    try:
        return decode(data).text if b"\0" not in data else None
    except (SyntaxError, UnicodeDecodeError):
        return None


def is_python_here(path: Path) -> bool:
    """Whether the Python that runs flake8 can parse a file."""
    text = text_of(path)
    try:
        compile(text or "(", str(path), "exec", dont_inherit=True)
    except SyntaxError:
        return False
    return True


def rows(wanted: list[Expected], without: frozenset[str] = frozenset()) -> list[tuple[int, str]]:
    return [(one.row, one.code) for one in wanted if one.code not in without]


def take_what_a_fallback_stands_for(found: list[tuple[int, str]]) -> int:
    """Take from what was found in a file what stands beside a fallback; how much that was."""
    fallbacks = {row for row, code in found if code == FALLBACK}
    beside = [one for one in found if one[0] in fallbacks and one[1] in BESIDE_A_FALLBACK]
    for one in beside:
        found.remove(one)
    return len(beside)


def test_in_flake8(folder: Path) -> None:
    (folder / "setup.cfg").write_text(CONFIG)
    chosen = [one for one in samples() if one.suffix == ".py" and is_python_here(folder / one)]
    done = subprocess.run(
        [sys.executable, "-m", "flake8", "-j2", "--format=%(path)s:%(row)d:%(code)s"]
        + [str(sample) for sample in chosen],
        cwd=folder,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        check=False,
    )
    assert done.stderr == ""
    found: dict[str, list[tuple[int, str]]] = {}
    for line in done.stdout.splitlines():
        path, row, code = line.rsplit(":", 2)
        found.setdefault(Path(path).as_posix(), []).append((int(row), code))
    assert len(found) > len(chosen) / 3
    assert sum(map(take_what_a_fallback_stands_for, found.values())) > 0
    wanted = {
        sample.as_posix(): rows(expected(sample), NEEDS_CHECKPOINTS | SAID_BY_FLAKE8)
        for sample in chosen
    }
    differences = {
        name: (sorted(found.get(name, [])), sorted(wanted[name]))
        for name in wanted.keys() - NOT_IN_FLAKE8.keys()
        if sorted(found.get(name, [])) != sorted(wanted[name])
    }
    assert differences == {}


def make_client() -> LanguageClient:
    """pytest-lsp's client, which does not know what it is asked to watch."""
    client = make_test_lsp_client()
    client.feature(types.CLIENT_REGISTER_CAPABILITY)(lambda _: None)
    return client


@pytest_lsp.fixture(
    config=ClientServerConfig(
        server_command=[sys.executable, "-m", "torchload_lint", "server"],
        client_factory=make_client,
        server_env=ENVIRONMENT,
    )
)
async def client(lsp_client: LanguageClient, folder: Path):
    known = client_capabilities("visual-studio-code")
    assert known.text_document
    known.text_document.diagnostic = types.DiagnosticClientCapabilities()
    await lsp_client.initialize_session(
        types.InitializeParams(capabilities=known, root_uri=folder.as_uri())
    )
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_in_the_language_server(client: LanguageClient, folder: Path) -> None:
    differences = {}
    for sample in samples():
        text = text_of(folder / sample)
        if sample.suffix != ".py" or text is None:
            continue
        uri = (folder / sample).as_uri()
        item = types.TextDocumentItem(uri, "python", 1, text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        asked = types.DocumentDiagnosticParams(types.TextDocumentIdentifier(uri))
        answer = await client.text_document_diagnostic_async(asked)
        found = sorted((one.range.start.line + 1, one.code) for one in answer.items)
        wanted = sorted(rows(expected(sample)))
        if found != wanted:
            differences[sample.as_posix()] = (found, wanted)
        client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri))
        )
    assert differences == {}
