"""The table of torch's own classes, compared with the torch that is installed."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import warnings
from functools import cache
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
import torch

from torchload_lint.migrate.carriers.module_facts import (
    MORE_THAN_KNOWN,
    OVERRIDES,
    QUANTIZED_CONVOLUTIONS,
    VERSIONS,
    is_of_its_class,
)

if TYPE_CHECKING:
    from types import FunctionType

pytestmark = pytest.mark.torch


@cache
def module_classes() -> dict[str, type[torch.nn.Module]]:
    """The public module classes below torch.nn and torch.ao, by dotted name."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for root in (torch.nn, torch.ao.nn, torch.ao.quantization):
            for entry in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
                try:
                    module = importlib.import_module(entry.name)
                except ImportError:
                    continue
                for name, value in vars(module).items():
                    own = inspect.isclass(value) and value.__module__ == entry.name
                    if own and issubclass(value, torch.nn.Module) and not name.startswith("_"):
                        found[f"{entry.name}.{name}"] = value
    return found


def saver(cls: type[torch.nn.Module]) -> FunctionType:
    return cls._save_to_state_dict


def test_versions() -> None:
    wanted = {name: cls._version for name, cls in module_classes().items() if cls._version != 1}
    assert wanted == VERSIONS


def test_overrides_of_save_to_state_dict() -> None:
    lazy = torch.nn.modules.lazy.LazyModuleMixin._save_to_state_dict
    plain = {torch.nn.Module._save_to_state_dict, lazy}
    wanted = {name for name, cls in module_classes().items() if saver(cls) not in plain}
    wanted -= {
        name for name in wanted if name.startswith("torch.ao.nn.quantized.reference.modules.utils")
    }
    assert wanted == {*OVERRIDES, *MORE_THAN_KNOWN, *QUANTIZED_CONVOLUTIONS}


def test_none_has_an_extra_state() -> None:
    default = torch.nn.Module.get_extra_state
    assert [n for n, cls in module_classes().items() if cls.get_extra_state is not default] == []


def test_what_layers_set_on_themselves() -> None:
    """Each attribute of an object of torch's own class is known; one that nobody sets is not."""
    unknown = set()
    for name, cls in module_classes().items():
        if not name.startswith("torch.nn.modules."):
            continue
        code = ast.parse(dedent(inspect.getsource(cls)))
        unknown |= {
            f"{name}.{node.attr}"
            for node in ast.walk(code)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if isinstance(node.value, ast.Name) and node.value.id == "self"
            if not (node.attr.startswith("_") or is_of_its_class(name, node.attr))
        }
    assert unknown == set()
    assert not is_of_its_class("torch.nn.modules.linear.Linear", "class_to_idx")
