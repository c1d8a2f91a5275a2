"""
Whether deliveries to a workspace go well, from how the last ones ended; pure, and a document that dashboards read.

| status   | means                                                                            |
|----------|----------------------------------------------------------------------------------|
| ok       | the last delivery did what it should, and no dead letter is open                 |
| degraded | dead letters are open, or the last one went wrong, but not yet so many in a row  |
| failing  | as many in a row went wrong as `alerts.after` says                               |

A delivery that somebody stopped, or that found another one running, says nothing either way; one that is to go on until
it is stopped has ended well then. Where dead letters count as wrong, one that leaves none of its own, but finds some of
earlier ones open, neither adds to the row nor ends it.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from attio_ctl.delivery.account import Account

Status = Literal["ok", "degraded", "failing"]
Trouble = Literal["failed", "dead_letters"]
News = Literal["failing", "recovered"]

FAILED: Final[Set[Trouble]] = frozenset({"failed"})
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class AlertThreshold:
    """How many deliveries in a row must go wrong, and what counts as wrong."""

    after: int = 3
    on: Set[Trouble] = FAILED


@dataclass(frozen=True, slots=True)
class LastRun:
    """
    How a delivery ended; times are ISO 8601 in UTC.

    Attributes:
        error: What went wrong, None when nothing did.
        account: As `Account.as_json`; None when it ended before an event was read.
        open_dead_letters: Those of earlier deliveries included.
    """

    began_at: str
    ended_at: str
    exit_code: int
    error: str | None
    account: Mapping[str, Any] | None
    open_dead_letters: int = 0

    @property
    def troubles(self) -> Set[Trouble]:
        """What is wrong with it."""
        failed: Set[Trouble] = frozenset({"failed"} if self.error is not None else ())
        dead = self.account is not None and self.account["dead_lettered"] > 0
        return failed | (frozenset({"dead_letters"}) if dead else frozenset())


@dataclass(frozen=True, slots=True)
class Health:
    """
    How deliveries go.

    Attributes:
        since: Since when the status is what it is, as the end of a delivery.
        consecutive_failures: Deliveries in a row that went wrong.
        failing_since: The end of the first of those.
        last_run: The latest that says something.
        last_success: The end of the latest that did what it should, None before there was one.
        told: Whether somebody was told that it is failing, and is to be told when it is not any more.
    """

    status: Status
    since: str
    consecutive_failures: int
    failing_since: str | None
    last_run: LastRun
    last_success: str | None
    told: bool = False

    def as_json(self) -> dict[str, Any]:
        """The document, with its version."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Health:
        """The inverse of `as_json`; raises KeyError, TypeError or ValueError for anything else."""
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}")
        fields = {name: value for name, value in document.items() if name != "version"}
        return cls(**{**fields, "last_run": LastRun(**fields["last_run"])})


def after(health: Health | None, run: LastRun, threshold: AlertThreshold) -> Health:
    """The health once another delivery has ended; None is that of a workspace without any."""
    wrong = bool(run.troubles & threshold.on)
    before = health.consecutive_failures if health else 0
    is_open = run.open_dead_letters > 0
    failures = before + 1 if wrong else before if is_open and "dead_letters" in threshold.on else 0
    is_degraded = failures or run.troubles or is_open
    status: Status = "failing" if failures >= threshold.after else "degraded" if is_degraded else "ok"
    return Health(
        status=status,
        since=health.since if health and health.status == status else run.ended_at,
        consecutive_failures=failures,
        failing_since=(health.failing_since if health and health.failing_since else run.ended_at) if failures else None,
        last_run=run,
        last_success=run.ended_at if not run.troubles else health.last_success if health else None,
        told=health.told if health else False,
    )


def news(health: Health) -> News | None:
    """What is to be told; None when everybody knows. A failure is told once, and so is its end."""
    if health.status == "failing" and not health.told:
        return "failing"
    return "recovered" if health.told and not health.consecutive_failures else None


def moment(seconds: float) -> str:
    """Seconds since the epoch as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def last_run(
    *, began_at: float, ended_at: float, exit_code: int, error: str | None, account: Account, open_dead_letters: int = 0
) -> LastRun:
    """How a delivery ended; times are seconds since the epoch."""
    figures = account.as_json() if account.read else None
    return LastRun(moment(began_at), moment(ended_at), exit_code, error, figures, open_dead_letters)
