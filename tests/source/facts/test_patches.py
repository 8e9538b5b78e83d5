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
