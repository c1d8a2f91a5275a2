"""Durations as people type them: `30s`, `10m`, `2h`, `1d`."""

from __future__ import annotations

import re

from attio_ctl.errors import UsageError

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_duration(text: str) -> float:
    """
    Seconds.

    Raises:
        UsageError: it is no duration.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text.strip())
    if match is None:
        raise UsageError(f"`{text}` is no duration", hint="for example `30s`, `10m`, `2h` or `1d`")
    return float(match[1]) * SECONDS[match[2]]
