"""Who bears witness when Attio fails to write a record."""

from __future__ import annotations

import asyncio

import pytest

from attio_ctl.attio.errors import ServerError
from attio_ctl.attio.messages import Request
from attio_ctl.delivery.dispatch import Ending
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.outages import DiscerningWriter, Witness
from attio_ctl.delivery.transport import Refused, Verdict, Written
from attio_ctl.errors import PartialError

from .sending import person

pytestmark = pytest.mark.anyio
DOWN = ServerError("500", request=Request("PUT", "/v2/objects/people/records"))


class Writer:
    """Fails for some records, or for all."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.asked: list[Due] = []

    async def write(self, due: Due) -> Verdict:
        self.asked.append(due)
        if "*" in self.failing or due.key.value in self.failing:
            raise DOWN
        return Written()


async def verdict_on(due: Due, writer: Writer, *taken: Due, ending: Ending | None = None) -> Verdict:
    ending = ending or Ending(asyncio.Event())
    for each in taken:
        ending.note_taken(each)
    return await DiscerningWriter(writer, writer, Witness(writer, ending)).write(due)


ADA, BOB = person("ada", description="a", tags=["red"]), person("bob", description="b")


async def test_the_witness_says_nothing_but_which_record_it_is() -> None:
    writer = Writer(ADA.key.value)

    verdict = await verdict_on(ADA, writer, BOB)

    assert isinstance(verdict, Refused)
    assert (verdict.of_the_record, verdict.partly) == (True, True)
    assert [due.key.value for due in writer.asked] == ["ada@example.com", "bob@example.com", "ada@example.com"]
    assert (writer.asked[1].assign, writer.asked[1].append) == ({}, {})
    assert writer.asked[1].identity == ["bob@example.com"]


async def test_a_record_is_no_witness_in_its_own_cause() -> None:
    """As when a part of what is said about it was taken a moment ago."""
    assert isinstance(await verdict_on(ADA, Writer(ADA.key.value), BOB, ADA, ADA), Refused)
    with pytest.raises(ServerError):
        await verdict_on(ADA, Writer(ADA.key.value), ADA)


async def test_without_a_witness_it_is_an_outage() -> None:
    with pytest.raises(ServerError):
        await verdict_on(ADA, Writer(ADA.key.value))
    with pytest.raises(ServerError):
        await verdict_on(ADA, Writer("*"), BOB)


async def test_once_the_run_is_to_end_nobody_is_asked_any_more() -> None:
    ending, writer = Ending(asyncio.Event()), Writer("*")
    ending.halt(PartialError("the first who asked has found it out"))

    with pytest.raises(ServerError):
        await verdict_on(ADA, writer, BOB, ending=ending)

    assert len(writer.asked) == 1


async def test_an_outage_that_ends_in_between_costs_no_event() -> None:
    class Recovering(Writer):
        async def write(self, due: Due) -> Verdict:
            if self.asked:
                self.failing = ()
            return await super().write(due)

    assert await verdict_on(ADA, Recovering("*"), BOB) == Written()
