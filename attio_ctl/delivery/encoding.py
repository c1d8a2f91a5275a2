"""Which encoding a file is in, by its first bytes: events are UTF-8, a file in another one is refused as a whole."""

from __future__ import annotations

import codecs
import shlex
from pathlib import Path
from typing import Final

from attio_ctl.errors import EventsError

UTF8_BOM: Final = codecs.BOM_UTF8

_BOMS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16: it begins with the same two bytes
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_UNMARKED: Final = ("UTF-32LE", "UTF-32BE", "UTF-16LE", "UTF-16BE")


def check_utf8(head: bytes, path: Path, *, is_packed: bool) -> None:
    """
    Refuse a file that is in UTF-16 or UTF-32, as PowerShell and Excel write them: each of its lines would be no JSON.

    Args:
        head: The first bytes of its content.

    Raises:
        EventsError: with the encoding, and how to convert it.
    """
    encoding = _encoding_of(head)
    if encoding is not None:
        way = f"`iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > converted.ndjson`"
        raise EventsError(
            f"the events are in {encoding}, and have to be in UTF-8; nothing of them was delivered",
            where=str(path),
            hint=f"unpack and convert it, as with {way}" if is_packed else f"convert it: {way}",
        )


def _encoding_of(head: bytes) -> str | None:
    """UTF-16 or UTF-32 where it is one: by its mark, or by zero bytes around what JSON begins with."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    if 0 in head:
        for encoding in _UNMARKED:
            if head.decode(encoding, "replace").lstrip().startswith(("{", "[")):
                return encoding
    return None
