"""Options as data: click makes its own of them, and usual command lines are read without click."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE, EXISTING_FILE, ANY_PATH = "file", "existing file", "place"
"""What an option takes: a file that may be made, one that is there, a file or folder."""
SECONDS, COUNT = "seconds", "count"
"""A number from 1 on; a whole one from 0 on."""


class Declared(NamedTuple):
    """An option: its names, and the rest of what ``click.option`` is given for it.

    ``type`` is one of the words above, or a tuple of the texts that may be chosen from.
    """

    names: tuple[str, ...]
    settings: Mapping[str, Any]


def declare(*names: str, **settings: Any) -> Declared:  # noqa: ANN401 - as click has it
    """An option, in the words of ``click.option``."""
    return Declared(names, settings)


CONFIGURATION = (
    declare(
        "--target-torch",
        metavar="VERSIONS",
        help='The torch that the code must run on: ">=2.1,<2.9", or 2.6 (and newer).',
    ),
    declare(
        "--config",
        "config_file",
        type=ANY_PATH,
        metavar="FILE",
        help="Use this pyproject.toml or torchload-lint.toml for every file.",
    ),
    declare("--isolated", is_flag=True, help="Ignore all configuration files."),
)

REMOTE = declare(
    "--remote",
    is_flag=True,
    help="Read checkpoints at addresses, too (s3://, gs://, az://, https://, hf:// …).",
)

INTERPRETER = declare(
    "--python",
    type=EXISTING_FILE,
    metavar="PATH",
    help="The interpreter whose packages are read and whose torch is asked (default: that of "
    "the active environment, or the project's).",
)
