from __future__ import annotations

import pytest
from source_facts import module_of

from torchload_lint.source.facts.calls import WeightsOnly
from torchload_lint.source.facts.indirect import IndirectKind

HUB, LIBRARY, LIGHTNING, KEYWORD, WRAPPER = IndirectKind
T, F, A = WeightsOnly.TRUE, WeightsOnly.FALSE, WeightsOnly.ABSENT
FOUND = {
    "import torch\ntorch.hub.load_state_dict_from_url(u)": (HUB, A),
    ("import torch\ntorch.hub.load_state_dict_from_url(u, weights_only=True)"): (HUB, T),
    ("import torch\ntorch.hub.load_state_dict_from_url(u, d, None, True, False, n, False)"): (
        HUB,
        F,
    ),
    "from torch.hub import load_state_dict_from_url as get\nget(u)": (HUB, A),
    (
        "from torchvision.models.utils import load_state_dict_from_url\nload_state_dict_from_url(u)"
    ): (HUB, A),
    "import torch.utils.model_zoo as zoo\nzoo.load_url(u)": (HUB, A),
    "from torch.utils import model_zoo\nmodel_zoo.load_url(u)": (HUB, A),
    "from ultralytics.utils.patches import torch_load\ntorch_load(p)": (LIBRARY, A),
    "import ultralytics.utils.patches as u\nu.torch_load(p, weights_only=True)": (LIBRARY, T),
    "import pytorch_lightning as pl\nNet.load_from_checkpoint(p)": (LIGHTNING, A),
    ("import pytorch_lightning as pl\nNet.load_from_checkpoint(p, weights_only=False)"): (
        LIGHTNING,
        F,
    ),
    "import lightning\ntrainer.fit(m, weights_only=False)": (LIGHTNING, F),
    "import lightning\ntrainer.test(m, weights_only=True)": (LIGHTNING, T),
    ("from transformers import AutoModel\nAutoModel.from_pretrained(n, weights_only=False)"): (
        KEYWORD,
        F,
    ),
    "import accelerate\naccelerate.utils.load(p, weights_only=False)": (KEYWORD, F),
    ("import torch\ndef w(p, safe=False): return torch.load(p, weights_only=safe)\nw(q)"): (
        WRAPPER,
        F,
    ),
    ("import torch\ndef w(p, safe=False): return torch.load(p, weights_only=safe)\nw(q, True)"): (
        WRAPPER,
        T,
    ),
    ("import torch\ndef w(p, **k): return torch.load(p, **k)\nw(q, weights_only=False)"): (
        WRAPPER,
        F,
    ),
    (
        "import torch\n"
        "class A:\n"
        "    def w(self, p, safe=True):\n"
        "        torch.load(p, weights_only=safe)\n"
        "    def f(self):\n"
        "        self.w(q, False)"
    ): (WRAPPER, F),
}


@pytest.mark.parametrize("code", FOUND)
def test_indirect_loads(code):
    (load,) = module_of(code).indirect_loads
    assert (load.kind, load.weights_only) == FOUND[code]
    assert load.certain


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load(p, weights_only=False)",
        "import torch, functools\nfunctools.partial(torch.load, weights_only=False)",
        "def load_url(u): pass\nload_url(u)",
        "from . import hub\nhub.load_state_dict_from_url(u)",
        "import torch\ndef load_state_dict_from_url(u): pass\nload_state_dict_from_url(u)",
        "trainer.fit(m)",
        "kw = dict(weights_only=False)  # torch",
        "def f(weights_only=False): pass",
        "import torch\ndef f(p, weights_only): pass\nf(p, weights_only=False)",
        "Net.load_from_checkpoint",
        "import torch\ndef w(p, safe=False): return torch.load(p, weights_only=True)\nw(q)",
        "from transformers import AutoModel\nAutoModel.from_pretrained(n)",
    ],
)
def test_nothing_indirect(code):
    assert module_of(code).indirect_loads == ()


def test_a_method_without_lightning_is_not_certain():
    (load,) = module_of("net.load_from_checkpoint(p)").indirect_loads
    assert not load.certain


def test_the_url_is_the_file():
    (load,) = module_of("import torch\ntorch.hub.load_state_dict_from_url(url=u)").indirect_loads
    assert load.file.id == "u"
