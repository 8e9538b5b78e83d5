"""What ``str.replace`` makes of paths that are not known."""

from __future__ import annotations

import pytest

from source.resolving import resolve, texts

KNOWN = {
    "an ending": ("p.replace('.wav', '.spec.pt')", ["*.spec.pt"]),
    "more than an ending": ("p.replace('.pth', '_ema.pth')", ["*_ema.pth"]),
    "below a folder": (
        "os.path.join('mels', p).replace('.wav', '.mel.pt')",
        ["mels/*.mel.pt", "mels/*"],
    ),
    "a known name": ("os.path.join(p, 'x.wav').replace('.wav', '.pt')", ["*/x.pt"]),
    "a part of a name": ("p.replace('Model_', 'Utils_')", []),
    "a folder": ("p.replace('.wav', '.pt/best')", []),
    "a dot": ("p.replace('.', '_best.pt')", []),
    "nothing instead": ("p.replace('.wav', '')", []),
    "what is not known": ("p.replace('.wav', q)", []),
    "what is not known, for what is not known": ("p.replace(q, '.spec.pt')", []),
    "another object's": ("q.replace(year=3)", []),
}


@pytest.mark.parametrize("given", ["p", "frame.iloc[0]"], ids=["a parameter", "an item"])
@pytest.mark.parametrize(("path", "expected"), KNOWN.values(), ids=KNOWN)
def test_a_path_gets_another_ending(path, expected, given):
    source = f"def load(p, q, frame):\n    torch.load({path.replace('p.rep', given + '.rep')})\n"
    found = resolve(source)
    assert texts(found) == expected
    assert not any(pattern.exact for pattern in found.patterns)
    assert found.unknown


def test_a_function_of_what_it_has_returned_does_not_call_itself():
    source = (
        "def under(path, name):\n    return os.path.join(path, name)\n"
        "path = under('runs', 'a')\npath = under(path, 'b')\ntorch.load(under(path, 'net.pt'))\n"
    )
    found = resolve(source)
    assert [(each.text, each.exact) for each in found.patterns] == [("runs/a/b/net.pt", True)]


def test_a_function_that_does_call_itself_ends():
    source = (
        "def deeper(path, n):\n    return deeper(deeper(path, n - 1) + 'x', n - 1) if n else path\n"
        "torch.load(deeper('a', 3) + '.pt')\n"
    )
    found = resolve(source)
    assert found.unknown
    assert not any(each.exact for each in found.patterns)
