"""Libraries that only some commands need, and that an installation may lack."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from attio_ctl.errors import UsageError


@contextlib.contextmanager
def extra(name: str, need: str) -> Iterator[None]:
    """
    Around the imports of an extra's libraries.

    Args:
        name: As in `attio-ctl[NAME]`.
        need: What needs them, with its verb, such as `the sandbox needs`.

    Raises:
        UsageError: one is not installed; it says how each installer adds it.
    """
    try:
        yield
    except ImportError as error:
        package = f"'attio-ctl[{name}]'"
        raise UsageError(
            f"{need} `{error.name}`, which is not installed",
            hint=f"install it the way attio-ctl was: `pip install {package}`, `pipx install --force {package}`, "
            f"`uv tool install {package}`, or `uvx --from {package} attio-ctl …`",
        ) from error
