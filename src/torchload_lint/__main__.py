"""``python -m torchload_lint``, and the console script."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Run the command line; the only place that turns an interrupt into an exit status.

    Garbage is not collected: a command ends soon and keeps the trees that it parses, so looking
    through them again and again found nothing and took a third of the time. (What is not in a
    cycle is freed as always.)
    """
    gc.disable()
    from torchload_lint.cli import root  # noqa: PLC0415 - kept out of `import torchload_lint`

    try:
        root()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
