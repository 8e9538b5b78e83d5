"""``python -m torchload_lint``, and the console script."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the only place that turns an interrupt into an exit status."""
    from torchload_lint.cli import root  # noqa: PLC0415 - kept out of `import torchload_lint`

    try:
        root()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
