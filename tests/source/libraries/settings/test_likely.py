"""What is likely only, and called so: copies of what is published, and overridden keys."""

from __future__ import annotations

from textwrap import dedent

import pytest

from project_files import project
from torchload_lint.source.loaders.collect import every_load
from torchload_lint.source.paths import resolve_load

# title: (source, whether the path of its only load is exact, whether that is all it can be)
CASES = {
    "a copy that a checkpointer reads": (
        """
        from detectron2.checkpoint import DetectionCheckpointer
        DetectionCheckpointer(get()).load("https://example.org/models/net.pth")
        """,
        False,
        False,
    ),
    "a key that an override gives": (
        """
        import torch
        from hydra import compose, initialize
        initialize(config_path="conf")
        torch.load(compose("main", overrides=["weights=runs/b.pt"]).weights)
        """,
        False,
        False,
    ),
    "a key that overrides unseen may give": (
        """
        import sys, torch
        from hydra import compose, initialize
        initialize(config_path="conf")
        torch.load(compose("main", overrides=sys.argv[1:]).weights)
        """,
        False,
        False,
    ),
    "a key of a composed configuration": (
        """
        import torch
        from hydra import compose, initialize
        initialize(config_path="conf")
        torch.load(compose("main").weights)
        """,
        True,
        False,
    ),
    "a key of a configuration file that a flag names": (
        """
        import torch
        from absl import flags
        from ml_collections import config_flags
        config_flags.DEFINE_config_file("config", "conf/small.py")
        torch.load(flags.FLAGS.config.weights)
        """,
        True,
        False,
    ),
}
FILES = {
    "conf/main.yaml": "weights: runs/a.pt\n",
    "conf/small.py": "from ml_collections import ConfigDict\ndef get_config():\n"
    "    config = ConfigDict()\n    config.weights = 'runs/a.pt'\n    return config\n",
}


@pytest.mark.parametrize(("source", "exact", "complete"), CASES.values(), ids=list(CASES))
def test_what_is_likely_is_not_called_more(source, exact, complete):
    index = project({"main.py": dedent(source), **FILES})
    module = index.module_at("main.py")
    (load,) = every_load(module, index)
    found = resolve_load(load, module, index)
    assert found.patterns
    assert {each.exact for each in found.patterns} == {exact}
    assert found.complete is complete
