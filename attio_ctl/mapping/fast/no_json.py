"""Why a line is no JSON, in words for the person who has to mend it or whoever wrote it."""

from __future__ import annotations

import json
import re
from typing import Final

_FAULTS: Final[tuple[tuple[str, str], ...]] = (
    ("Expecting value", "a value is expected"),
    ("Expecting property name", "a key in double quotes is expected"),
    ("Expecting ':'", "a `:` is expected"),
    ("Expecting ','", "a `,` or the end of the object or array is expected"),
    ("Illegal trailing comma", "a comma has nothing after it"),
    ("Unterminated string", "a text begins that has no end"),
    ("Invalid control character", "a control character stands in a text without being escaped"),
    ("Invalid \\", "an escape in a text is none that JSON knows"),
    ("Extra data", "the event has ended, and more follows; a line holds one event"),
    ("Unexpected UTF-8 BOM", "a byte order mark; only a file may begin with one"),
)
"""The beginnings of what Python's parser says, which differ in their ends from version to version."""

_EXPECTING: Final = "expected"
_FOUND: Final = re.compile(r"[\w.+-]{1,20}|.", re.DOTALL)


def why_no_json(line: bytes, error: ValueError) -> str:
    """
    What is wrong with a line, and where.

    Args:
        error: What `decode` raised of it.

    Returns:
        `column 17: a value is expected, not `tru``: columns count characters from 1.
    """
    match error:
        case UnicodeDecodeError():
            return f"byte {error.start + 1}: 0x{line[error.start]:02x} is no UTF-8 here"
        case json.JSONDecodeError():
            return _of_syntax(error)
        case _:
            return str(error)


def _of_syntax(error: json.JSONDecodeError) -> str:
    said = next((ours for theirs, ours in _FAULTS if error.msg.startswith(theirs)), "this is not well-formed")
    text = error.doc.rstrip()
    found = _FOUND.match(text, error.pos)
    if found is None:
        return f"it ends at column {len(text)}, where {said}: it may be cut off"
    shown = f"`{found[0]}`" if found[0].isprintable() else f"U+{ord(found[0]):04X}"
    return f"column {error.pos + 1}: {said}{f', not {shown}' if said.endswith(_EXPECTING) else ''}"
