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
from typing import Any

import httpx
import pytest
from states import desired_of

from attio_ctl.address import Address
from attio_ctl.apply.journal import Journal
from attio_ctl.apply.operations import Operations
from attio_ctl.apply.outcomes import Applied, Failed, Moved, Report, Skipped
from attio_ctl.apply.run import RunContext, apply_plan
from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.plan import document
from attio_ctl.plan.build import build_plan
from attio_ctl.plan.changes import Archive
from attio_ctl.plan.diff import diff
from attio_ctl.plan.match import match
from attio_ctl.plan.model import Plan, Source
from attio_ctl.plan.removal import Removal
from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.store.store import Store
from attio_ctl.state.live import Part, read_live
from attio_ctl.state.lock import NO_LOCK, Lock, build_lock, with_known_ids
from attio_ctl.state.resource import State, Workspace, own_id
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


def plan_of(desired: State, live: State, removals: tuple[Removal, ...] = ()) -> Plan:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    return build_plan(
        name="acme",
        changes=diff(desired, live, removals),
        desired=desired,
        live=live,
        removals=removals,
        source=Source("sha256:0"),
        now=now,
        expires=timedelta(hours=1),
    )


async def carry_out(plan: Plan, live: State, attio: AttioWriter, folder: Path) -> Report:
    with Journal(folder / "run.journal") as journal:
        context = RunContext(
            operations=Operations(attio, live, root=folder, changes=plan.changes),
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


def removals_of(files: dict[str, Any], lock: Lock) -> tuple[Removal, ...]:
    """The `removed:` entries of a file; the lock knows the webhooks by name."""
    addresses = [(Address.parse(entry["address"]), entry["action"]) for entry in files.get("removed", ())]
    return tuple(
        Removal(address, action, id=lock.resources[address].id if address.kind == "webhook" else None)
        for address, action in addresses
    )


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(WORKSPACES))
async def test_what_files_rename_and_remove_later_converges_too(seed: int, tmp_path: Path) -> None:
    """
    Made, then changed as people change things, then the first files once more: what was archived is restored.

    A rename keeps the id, and what is archived stays in the workspace.
    """
    writer = Writer(seed)
    first = writer.workspace()
    lock, made = NO_LOCK, State(resources={})
    async with fresh() as (attio, workspace):
        for files in (first, writer.evolve(first), first):
            before = await read_live(attio, workspace)
            desired = with_known_ids(desired_of(files), lock)
            removals = removals_of(files, lock)
            plan = plan_of(desired, before, removals)
            report = await carry_out(plan, before, attio, tmp_path)
            made = await read_live(attio, workspace)
            after = plan_of(desired, made, removals)

            assert report.of(Failed, Moved, Skipped) == ()
            assert [change for change in after.doable if change.address not in after.waiting] == []
            assert [outcome for outcome in report.of(Applied) if outcome.meanwhile] == []
            held = {change.address for change in plan.blocked}
            for address, resource in match(desired, before).items():
                if resource is not None and address.kind != "webhook" and address not in held:
                    assert own_id(made.resources[address]) == own_id(resource)
            for change in plan.doable:
                if isinstance(change, Archive):
                    assert made.resources[change.address].archived
            lock = build_lock(lock, desired, made, match(desired, made))


@pytest.mark.anyio
@pytest.mark.parametrize("seed", range(5))
async def test_the_order_of_the_answers_leaves_no_trace_in_the_bytes_of_renames_and_removals(
    seed: int, tmp_path: Path
) -> None:
    """Twenty shuffles of everything that the API lists."""
    writer = Writer(seed)
    first = writer.workspace()
    async with fresh() as (attio, workspace):
        live = await read_live(attio, workspace)
        await carry_out(plan_of(desired_of(first), live), live, attio, tmp_path)
        live = await read_live(attio, workspace)
    lock = build_lock(NO_LOCK, desired_of(first), live, match(desired_of(first), live))
    later = writer.evolve(first)
    desired, removals = with_known_ids(desired_of(later), lock), removals_of(later, lock)
    expected = document.dump(plan_of(desired, live, removals))
    for shuffle in range(20):
        items = list(live.resources.items())
        random.Random(shuffle).shuffle(items)

        assert document.dump(plan_of(desired, replace(live, resources=dict(items)), removals)) == expected


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
async def test_a_read_tells_of_every_object_and_list_once_it_is_whole(tmp_path: Path) -> None:
    """What is told adds up to all that is read; the outline that goes with it has every attribute already."""
    async with fresh() as (attio, workspace):
        live = await read_live(attio, workspace)
        await carry_out(plan_of(desired_of(Writer(3).workspace()), live), live, attio, tmp_path)
        parts: list[Part] = []

        async def note(part: Part) -> None:
            parts.append(part)

        whole = await read_live(attio, workspace, note)

    told = [resource for part in parts for resource in (part.top, *part.below)]
    assert {one.address: one for one in told} == {
        address: one for address, one in whole.resources.items() if address.kind != "webhook"
    }
    outline = {a: one for a, one in whole.resources.items() if a.kind in ("object", "list", "attribute")}
    assert all(part.outline == replace(whole, resources=outline) for part in parts)


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
