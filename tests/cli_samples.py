"""Sources for the tests of the command line, and how its report is read."""

from __future__ import annotations

UNSAFE = 'import torch\n\nstate = torch.load("a.pt", weights_only=False)\n'
IMPLICIT = "import torch\n\n\ndef read(path):\n    return torch.load(path)\n"
FIXED = "import torch\n\n\ndef read(path):\n    return torch.load(path, weights_only=True)\n"
UNDECIDED = "import torch\n\n\ndef read(p, safe):\n    return torch.load(p, weights_only=safe)\n"
WHOLE_MODULE = 'import torch\n\ntorch.save(torch.nn.Linear(1, 1), "a.pt")\n'


def codes(result):
    """The codes that the concise report names, in order."""
    rows = [row for row in result.stdout.splitlines() if ": TLL" in row]
    return [row.partition(": TLL")[2][:3] for row in rows]
