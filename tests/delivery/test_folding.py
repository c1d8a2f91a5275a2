"""What is staged, folded by one process or by many: the same comes of it, whatever becomes of a process."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.delivery import folding, workers
from attio_ctl.delivery.dead_letters import MemoryDeadLetters
from attio_ctl.delivery.folding import Folding
from attio_ctl.delivery.inputs import Files
from attio_ctl.delivery.ledger import Input, Ledger, MemoryLedger
from attio_ctl.delivery.reading import Reader
from attio_ctl.delivery.recent import Recent
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.sqlite_ledger import open_ledger
from attio_ctl.delivery.staging import Staging
from attio_ctl.delivery.tally import Tally

from .test_engine import PLAIN, POISON, Workspace

pytestmark = pytest.mark.skipif(not workers.FORKS, reason="other processes are used on Linux only")

NOW = datetime(2026, 11, 1, tzinfo=UTC)
THINGS = 400


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Events of some things in random order, one in forty of them with a plan that is refused."""
    draw = random.Random(6)
    events = [
        f'{{"messageId":"m{n}","timestamp":"2026-10-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z",'
        f'"name":"t{draw.randrange(THINGS)}","plan":"{POISON if n % 40 == 0 else n}","tags":["{draw.choice("abc")}"]}}'
        for n in range(3_000)
    ]
    draw.shuffle(events)
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(events))
    return path


@pytest.fixture(autouse=True)
def _nothing_fits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Staging.__init__, "__kwdefaults__", {"forms": None, "scratch": None, "held": 0})


def deliver(file: Path, ledger: Ledger, processes: int) -> Any:
    workspace, letters = Workspace(), MemoryDeadLetters()
    engine = Engine(
        program=PLAIN,
        ledger=ledger,
        dead_letters=letters,
        transport=workspace,
        stop=asyncio.Event(),
        processes=processes,
    )
    outcome = asyncio.run(engine.deliver([file]))
    assert outcome.finished
    return {**outcome.account.as_json(), "seconds": 0}, workspace.content, sorted(letters.letters), engine.tally


def test_a_delivery_that_several_processes_fold_is_that_of_one(file: Path) -> None:
    assert deliver(file, MemoryLedger(), processes=3) == deliver(file, MemoryLedger(), processes=1)


def test_every_process_knows_what_was_written_before(file: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.ndjson"
    again.write_bytes(file.read_bytes().replace(b'"m', b'"again').replace(POISON.encode(), b"Free"))
    with closing(open_ledger(path=tmp_path / "ledger.sqlite", workspace_id="w")) as ledger:
        deliver(again, ledger, processes=3)
        third = tmp_path / "third.ndjson"
        third.write_bytes(again.read_bytes().replace(b'"again', b'"third'))

        account, *_ = deliver(third, ledger, processes=3)

    assert account["writes"] == 0
    assert account["read"] == 3_000


@pytest.fixture
def folded(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folding]:
    """By three processes, a record at a time."""
    monkeypatch.setattr(folding, "AT_ONCE", 1)
    monkeypatch.setattr(workers, "PATIENCE", 0.3)
    reader = Reader(PLAIN, processes=3)
    window = reader.window(Files((Input(str(file)),)), now=NOW, scratch=file.parent, tally=Tally())
    with closing(window), closing(reader.folding(window, MemoryLedger(), in_doubt=False)) as found:
        for _ in reader.read(window, Recent()):
            pass
        yield found


def _killed(pids: tuple[int, ...]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def _one_killed(pids: tuple[int, ...]) -> None:
    os.kill(pids[1], signal.SIGKILL)


def _one_hung(pids: tuple[int, ...]) -> None:
    os.kill(pids[0], signal.SIGSTOP)


def _unharmed(_: tuple[int, ...]) -> None:
    return


@pytest.mark.parametrize("harm", [_unharmed, _killed, _one_killed, _one_hung])
def test_a_process_that_is_gone_or_hangs_leaves_its_records_to_this_one(
    folded: Folding, harm: Callable[[tuple[int, ...]], None]
) -> None:
    parcels = folded.parcels(0)
    found = [next(parcels)]
    harm(folded.pids)
    found += parcels

    keys = [parcel.due.key.value for some in found for parcel in some]
    assert sorted(keys) == sorted(f"t{n}" for n in range(THINGS))


def test_what_a_record_was_made_of_can_be_asked_for_once_more(folded: Folding) -> None:
    parcels = [parcel for some in folded.parcels(0) for parcel in some]

    assert len(parcels) == THINGS
    for due, items in parcels:
        assert {item.write.key for item in items} == {due.key}
        assert items[-1].write.values["plan"] == due.assign["plan"]
        assert list(items) == sorted(items, key=lambda item: item.age)
        assert len(items) == len(list(items))
