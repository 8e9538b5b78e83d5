"""Why nothing is known of a configuration that the code names."""

from __future__ import annotations

import pytest

from source.resolving import resolve

YAML = "import yaml\nc = yaml.safe_load(open({}))\ntorch.load(c['path'])\n"
HYDRA = (
    "import hydra\n@hydra.main(config_path='conf', config_name={})\n"
    "def main(c):\n    torch.load(c.path)\nmain()\n"
)
BROKEN = "path: [a\n"
UNREAD = {
    "without a name": (YAML.format("''"), "the configuration has no name"),
    "missing": (YAML.format("'b.yaml'"), "the configuration b.yaml is not in the project"),
    "broken": (YAML.format("'c.yaml'"), "the configuration c.yaml cannot be read"),
    "hydra's, without a name": (HYDRA.format("''"), "the Hydra configuration has no name"),
    "hydra's, missing": (HYDRA.format("'b'"), "the Hydra configuration b is not in the project"),
    "hydra's, broken": (HYDRA.format("'c'"), "the Hydra configuration c cannot be read"),
}


@pytest.mark.parametrize(("source", "why"), UNREAD.values(), ids=UNREAD)
def test_why_a_configuration_says_nothing(source, why):
    resolution = resolve(source, {"c.yaml": BROKEN, "conf/c.yaml": BROKEN})
    assert resolution.patterns == ()
    assert resolution.unknown == (why,)


TURNED = "if c['resume']['on']:\n    torch.load(c['resume']['path'])\n"


@pytest.mark.parametrize(("on", "found"), [("true", ["a.pt"]), ("false", [])])
def test_a_path_that_its_own_configuration_turns_off(on, found):
    source = YAML.format("'c.yaml'").replace("torch.load(c['path'])\n", TURNED)
    resolution = resolve(source, {"c.yaml": f"resume:\n  on: {on}\n  path: a.pt\n"})
    assert [pattern.text for pattern in resolution.patterns] == found
