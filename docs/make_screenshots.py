"""Screenshots of the audit report and of the documentation, in headless Chromium.

    python docs/make_screenshots.py

Needs the extra ``docs`` and a Chromium; what is shown comes from real runs on ``fixtures/demo``.
``make_pictures.py`` makes those of the terminal and of Neovim, ``npm run test-in-editor`` in
``editors/vscode`` those of VS Code.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURES = Path(__file__).parent / "pictures"
BIN = Path(sys.executable).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
SECONDS = 120
"""How long the browser may take for one page."""


def browser() -> str:
    """The first Chromium there is. Ends the script where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or sys.exit(f"none of {', '.join(BROWSERS)} is installed")


def screenshot(page: Path, name: str, width: int, height: int, *, dark: bool = False) -> None:
    """Show a file of the disk, as tall as asked for, and write a PNG."""
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser(),
            "--headless=new",
            "--no-sandbox",  # it shows nothing but what this script has made
            "--disable-gpu",
            "--hide-scrollbars",
            "--host-resolver-rules=MAP * ~NOTFOUND",  # no page needs the network
            f"--user-data-dir={profile}",
            f"--window-size={width},{height}",
            "--virtual-time-budget=5000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            f"--screenshot={PICTURES / name}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, timeout=SECONDS, stderr=subprocess.DEVNULL)


def report(folder: Path) -> Path:
    """The audit report of the samples, unfolded."""
    demo = shutil.copytree(ROOT / "fixtures" / "demo", folder / "demo")
    page = folder / "audit.html"
    command = [BIN / "torchload-lint", "--exit-zero", "--output-format", "html", "-o", page, "."]
    subprocess.run(command, cwd=demo, check=True)
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("<details", "<details open"), encoding="utf-8")
    return page


def documentation(folder: Path) -> Path:
    """The documentation, built from a copy of the sources."""
    made = folder / "site-sources"
    shutil.copytree(ROOT / "docs", made / "docs")
    for name in ("mkdocs.yml", "README.md", "CHANGELOG.md"):
        shutil.copy(ROOT / name, made / name)
    subprocess.run([sys.executable, "docs/make_pages.py"], cwd=made, check=True)
    subprocess.run([BIN / "zensical", "build", "--clean"], cwd=made, check=True)
    return made / "site"


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        screenshot(report(folder), "audit.png", 1100, 1300)
        site = documentation(folder)
        screenshot(
            site / "errors" / "weights-only-load-failed" / "index.html", "docs.png", 1100, 750
        )
        screenshot(site / "rules" / "index.html", "docs-dark.png", 1100, 600, dark=True)


if __name__ == "__main__":
    main()
