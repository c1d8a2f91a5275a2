"""Whether a new workspace can be called what somebody wants to call it."""

from __future__ import annotations

import re
from pathlib import Path

from attio_ctl.config.patterns import SLUG_PATTERN
from attio_ctl.errors import UsageError


def check_name(name: str) -> None:
    """
    Raises:
        UsageError: a workspace cannot be called so.
    """
    if not re.match(SLUG_PATTERN, name):
        raise UsageError(
            f"`{name}` cannot be the name of a workspace", hint="use a letter, then letters, digits, `_` or `-`"
        )


def check_free(name: str, *, hint: str) -> None:
    """
    Raises:
        UsageError: there is such a workspace already.
    """
    folder = Path("workspaces") / name
    files = [folder.with_name(name + suffix) for suffix in (".yaml", ".yml")]
    if any(folder.glob("*")) or any(file.exists() for file in files):
        raise UsageError(f"there is a workspace `{name}` already", hint=hint)
