"""Attributes that come from the entries of a mapping, without their names."""

from __future__ import annotations

import pytest

from project_files import project
from source.resolving import resolve, texts
from torchload_lint.source.paths import resolve_path

STORES = "    def __setitem__(self, key, value):\n        return setattr(self, key, value)\n"
LOOP = (
    "    def __init__(self, **given):\n        for k, v in given.items():\n"
    "            self[k] = v\n"
)

SET = {
    "by an item": (f"class P:\n{LOOP}{STORES}torch.load(P(path='a.pt').path)", ["a.pt"]),
    "by an item of the base": (
        (
            f"class P:\n{LOOP}{STORES.replace('setattr(self, ', 'super().__setattr__(')}"
            "torch.load(P(path='a.pt').path)"
        ),
        ["a.pt"],
    ),
    "by an item that goes elsewhere": (
        (
            f"class P:\n{LOOP}    def __setitem__(self, key, value):\n        print(key)\n"
            "torch.load(P(path='a.pt').path)"
        ),
        [],
    ),
    "by an item of a dictionary": (f"class P(dict):\n{LOOP}torch.load(P(path='a.pt').pth)", []),
    **{
        f"by {call}": (
            (
                "class P:\n    def __init__(self, **given):\n        for k, v in given.items():\n"
                f"            {call}\ntorch.load(P(path='a.pt').path)"
            ),
            found,
        )
        for call, found in {
            "setattr(self, k, v)": ["a.pt"],
            "self.__setattr__(k, v)": ["a.pt"],
            "super().__setattr__(k, v)": ["a.pt"],
            "object.__setattr__(self, k, v)": ["a.pt"],
            "other.__setattr__(k, v)": [],
        }.items()
    },
    "by a pair": (
        (
            "def pair():\n    return 'a.pt', 'b.pt'\n"
            "class P:\n    def __init__(self):\n        self.first, self.second = pair()\n"
            "    def load(self):\n        torch.load(self.second)"
        ),
        ["b.pt"],
    ),
    "by the rest of a list": (
        (
            "def listed():\n    return ['a.pt', 'b.pt', 'c.pt']\n"
            "class P:\n    def __init__(self):\n        *self.first, self.last = listed()\n"
            "    def load(self):\n        torch.load(self.last)"
        ),
        [],
    ),
}


@pytest.mark.parametrize(("source", "expected"), SET.values(), ids=SET)
def test_an_attribute_is_set(source, expected):
    assert texts(resolve(source + "\n")) == expected


def test_entries_of_a_file_become_objects_of_the_class():
    inner = "            if type(v) == dict:\n                v = P(**v)\n            self[k] = v\n"
    source = (
        f"import json, torch\nclass P:\n{LOOP.replace('            self[k] = v', inner.rstrip())}"
        f"{STORES}with open('c.json') as f:\n    conf = P(**json.loads(f.read()))\n"
        "torch.load(conf.train.path)\n"
    )
    index = project({"main.py": source, "c.json": '{"train": {"path": "runs/a.pt"}}'})
    module = index.module_at("main.py")
    assert texts(resolve_path(module.loads[0].file, module, index)) == ["runs/a.pt"]
