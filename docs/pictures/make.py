"""
Draws the pictures in this folder from what the commands really print: `make pictures`.

Runs the demo's commands on a sandbox of its own, with colour, at 80 columns, and writes one SVG per picture. The SVG
names no font of the web, so it looks the same offline.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WIDTH = 80
INK, PAPER = (216, 219, 226), (24, 26, 33)
HUES = [(240, 113, 120), (126, 211, 133), (240, 198, 116), (97, 175, 239), (198, 146, 233), (86, 207, 225)]
THEME = TerminalTheme(PAPER, INK, [PAPER, *HUES, INK], [(92, 99, 112), *HUES, (255, 255, 255)])

PICTURES: dict[str, list[list[str]]] = {
    "plan": [["plan"]],
    "deliver": [
        ["deliver", "--events", "workspaces/demo/events.ndjson"],
        ["deliver", "--events", "workspaces/demo/events.ndjson"],
        ["records", "users", "--limit", "5", "--columns", "user_id,primary_email_address,plan,mrr"],
    ],
}
BEFORE: dict[str, list[list[str]]] = {
    "plan": [["sandbox", "activate", "users"]],
    "deliver": [["sandbox", "activate", "users", "workspaces"], ["apply", "--auto-approve"]],
}


def run(arguments: list[str], folder: Path) -> str:
    """What a command prints on standard output, coloured as for a terminal."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "ATTIO_CTL_WORKSPACE": "demo"}
    command = [sys.executable, "-m", "attio_ctl.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def draw(name: str, folder: Path) -> None:
    """One picture: the commands as they are typed, each with its output."""
    for arguments in BEFORE[name]:
        run(arguments, folder)
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    for arguments in PICTURES[name]:
        console.print(Text(f"$ attio-ctl {' '.join(arguments)}", style="bold"))
        console.print(Text.from_ansi(run(arguments, folder)))
    svg = console.export_svg(title="attio-ctl", theme=THEME, unique_id=name)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = svg.replace("font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, monospace")
    (HERE / f"{name}.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")


def main() -> None:
    """Draw them all."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(ROOT / "workspaces", folder / "workspaces")
        for name in PICTURES:
            draw(name, folder)


if __name__ == "__main__":
    main()
