"""One writer per workspace: the second is refused by name, a dead one frees itself, a late one is fenced off."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.apply import lease
from attio_ctl.apply.lease import holding, owner_name, release, renew, take
from attio_ctl.errors import LeaseHeldError


def test_a_second_run_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    take(path, owner="ada@laptop", run="r_1", now=100.0)

    with pytest.raises(LeaseHeldError, match=r"`ada@laptop` is applying .*r_1") as caught:
        take(path, owner="grace@ci", run="r_2", now=110.0)

    assert "20 s" in str(caught.value.hint)


def test_a_lease_that_nobody_renewed_is_free_after_its_time(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    first = take(path, owner="ada", run="r_1", now=100.0)

    second = take(path, owner="grace", run="r_2", now=130.1)

    assert second.fencing > first.fencing


def test_a_holder_that_slept_through_a_takeover_cannot_renew(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    first = take(path, owner="ada", run="r_1", now=100.0)
    take(path, owner="grace", run="r_2", now=200.0)

    with pytest.raises(LeaseHeldError, match="lost its lease; `grace` holds"):
        renew(path, first, now=201.0)


def test_a_released_lease_is_free_at_once_and_the_fencing_number_grows(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    first = take(path, owner="ada", run="r_1", now=100.0)
    release(path, first)

    assert take(path, owner="grace", run="r_2", now=100.0).fencing == first.fencing + 1


def test_releasing_late_does_not_free_the_lease_of_another(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    first = take(path, owner="ada", run="r_1", now=100.0)
    take(path, owner="grace", run="r_2", now=200.0)
    release(path, first)

    with pytest.raises(LeaseHeldError, match="grace"):
        take(path, owner="alan", run="r_3", now=201.0)


def test_a_resume_is_refused_while_its_own_run_is_alive(tmp_path: Path) -> None:
    path = tmp_path / "lease.json"
    take(path, owner="ada", run="r_1", now=100.0)

    with pytest.raises(LeaseHeldError, match=r"run r_1"):
        take(path, owner="ada", run="r_1", now=110.0)


@pytest.mark.parametrize("run", ["r_1", "r_2"])
def test_the_lease_of_a_process_that_died_on_this_host_is_free_at_once(tmp_path: Path, run: str) -> None:
    path = tmp_path / "lease.json"
    code = "import sys; from pathlib import Path; from attio_ctl.apply.lease import take; "
    code += "take(Path(sys.argv[1]), owner='ada', run='r_1', now=100.0)"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)

    assert take(path, owner="grace", run=run, now=101.0).fencing == 2


def test_the_lease_of_a_process_on_another_host_is_held_until_it_expires(tmp_path: Path) -> None:
    """Its pid says nothing here: whether there is such a process on this host is chance."""
    path = tmp_path / "lease.json"
    take(path, owner="ada", run="r_1", now=100.0)
    path.write_text(json.dumps({**json.loads(path.read_text()), "host": "elsewhere", "pid": 2**22}))

    with pytest.raises(LeaseHeldError):
        take(path, owner="grace", run="r_1", now=110.0)

    assert take(path, owner="grace", run="r_1", now=130.1).fencing == 2


def test_an_owner_without_an_entry_in_the_password_file_is_named_by_uid(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_entry(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", no_entry)

    assert owner_name() == str(os.getuid())


class Hands:
    """A clock that stands still between two moves of the test."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def until(is_so: Callable[[], bool]) -> None:
    """Let the heart beat until something has come of it."""
    while True:
        if is_so():
            break
        await asyncio.sleep(0.01)


@pytest.mark.anyio
async def test_the_heartbeat_keeps_a_long_run_alive(tmp_path: Path) -> None:
    """Five times the better part of a lease, with a beat each time."""
    path, clock, ttl = tmp_path / "lease.json", Hands(), 0.15
    async with holding(path, owner="ada", run="r_1", clock=clock, ttl=ttl) as check:
        for _ in range(5):
            clock.now += 0.1
            await until(lambda: json.loads(path.read_text())["expires"] == clock.now + ttl)
        check()
        with pytest.raises(LeaseHeldError):
            take(path, owner="grace", run="r_2", now=clock())

    take(path, owner="grace", run="r_2", now=clock())


@pytest.mark.anyio
async def test_a_heartbeat_that_could_not_be_written_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder stands where the lock file belongs, for longer than a beat and shorter than the lease."""
    path, clock, ttl = tmp_path / "lease.json", Hands(), 0.15
    guard = path.with_suffix(".lock")
    beats: list[float] = []

    def beating(*arguments: Any, now: float, **more: Any) -> lease.Lease:
        beats.append(now)
        return renew(*arguments, now=now, **more)

    monkeypatch.setattr(lease, "renew", beating)
    async with holding(path, owner="ada", run="r_1", clock=clock, ttl=ttl) as check:
        guard.unlink()
        guard.mkdir()
        clock.now += 0.1
        await until(lambda: clock.now in beats)
        guard.rmdir()
        await until(lambda: json.loads(path.read_text())["expires"] == clock.now + ttl)
        clock.now += 0.1
        check()
        with pytest.raises(LeaseHeldError):
            take(path, owner="grace", run="r_2", now=clock())
