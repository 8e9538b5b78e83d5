"""The pictures of the documentation, from real runs on the samples in ``fixtures/demo``.

    python docs/make_pictures.py

Needs the extras ``docs`` and ``lsp``; for the picture of the editor also Neovim or Vim, and tmux.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parent.parent
PICTURES = Path(__file__).parent / "pictures"
TOOL = Path(sys.executable).parent / "torchload-lint"
COLUMNS = 128
THEME = TerminalTheme(
    (24, 26, 31),
    (222, 225, 230),
    [
        (24, 26, 31),
        (240, 98, 98),
        (126, 200, 116),
        (229, 192, 96),
        (104, 165, 240),
        (200, 130, 220),
        (86, 190, 200),
        (222, 225, 230),
    ],
    [
        (110, 118, 130),
        (250, 120, 120),
        (150, 220, 140),
        (240, 205, 120),
        (130, 185, 250),
        (215, 150, 235),
        (110, 210, 220),
        (255, 255, 255),
    ],
)


def run(args: list[str], folder: Path) -> str:
    """What a command prints, with its colours."""
    done = subprocess.run(
        [TOOL, *args, "--color", "always"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout


def picture(name: str, title: str, shown: str, columns: int = COLUMNS) -> None:
    """Write an SVG of a terminal."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - a stream
        console = Console(record=True, width=columns, file=nowhere, legacy_windows=False)
        console.print(Text.from_ansi(shown.rstrip("\n") + "\n"), soft_wrap=False)
        svg = console.export_svg(title=title, theme=THEME, unique_id=name)
    PICTURES.mkdir(exist_ok=True)
    svg = "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
    (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8")


def terminal(name: str, args: list[str], folder: Path, columns: int = COLUMNS) -> None:
    """A command at its prompt, and what it prints."""
    command = f"torchload-lint {' '.join(args)}"
    prompt = f"\x1b[32m$\x1b[0m {command}\n"
    picture(name, "torchload-lint", prompt + run(args, folder), columns)


EDITOR_ROWS = 12
NEOVIM = f"""
vim.opt.number = true
vim.opt.signcolumn = 'yes'
vim.opt.laststatus = 0
vim.opt.ruler = false
vim.opt.showmode = false
vim.opt.swapfile = false
vim.cmd('syntax on | highlight SignColumn ctermbg=NONE | highlight NormalFloat ctermbg=237')
vim.diagnostic.config({{ virtual_text = {{ prefix = '■', spacing = 2 }} }})
local started = vim.lsp.start_client({{
  name = 'torchload-lint',
  cmd = {{ '{TOOL}', 'server' }},
  root_dir = vim.loop.cwd(),
}})
vim.api.nvim_create_autocmd('BufReadPost', {{
  callback = function(found) vim.lsp.buf_attach_client(found.buf, started) end,
}})
vim.keymap.set('n', 'd', function()
  vim.diagnostic.open_float({{ focus = false, header = '', max_width = 124 }})
end, {{ nowait = true }})
"""


def editor(folder: Path) -> str:
    """What Neovim shows of a file, a few seconds after it was opened, read from tmux."""
    settings = folder / "init.lua"
    settings.write_text(NEOVIM, encoding="utf-8")
    session = f"pictures-{os.getpid()}"
    tmux = ["tmux", "-L", session, "-f", "/dev/null"]
    size = ["-x", str(COLUMNS), "-y", str(EDITOR_ROWS)]
    command = f"nvim -u {settings} predict.py"
    subprocess.run([*tmux, "new-session", "-d", *size, command], cwd=folder, check=True)
    try:
        time.sleep(12)  # the server starts, and the file is checked
        for key in ("5G", "d"):
            subprocess.run([*tmux, "send-keys", key], check=True)
            time.sleep(1)
        shown = subprocess.run(
            [*tmux, "capture-pane", "-p", "-e", "-N"], capture_output=True, text=True, check=True
        ).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)
        settings.unlink()
    return shown


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        demo = Path(shutil.copytree(ROOT / "fixtures" / "demo", Path(made) / "demo"))
        chosen = ["--output-format", "full", "--select", "TLL103,TLL501", "."]
        terminal("report", chosen, demo)
        terminal("diff", ["--diff", "."], demo, 92)
        terminal("inspect", ["inspect", "weights/state.pt"], demo, 76)
        picture("editor", "Neovim, through the language server", editor(demo))


if __name__ == "__main__":
    main()
