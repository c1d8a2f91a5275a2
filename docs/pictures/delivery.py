"""
Draws the page of a delivery: `python docs/pictures/delivery.py`, which needs Chromium.

The events of the demo, delivered into a sandbox that keeps to Attio's limits, in both themes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROGRAM = Path(sys.executable).with_name("attio-ctl")
SCHEMES = {"dark": 0, "light": 1}
"""Of Chromium's `preferredColorScheme`."""


def deliver(folder: Path) -> Path:
    """The page that a delivery of the demo has made."""
    environment = {**os.environ, "ATTIO_CTL_WORKSPACE": "demo", "NO_COLOR": "1"}

    def attio_ctl(*arguments: str) -> None:
        subprocess.run([PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, check=True)

    shutil.copytree(ROOT / "workspaces", folder / "workspaces")
    attio_ctl("sandbox", "activate", "users", "workspaces")
    attio_ctl("apply", "--auto-approve")
    file = folder / "workspaces" / "demo" / "workspace.yaml"
    file.write_text(file.read_text().replace("sandbox: demo", "sandbox: demo, limits: true"))
    attio_ctl("deliver", "--events", "workspaces/demo/events.ndjson", "--report", "report.html")
    return folder / "report.html"


def draw(page: Path, theme: str) -> None:
    """A picture of the whole page."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or "chromium-browser"
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1150,2060"]
    options = [f"--user-data-dir={page.parent / 'profile'}", f"--blink-settings=preferredColorScheme={SCHEMES[theme]}"]
    picture = HERE / f"delivery-{theme}.png"
    subprocess.run([*command, *options, f"--screenshot={picture}", page.as_uri()], capture_output=True, check=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        made = deliver(Path(folder))
        for name in SCHEMES:
            draw(made, name)
