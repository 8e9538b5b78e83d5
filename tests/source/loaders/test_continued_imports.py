"""Imports of torch that go over several rows are seen before a file is parsed."""

from __future__ import annotations

import pytest

from torchload_lint.source.loaders.prefilter import may_hold_load
from torchload_lint.source.saving.saving_files import may_save

BROUGHT = (
    "from torch \\\n  import {0}\n",
    "from torch import \\\n  {0}\n",
    "from torch import nn, \\\n  {0}\n",
    "from \\\n  torch import \\\n  ({0})\n",
    "from torch import (nn,  # one :)\n  {0})\n",
    "# ends here \\\nfrom torch import {0}\n",
    "import torch \\\n  as th; {0} = th.{0}\n",
    "import \\\n  torch as th; {0} = th.{0}\n",
    "import torch as \\\n  th; {0} = th.{0}\n",
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("brought", BROUGHT)
def test_loads_and_saves_are_seen_however_torch_is_imported(brought, newline):
    load = f"{brought.format('load')}x = load('a.pt')\n".replace("\n", newline)
    assert may_hold_load(load.encode())
    save = f"{brought.format('save')}save(x, 'a.pt')\n".replace("\n", newline)
    assert may_hold_load(save.encode())
    assert may_save(save)


def test_a_library_on_a_continued_row_is_seen():
    for text in ("import os, \\\n  whisper\n", "from \\\n  whisper import load_model\n"):
        assert may_hold_load(f"{text}x = whisper.load_model('a')\n".encode())
    assert not may_hold_load(b"import os, \\\n  sys\nx = 1\n")
