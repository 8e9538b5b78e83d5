"""What a configuration, or a default, says where a test around a load rules it out."""

from __future__ import annotations

import pytest

from source.resolving import resolve

GROUPS = {
    "conf/main.yaml": "defaults:\n  - data: qm9\n",
    "conf/data/qm9.yaml": "name: qm9\nsize: 9\nfolder: d/qm9\n",
    "conf/data/moses.yaml": "name: moses\nsize: 4\nfolder: d/moses\n",
    "conf/data/sbm.yaml": "name: sbm\nsize: 4\nfolder: d/sbm\n",
}
MAIN = "import hydra\n@hydra.main(config_path='conf', config_name='main')\ndef main(cfg):\n"


def opened(source, others=None):
    """Path → whether it is exact."""
    return {each.text: each.exact for each in resolve(source, others).patterns}


@pytest.mark.parametrize(
    ("test", "found"),
    {
        "cfg.data.name == 'qm9'": {"d/qm9/a.pt": True},
        "cfg.data.name == 'moses'": {"d/moses/a.pt": True},
        "cfg.data.name in ['sbm', 'planar']": {"d/sbm/a.pt": True},
        "cfg.data.size < 9": {"d/moses/a.pt": False, "d/sbm/a.pt": False},
        "cfg.data.name == 'planar'": {"*/a.pt": False},
    }.items(),
)
def test_another_choice_of_a_group(test, found):
    source = f"{MAIN}    if {test}:\n        load(cfg)\n\ndef load(cfg):\n"
    assert opened(f"{source}    torch.load(f'{{cfg.data.folder}}/a.pt')\nmain()\n", GROUPS) == found


def test_a_name_that_the_program_sets_itself_rules_nothing_out():
    source = (
        f"{MAIN}    cfg.data.name = input()\n    if cfg.data.name == 'moses':\n"
        "        run(cfg.data.folder)\n\ndef run(folder):\n"
    )
    assert opened(f"{source}    torch.load(f'{{folder}}/a.pt')\nmain()\n", GROUPS).keys() == {
        "d/qm9/a.pt"
    }


DEFAULTS = {
    "ruled out beside it": ("", False),
    "ruled out, and given by a call": ("load(kind='b')\n", True),
    "ruled out, and perhaps given": ("def make(**kwargs):\n    load(**kwargs)\n", False),
}


@pytest.mark.parametrize(("calls", "exact"), DEFAULTS.values(), ids=DEFAULTS)
def test_a_default_beside_another_one(calls, exact):
    """``a.pt`` belongs to the kind that is the default, as far as anybody knows."""
    source = "def load(kind='a', path='a.pt'):\n    if kind == 'b':\n        torch.load(path)\n"
    assert opened(source + calls) == {"a.pt": exact}
    unruled = source.replace("kind == 'b'", "kind == 'a'")
    assert opened(unruled + calls.replace("kind='b'", "kind='a'")) == {"a.pt": True}


def test_the_number_of_a_version_is_no_ending():
    """What is a folder or the name of a repository is not a file beside its own files."""
    source = (
        "def load(name):\n    if os.path.isfile(name):\n        path = name\n"
        "    else:\n        path = Path(name) / 'model.bin'\n    torch.load(path)\n"
        "load('org/net-1.0')\n"
    )
    assert opened(source) == {"org/net-1.0/model.bin": True}
