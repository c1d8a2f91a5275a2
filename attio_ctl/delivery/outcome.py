"""How a delivery goes, how it ended, and when it is not to go on: what the engine tells whoever watches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.account import Account
from attio_ctl.errors import (
    AttioCtlError,
    CredentialsError,
    EventsError,
    Exit,
    LeaseHeldError,
    PartialError,
    StorageError,
)

NO_REQUESTS: Final = Usage()


@dataclass(frozen=True, slots=True)
class Progress:
    """
    A snapshot of a run, taken after every block that is read, every write and every window.

    Attributes:
        settled: The account up to the last settled window.
        waiting: Events of the window under way, 0 when none is.
        writes: Folded writes that Attio has taken of that window.
        records: That the window has something to say about, 0 while it is read; `done` of those need nothing more.
        is_estimate: Whether `records` is one, since not all of them were counted yet.
        usage: Requests of this process so far.
        dead: Dead letters of the window so far.
    """

    settled: Account
    waiting: int = 0
    writes: int = 0
    records: int = 0
    done: int = 0
    usage: Usage = NO_REQUESTS
    dead: int = 0
    is_estimate: bool = False

    @property
    def account(self) -> Account:
        """The account so far, in which the window under way is pending."""
        return self.settled + Account(read=self.waiting, pending=self.waiting, writes=self.writes)


Observe = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    How a delivery ended.

    Attributes:
        account: Of the whole run, the parts before a resume included.
        halted: Why it ended before its input did, or that too many of its events are dead letters; None when it was
            finished, or asked to stop.
        finished: Whether every input was read to its end and settled.
        missed: What a name that was followed had, and what cannot be read any more; in plain words.
    """

    account: Account
    halted: AttioCtlError | None
    finished: bool
    missed: tuple[str, ...] = ()

    @property
    def fault(self) -> AttioCtlError | None:
        """What is wrong with it: why it ended early, or that events were lost, or may have been."""
        if self.halted is not None:
            return self.halted
        if not self.account.lost:
            hint = "deliver those files by themselves, if you have them: what was sent from them already is a duplicate"
            return EventsError("; ".join(self.missed), hint=hint) if self.missed else None
        return AttioCtlError(
            f"{self.account.lost} of {self.account.read} events that were read came to no verdict",
            hint="nothing else is known of them; this is a fault of attio-ctl, please report it with the account above",
        )

    @property
    def exit_code(self) -> Exit:
        """
        13 when the token was refused, 74 when the disk is full, 12 when another program holds the ledger, 14 when
        anything else left a rest to go on with, 1 when events were lost, 65 when they were gone before they were read.
        """
        if self.halted is None:
            ended = Exit.DONE if self.finished else Exit.PARTIAL
            return ended if self.fault is None else self.fault.exit_code
        ends = isinstance(self.halted, CredentialsError | StorageError | LeaseHeldError)
        return self.halted.exit_code if ends else Exit.PARTIAL


def unobserved(_: Progress) -> None:
    """Watch nothing."""


def untold(_: str) -> None:
    """Listen to nothing."""


def too_many_dead(dead: int, read: int, codes: Mapping[str, int], ratio: float) -> PartialError | None:
    """Why a run is not to go on, when more than this share of its events are dead letters; one may have several."""
    if dead <= ratio * read:
        return None
    listed = ", ".join(f"{code} {count}" for code, count in Counter(codes).most_common(3))
    return PartialError(
        f"{dead} of {read} {'event is a dead letter' if read == 1 else 'events are dead letters'}, "
        f"more than {ratio:.0%}: {listed}",
        hint="`--dry-run` shows them; mend the mapping, or raise `--max-dead-ratio`, and run the same command again",
    )
