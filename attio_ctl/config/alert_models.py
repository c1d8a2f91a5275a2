"""What a workspace file may say of alerts: who is told when deliveries go on failing, as frozen models."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator

from attio_ctl.config.attribute_models import Spec

CHAT_PATTERN: Final = r"^(https://|http://(localhost|127\.0\.0\.1)[:/])\S+$"
"""Its path is often a secret, which has no business on a network in the clear."""


class AlertWebhook(Spec):
    """A chat, or anything else that takes JSON: Slack's incoming webhooks show its `text`."""

    url: Annotated[str, StringConstraints(pattern=CHAT_PATTERN)]
    """Where the JSON is posted; it is often a secret by itself, so take it from the environment: `${SLACK_URL}`."""


class Alerts(Spec):
    """Who is told when deliveries go on failing, and when they are well again."""

    after: Annotated[int, Field(ge=1)] = 3
    """How many deliveries in a row must have gone wrong."""
    on: Annotated[tuple[Literal["failed", "dead_letters"], ...], Field(min_length=1)] = ("failed",)
    """What counts: a delivery that ended before its input did, or one that left dead letters."""
    command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """A program and its arguments that gets the alert as JSON on standard input; no shell is involved."""
    webhook: AlertWebhook | None = None
    """Where the alert is posted as JSON."""

    @model_validator(mode="after")
    def _somebody_is_told(self) -> Alerts:
        if self.command is None and self.webhook is None:
            raise ValueError("nobody is told: it needs a `command`, a `webhook`, or both")
        return self
