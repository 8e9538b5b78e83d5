"""``torchload-lint show-settings PATH``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from torchload_lint.checkpoint.known.torch_versions import RUN
from torchload_lint.cli.arguments.options import configuration
from torchload_lint.cli.arguments.overrides import settings_from
from torchload_lint.cli.terminal import fail, say
from torchload_lint.config import ConfigError, settings_of
from torchload_lint.workspace import Projects


@click.command(name="show-settings", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@configuration
def command(path: Path, config_file: Path | None, isolated: bool, **flags: Any) -> None:  # noqa: ANN401
    """Show the settings that hold for PATH (as JSON), and where they come from."""
    try:
        projects = Projects(settings_from(config_file, isolated, flags))
        projects.are_named([path])
        inside = path / "any" if path.is_dir() else path
        project = projects.project_of(inside)
        torch = project.torch_of(inside)
        shown = settings_of(project.config)
        shown["target-torch"] = str(torch)
        shown["target-torch-origin"] = torch.origin
        shown["target-torch-versions"] = list(map(str, torch.versions))
        shown["target-torch-not-run"] = [str(one) for one in torch.versions if one not in RUN]
        shown["target-torch-not-understood"] = list(map(str, torch.unread))
        shown["enabled"] = sorted(project.enabled)
    except ConfigError as error:
        fail(str(error))
    say(json.dumps(shown, indent=2) + "\n")
