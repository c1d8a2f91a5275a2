"""What `deliver --dry-run` does around `delivery.preview`; the only client that it holds cannot write."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from attio_ctl.attio.messages import Request
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import safety, wiring
from attio_ctl.cli.delivering import compile_checked, processes
from attio_ctl.cli.inputs import event_files
from attio_ctl.cli.ledgers import opened_ledger
from attio_ctl.cli.watching import watching
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.differences import RecordDifference, differences
from attio_ctl.delivery.finding import Finder
from attio_ctl.delivery.preview import Preview, preview
from attio_ctl.delivery.rehearsal import Rehearsal, request_json
from attio_ctl.delivery.selection import Way
from attio_ctl.errors import StorageError
from attio_ctl.state.live import read_live


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsing:
    """
    One `deliver --dry-run` from end to end.

    Attributes:
        names: Files, folders, patterns or `-`.
        records: How many records to compare with what is in Attio.
        requests: A file for the requests, one a line.
        progress_every: Seconds, see `watching`.
    """

    loaded: Loaded
    names: Sequence[str]
    way: Way
    batches: BatchOptions
    max_dead_ratio: float
    records: int
    requests: Path | None
    progress_every: float

    async def __call__(self) -> tuple[Preview, tuple[RecordDifference, ...]]:
        files = event_files(self.loaded, self.names)
        limits = wiring.limits_of(self.loaded)
        async with wiring.connect(self.loaded, AttioReader) as connected:
            live = await read_live(connected.attio, connected.workspace)
            safety.check_whole(live)
            program, schema = compile_checked(self.loaded, live)
            with opened_ledger(self.loaded, connected.workspace.id) as ledger, written_down(self.requests) as note:
                async with watching(every=self.progress_every, limits=limits) as observe:
                    foreseen = await preview(
                        files=files,
                        program=program,
                        ledger=ledger,
                        rehearsal=Rehearsal(self.way, self.batches, schema, keep=self.records, note=note),
                        max_dead_ratio=self.max_dead_ratio,
                        limits=limits,
                        observe=observe,
                        processes=processes(),
                    )
            return foreseen, await differences(foreseen.foreseen, Finder(connected.attio, schema), schema)


@contextlib.contextmanager
def written_down(path: Path | None) -> Iterator[Callable[[Request], None] | None]:
    """
    Takes requests, and writes them to a file as JSON lines; the file is there once all are written.

    Raises:
        StorageError: it cannot be written.
    """
    if path is None:
        yield None
        return
    unfinished = path.with_name(f".{path.name}.new")
    try:
        with unfinished.open("wb") as file:
            yield _Lines(file)
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"cannot write: {error.strerror}", where=str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)


class _Lines:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def __call__(self, request: Request) -> None:
        self._file.write(msgspec.json.encode(request_json(request)) + b"\n")
