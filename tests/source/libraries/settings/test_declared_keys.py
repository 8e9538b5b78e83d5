"""Keys of a configuration that nobody is seen to read, in files that declare them."""

from __future__ import annotations

import textwrap

import pytest

from source.resolving import resolve

CONFIG = {"configs/a.yaml": "model:\n  pretrained_net: nets/a.pth\n"}
ASKING = {
    "an item": "torch.load(cfg['pretrained_net'])",
    "an attribute": "torch.load(cfg.model.pretrained_net)",
    "get()": "torch.load(cfg.get('pretrained_net', None))",
    "an open file": "torch.load(open(cfg['pretrained_net'], 'rb'))",
    "under a name": "path = cfg['pretrained_net']\n    torch.load(path)",
    "in a context": "with open(cfg['pretrained_net'], 'rb') as f:\n        torch.load(f)",
}


def _found(source, files):
    found = resolve(source, files)
    assert not found.complete
    assert not any(each.exact for each in found.patterns)
    return [each.text for each in found.patterns]


@pytest.mark.parametrize("asked", ASKING.values(), ids=ASKING)
def test_a_key_that_tells_is_looked_for_in_the_files(asked):
    assert _found(f"def restore(cfg):\n    {asked}\n", CONFIG) == ["nets/a.pth"]


def test_a_key_of_what_an_object_was_given_and_of_what_a_caller_gives():
    source = textwrap.dedent(
        """
        class Net:
            def __init__(self, cfg):
                self.pretrained_net = cfg["pretrained_net"]
            def fill(self):
                read(self.pretrained_net)
        def read(path):
            return torch.load(path)
        """
    )
    assert _found(source, CONFIG) == ["nets/a.pth"]


UNTOLD = {
    "a key that says nothing": ("name_of_it", "name_of_it: nets/a.pth\n"),
    "one word": ("pretrained", "pretrained: nets/a.pth\n"),
    "no file": ("pretrained_net", "pretrained_net: resnet50\n"),
    "an address": ("pretrained_net", "pretrained_net: https://example.org/a.pth\n"),
    "something to fill in": ("pretrained_net", "pretrained_net: path/to/a.pth\n"),
    "too many": (
        "pretrained_net",
        "".join(f"m{n}:\n  pretrained_net: nets/{n}.pth\n" for n in range(5)),
    ),
}


@pytest.mark.parametrize(("key", "config"), UNTOLD.values(), ids=UNTOLD)
def test_what_does_not_tell_a_file_stays_unknown(key, config):
    source = f"def restore(cfg):\n    torch.load(cfg['{key}'])\n"
    assert _found(source, {"configs/a.yaml": config}) == []


def test_a_configuration_of_another_folder_is_not_that_of_the_load():
    source = "def restore(cfg):\n    torch.load(cfg['pretrained_net'])\n"
    assert _found(source, {"other/a.yaml": CONFIG["configs/a.yaml"]}) == []


def test_a_key_that_several_files_ask_for_means_another_file_for_each():
    source = "def restore(cfg):\n    torch.load(cfg['pretrained_net'])\n"
    assert _found(source, {**CONFIG, "other.py": "print(cfg['pretrained_net'])\n"}) == []
