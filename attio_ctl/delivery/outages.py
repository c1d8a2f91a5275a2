"""
Telling an Attio that is down from a record that it cannot write.

Both look the same from one write: a status of 500, or no answer, for as long as it is tried again. So another record is
asked to bear witness, the last one that Attio took: it is asserted by its matching attribute alone, which changes
nothing. If Attio takes that, and then fails once more for the write in question, the fault lies with its record;
otherwise it is an outage, and so it is where Attio has taken nothing at all in this run.
"""

from __future__ import annotations

import asyncio
from typing import Final

from attio_ctl.delivery.dispatch import Ending
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.refusals import FAULTS, unwritable
from attio_ctl.delivery.singly import RecordWriter
from attio_ctl.delivery.transport import Verdict, Written
from attio_ctl.errors import AttioCtlError

AGAIN_FOR: Final = 10.0
"""Seconds for which a write is tried again once Attio has taken another one."""


class Witness:
    """Whether Attio takes writes at this moment; one for all writers of a run."""

    def __init__(self, writer: RecordWriter, ending: Ending) -> None:
        """
        Args:
            writer: Over the documented endpoints, where an assert of the matching attribute alone is one.
        """
        self._writer = writer
        self._ending = ending
        self._asking = asyncio.Lock()

    async def testifies(self, against: Due) -> bool:
        """Whether Attio takes another write now."""
        async with self._asking:  # in an outage the first who asks ends the run for all
            others = [taken for taken in self._ending.taken if taken.key != against.key]
            if not others or self._ending.is_near:
                return False
            try:
                return await self._writer.write(_identity_of(others[-1])) == Written()
            except AttioCtlError:
                return False


class DiscerningWriter:
    """A `RecordWriter` that refuses a record which Attio fails to write, and raises where Attio is down."""

    def __init__(self, writer: RecordWriter, again: RecordWriter, witness: Witness) -> None:
        """
        Args:
            again: Tries once more, for `AGAIN_FOR` seconds at most.
        """
        self._writer = writer
        self._again = again
        self._witness = witness

    async def write(self, due: Due) -> Verdict:
        try:
            return await self._writer.write(due)
        except FAULTS:
            if not await self._witness.testifies(due):
                raise
        try:
            return await self._again.write(due)
        except FAULTS as error:
            return unwritable(error)


def _identity_of(due: Due) -> Due:
    """A write that says nothing of a record but which one it is."""
    return Due(due.key, due.assign.get(due.key.attribute, due.identity), {}, {}, b"", frozenset(), changed=True)
