"""What a rule may ask besides the file itself: the project, the checkpoints, the settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torchload_lint.checkpoint.known.torch_range import TorchRange
    from torchload_lint.checkpoint.known.torch_versions import Target, TorchVersion
    from torchload_lint.checkpoint.report import CheckpointReport
    from torchload_lint.config import Config
    from torchload_lint.fixes.repair import Repair
    from torchload_lint.names import ClassFacts, GlobalName
    from torchload_lint.rules.situation import Situation
    from torchload_lint.source.paths import PathPattern
    from torchload_lint.source.project.index import ProjectIndex
    from torchload_lint.source.recorded import RecordedLoad

Veto = Callable[["Situation", "Repair", "Context"], str]
"""A load, the fix that is meant for it, the context → why not; "" where nothing is against it."""


class Checkpoints(Protocol):
    """The checkpoint files within reach, and their reports. The workspace looks at the disk; a
    test has a dictionary.
    """

    def matching(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """The files that a pattern names, as paths from the project's root, sorted; ``near`` is
        the source file that names them.
        """

    def others(self, pattern: PathPattern, near: str) -> Sequence[str]:
        """Further files that an exact path names where the program runs in another folder of the
        project.
        """

    def keeps(self, pattern: PathPattern, near: str) -> bool:
        """Whether the folder that an exact path names holds other checkpoints, so that its own
        should be there too. A bare name names no folder, and is taken to be kept.
        """

    def any(self) -> bool:
        """Whether there is any checkpoint within reach, or any configured."""

    def inspect(
        self, path: str, lookup: Callable[[GlobalName], ClassFacts | None], torch: TorchVersion
    ) -> CheckpointReport:
        """What one release of torch does with one of those files."""


class Context(NamedTuple):
    """Everything outside the file that a rule may look at."""

    config: Config
    torch: TorchRange
    """The releases of torch that the code may run on: every verdict holds for all of them."""
    target: Target
    """The rest of the program's surroundings, with the oldest of those releases."""
    project: ProjectIndex
    checkpoints: Checkpoints
    recorded: tuple[RecordedLoad, ...] = ()
    """What recorded runs have seen of the project's loads."""
    infers: bool = False
    """Whether needs are inferred from the saving side where no file is there. Only unsafe fixes
    rest on that, and it costs most of the time that a run takes."""
    adds_modules: bool = False
    """Whether a fix may rest on a module that is written into the project along with it."""
    veto: Veto | None = None
    """Asked before a fix is offered: why it must not be applied, or "" (with ``--verify``)."""
    reads_addresses: bool = False
    """Whether the network may be used for what the code names by an address."""
    torch_in: Callable[[str], TorchRange] | None = None
    """The range for the files of another folder of the project; None where all have the same."""
