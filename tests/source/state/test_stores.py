"""What is stored part by part in a mapping."""

from __future__ import annotations

from source.resolving import resolve

FILLED = """
places = {}
places["train"] = {}
places["train"]["resume"] = "runs/last.pt"
same = places
torch.load(same["train"]["resume"])
"""


def test_a_mapping_is_stored_before_its_entries():
    result = resolve(FILLED)
    assert [pattern.text for pattern in result.patterns] == ["runs/last.pt"]
    assert not any("seen to be stored" in why for why in result.unknown)


def test_a_mapping_that_is_stored_anew_may_lack_the_entry():
    again = FILLED.replace("same = places", 'places["train"] = {}\nsame = places')
    assert any("seen to be stored" in why for why in resolve(again).unknown)
