"""Sources for the tests of the command line, and how its report is read."""

from __future__ import annotations

UNSAFE = 'import torch\n\nstate = torch.load("a.pt", weights_only=False)\n'
IMPLICIT = "import torch\n\n\ndef read(path):\n    return torch.load(path)\n"
MENDED = "import torch\n\n\ndef read(path):\n    return torch.load(path, weights_only=True)\n"


def codes(result):
    """The codes that the concise report names, in order."""
    rows = [row for row in result.stdout.splitlines() if ": TLL" in row]
    return [row.partition(": TLL")[2][:3] for row in rows]
