"""``python -m torchload_lint``, and the console script."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def main() -> None:
    """Run the command line.

    Garbage is not collected: a command ends soon and keeps the trees that it parses, so looking
    through them again and again found nothing and took a third of the time. (What is not in a
    cycle is freed as always.)
    """
    gc.disable()
    from torchload_lint.cli.terminal import (  # noqa: PLC0415 - kept out of `import torchload_lint`
        FAILED,
        FINDINGS,
        INTERRUPTED,
        tell_interrupted,
        tell_of_a_fault,
    )

    try:
        _run(sys.argv[1:])
    except SystemExit as ended:
        if isinstance(ended.code, int):
            _leave(ended.code)
        raise
    except KeyboardInterrupt:
        tell_interrupted()
        _leave(INTERRUPTED)
    except BrokenPipeError:  # whoever reads has seen enough; the status is that of click's commands
        _leave(FINDINGS)
    except OSError as error:  # click's own output, on a full disk
        if sys.stderr is not None:
            sys.stderr.write(f"error: {error}\n")
        _leave(FAILED)
    except Exception as error:  # noqa: BLE001 - Python's own status for it is that of findings
        tell_of_a_fault(error)
        _leave(FAILED)


def _run(arguments: list[str]) -> None:
    """A usual check begins without click, whose import takes a third of what starting takes.

    Raises SystemExit with the status.
    """
    from torchload_lint.cli.usual import usual_flags  # noqa: PLC0415

    flags = usual_flags(arguments)
    if flags is None:
        from torchload_lint.cli.group import root  # noqa: PLC0415

        root()
    else:
        from torchload_lint.cli.checking import Flags, run_check  # noqa: PLC0415

        raise SystemExit(run_check(Flags(**flags)))


def _leave(status: int) -> None:
    """End the process at once, with everything written; what could not be is a failure.

    To free each object of the trees that were parsed takes a tenth of the time of a run; the
    system takes the memory back as a whole.
    """
    from torchload_lint.cli.terminal import FAILED  # noqa: PLC0415 - imported already

    written = _flushed(sys.stdout) and _flushed(sys.stderr)
    os._exit(status if written else status or FAILED)


def _flushed(stream: TextIO | None) -> bool:
    try:
        if stream is not None:  # as it is where it was closed from the start
            stream.flush()
    except (OSError, ValueError):
        return False
    return True


if __name__ == "__main__":
    main()
