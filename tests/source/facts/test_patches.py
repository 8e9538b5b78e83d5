from __future__ import annotations

import pytest

from source.source_facts import module_of, rows_of

HEAD = "import functools\nimport torch\nreal = torch.load\n"
PATCHES = {
    "torch.load = other": ("assignment", None),
    "torch.serialization.load = other": ("assignment", None),
    "torch.load = functools.partial(torch.load, weights_only=False)": ("assignment", True),
    "torch.load = functools.partial(torch.load, map_location='cpu')": ("assignment", None),
    "torch.load = lambda *a, **k: real(*a, **{**k, 'weights_only': False})": ("assignment", True),
    "torch.load = lambda p: real(p, weights_only=True)": ("assignment", False),
    ("def f(*a, **k):\n    k['weights_only'] = False\n    return real(*a, **k)\ntorch.load = f"): (
        "assignment",
        True,
    ),
    (
        "def f(*a, **k):\n"
        "    k.setdefault('weights_only', False)\n"
        "    return real(*a, **k)\n"
        "torch.load = f"
    ): ("assignment", True),
    "def f(p):\n    return real(p, weights_only=True)\ntorch.load = f": ("assignment", False),
    "setattr(torch, 'load', other)": ("setattr", None),
    "setattr(torch, 'load', functools.partial(real, weights_only=False))": ("setattr", True),
    "monkeypatch.setattr(torch, 'load', other)": ("mock", None),
    "monkeypatch.setattr('torch.load', other)": ("mock", None),
    "mock.patch('torch.load', other)": ("mock", None),
    "mock.patch.object(torch, 'load', side_effect=other)": ("mock", None),
}


@pytest.mark.parametrize("code", PATCHES)
def test_patches(code):
    (patch,) = module_of(HEAD + code).patches
    assert (patch.how, patch.unsafe) == PATCHES[code]
    assert bool(patch.because) is bool(patch.unsafe)


@pytest.mark.parametrize(
    "code",
    [
        "torch.load = real",
        "torch.load = torch.serialization.load",
        "setattr(torch, 'load', real)",
        "model.load = other",
        "torch.save = other",
        "torch.jit.load = other",
        "load = other",
        "self.torch.load = other",
        "getattr(torch, 'load')",
        "setattr(model, 'load', other)",
        "print('torch.load')",
    ],
)
def test_no_patch(code):
    assert module_of(HEAD + code).patches == ()


def test_putting_the_real_one_back_is_no_patch():
    module = module_of(
        f"{HEAD}torch.load = other\ntry:\n    f()\nfinally:\n    torch.load = real\n"
    )
    assert rows_of(module.patches) == [4]


PARTS = {
    "torch.load.__kwdefaults__['weights_only'] = False": "torch.load.__kwdefaults__",
    "torch.load.__kwdefaults__ = {}": "torch.load.__kwdefaults__",
    "real.__kwdefaults__.update(weights_only=False)": "real.__kwdefaults__",
    "torch.serialization.load.__defaults__ = ()": "torch.serialization.load.__defaults__",
    "torch.serialization._default_to_weights_only = f": (
        "torch.serialization._default_to_weights_only"
    ),
    "torch._weights_only_unpickler.Unpickler = U": "torch._weights_only_unpickler.Unpickler",
    "from torch import _weights_only_unpickler as w\nw.load = f": "w.load",
}


@pytest.mark.parametrize("code", PARTS)
def test_what_decides_how_it_loads_is_a_part_of_it(code):
    (patch,) = module_of(HEAD + code).patches
    assert (patch.how, patch.unsafe, patch.part) == ("assignment", None, PARTS[code])


@pytest.mark.parametrize(
    "code",
    [
        "x = torch.load.__kwdefaults__['weights_only']",
        "'weights_only' in torch.load.__code__.co_varnames",
        "def f(a): pass\nf.__defaults__ = (1,)",
        "class A: pass\nA.Unpickler = U",
        "torch._weights_only_unpickler.load(x)",
    ],
)
def test_who_only_asks_changes_nothing(code):
    assert module_of(HEAD + code).patches == ()
