"""torchvision: the addresses of its models' weights, ``model_urls[name]``.

Source: ``torchvision/models/*.py`` of 0.2.2, 0.4.0, 0.8.2, 0.9.1 and 0.12.0 (0.13 has no such
tables). Where weights were exchanged, both names are told: the installed release decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.source.domain.patterns import Rung, is_exact
from torchload_lint.source.domain.values import Text, unknown

if TYPE_CHECKING:
    import ast

    from torchload_lint.source.domain.values import Frame, Values
    from torchload_lint.source.evaluator import Evaluator, KnownItem

_FOLDER = "https://download.pytorch.org/models"
_WEIGHTS = {
    "alexnet": "alexnet-owt-4df8aa71 alexnet-owt-7be5be79",
    "densenet": (
        "densenet121-a639ec97 densenet169-b2777c0a densenet201-c1103571 densenet161-8d451a50"
    ),
    "googlenet": "googlenet-1378be20",
    "inception": "inception_v3_google-1a9a5a14 inception_v3_google-0cc3c7bd",
    "mobilenet": "mobilenet_v2-b0353104",
    "mobilenetv2": "mobilenet_v2-b0353104",
    "mobilenetv3": "mobilenet_v3_large-8738ca79 mobilenet_v3_small-047dcff4",
    "resnet": (
        "resnet18-5c106cde resnet18-f37072fd resnet34-333f7ec4 resnet34-b627a593 resnet50-19c8e357 "
        "resnet50-0676ba61 resnet101-5d3b4d8f resnet101-63fe2227 resnet152-b121ed2d "
        "resnet152-394f9c45 resnext50_32x4d-7cdf4587 resnext101_32x8d-8ba56ff5 "
        "wide_resnet50_2-95faca4d wide_resnet101_2-32ee1156"
    ),
    "squeezenet": (
        "squeezenet1_0-a815701f squeezenet1_0-b66bff10 squeezenet1_1-f364aa15 "
        "squeezenet1_1-b8a52dc0"
    ),
    "vgg": (
        "vgg11-bbd30ac9 vgg11-8a719046 vgg13-c768596a vgg13-19584684 vgg16-397923af vgg19-dcbb9e9d "
        "vgg11_bn-6002323d vgg13_bn-abd245e5 vgg16_bn-6c64b313 vgg19_bn-c79401a0"
    ),
}
"""File of torchvision → the weights' names; before the last dash of each stands its key."""


def _addresses(file: str) -> KnownItem:
    """What the items of one file's ``model_urls`` are."""

    def item(evaluator: Evaluator, key: ast.expr, frame: Frame) -> Values:
        asked = [
            each.text if isinstance(each, Text) and is_exact(each.text) else None
            for each in evaluator.values(key, frame)
        ]
        found = tuple(
            Text(f"{_FOLDER}/{name}.pth", rung=Rung.CONSTANT)
            for name in _WEIGHTS[file].split()
            if None in asked or name.rpartition("-")[0].removesuffix("-owt") in asked
        )
        return found or unknown("torchvision has no address of that name")

    return item


ITEMS: dict[str, KnownItem] = {
    f"torchvision.models.{file}.model_urls": _addresses(file) for file in _WEIGHTS
}
