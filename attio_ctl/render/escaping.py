"""
Text that may hold anything, made safe to show: nothing invisible, no markup, no mention, no way out of its place.

Titles, notes and values come from files and from a live workspace, so a reviewer must be able to trust how they look.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_JOINERS: Final = "\u200c\u200d"
_NAMING: Final = re.compile(r"@|#(?=\d)|\bGH(?=-\d)", re.IGNORECASE)
"""
What GitHub turns into mentions and references after it has drawn the Markdown, where a backslash no longer counts.
Source: docs.github.com/get-started/writing-on-github (mentions; autolinked references).
"""


def visible(text: str) -> str:
    """
    One line in which every control, direction and zero-width character stands as its escape, such as `\\u202e`.

    Joiners stay behind a character outside ASCII, where scripts and emoji need them; behind ASCII they only hide.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char, before) for before, char in zip(" " + text, text, strict=False))


def _shown(char: str, before: str) -> str:
    if unicodedata.category(char) not in _HIDDEN or (char in _JOINERS and not before.isascii()):
        return char
    return json.dumps(char)[1:-1] if ord(char) != 0x7F else "\\u007f"


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and how much is missing; `limit` is in characters."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def escape(text: str) -> str:
    """Text in a paragraph, list or table cell of Markdown: no markup, no HTML, no mention. Web addresses stay links."""
    entities = visible(text).replace("&", "&amp;").replace("<", "&lt;")
    quoted = re.sub(r"[\\`*_{}\[\]#|~>]", r"\\\g<0>", entities)
    begun = re.sub(r"^(\s*)([+-]|\d+(?=[.)]))", _unlisted, quoted)
    named = _NAMING.sub(lambda found: f"{found[0]}\u200d", begun)
    return re.sub(r"^ ", "&#32;", named)  # four blanks at the head of an item would make it a block of code


def _unlisted(found: re.Match[str]) -> str:
    """The sign or number at the head of a text, so that it opens no list."""
    return f"{found[1]}{found[2]}\u200d" if found[2].isdigit() else f"{found[1]}\\{found[2]}"


def prose(message: str) -> str:
    """A message whose literals stand in backticks, as Markdown; a backtick without its other is a character."""
    parts = message.split("`")
    if len(parts) % 2 == 0:
        return escape(message)
    return "".join(code(part) if n % 2 and part else escape(part) for n, part in enumerate(parts))


def code(text: str) -> str:
    """A code span with as many backticks around it as it needs."""
    shown = visible(text)
    ticks = "`" * (1 + _longest_run(shown))
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def cell(markdown: str) -> str:
    """Markdown of one line, as a cell of a table."""
    return markdown.replace("|", "\\|")


def fenced(language: str, body: str) -> str:
    """A code block whose fence is longer than any run of backticks in it."""
    ticks = "`" * max(3, 1 + _longest_run(body))
    return f"{ticks}{language}\n{body}\n{ticks}"


def at_most(size: int, lines: Iterable[str], rest: str) -> Iterator[str]:
    """The first lines that take no more than `size` bytes, then `rest` with the number of the others for `{}`."""
    left_out = 0
    for line in lines:
        size -= len(line.encode()) + 1
        if left_out or size < 0:
            left_out += 1
        else:
            yield line
    if left_out:
        yield rest.format(f"{left_out:,}")


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
