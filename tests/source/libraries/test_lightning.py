"""Where Lightning's checkpoint callback writes."""

from __future__ import annotations

import pytest

from project_files import project
from torchload_lint.source.paths import resolve_path

CASES = {
    "the default name": ('"exp/ckpts"', "best_model_path", "exp/ckpts/epoch=*-step=*.ckpt"),
    "a name with fields": (
        'dirpath="exp", filename="{epoch:02d}-{val_loss:.2f}-net"',
        "best_model_path",
        "exp/epoch=*-val_loss=*-net.ckpt",
    ),
    "the last": ('dirpath="exp", save_last=True', "last_model_path", "exp/last.ckpt"),
    "no folder": ('monitor="loss"', "best_model_path", "*/epoch=*-step=*.ckpt"),
    "a name without fields": ('"exp", "best"', "best_model_path", "exp/best.ckpt"),
    "another attribute": ('"exp"', "best_model_score", None),
}


@pytest.mark.parametrize(("given", "attribute", "expected"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("package", ["pytorch_lightning", "lightning.pytorch"])
def test_the_callback_says_where_it_writes(package, given, attribute, expected):
    source = f"""
        import torch
        from {package}.callbacks import ModelCheckpoint
        callback = ModelCheckpoint({given})
        torch.load(callback.{attribute})
        """
    index = project({"a.py": source})
    module = index.module_at("a.py")
    (load,) = module.loads
    found = resolve_path(load.file, module, index).patterns
    numbered = expected and f"{expected.removesuffix('.ckpt')}-v*.ckpt"
    assert [each.text for each in found] == ([expected, numbered] if expected else [])
    assert not any(each.exact for each in found)
