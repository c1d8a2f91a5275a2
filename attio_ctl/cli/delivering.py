"""What `deliver` and `dead-letters retry` do around `delivery.run`: the checked program, the ledger, the transport."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from attio_ctl.attio.messages import Exchange
from attio_ctl.attio.transport import fast_transport
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.cli import checking, console, safety, wiring
from attio_ctl.cli.inputs import event_files, followed_files, let_go, spool_folder, tell_kept
from attio_ctl.cli.ledgers import DEAD_LETTERS, LEDGER
from attio_ctl.cli.stopping import Stop
from attio_ctl.cli.watching import watching
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetterFile
from attio_ctl.delivery.history import Recorder
from attio_ctl.delivery.masking import Mask, mask_of
from attio_ctl.delivery.outcome import Outcome
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.errors import AttioCtlError, UsageError
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import State
from attio_ctl.state.schema import Schema, build_schema

PROGRESS_EVERY: Final = 10.0
"""Seconds between two lines on how it goes, where nothing else was asked for."""


GOING_ON: Final = (
    "What Attio has taken stands, and no event is lost. The same command goes on; it sends at most the writes of about "
    "the last second once more, which changes nothing."
)
RETRYING_ON: Final = "What Attio has taken stands, and the dead letters are open still. To go on, run the same command."


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a delivery needs, checked and open."""

    program: Program
    schema: Schema
    ledger: SqliteLedger
    dead_letters: DeadLetterFile
    attio: AttioWriter


@contextlib.asynccontextmanager
async def ready(
    loaded: Loaded, *, retry_for: float, on_request: Callable[[Exchange], None] | None = None
) -> AsyncIterator[Ready]:
    """
    Connect, check the mappings against the workspace as it is, and open the ledger.

    Raises:
        ConfigError: a mapping writes what the workspace does not have; nothing was sent.
        UsageError: there is no mapping.
    """
    if not loaded.spec.mappings:
        raise UsageError("the workspace has no mappings", hint="add `mappings:` to its files")
    async with wiring.connect(
        loaded, AttioWriter, retry_for=retry_for, transport_to=fast_transport, on_request=on_request
    ) as connected:
        live = await read_live(connected.attio, connected.workspace)
        safety.check_whole(live)
        program, schema = compile_checked(loaded, live)
        directory = wiring.state_directory(loaded)
        ledger = open_ledger(path=directory / LEDGER, workspace_id=connected.workspace.id)
        try:
            letters = DeadLetterFile(directory / DEAD_LETTERS, mask_of(loaded).letter)
            yield Ready(program, schema, ledger, letters, connected.attio)
        finally:
            ledger.close()


def compile_checked(loaded: Loaded, live: State) -> tuple[Program, Schema]:
    """The mappings, compiled against the workspace as it is; what is wrong with them ends it here."""
    problems = checking.check_against(loaded, live)
    console.show_problems(problem for problem in problems if problem.severity == "warning")
    checking.raise_errors(problems)
    schema = build_schema(live)
    return compile_mappings(loaded.spec.mappings, schema), schema


COLLECT_AFTER: Final = 50_000, 20, 100
"""
Python's default, 700 new objects, has it look for garbage all the time among records that are none: a sixth of the time
that sending takes, and no memory less.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    One `deliver` from end to end; called with the event that tells it to stop.

    Attributes:
        names: Files, folders, patterns or `-`.
        follow: Whether to go on with what is added to the files.
        restart: Whether to begin at the start of the files, whatever an unfinished run has read.
        retry_for: Seconds.
        progress_every: Seconds, see `watching`.
        recorder: Keeps the history of it.
    """

    loaded: Loaded
    names: Sequence[str]
    follow: bool
    restart: bool
    retry_for: float
    max_dead_ratio: float
    way: Way
    batches: BatchOptions
    progress_every: float
    recorder: Recorder

    async def __call__(self, stop: Stop) -> Outcome:
        gc.set_threshold(*COLLECT_AFTER)
        with discreet(self.loaded) as mask:
            return told(await self._spooled(stop), mask)

    async def _spooled(self, stop: Stop) -> Outcome:
        folder = spool_folder(self.loaded)
        files = followed_files(self.names) if self.follow else event_files(self.names, folder)
        try:
            outcome = await self._deliver(files, stop)
        except BaseException:
            tell_kept(files, folder)
            raise
        (let_go if outcome.finished else tell_kept)(files, folder)
        return outcome

    async def _deliver(self, files: Sequence[Path], stop: Stop) -> Outcome:
        limits, notify = wiring.limits_of(self.loaded), notifier(self.loaded)
        async with (
            ready(self.loaded, retry_for=self.retry_for, on_request=self.recorder.on_request) as parts,
            watching(every=self.progress_every, limits=limits, usage=lambda: parts.attio.usage) as observe,
        ):
            stop.arm(GOING_ON)
            self.recorder.begin(limits)
            engine = Engine(
                program=parts.program,
                ledger=parts.ledger,
                dead_letters=parts.dead_letters,
                transport=select_transport(
                    self.way, self.batches, attio=parts.attio, schema=parts.schema, stop=stop, notify=notify
                ),
                stop=stop,
                max_dead_ratio=self.max_dead_ratio,
                observe=self.recorder.beside(observe),
                tally=self.recorder.tally,
                scratch=wiring.state_directory(self.loaded),
                processes=processes(),
                notify=notify,
            )
            if self.restart:
                with parts.ledger.claim():
                    parts.ledger.abandon([str(path) for path in files])
            return await (engine.follow if self.follow else engine.deliver)(files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """One `dead-letters retry` from end to end."""

    loaded: Loaded
    letters: Sequence[DeadLetter]
    retry_for: float

    async def __call__(self, stop: Stop) -> Outcome:
        with discreet(self.loaded) as mask:
            return told(await self._retry(stop), mask)

    async def _retry(self, stop: Stop) -> Outcome:
        limits, notify = wiring.limits_of(self.loaded), notifier(self.loaded)
        async with (
            ready(self.loaded, retry_for=self.retry_for) as parts,
            watching(every=PROGRESS_EVERY, limits=limits, usage=lambda: parts.attio.usage) as observe,
        ):
            stop.arm(RETRYING_ON)
            engine = Engine(
                program=parts.program,
                ledger=parts.ledger,
                dead_letters=parts.dead_letters,
                transport=select_transport(
                    "documented", BatchOptions(), attio=parts.attio, schema=parts.schema, stop=stop, notify=notify
                ),
                stop=stop,
                observe=observe,
            )
            return await engine.retry(self.letters)


@contextlib.contextmanager
def discreet(loaded: Loaded) -> Iterator[Mask]:
    """What ends it tells no value from the environment, wherever it is told: to people, in a file, in an alert."""
    mask = mask_of(loaded)
    try:
        yield mask
    except AttioCtlError as error:
        mask.error(error)
        raise


def told(outcome: Outcome, mask: Mask) -> Outcome:
    """How it ended, the reason without values from the environment."""
    if outcome.halted is not None:
        mask.error(outcome.halted)
    return outcome


def processes() -> int:
    """How many are worth while: beyond four, the one that takes in what they say is the slowest."""
    return min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def notifier(loaded: Loaded) -> Callable[[str], None]:
    """Tells something in the middle of it, without values from the environment."""
    hide = mask_of(loaded).text

    return lambda text: console.interject(hide(text))
