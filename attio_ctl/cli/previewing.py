"""What `deliver --dry-run` does around `delivery.preview`; the only client that it holds cannot write."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from attio_ctl.attio.messages import Request, Usage
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import safety, wiring
from attio_ctl.cli.delivering import compile_checked, discreet, processes
from attio_ctl.cli.inputs import event_files
from attio_ctl.cli.ledgers import opened_ledger
from attio_ctl.cli.outputs import json_lines
from attio_ctl.cli.watching import watching
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.differences import RecordDifference, differences
from attio_ctl.delivery.finding import Finder
from attio_ctl.delivery.masking import mask_of
from attio_ctl.delivery.preview import Preview, preview
from attio_ctl.delivery.rehearsal import Rehearsal, request_json
from attio_ctl.delivery.selection import Way
from attio_ctl.state.live import read_live


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsing:
    """
    One `deliver --dry-run` from end to end.

    Attributes:
        names: Files, folders, patterns or `-`.
        records: How many records to compare with what is in Attio.
        requests, dead_letters: Where to write the requests and the dead letters down, one a line.
        progress_every: Seconds, see `watching`.
    """

    loaded: Loaded
    names: Sequence[str]
    way: Way
    batches: BatchOptions
    max_dead_ratio: float
    records: int
    requests: Path | None
    dead_letters: Path | None
    progress_every: float

    async def __call__(self) -> tuple[Preview, tuple[RecordDifference, ...]]:
        scratch = tempfile.TemporaryDirectory(dir=scratch_of(self.loaded), prefix="preview-")
        with scratch as folder, discreet(self.loaded):
            return await self._preview(event_files(self.names, Path(folder)))

    async def _preview(self, files: Sequence[Path]) -> tuple[Preview, tuple[RecordDifference, ...]]:
        limits, mask = wiring.limits_of(self.loaded), mask_of(self.loaded)

        def show_request(request: Request) -> dict[str, Any]:
            return dict(mask.json(request_json(request)))

        def show_letter(letter: DeadLetter) -> dict[str, Any]:
            return mask.letter(letter).as_json()

        async with wiring.connect(self.loaded, AttioReader) as connected:
            live = await read_live(connected.attio, connected.workspace)
            safety.check_whole(live)
            program, schema = compile_checked(self.loaded, live)
            async with watching(every=self.progress_every, limits=limits, usage=Usage) as observe:
                with (
                    opened_ledger(self.loaded, connected.workspace.id) as ledger,
                    json_lines(self.requests, show_request) as note,
                    json_lines(self.dead_letters, show_letter) as note_letter,
                ):
                    foreseen = await preview(
                        files=files,
                        program=program,
                        ledger=ledger,
                        rehearsal=Rehearsal(self.way, self.batches, schema, keep=self.records, note=note),
                        max_dead_ratio=self.max_dead_ratio,
                        limits=limits,
                        observe=observe,
                        processes=processes(),
                        scratch=scratch_of(self.loaded),
                        note_letter=note_letter,
                    )
            foreseen = replace(foreseen, dead_letters=tuple(map(mask.letter, foreseen.dead_letters)))
            return foreseen, await differences(foreseen.foreseen, Finder(connected.attio, schema), schema)


def scratch_of(loaded: Loaded) -> Path | None:
    """
    The folder for what does not fit in memory: that of a delivery where there was one, so that a preview needs no more
    room elsewhere; the system's own before that, since a preview makes no folder.
    """
    folder = wiring.state_directory(loaded)
    return folder if folder.is_dir() else None
