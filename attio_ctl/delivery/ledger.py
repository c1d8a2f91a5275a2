"""
What delivery remembers between runs, as a protocol, and its implementation in memory.

A ledger belongs to one workspace and answers four questions: how far was this input read, was this event accounted for,
what is in this record, and which mappings was it delivered with. Every promise rests on what goes into it together:

    while a window is sent   cells of writes that Attio took, about once a second: a killed run repeats those at most
    once it is sent          its last cells, its events, how far each input is now, the account so far

so an event is accounted for if and only if the offset behind it is acknowledged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Protocol

from attio_ctl.delivery.account import NOTHING, Account
from attio_ctl.delivery.cells import Cells, PackedCells, unpack_cells
from attio_ctl.delivery.recent import Recent
from attio_ctl.errors import StorageError
from attio_ctl.mapping.writes import RecordKey

RecordCells = Mapping[RecordKey, PackedCells]


class FullDiskError(StorageError):
    """The disk is full. The settlement was noted nevertheless, in room that was kept for it; the next has none."""


@dataclass(frozen=True, slots=True)
class Input:
    """
    How far a run is with one of its files.

    Attributes:
        offset: The end of the last line that is accounted for, in bytes of the uncompressed content.
        line: The number of that line.
        proof: Recognises what was read (`streams.proof_of`): up to the offset, or further by a pass that was cut short;
            of dead letters one word for each event.
        done: Whether its end was reached.
        account: What became of its lines up to the offset, and what that and the pass under way took.
        unsettled: What is known of the lines beyond the offset, which are read again when the run is taken up again.
        followed: Whether the file was read as one that others add to and rotate (`following`).
    """

    path: str
    offset: int = 0
    line: int = 0
    proof: str = ""
    done: bool = False
    account: Account = NOTHING
    unsettled: Account = NOTHING
    followed: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """
    One pass over some files; a pass that was cut short is taken up again by the next one over the same files.

    `id` counts from 1; 0 is a pass that the ledger keeps no progress of, a retry of dead letters.
    """

    id: int
    inputs: tuple[Input, ...]

    @property
    def is_recorded(self) -> bool:
        """Whether the ledger keeps its progress."""
        return self.id > 0

    @property
    def is_done(self) -> bool:
        """Whether every input was read to its end."""
        return all(each.done for each in self.inputs)

    @property
    def is_followed(self) -> bool:
        """Whether it goes on as long as something is added to its files; so it does from its first note on."""
        return any(each.followed for each in self.inputs)

    @property
    def is_pending(self) -> bool:
        """Whether something of it was read and may have been sent, and is not settled."""
        return any(each.unsettled.pending for each in self.inputs)

    @property
    def retried(self) -> frozenset[str]:
        """The events of a retry, as far as that has begun."""
        return frozenset(event for each in self.inputs for event in each.proof.split())

    @property
    def account(self) -> Account:
        """What became of everything that was read."""
        return sum((each.account + each.unsettled for each in self.inputs), NOTHING)

    def charged(self, spent: Account) -> Run:
        """The run with what something took added to the input that it is reading."""
        if not self.inputs:
            return self
        at = next((n for n, each in enumerate(self.inputs) if not each.done), len(self.inputs) - 1)
        inputs = list(self.inputs)
        inputs[at] = replace(inputs[at], account=inputs[at].account + spent)
        return Run(self.id, tuple(inputs))


@dataclass(frozen=True, slots=True)
class Settlement:
    """
    What is noted together.

    Attributes:
        run: As it stands now.
        cells: All cells of the records that were written since the last note.
        recent: Once a window is settled: the events that are accounted for.
        mappings: Once a window is settled: mapping name to the digest that it was delivered with.
    """

    run: Run
    cells: RecordCells = field(default_factory=dict)
    recent: Recent | None = None
    mappings: Mapping[str, str] = field(default_factory=dict)


class Ledger(Protocol):
    """
    The contract; `tests/delivery/test_ledger.py` runs it on every implementation.

    Raises:
        StorageError: by every method, when the ledger cannot be read or written.
        LeaseHeldError: by every method, when a foreign program holds its file, and did not let go of it in time.
    """

    def claim(self) -> AbstractContextManager[None]:
        """
        Hold the ledger for writing; the end of the process frees it, however it ends.

        Raises:
            LeaseHeldError: another process holds it.
        """

    def begin(self, paths: Sequence[str]) -> Run:
        """The newest unfinished run over exactly these files in this order, else a new one."""

    def abandon(self, paths: Sequence[str]) -> None:
        """Close the unfinished runs over these files: the next one begins at their start."""

    def runs(self, limit: int) -> Sequence[Run]:
        """The latest runs, the newest first."""

    def in_doubt(self) -> bool:
        """
        Whether Attio may have taken writes that are not known here: a run was cut short, and what it had read was not
        settled since, neither by going on nor by a later run over the same files; or a retry of dead letters was, and
        no later one has settled the same events.
        """

    def recent(self) -> Recent:
        """The events that were accounted for lately, in a copy to be added to."""

    def cells(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Cells]:
        """What is known of these records; a record of which nothing is known is left out."""

    def settle(self, settlement: Settlement) -> None:
        """
        Everything in the settlement, or nothing.

        Raises:
            FullDiskError: everything, and no more of it may be sent.
        """

    def let_go(self) -> None:
        """Close its file until it is asked for again: processes that are forked must not share what is open."""

    def mappings(self) -> Mapping[str, str]:
        """Mapping name to the digest that it was last delivered with."""

    def close(self) -> None:
        """Let go of the file."""


class MemoryLedger:
    """A ledger that is gone with the process."""

    def __init__(self) -> None:
        self._runs: list[tuple[tuple[str, ...], Run, bool]] = []
        self._recent: dict[int, bytes] = {}
        self._cells: dict[RecordKey, PackedCells] = {}
        self._mappings: dict[str, str] = {}
        self._retried: set[str] = set()

    def claim(self) -> AbstractContextManager[None]:
        return nullcontext()

    def begin(self, paths: Sequence[str]) -> Run:
        for known, run, is_open in reversed(self._runs):
            if is_open and known == tuple(paths):
                return run
        run = Run(len(self._runs) + 1, tuple(Input(path) for path in paths))
        self._runs.append((tuple(paths), run, True))
        return run

    def abandon(self, paths: Sequence[str]) -> None:
        self._runs = [(known, run, is_open and known != tuple(paths)) for known, run, is_open in self._runs]

    def runs(self, limit: int) -> Sequence[Run]:
        return [run for _, run, _ in reversed(self._runs)][:limit]

    def in_doubt(self) -> bool:
        cut = {paths: run.is_pending for paths, run, _ in self._runs}
        return bool(self._retried) or any(cut.values())  # of runs over the same files the last one counts

    def recent(self) -> Recent:
        return Recent(self._recent.items())

    def cells(self, keys: Iterable[RecordKey]) -> dict[RecordKey, Cells]:
        return {key: unpack_cells(self._cells[key]) for key in keys if key in self._cells}

    def settle(self, settlement: Settlement) -> None:
        self._cells.update(settlement.cells)
        if settlement.recent is not None:
            self._recent.update(settlement.recent.changed())
            settlement.recent.keep()
        self._mappings.update(settlement.mappings)
        if settlement.run.is_recorded:
            paths, _, _ = self._runs[settlement.run.id - 1]
            self._runs[settlement.run.id - 1] = (paths, settlement.run, not settlement.run.is_done)
        elif settlement.run.is_pending:
            self._retried |= settlement.run.retried
        else:
            self._retried -= settlement.run.retried

    def let_go(self) -> None:
        return

    def mappings(self) -> Mapping[str, str]:
        return dict(self._mappings)

    def close(self) -> None:
        return
