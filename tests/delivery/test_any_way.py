"""Whatever the network does and whichever way the writes go, the records are those that were written."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.attio.clock import SystemClock
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.transport import Written
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import build_schema

from .conftest import TOKEN, Place, prepare_workspace
from .sending import Network, QuickClock, kind_of, person, refuse, sent

Fault = Literal["429", "500", "reset", "lost", "cut off", "400"]
_prefixes = itertools.count()


class Faulty(Network):
    """Each request meets the next fault of a script, None for none; then all is well."""

    def __init__(self, script: Sequence[Fault | None]) -> None:
        super().__init__()
        self._script = iter(script)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        match next(self._script, None):
            case "429":
                return httpx.Response(429, headers={"retry-after": "1"})
            case "500":
                return httpx.Response(500)
            case "reset":
                raise httpx.ConnectError("reset before it was sent")
            case "lost":
                await super().handle_async_request(request)
                raise httpx.ReadTimeout("the answer is lost")
            case "cut off":
                answer = await super().handle_async_request(request)
                whole = await answer.aread()
                return httpx.Response(answer.status_code, content=whole[: len(whole) // 2] or b"{")
            case "400" if kind_of(request) == "batch":  # singly it would be a refusal of the data
                return refuse(400, "validation_type", "Body payload validation error.")
        return await super().handle_async_request(request)


@dataclass(frozen=True)
class Step:
    """One write to one of a few records: tags to add, tags to set (None empties), a description."""

    who: str
    add: tuple[str, ...] = ()
    tags: tuple[str, ...] | Literal["as is"] | None = "as is"
    description: str | None = "d"

    def due(self, prefix: str) -> Due:
        who = f"{prefix}{self.who}"
        if self.tags != "as is":
            tags = None if self.tags is None else [*self.tags]
            return person(who, append=[], description=self.description, tags=tags)
        added = {"tags": [*self.add]} if self.add else {}
        return person(who, description=self.description, **added)


colours = st.lists(st.sampled_from(["red", "green", "blue"]), max_size=2, unique=True).map(tuple)
descriptions = st.sampled_from(["d", "e", None])
adding = st.builds(Step, st.sampled_from("abcdef"), add=colours, description=descriptions)
setting = st.builds(Step, st.sampled_from("abcdef"), tags=st.none() | colours, description=descriptions)
rounds = st.lists(st.lists(adding | setting, min_size=1, max_size=6, unique_by=lambda step: step.who), max_size=3)
faults = st.lists(st.none() | st.sampled_from(get_args(Fault)), max_size=25)


def expected(history: Sequence[Sequence[Step]]) -> dict[str, tuple[frozenset[str], str | None]]:
    found: dict[str, tuple[frozenset[str], str | None]] = {}
    for step in itertools.chain(*history):
        tags, _ = found.get(step.who, (frozenset(), None))
        tags = tags | set(step.add) if step.tags == "as is" else frozenset(step.tags or ())
        found[step.who] = tags, step.description
    return found


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with embedded(":memory:", token=TOKEN, options=Options(limits=NO_LIMITS, activate=("users",))) as url:
        place = Place(tmp_path_factory.mktemp("place"), url)

        async def prepare() -> None:
            async with place.writer() as attio:
                await prepare_workspace(attio)
                place.schema = build_schema(await read_live(attio, await attio.whoami()))

        asyncio.run(prepare())
        yield place


@settings(max_examples=30)
@given(history=rounds, script=faults)
@pytest.mark.parametrize("way", ["documented", "simple", "batch"])
def test_faults_of_the_network_change_no_record(
    shared: Place, way: Way, history: list[list[Step]], script: list[Fault | None]
) -> None:
    prefix = f"{next(_prefixes)}-"

    async def run() -> dict[str, Any]:
        clock, network = QuickClock(), Faulty(script)
        async with shared.writer(transport=network, clock=clock, retry_for=10_000) as attio:
            transport = select_transport(
                way,
                BatchOptions(size=4),
                attio=attio,
                schema=shared.schema,
                stop=asyncio.Event(),
                notify=lambda _: None,
                clock=SystemClock() if way == "batch" else clock,  # the sandbox carries batches out in its own time
            )
            for steps in history:
                found = await sent(transport, [step.due(prefix) for step in steps])
                assert set(found.values()) == {Written()}
        return await shared.records("people", "email_addresses")

    records = asyncio.run(run())

    mine = {
        who.removeprefix(prefix).split("@")[0]: (record.get("tags", frozenset()), record.get("description"))
        for who, record in records.items()
        if who.startswith(prefix)
    }
    assert mine == expected(history)
