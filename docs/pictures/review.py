"""
Draws what a reviewer sees: `python docs/pictures/review.py`, which needs Chromium.

The plan of the demo with something taken away, on a sandbox of its own: the HTML page in both themes, and the comment
drawn by GitHub's own Markdown library under plain CSS.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cmarkgfm
from cmarkgfm.cmark import Options

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROGRAM = Path(sys.executable).with_name("attio-ctl")
TAKEN_AWAY = """
removed:
  - {address: object.people.attribute.newsletter, action: archive, reason: consent lives in the mailing tool now}
"""
CSS = """
body { font: 15px/1.55 -apple-system, "Segoe UI", "Liberation Sans", sans-serif; max-width: 830px; margin: 24px auto;
  color: #1f2328; } h2 { border-bottom: 1px solid #d1d9e0; padding-bottom: .3em } table { border-collapse: collapse }
td, th { border: 1px solid #d1d9e0; padding: 4px 12px } code { background: #eff1f3; padding: .15em .35em;
  border-radius: 5px; font-size: 85% } pre { background: #f6f8fa; padding: 12px; border-radius: 6px; overflow: auto }
pre code { background: none; padding: 0 } .alert { border-left: 4px solid #cf222e; padding: 2px 16px; margin: 16px 0 }
.alert b.title { color: #cf222e } .add { background: #dafbe1; color: #116329 }
.cut { background: #ffebe9; color: #82071e }
.mark { color: #953800 } summary { cursor: pointer; margin: 8px 0 }
"""


def attio_ctl(folder: Path, *arguments: str) -> str:
    """What a command prints."""
    environment = {**os.environ, "ATTIO_CTL_WORKSPACE": "demo", "NO_COLOR": "1"}
    done = subprocess.run(
        [PROGRAM, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def prepare(folder: Path) -> None:
    """The demo applied, then changed: something new, something renamed, something taken away."""
    shutil.copytree(ROOT / "workspaces", folder / "workspaces")
    git = ("git", "-c", "user.name=demo", "-c", "user.email=demo@example.com")
    for words in (["init", "--quiet"], ["add", "workspaces"], ["commit", "--quiet", "--message", "The demo"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    attio_ctl(folder, "sandbox", "activate", "users", "workspaces")
    attio_ctl(folder, "apply", "--auto-approve")
    attio_ctl(folder, "deliver", "--events", "workspaces/demo/events.ndjson")
    objects = folder / "workspaces" / "demo" / "objects"
    people = (objects / "people.yaml").read_text()
    people = re.sub(r"      newsletter:\n(?:        .*\n)+", "", people).replace("Event]", "Event, Podcast]")
    (objects / "people.yaml").write_text(people + TAKEN_AWAY)
    users = (objects / "users.yaml").read_text()
    users = users.replace("      seats:\n", "      licences:\n        renamed_from: seats\n")
    (objects / "users.yaml").write_text(users)
    identify = folder / "workspaces" / "demo" / "mappings" / "identify.yaml"
    lines = [line for line in identify.read_text().splitlines() if "newsletter" not in line]
    identify.write_text("\n".join(lines).replace("seats: ", "licences: ") + "\n")


def comment(markdown: str) -> str:
    """The comment as HTML, with the parts that GitHub adds: alerts and coloured diffs."""
    body = cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE)
    body = re.sub(r"<blockquote>\s*<p>\[!(\w+)\]", r'<blockquote class="alert"><p><b class="title">\1</b><br>', body)
    for sign, name in (("+", "add"), ("-", "cut"), ("!", "mark")):
        body = re.sub(rf"(?m)^((?:<pre[^>]*><code>)?)(\{sign} .*)$", rf'\1<span class="{name}">\2</span>', body)
    return f"<!doctype html><meta charset=utf-8><style>{CSS}</style>{body}"


def shoot(page: Path, picture: str, *, dark: bool = False, height: int = 1500) -> None:
    """One picture of a page."""
    browser = shutil.which("chromium") or "google-chrome"
    theme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", theme, f"--window-size=1000,{height}"]
    target = f"--screenshot={HERE / picture}"
    subprocess.run([browser, *flags, target, page.as_uri()], capture_output=True, check=True, timeout=60)


def main() -> None:
    """Draw them all."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder)
        plan = ("plan", "--format", "markdown", "--base", "HEAD", "--events", "workspaces/demo/events.ndjson")
        (folder / "comment.html").write_text(comment(attio_ctl(folder, *plan, "--html-into", "plan.html")))
        shoot(folder / "comment.html", "comment.png", height=860)
        shoot(folder / "plan.html", "page-light.png", height=1540)
        shoot(folder / "plan.html", "page-dark.png", height=1540, dark=True)


if __name__ == "__main__":
    main()
