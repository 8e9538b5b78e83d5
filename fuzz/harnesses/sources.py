"""Python sources changed at random, through a check and ``--fix --unsafe-fixes``."""

from __future__ import annotations

from contextlib import suppress

from fuzz.harness import Harm, Harness, must
from fuzz.harnesses.project import EVERYTHING, check_fix, checked
from torchload_lint.source.text.text import decode
from torchload_lint.workspace.one_file import Options

WORDS = tuple(
    word.encode()
    for word in (
        "torch.load(", '"runs/net.pt"', '"runs/evil.pt"', '"runs/runs.pt"', '"runs/space.pt"',
        "weights_only=False", "weights_only=True", ", ", ")", "(", "[", "]", "{", "}", ":", "\n", "\n    ",
        "    ", "\t", "\\\n", "#", "# noqa", '"', "'", '"""', 'f"{', '}"', "=", "==", ":=", "*", "**", "->",
        "import torch\n", "from torch import load\n", "import torch as t\n", "from models import Net\n",
        "safe_globals([", "with ", "def f(x):\n", "class A:\n", "lambda: ", "async ", "await ", "yield ",
        "return ", "if x:\n", "else:\n", "for x in y:\n", "while 1:\n", "try:\n", "except E:\n", "finally:\n",
        "match x:\n", "case _:\n", "del x\n", "global x\n", "nonlocal x\n", "@f\n", "type X = int\n", "pass\n",
        "pickle_module=pickle", "map_location=", "mmap=True", "**kwargs", "*args", "path", "model", "x",
        "\r", "\r\n", "\x0c", "\u2028", "\ufeff", "é", "\U0001d431", "# coding: latin-1\n", "from __future__ import annotations\n",
        "not ", " and ", " or ", " in ", " is ", " if ", " else ", "%", ".format(", ".zfill(10**9)", "10**9",
        "torch.save(", "os.path.join(", "Path(", ".load_state_dict(", "open(", "exec(", "globals()", "setattr(",
    )
)  # fmt: skip


def attempt(data: bytes) -> None:
    """Check a text, fix it, and fix what came out."""
    checked(data, "fuzzed.py", Options())
    result, fixed = checked(data, "fuzzed.py", EVERYTHING)
    if fixed == data:
        return
    before, after = decode(data), None
    with suppress(SyntaxError, UnicodeDecodeError):
        after = decode(fixed)
    must(after is not None, Harm.WRITE, "the fixed text cannot be decoded")
    assert after is not None
    must(after.encoding == before.encoding, Harm.WRITE, "the fixed text has another encoding")
    check_fix(before.text, after.text, [found.code for found in result.fixed])
    _, again = checked(fixed, "fuzzed.py", EVERYTHING)
    must(again == fixed, Harm.WRITE, f"fixed again, it changes again:\n{after.text}")


HARNESS = Harness("sources", attempt, WORDS, samples="fixtures/code_samples/*/*.py", weight=8)
