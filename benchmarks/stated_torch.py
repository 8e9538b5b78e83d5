"""Which torch do projects state, and can their loads be fixed for all of it?

    PYTHONPATH=src python benchmarks/stated_torch.py FOLDER_OF_PROJECTS

Each load is to allow ``argparse.Namespace``, whatever it reads, in the form that the requirements
of its own folder ask for. Nothing is executed and nothing is written. Prints a row a project, then
sums.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from torchload_lint.fixes.repair import Allow, Form, Repair, Repaired
from torchload_lint.fixes.repairing import repair_load
from torchload_lint.names import Spelling
from torchload_lint.requirements.releases import Requirements
from torchload_lint.rules.on_torch import RESTRICTED_BY_DEFAULT_SINCE, SAFE_GLOBALS_SINCE
from torchload_lint.source.facts.calls import LoadCall, WeightsOnly
from torchload_lint.source.facts.module import Module, read
from torchload_lint.source.facts.torch_tests import bounds_at
from torchload_lint.source.text.parse import SyntaxProblem
from torchload_lint.source.text.text import decode

if TYPE_CHECKING:
    from torchload_lint.checkpoint.known.torch_range import TorchRange

NAMESPACE = (Allow(Spelling("argparse", "Namespace")),)


def form_for(torch: TorchRange) -> Form:
    """The form that keeps every torch of a range working."""
    if torch.oldest >= RESTRICTED_BY_DEFAULT_SINCE:
        return Form.RESTRICTED
    return Form.AS_IT_IS if torch.oldest >= SAFE_GLOBALS_SINCE else Form.WITH_SHIM


def outcome(load: LoadCall, module: Module, torch: TorchRange) -> str:
    """What becomes of a load, in words."""
    if bounds_at(load.node, module):
        return "a test of torch's version chooses it"
    if torch.newest < RESTRICTED_BY_DEFAULT_SINCE:
        return "only torch before 2.6 is let in"
    form = form_for(torch)
    if load.weights_only is WeightsOnly.FALSE and form is Form.WITH_SHIM:
        return "it says weights_only=False, which works on every torch"
    repaired = repair_load(module, load, Repair(allow=NAMESPACE, form=form))
    return f"{form.value}: {'fixed' if isinstance(repaired, Repaired) else 'left'}"


def module_of(path: Path, name: str) -> Module | None:
    """A file that may hold a load."""
    data = path.read_bytes()
    if b"torch" not in data or b"load" not in data:
        return None
    try:
        found = read(decode(data).text, name, path.stem)
    except (SyntaxError, UnicodeDecodeError):
        return None
    return None if isinstance(found, SyntaxProblem) else found


def measure(project: Path) -> tuple[Counter[str], bool]:
    """What becomes of the loads of a project, and whether it states a torch."""
    requirements = Requirements(project)
    stated = bool(requirements.range_in().stated)
    counts: Counter[str] = Counter()
    for path in sorted(project.rglob("*.py")):
        name = path.relative_to(project).as_posix()
        module = module_of(path, name) if path.is_file() else None
        for load in module.loads if module is not None else ():
            torch = requirements.range_of(name)
            stated = stated or bool(torch.stated)
            counts[outcome(load, module, torch)] += 1
    return counts, stated


def main() -> None:
    total: Counter[str] = Counter()
    stating, projects = 0, sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir())
    for project in projects:
        counts, stated = measure(project)
        total += counts
        stating += stated
        torch = Requirements(project).range_in()
        print(f"{project.name}: torch {torch} ({torch.origin}): {dict(counts)}")
    print(f"\n{stating} of {len(projects)} projects state a torch; {sum(total.values())} loads")
    for name, count in total.most_common():
        print(f"{count:6}  {name}")


if __name__ == "__main__":
    main()
