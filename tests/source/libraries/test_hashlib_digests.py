"""File names that are digests of what is known."""

from __future__ import annotations

import hashlib

import pytest

from source.resolving import resolve, texts

URL = "https://example.org/nets/a.pt"
SHA = hashlib.sha256(URL.encode()).hexdigest()
MD5 = hashlib.md5(URL.encode(), usedforsecurity=False).hexdigest()
HEAD = f"import hashlib\nURL = {URL!r}\n"
UPDATED = "def name(u):\n    m = hashlib.sha256()\n{}    return m.hexdigest()\n"
LOAD = "torch.load(f'cache/{name(URL)}.pt')"

KNOWN = {
    "in one": ("name = lambda u: hashlib.sha256(u.encode()).hexdigest()\n", SHA),
    "encoded": ("name = lambda u: hashlib.md5(bytes(u, 'utf-8')).hexdigest()\n", MD5),
    "shortened": ("name = lambda u: hashlib.md5(u.encode()).hexdigest()[:8]\n", MD5[:8]),
    "updated": (UPDATED.format("    m.update(str.encode(u))\n"), SHA),
    "updated twice": (
        UPDATED.format("    m.update(u[:5].encode())\n    m.update(u[5:].encode())\n"),
        SHA,
    ),
    "as a text": ("def name(u):\n    return str(hashlib.sha256(u.encode()).hexdigest())\n", SHA),
}


@pytest.mark.parametrize(("code", "digest"), KNOWN.values(), ids=KNOWN)
def test_the_digest_of_a_known_text_is_known(code, digest):
    found = resolve(HEAD + code + LOAD)
    assert texts(found) == [f"cache/{digest}.pt"]
    assert found.complete


UNKNOWN = {
    "updated in a loop": UPDATED.format("    for c in u:\n        m.update(c.encode())\n"),
    "perhaps updated": UPDATED.format("    if u:\n        m.update(u.encode())\n"),
    "a file's content": "name = lambda u: hashlib.md5(open(u, 'rb').read()).hexdigest()\n",
    "an absolute path": (
        "name = lambda u: hashlib.md5(os.path.abspath('data').encode()).hexdigest()\n"
    ),
    "its own place": "name = lambda u: hashlib.md5(__file__.encode()).hexdigest()\n",
    "a folder of the user": (
        "name = lambda u: hashlib.md5(str(Path.home() / 'x').encode()).hexdigest()\n"
    ),
    "another algorithm": "name = lambda u: hashlib.shake_128(u.encode()).hexdigest(8)\n",
    "an unknown text": "name = lambda u: hashlib.md5(input().encode()).hexdigest()\n",
    "another library": "import mine\nname = lambda u: mine.sha256(u.encode()).hexdigest()\n",
}


@pytest.mark.parametrize("code", UNKNOWN.values(), ids=UNKNOWN)
def test_other_digests_stay_unknown(code):
    assert texts(resolve(HEAD + code + LOAD)) == ["cache/*.pt"]


def test_the_name_and_the_digest_are_of_one_url():
    code = (
        "import hashlib\ndef place(url):\n"
        "    return f'{hashlib.md5(url.encode()).hexdigest()[:4]}.{os.path.basename(url)}'\n"
        "for url in ('https://e.org/a.pt', 'https://e.org/b.pt'):\n    torch.load(place(url))\n"
    )
    expected = [
        f"{hashlib.md5(f'https://e.org/{name}'.encode(), usedforsecurity=False).hexdigest()[:4]}."
        f"{name}"
        for name in ("a.pt", "b.pt")
    ]
    assert texts(resolve(code)) == expected
