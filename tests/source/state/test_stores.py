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


HELD = """
class Trainer:
    def __init__(self, args):
        self.args = args
        self.args.resume = "runs/best.pt"
        self.restore()

    def restore(self):
        torch.load(self.args.resume)

    def other(self):
        self.args.output = "runs/other.pt"

parser = argparse.ArgumentParser()
parser.add_argument("--resume", default="")
Trainer(parser.parse_args())
"""


def test_what_another_method_stores_in_a_held_object_is_likely():
    result = resolve(HELD)
    assert [(pattern.text, pattern.exact) for pattern in result.patterns] == [
        ("runs/best.pt", False)
    ]
    assert not result.complete


def test_what_another_method_stores_beside_it_is_not_meant():
    assert not resolve(HELD.replace("self.args.resume =", "self.args.weights =")).patterns
    assert not resolve(HELD.replace("self.args.resume =", "args_2.resume =")).patterns
