"""
Telling a workspace that changed under the run from data that Attio refuses.

Every write was checked against the workspace before it was sent, so when Attio does not find an attribute or an option
that was there, somebody has archived, renamed or removed it meanwhile. Events that need it are no dead letters: they
are right again once the workspace or the mapping is. What a refusal makes suspicious is looked up once; after that,
writes that need it are not sent any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from attio_ctl.attio.errors import InactiveObjectError, NotFoundError
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.types import Attribute
from attio_ctl.delivery.documented import asserted, patched
from attio_ctl.delivery.fold import Due
from attio_ctl.delivery.singly import RecordWriter
from attio_ctl.delivery.transport import Drift, Paused, Refused, Verdict
from attio_ctl.mapping.writes import Value
from attio_ctl.state.schema import AttributeSchema, Schema

_NOT_FOUND: Final = "value_not_found"
_MISSING: Final = "missing_value"


class Drifts:
    """What is known to have drifted; one for all writers of a run."""

    def __init__(self, attio: AttioReader, schema: Schema) -> None:
        """
        Args:
            schema: The workspace as it was when the run began.
        """
        self._attio = attio
        self._schema = schema
        self._known: list[Drift] = []
        self._looking = asyncio.Lock()

    def behind(self, due: Due) -> Drift | None:
        """A known drift that a write needs the lost part of."""
        if not self._known:
            return None
        values = _values(due)
        return next((drift for drift in self._known if drift.concerns(due.key.object, values)), None)

    async def find(self, due: Due, refused: Refused) -> Drift | None:
        """
        The drift that made Attio refuse a write, None where the workspace is as it was.

        Raises:
            ApiError: a read failed for good.
        """
        obj, values = due.key.object, _values(due)
        suspects = list(self._suspects(obj, values, refused))
        if not (refused.of_the_object or suspects):
            return None
        async with self._looking:  # others that were under way when it changed meet the same
            drift = self.behind(due) or await self._look(obj, due.key.attribute, suspects, values)
            if drift is not None and drift not in self._known:
                self._known.append(drift)
        return drift

    def _suspects(self, obj: str, values: Mapping[str, Value], refused: Refused) -> Iterator[AttributeSchema]:
        """The attributes that an answer speaks of: by slug, by a title that was there, or by id."""
        attributes, message = self._schema.objects[obj].attributes, str(refused.answer.get("message", ""))
        if refused.code == _NOT_FOUND:
            for slug, value in values.items():
                known = attributes[slug]
                items = value if isinstance(value, list) else [value]
                titles = (item for item in items if isinstance(item, str) and item in known.titles)
                if _quoted(slug) in message or any(_quoted(title) in message for title in titles):
                    yield known
        elif refused.code == _MISSING:
            named = (known for name, known in attributes.items() if _quoted(name) in message)
            yield from (known for known in named if not known.required and known.slug not in values)

    async def _look(
        self, obj: str, match: str, suspects: Sequence[AttributeSchema], values: Mapping[str, Value]
    ) -> Drift | None:
        try:
            live = {each["api_slug"]: each for each in await self._attio.attributes("objects", obj)}
        except NotFoundError:
            return Drift(obj, None, None, f"there is no object `{obj}` any more")
        except InactiveObjectError:
            return Drift(obj, None, None, f"`{obj}` is switched off")
        if match in live and not live[match]["is_unique"]:
            return Drift(obj, None, None, f"`{obj}.{match}` is no longer unique")
        for known in suspects or [self._schema.objects[obj].attributes[match]]:
            drift = _lost(obj, known, live.get(known.slug)) or await self._lost_title(obj, known, values)
            if drift is not None:
                return drift
        return None

    async def _lost_title(self, obj: str, known: AttributeSchema, values: Mapping[str, Value]) -> Drift | None:
        if known.type not in ("select", "status"):
            return None
        value = values.get(known.slug)
        written = {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)}
        read: Any = self._attio.statuses if known.type == "status" else self._attio.options
        active = {each["title"] for each in await read("objects", obj, known.slug) if not each["is_archived"]}
        what = "status" if known.type == "status" else "option"
        for title in sorted((written & known.titles) - active):
            return Drift(obj, known.slug, title, f"the {what} `{title}` of `{obj}.{known.slug}` is archived or renamed")
        return None


class WatchfulWriter:
    """A `RecordWriter` that tells drift from refusals."""

    def __init__(self, writer: RecordWriter, drifts: Drifts) -> None:
        self._writer = writer
        self._drifts = drifts

    async def write(self, due: Due) -> Verdict:
        drift = self._drifts.behind(due)
        if drift is not None:
            return Paused(drift)
        verdict = await self._writer.write(due)
        if isinstance(verdict, Refused) and (drift := await self._drifts.find(due, verdict)) is not None:
            return Paused(drift, partly=verdict.partly)
        return verdict


def _values(due: Due) -> dict[str, Value]:
    return {**asserted(due), **patched(due)}


def _quoted(name: str) -> str:
    return f'"{name}"'


def _lost(obj: str, known: AttributeSchema, live: Attribute | None) -> Drift | None:
    """What became of an attribute that was there."""
    path = f"`{obj}.{known.slug}`"
    if live is None:
        return Drift(obj, known.slug, None, f"there is no {path} any more: it was renamed, or removed")
    if live["is_archived"]:
        return Drift(obj, known.slug, None, f"{path} is archived")
    if live["is_required"] and not known.required:
        return Drift(obj, None, None, f"{path} is required now")
    return None
