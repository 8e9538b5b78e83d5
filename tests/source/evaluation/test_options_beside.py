"""The option of another script speaks for ``args.x`` only where nobody knows which is meant."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path

STORE = "import torch\n\n\ndef load_wing(args):\n    return torch.load(args.pinion)\n"
PARSER = "import argparse\n\nparser = argparse.ArgumentParser()\n"
TRAIN = f'{PARSER}parser.add_argument("--pinion", default="runs/pinion.pt")\n'
CALLER = f"from deep.store import load_wing\n{PARSER}"


def opened(caller: str) -> list[str]:
    """What ``deep/store.py`` reads, where another script calls it."""
    files = {"deep/__init__.py": "", "deep/store.py": STORE, "deep/train.py": TRAIN}
    index = project(files | {"tools/calls.py": caller})
    module = index.module_at("deep/store.py")
    assert module is not None
    (load,) = module.loads
    return [one.text for one in resolve_path(load.file, module, index).patterns]


CALL = "load_wing(parser.parse_args())\n"


@pytest.mark.parametrize(
    ("caller", "paths"),
    [
        ("", ["runs/pinion.pt"]),
        (f'{CALLER}parser.add_argument("--pinion")\n{CALL}', []),
        (f'{CALLER}parser.add_argument("--pinion", default="own.pt")\n{CALL}', ["own.pt"]),
    ],
    ids=["nobody passes args", "its option has no default", "its option has one"],
)
def test_the_option_of_the_caller_counts(caller: str, paths: list[str]) -> None:
    assert opened(caller) == paths
