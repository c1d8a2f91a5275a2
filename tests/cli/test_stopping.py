"""How a command that writes is stopped, without a command around it."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from attio_ctl.cli.stopping import Stop, run_draining


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(("left", "stopped"), [(0, False), (3, True)])
def test_a_signal_counts_only_where_it_left_something_undone(number: signal.Signals, left: int, stopped: bool) -> None:
    async def work(stop: Stop) -> int:
        stop.arm("")
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 60)
        return left

    done, code = run_draining(work, lambda rest: rest == 0)

    assert (done, code) == (left, 128 + number if stopped else 0)


def test_a_signal_after_the_loop_has_ended_changes_nothing() -> None:
    """Handlers outlive the loop by a moment."""
    stop = Stop()

    async def work() -> None:
        before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        stop.arm("")
        handlers.append(signal.getsignal(signal.SIGINT))
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])

    handlers: list[object] = []
    asyncio.run(work())
    handler = handlers[0]
    assert callable(handler)
    handler(signal.SIGINT, None)

    assert stop.code == 128 + signal.SIGINT


def test_what_was_armed_is_disarmed_when_it_ends() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)

    async def work(stop: Stop) -> None:
        stop.arm("")

    run_draining(work, lambda _: True)

    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
