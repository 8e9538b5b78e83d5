from __future__ import annotations

import pytest

from source.source_facts import module_of

FALLBACKS = {
    # the body of a function of p, and the row (in the body) of the unsafe load
    "returned": (
        (
"try:\n"
"    return torch.load(p, weights_only=True)\n"
"except Exception:\n"
"    return torch.load(p, weights_only=False)"
), 4),
    "assigned": (
        (
"try:\n"
"    x = torch.load(p, weights_only=True)\n"
"except E:\n"
"    log()\n"
"    x = torch.load(p, weights_only=False)"
), 5),
    "the default first": (
        (
"try:\n"
"    x = torch.load(p)\n"
"except E:\n"
"    x = torch.load(p, weights_only=False)"
), 4),
    "with a condition": (
        (
"try:\n"
"    x = torch.load(p)\n"
"except E:\n"
"    if a:\n"
"        x = torch.load(p, weights_only=False)\n"
"    else:\n"
"        raise"
), 5),
    "inside a block": (
        (
"try:\n"
"    with c():\n"
"        x = torch.load(p)\n"
"except E:\n"
"    x = torch.load(p, weights_only=False)"
), 5),
    "by pickle": (
        (
"try:\n"
"    x = torch.load(p, weights_only=True)\n"
"except E:\n"
"    x = pickle.load(f)"
), 4),
    "by pickle_module": (
        (
"try:\n"
"    x = torch.load(p)\n"
"except E:\n"
"    x = torch.load(p, pickle_module=pickle)"
), 4),
    "behind the try": (
        (
"try:\n"
"    return torch.load(p, weights_only=True)\n"
"except E:\n"
"    log()\n"
"return torch.load(p, weights_only=False)"
), 5),
}  # fmt: skip


def _module(body):
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    return module_of(f"import torch, pickle\ndef f(p):\n{indented}")


@pytest.mark.parametrize("case", FALLBACKS)
def test_an_unsafe_fallback(case):
    body, row = FALLBACKS[case]
    (fallback,) = _module(body).fallbacks
    assert fallback.span.start.row == row + 2
    assert fallback.safe.span.start.row < row + 2


NONE = {
    "both safe": (
        "try:\n"
        "    x = torch.load(p, weights_only=True)\n"
        "except E:\n"
        "    x = torch.load(q, weights_only=True)"
    ),
    "both unsafe": (
        "try:\n"
        "    x = torch.load(p, weights_only=False)\n"
        "except E:\n"
        "    x = torch.load(q, weights_only=False)"
    ),
    "the other way round": (
        "try:\n"
        "    x = torch.load(p, weights_only=False)\n"
        "except E:\n"
        "    x = torch.load(p, weights_only=True)"
    ),
    "raised again": "try:\n    x = torch.load(p)\nexcept E:\n    raise",
    "in finally": (
        "try:\n    x = torch.load(p)\nfinally:\n    y = torch.load(q, weights_only=False)"
    ),
    "behind it, always": (
        "try:\n    x = torch.load(p)\nexcept E:\n    pass\ny = torch.load(q, weights_only=False)"
    ),
    "behind a return": (
        "try:\n"
        "    return torch.load(p)\n"
        "except E:\n"
        "    return None\n"
        "return torch.load(q, weights_only=False)"
    ),
    "only defined there": (
        "try:\n"
        "    x = torch.load(p)\n"
        "except E:\n"
        "    def g():\n"
        "        return torch.load(p, weights_only=False)"
    ),
    "no try": "x = torch.load(p)\ny = torch.load(p, weights_only=False)",
}


@pytest.mark.parametrize("case", NONE)
def test_no_unsafe_fallback(case):
    assert _module(NONE[case]).fallbacks == ()
