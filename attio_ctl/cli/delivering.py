"""What `deliver` and `dead-letters retry` do around `delivery.run`: the checked program, the ledger, the transport."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.transport import fast_transport
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.cli import checking, console, safety, wiring
from attio_ctl.cli.ledgers import DEAD_LETTERS, LEDGER, opened_ledger
from attio_ctl.config.load import Loaded
from attio_ctl.delivery import run
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetterFile
from attio_ctl.delivery.files import spool
from attio_ctl.delivery.preview import Preview, preview
from attio_ctl.delivery.selection import RequestCount, Way, select_transport
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.errors import UsageError
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.render.delivery import progress_line
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import State
from attio_ctl.state.schema import Schema, build_schema


@dataclass(frozen=True, slots=True)
class Ready:
    """All that a delivery needs, checked and open."""

    program: Program
    schema: Schema
    ledger: SqliteLedger
    dead_letters: DeadLetterFile
    attio: AttioWriter


@contextlib.asynccontextmanager
async def ready(loaded: Loaded, *, retry_for: float) -> AsyncIterator[Ready]:
    """
    Connect, check the mappings against the workspace as it is, and open the ledger.

    Raises:
        ConfigError: a mapping writes what the workspace does not have; nothing was sent.
        UsageError: there is no mapping.
    """
    if not loaded.spec.mappings:
        raise UsageError("the workspace has no mappings", hint="add `mappings:` to its files")
    async with wiring.connect(loaded, AttioWriter, retry_for=retry_for, transport_to=fast_transport) as connected:
        live = await read_live(connected.attio, connected.workspace)
        safety.check_whole(live)
        program, schema = compile_checked(loaded, live)
        directory = wiring.state_directory(loaded)
        ledger = open_ledger(path=directory / LEDGER, workspace_id=connected.workspace.id)
        try:
            yield Ready(program, schema, ledger, DeadLetterFile(directory / DEAD_LETTERS), connected.attio)
        finally:
            ledger.close()


def compile_checked(loaded: Loaded, live: State) -> tuple[Program, Schema]:
    """The mappings, compiled against the workspace as it is; what is wrong with them ends it here."""
    problems = checking.check_against(loaded, live)
    console.show_problems(problem for problem in problems if problem.severity == "warning")
    checking.raise_errors(problems)
    schema = build_schema(live)
    return compile_mappings(loaded.spec.mappings, schema), schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One `deliver` from end to end; called with the event that tells it to stop. `retry_for` is in seconds."""

    loaded: Loaded
    files: Sequence[Path]
    retry_for: float
    max_dead_ratio: float
    way: Way = "auto"
    batches: BatchOptions

    async def __call__(self, stop: wiring.Stop) -> run.Outcome:
        stop.arm()
        async with ready(self.loaded, retry_for=self.retry_for) as parts:
            engine = run.Engine(
                program=parts.program,
                ledger=parts.ledger,
                dead_letters=parts.dead_letters,
                transport=select_transport(
                    self.way,
                    self.batches,
                    attio=parts.attio,
                    schema=parts.schema,
                    stop=stop,
                    notify=notify,
                ),
                stop=stop,
                max_dead_ratio=self.max_dead_ratio,
                observe=watch,
                scratch=wiring.state_directory(self.loaded),
            )
            return await engine.deliver(tuple(spooled(self.loaded, self.files)))


async def make_preview(loaded: Loaded, files: Sequence[Path], way: Way, batches: BatchOptions) -> Preview:
    """What `deliver` would do; the client that reads the workspace's schema has no way to write."""
    async with wiring.connect(loaded, AttioReader) as connected:
        live = await read_live(connected.attio, connected.workspace)
    safety.check_whole(live)
    program, schema = compile_checked(loaded, live)
    with opened_ledger(loaded, live.workspace.id if live.workspace else "") as ledger:
        return await preview(
            files=tuple(spooled(loaded, files)),
            program=program,
            ledger=ledger,
            count=RequestCount(way, batches, schema),
            stop=asyncio.Event(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """One `dead-letters retry` from end to end."""

    loaded: Loaded
    letters: Sequence[DeadLetter]
    retry_for: float

    async def __call__(self, stop: wiring.Stop) -> run.Outcome:
        stop.arm()
        async with ready(self.loaded, retry_for=self.retry_for) as parts:
            engine = run.Engine(
                program=parts.program,
                ledger=parts.ledger,
                dead_letters=parts.dead_letters,
                transport=select_transport(
                    "documented", BatchOptions(), attio=parts.attio, schema=parts.schema, stop=stop, notify=notify
                ),
                stop=stop,
                observe=watch,
            )
            return await engine.retry(self.letters)


def watch(progress: run.Progress) -> None:
    """Show how it goes, where somebody looks."""
    console.progress(progress_line(progress.account, progress.waiting))


def notify(text: str) -> None:
    """Tell something in the middle of it."""
    console.progress("")
    console.note(text)


def spooled(loaded: Loaded, files: Sequence[Path]) -> Iterator[Path]:
    """The files, with standard input kept in one, so that the run can be resumed."""
    for path in files:
        yield spool(sys.stdin.buffer, wiring.state_directory(loaded) / "stdin") if str(path) == "-" else path
