from __future__ import annotations

import pytest

from source.source_facts import module_of
from torchload_lint.source.facts.calls import WeightsOnly

T, F = WeightsOnly.TRUE, WeightsOnly.FALSE
FOUND = {
    "import torch\ndef w(p, safe=False): return torch.load(p, weights_only=safe)\nw(q)": F,
    "import torch\ndef w(p, safe=False): return torch.load(p, weights_only=safe)\nw(q, True)": T,
    "import torch\ndef w(p, **k): return torch.load(p, **k)\nw(q, weights_only=False)": F,
    (
        "import torch\n"
        "class A:\n"
        "    def w(self, p, safe=True):\n"
        "        torch.load(p, weights_only=safe)\n"
        "    def f(self):\n"
        "        self.w(q, False)"
    ): F,
}


@pytest.mark.parametrize("code", FOUND)
def test_calls_of_own_wrappers(code):
    (call,) = module_of(code).wrapper_calls
    assert call.weights_only is FOUND[code]


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load(p, weights_only=False)",
        "import torch, functools\nfunctools.partial(torch.load, weights_only=False)",
        "kw = dict(weights_only=False)  # torch",
        "def f(weights_only=False): pass",
        "import torch\ndef f(p, weights_only): pass\nf(p, weights_only=False)",
        "import torch\ndef w(p, safe=False): return torch.load(p, weights_only=True)\nw(q)",
    ],
)
def test_no_calls_of_wrappers(code):
    assert module_of(code).wrapper_calls == ()
