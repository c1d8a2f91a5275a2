"""Ids and times as Attio writes them."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from email.utils import formatdate
from functools import lru_cache
from typing import Final
from uuid import UUID

_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))


def new_id() -> str:
    """A random UUID with version 4 and the RFC 4122 variant, which strict clients check."""
    text = os.urandom(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def derived_id(*parts: str) -> str:
    """A UUID of version 4 that is always the same for the same parts."""
    return str(UUID(bytes=hashlib.sha256("\0".join(parts).encode()).digest()[:16], version=4))


@lru_cache(maxsize=65536)
def iso(microseconds: int) -> str:
    """A time in UTC with nine fraction digits and `Z`, as every timestamp of the live API looks."""
    seconds, fraction = divmod(microseconds, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{fraction:06d}000Z"


@lru_cache(maxsize=64)
def http_date(seconds: int) -> str:
    """An RFC 7231 date."""
    return formatdate(seconds, usegmt=True)
