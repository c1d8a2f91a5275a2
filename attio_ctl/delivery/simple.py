"""
Writing over `records/simple`: one request per record, also where multiselects grow.

The endpoint is not in Attio's documents. Where it is not there for us, or cannot hold a write, the documented ones do.
"""

from __future__ import annotations

from collections.abc import Callable

from attio_ctl.attio.errors import ApiError
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.delivery.flat import Flat, Flattener
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.refusals import DATA_ERRORS, is_unavailable, refused
from attio_ctl.delivery.singly import RecordWriter
from attio_ctl.delivery.transport import Refused, Verdict, Written
from attio_ctl.mapping.encode import simple_values
from attio_ctl.state.schema import Schema


class SimpleWriter:
    """A `RecordWriter` that falls back to another one."""

    def __init__(
        self, attio: AttioWriter, schema: Schema, beyond: RecordWriter, on_fall_back: Callable[[ApiError], None]
    ) -> None:
        """
        Args:
            beyond: Takes what this one cannot.
            on_fall_back: Told once, why everything goes to `beyond` from now on.
        """
        self._attio = attio
        self._flattener = Flattener(schema)
        self._beyond = beyond
        self._on_fall_back = on_fall_back
        self._is_available = True

    async def write(self, due: Due) -> Verdict:
        flat = self._flattener.flatten(due) if self._is_available else None
        if flat is None:
            return await self._beyond.write(due)
        try:
            await self._send(due, flat)
        except ApiError as error:
            if is_unavailable(error):
                return await self._fall_back(due, error)
            if isinstance(error, DATA_ERRORS):
                return refused(error)
            raise
        return Written()

    async def _send(self, due: Due, flat: Flat) -> None:
        await self._attio.assert_simple(
            due.key.object,
            matching_attribute=due.key.attribute,
            values=simple_values(flat.values),
            append_to_existing_values=flat.append,
        )

    async def _fall_back(self, due: Due, error: ApiError) -> Verdict:
        """
        Write it the other way, which tells what the answer was about: where that meets the same, it is the object that
        is not there, or the token that may not write (which is raised), and not the endpoint.
        """
        verdict = await self._beyond.write(due)
        same = isinstance(verdict, Refused) and verdict.answer.get("status") == error.status
        if self._is_available and not same:
            self._is_available = False
            self._on_fall_back(error)
        return verdict
