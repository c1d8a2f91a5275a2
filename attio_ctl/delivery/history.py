"""
How a run went over time: samples of what was reached, few enough to be drawn however long it takes.

A sample holds sums since the begin, so any two of them give a rate, and leaving some out loses no event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Literal

from attio_ctl.attio.clock import Clock
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.messages import Exchange
from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.outcome import Observe, Progress
from attio_ctl.delivery.tally import Tally

Answered = Literal["success", "refused", "throttled", "failed", "unanswered"]
"""2xx and 3xx; 4xx but 429; 429; 5xx; no answer at all."""

ANSWERED: Final[tuple[Answered, ...]] = ("success", "refused", "throttled", "failed", "unanswered")

INTERVAL: Final = 1.0
"""Seconds between two samples, at first."""

CAPACITY: Final = 300
"""Samples; when there are more, every second one is dropped and the next ones are taken half as often."""

LIMIT_USE_OVER: Final = 5.0
"""Seconds that the current rates look back."""


def answered(status: int | None) -> Answered:
    """The class of an HTTP status, None for a request that got no answer."""
    if status is None:
        return "unanswered"
    if status == 429:
        return "throttled"
    return "success" if status < 400 else "refused" if status < 500 else "failed"


@dataclass(frozen=True, slots=True)
class Sample:
    """
    Sums at a moment.

    Attributes:
        seconds: Since the begin.
        read: Events, those before a resume included, as are `writes`: folded writes that Attio took.
        pending: Events that are read and not settled.
        dead: Dead letters of this process.
        sent: Requests that write; `answers` has all requests by what came back.
        retries: Requests that were not the first attempt.
    """

    seconds: float
    read: int
    writes: int
    pending: int
    dead: int
    sent: int
    retries: int
    answers: Mapping[Answered, int]

    @property
    def requests(self) -> int:
        """All that were sent."""
        return sum(self.answers.values())


@dataclass(frozen=True, slots=True)
class Rates:
    """Per second, between two samples."""

    begin: float
    end: float
    read: float
    writes: float
    sent: float
    answers: Mapping[Answered, float]


def rates(samples: Sequence[Sample]) -> Iterator[Rates]:
    """What was done per second between each sample and the next."""
    for before, after in pairwise(samples):
        if (seconds := after.seconds - before.seconds) > 0:
            yield Rates(
                before.seconds,
                after.seconds,
                (after.read - before.read) / seconds,
                (after.writes - before.writes) / seconds,
                (after.sent - before.sent) / seconds,
                {kind: (after.answers[kind] - before.answers[kind]) / seconds for kind in ANSWERED},
            )


@dataclass(frozen=True, slots=True)
class History:
    """
    One run of this process.

    Attributes:
        began_at: Seconds since the epoch.
        base: The account that it began with: what was done before a resume.
        samples: The first is of the begin, the last of the end or of now; at least one.
        limits: What the token is allowed, None while nothing is connected.
        account: Of the whole run, as it was last heard.
    """

    began_at: float
    samples: tuple[Sample, ...]
    limits: Limits | None
    base: Account
    account: Account
    tally: Tally

    @property
    def seconds(self) -> float:
        """From the begin to the last sample."""
        return self.samples[-1].seconds

    @property
    def is_resumed(self) -> bool:
        """Whether another process has done a part of the run, so that `account` is of more than samples and tally."""
        return self.base.read > 0 or self.base.writes > 0

    @property
    def fold_ratio(self) -> float | None:
        """
        Record writes that mappings made to one that was sent; None where none was sent, or where that is not known.

        A window that was stopped is read again whole, so what was sent of it before counts; what earlier windows said
        is not known any more.
        """
        if self.base.read:
            return None
        written = self.base.writes + self.tally.written.total()
        return self.tally.said.total() / written if written else None

    @property
    def limit_use(self) -> float:
        """Requests that write per second, as a share of those allowed; of the last seconds."""
        if self.limits is None:
            return 0.0
        last = self.samples[-1]
        before = next(
            (s for s in reversed(self.samples) if last.seconds - s.seconds >= LIMIT_USE_OVER), self.samples[0]
        )
        seconds = last.seconds - before.seconds
        return (last.sent - before.sent) / seconds / self.limits.writes_per_second if seconds > 0 else 0.0


@dataclass(slots=True)
class Recorder:
    """
    Keeps the history of a delivery; `observe` and `on_request` are for the engine and the client.

    Attributes:
        tally: Give it to the engine too.
    """

    clock: Clock
    tally: Tally = field(default_factory=Tally)
    capacity: int = CAPACITY
    limits: Limits | None = field(default=None, init=False)
    _began: tuple[float, float] | None = field(default=None, init=False)
    _samples: list[Sample] = field(default_factory=list, init=False)
    _interval: float = field(default=INTERVAL, init=False)
    _next: float = field(default=0.0, init=False)
    _base: Account = field(default=NOTHING, init=False)
    _account: Account = field(default=NOTHING, init=False)
    _answers: dict[Answered, int] = field(default_factory=lambda: dict.fromkeys(ANSWERED, 0), init=False)
    _sent: int = field(default=0, init=False)
    _retries: int = field(default=0, init=False)

    def begin(self, limits: Limits) -> None:
        """Count from now on: requests before this, to read the workspace, are not part of the run."""
        self.limits = limits
        self._began = self.clock.monotonic(), self.clock.wall()

    def on_request(self, exchange: Exchange) -> None:
        """One attempt is over."""
        if self._began is None:
            return
        self._answers[answered(exchange.status)] += 1
        self._sent += exchange.kind == "write"
        self._retries += exchange.attempt > 1
        if self._samples:
            self._sample()

    def observe(self, progress: Progress) -> None:
        """The engine came this far."""
        if not self._samples:
            self._base = self._account = progress.settled
            self._samples.append(self._taken(0.0))
            self._next = self._interval
        self._account = progress.account
        self._sample()

    def beside(self, other: Observe) -> Observe:
        """Both told."""

        def both(progress: Progress) -> None:
            self.observe(progress)
            other(progress)

        return both

    def finish(self, account: Account) -> None:
        """It ended with this account."""
        self._account = account

    def history(self) -> History:
        """Up to this moment; may be asked at any time, from another thread too."""
        began, wall = self._began or (self.clock.monotonic(), self.clock.wall())
        now = self._taken(self.clock.monotonic() - began)
        return History(wall, (*self._samples, now), self.limits, self._base, self._account, self.tally)

    def _sample(self) -> None:
        assert self._began is not None, "the recorder was not begun"
        seconds = self.clock.monotonic() - self._began[0]
        if seconds < self._next:
            return
        self._samples.append(self._taken(seconds))
        if len(self._samples) >= self.capacity:
            self._samples = self._samples[::2]
            self._interval *= 2
        self._next = self._samples[-1].seconds + self._interval

    def _taken(self, seconds: float) -> Sample:
        account = self._account
        return Sample(
            seconds,
            account.read,
            account.writes,
            account.pending,
            self.tally.letters.total(),
            self._sent,
            self._retries,
            dict(self._answers),
        )
