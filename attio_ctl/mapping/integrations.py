"""The `integrations` object of an event, as Segment's pipeline reads it before a destination sees the event."""

from __future__ import annotations

from typing import Any, Final

DESTINATION: Final = "Attio (Actions)"
"""The exact name that Segment and Customer.io give this destination."""


def switched_on(event: dict[str, Any]) -> bool:
    """
    Whether the event is meant for Attio: the destination's own entry beats `All`, and only false switches off.

    Source: Segment's pages on the integrations object; Customer.io documents the same name.
    """
    integrations = event.get("integrations")
    if not isinstance(integrations, dict):
        return True
    if DESTINATION in integrations:
        return integrations[DESTINATION] is not False
    return integrations.get("All") is not False
