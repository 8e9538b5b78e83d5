"""Lists what dotted names of the installed torch mean where its packages say something else.

    python tools/torch_names.py src/torchload_lint/checkpoint/known/torch_names.txt

Two sections: the modules that their package hides behind a function, a class or nothing of the
same name, so that no attributes lead to them (``torch.nn.parallel.data_parallel`` is a function);
and the classes that a public module hands out, with the module that defines them.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import pkgutil
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

LEFT_OUT = (
    "torch._dynamo",
    "torch._inductor",
    "torch.contrib",
    "torch.testing",
    "torch.utils.bench",
)
"""Packages whose classes no checkpoint holds; some of their modules do more than define."""


def main() -> None:
    warnings.simplefilter("ignore")
    torch = importlib.import_module("torch")
    modules = [torch, *below(torch)]
    version = torch.__version__.partition("+")[0]
    text = f"# Made by tools/torch_names.py from torch {version}.\n\n[hidden]\n"
    text += "".join(f"{name}\n" for name in sorted(hidden(modules)))
    text += "\n[handed out]\n"
    rows = handed_out(modules)
    text += "".join(
        f"{public} = {home}: {' '.join(sorted(names))}\n"
        for (public, home), names in sorted(rows.items())
    )
    Path(sys.argv[1]).write_text(text, encoding="ascii")


def below(package: ModuleType) -> Iterator[ModuleType]:
    """The modules of a package that can be imported here."""
    for info in pkgutil.iter_modules(getattr(package, "__path__", ()), f"{package.__name__}."):
        if info.name.startswith(LEFT_OUT) or info.name.endswith("__main__"):
            continue
        with contextlib.suppress(BaseException), contextlib.redirect_stdout(io.StringIO()):
            module = importlib.import_module(info.name)
            yield module
            if info.ispkg:
                yield from below(module)


def hidden(modules: list[ModuleType]) -> Iterator[str]:
    """The modules that are not what the attributes of their package lead to."""
    for module in modules:
        package, _, last = module.__name__.rpartition(".")
        if package and getattr(sys.modules[package], last, None) is not module:
            yield module.__name__


def handed_out(modules: list[ModuleType]) -> dict[tuple[str, str], list[str]]:
    """Public module and defining module → the classes that one hands out for the other."""
    rows: dict[tuple[str, str], list[str]] = {}
    for module in modules:
        if any(part.startswith("_") for part in module.__name__.split(".")):
            continue
        offered = (
            getattr(module, "__all__", ()) if not hasattr(module, "__path__") else vars(module)
        )
        for name in offered:
            value = getattr(module, name, None)
            home = getattr(value, "__module__", None) or ""
            own = isinstance(value, type) and value.__qualname__ == name and name[0] != "_"
            if own and home.startswith("torch.") and home != module.__name__:
                rows.setdefault((module.__name__, home), []).append(name)
    return rows


if __name__ == "__main__":
    main()
