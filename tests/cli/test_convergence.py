"""Whatever the files say: after an apply there is nothing left to do, and the same inputs give the same bytes."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from states import desired_of

from attio_ctl.apply.journal import Journal
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Failed, Report
from attio_ctl.apply.run import RunContext, apply_plan
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.plan import document
from attio_ctl.plan.build import build_plan
from attio_ctl.plan.diff import diff
from attio_ctl.plan.model import Plan, Source
from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.store.store import Store
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import State, Workspace
from workspaces import Writer

TOKEN = "ab" * 32
WORKSPACES = int(os.environ.get("WORKSPACES", "25"))
"""How many to try; `make converge` takes 500."""

FAST = Limits(reads_per_second=100_000, writes_per_second=100_000)


@asynccontextmanager
async def fresh() -> AsyncIterator[tuple[AttioWriter, Workspace]]:
    """A new workspace, without sockets."""
    options = Options(limits=NO_LIMITS, tokens={TOKEN: None})
    store = Store(":memory:", options)
    app = create_app(store, options)
    transport = httpx.ASGITransport(app)
    try:
        async with AttioWriter.connect(
            base_url="http://127.0.0.1", token=TOKEN, limits=FAST, transport=transport
        ) as attio:
            me = await attio.whoami()
            yield attio, Workspace(me.workspace_id, me.workspace_slug, me.workspace_name, me.scopes)
    finally:
        await app.api.close()
        store.close()


def plan_of(desired: State, live: State) -> Plan:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    changes = diff(desired, live)
    return build_plan(
        name="acme",
        changes=changes,
        desired=desired,
        live=live,
        removals=(),
        source=Source("sha256:0"),
        now=now,
        expires=timedelta(hours=1),
    )


async def carry_out(plan: Plan, live: State, attio: AttioWriter, folder: Path) -> Report:
    with Journal(folder / "run.journal") as journal:
        context = RunContext(
            operations=Operations(attio, live, root=folder),
            journal=journal,
            run="r",
            check_lease=lambda: None,
            stop=asyncio.Event(),
        )
        return await apply_plan(plan, live, context)


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(WORKSPACES))
async def test_the_plan_after_an_apply_is_empty(seed: int, tmp_path: Path) -> None:
    """Twice: on an empty workspace, then with other files over what the first ones made."""
    first, second = desired_of(Writer(seed).workspace()), desired_of(Writer(seed + 100_000).workspace())
    async with fresh() as (attio, workspace):
        for desired in (first, second):
            live = await read_live(attio, workspace)
            report = await carry_out(plan_of(desired, live), live, attio, tmp_path)
            after = plan_of(desired, await read_live(attio, workspace))

            assert report.of(Failed) == ()
            assert [change for change in after.doable if change.address not in after.waiting] == []


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(5))
async def test_the_order_of_the_answers_leaves_no_trace_in_the_bytes(seed: int, tmp_path: Path) -> None:
    """Twenty shuffles of everything that the API lists."""
    async with fresh() as (attio, workspace):
        live = await read_live(attio, workspace)
        await carry_out(plan_of(desired_of(Writer(seed).workspace()), live), live, attio, tmp_path)
        live = await read_live(attio, workspace)
    desired = desired_of(Writer(seed + 7).workspace())
    expected = document.dump(plan_of(desired, live))
    for shuffle in range(20):
        items = list(live.resources.items())
        random.Random(shuffle).shuffle(items)

        assert document.dump(plan_of(desired, replace(live, resources=dict(items)))) == expected


@pytest.mark.anyio
async def test_no_read_that_fails_ever_yields_a_plan_that_can_be_applied(tmp_path: Path) -> None:
    """Every request of a read fails in turn, then is cut in half: the state says so each time."""
    async with fresh() as (attio, workspace):
        live = await read_live(attio, workspace)
        await carry_out(plan_of(desired_of(Writer(3).workspace()), live), live, attio, tmp_path)
        sent: list[str] = []
        counted = AttioWriter.connect(
            base_url="http://127.0.0.1", token=TOKEN, limits=FAST, transport=Breaking(attio, None, "", sent)
        )
        async with counted:
            whole = await read_live(counted, workspace)
        assert whole.incomplete == ()
        for broken in range(len(sent)):
            for how in ("500", "cut"):
                client = AttioWriter.connect(
                    base_url="http://127.0.0.1",
                    token=TOKEN,
                    limits=FAST,
                    retry_for=0,
                    transport=Breaking(attio, sent[broken], how, []),
                )
                async with client:
                    state = await read_live(client, workspace)

                assert state.incomplete != (), (sent[broken], how)


class Breaking(httpx.AsyncBaseTransport):
    """Passes requests on to the sandbox behind a client, and breaks the answer to one of them."""

    def __init__(self, behind: AttioWriter, broken: str | None, how: str, sent: list[str]) -> None:
        self._behind = behind._session._http._client._transport
        self._broken, self._how, self._sent = broken, how, sent

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        self._sent.append(path)
        if path == self._broken and self._how == "500":
            return httpx.Response(500, text="upstream error")
        answer = await self._behind.handle_async_request(request)
        if path == self._broken:
            body = await answer.aread()
            return httpx.Response(200, content=body[: len(body) // 2], headers={"content-type": "application/json"})
        return answer
