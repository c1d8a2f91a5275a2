"""The access token, wrapped."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Token:
    """An API key or OAuth access token that no repr, log or traceback shows; `plain` is what Attio wants to see."""

    plain: str = field(repr=False)
