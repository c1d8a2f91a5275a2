"""
What can be asked of Attio.

`AttioReader` is what `plan`, `drift` and every dry run hold: neither it nor the session under it has a way to write.
"""
# ruff: noqa: A002  arguments are named as Attio names them (`object`, `filter`)

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, ClassVar, Final, NotRequired, Self, TypedDict

from attio_ctl.attio.clock import Clock, SystemClock
from attio_ctl.attio.errors import UnauthorizedError, UnexpectedAnswerError
from attio_ctl.attio.http import Http, Transport
from attio_ctl.attio.limiter import Limiter, Limits, MemoryLimiter
from attio_ctl.attio.messages import Exchange, Usage, path_of
from attio_ctl.attio.paging import by_cursor, by_offset
from attio_ctl.attio.session import ReadSession
from attio_ctl.attio.token import Token
from attio_ctl.attio.types import (
    Attribute,
    Identity,
    Json,
    List,
    Member,
    Object,
    Option,
    Record,
    Sort,
    Status,
    Target,
    View,
    Webhook,
    WireRecord,
    record_of,
)

RETRY_FOR: Final = 60.0
"""Seconds for which one call is tried again, while a person waits for a plan; deliveries give themselves longer."""

RECORDS_PAGE: Final = 500
"""Attio's default; the greatest `limit` is undocumented. Source: OpenAPI document, records/query."""

WEBHOOKS_PAGE: Final = 100
"""The greatest that Attio gives. Source: OpenAPI document, GET /v2/webhooks."""

ATTRIBUTES_PAGE: Final = 500
"""Neither default nor maximum is documented."""

VIEWS_PAGE: Final = 500

OLDEST_FIRST: Final[tuple[Sort, ...]] = (
    {"attribute": "created_at", "field": "value", "direction": "asc"},
    {"attribute": "record_id", "field": "value", "direction": "asc"},
)
"""A total order, so that pages by offset neither skip nor repeat a record; Attio documents no order without sorts."""


class _Self(TypedDict):
    active: bool
    scope: NotRequired[str | None]
    workspace_id: NotRequired[str | None]
    workspace_slug: NotRequired[str | None]
    workspace_name: NotRequired[str | None]


class _Pagination(TypedDict):
    next_cursor: str | None


class _Views(TypedDict):
    data: list[View]
    pagination: _Pagination


class AttioReader:
    """
    Asks; every method raises `ApiError` as the tree in `errors` says.

    Safe for concurrent use within one event loop: `async with AttioReader.connect(…) as attio:`.
    """

    session_class: ClassVar[type[ReadSession]] = ReadSession

    def __init__(self, session: ReadSession) -> None:
        self._session = session

    @classmethod
    def connect(
        cls,
        *,
        base_url: str,
        token: Token | str,
        limits: Limits | None = None,
        limiter: Limiter | None = None,
        retry_for: float = RETRY_FOR,
        transport: Transport | None = None,
        on_request: Callable[[Exchange], None] | None = None,
        clock: Clock | None = None,
    ) -> Self:
        """
        A client for one workspace; nothing is sent yet.

        Args:
            base_url: Scheme and host, such as `https://api.attio.com`.
            token: An API key or OAuth access token; it never shows in a repr, log or error.
            limits: What the token is allowed; Attio's documented figures when None.
            limiter: Shares those limits with other clients or processes; one of its own when None.
            retry_for: Seconds for which one call is tried again.
            transport: Stands in for the network.
            on_request: Told about every attempt.
            clock: Stands in for the machine's clock.

        Raises:
            CredentialsError: the token is empty or cannot be a token.
            UsageError: the URL is none that a token may be sent to.
        """
        clock = clock or SystemClock()
        limiter = limiter or MemoryLimiter(limits or Limits(), clock)
        http = Http(base_url=base_url, token=token, transport=transport)
        return cls(cls.session_class(http, limiter, clock, retry_for=retry_for, on_request=on_request))

    @property
    def usage(self) -> Usage:
        """Requests sent so far."""
        return self._session.usage

    def retrying_for(self, seconds: float) -> Self:
        """The same client with less patience; what it sends counts as sent by this one, which is the one to close."""
        return type(self)(self._session.retrying_for(seconds))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self._session.aclose()

    async def whoami(self) -> Identity:
        """
        The workspace that the token belongs to.

        Raises:
            UnauthorizedError: the token is not active, which Attio answers with status 200.
        """
        found = await self._session.get_whole(path_of("self"), _Self)
        if not found["active"]:
            raise UnauthorizedError("the Attio token is not active: it was deleted, or never was one")
        workspace_id = found.get("workspace_id")
        if not workspace_id:
            raise UnexpectedAnswerError("`GET /v2/self` names no workspace")
        return Identity(
            workspace_id=workspace_id,
            workspace_slug=found.get("workspace_slug") or "",
            workspace_name=found.get("workspace_name") or "",
            scopes=frozenset((found.get("scope") or "").split()),
        )

    async def objects(self) -> list[Object]:
        """All objects that are switched on; Attio lists no others."""
        return await self._session.get(path_of("objects"), list[Object])

    async def object(self, object: str) -> Object:
        """One object by slug or id."""
        return await self._session.get(path_of("objects", object), Object)

    async def attributes(self, target: Target, parent: str) -> list[Attribute]:
        """All attributes of an object or list in the order of Attio's settings, archived ones too."""

        async def fetch(offset: int) -> list[Attribute]:
            query = {"limit": str(ATTRIBUTES_PAGE), "offset": str(offset), "show_archived": "true"}
            return await self._session.get(path_of(target, parent, "attributes"), list[Attribute], query)

        return [row async for row in by_offset(fetch, full_page=ATTRIBUTES_PAGE, maximum_known=False)]

    async def attribute(self, target: Target, parent: str, attribute: str) -> Attribute:
        """One attribute by slug or id, archived or not."""
        return await self._session.get(path_of(target, parent, "attributes", attribute), Attribute)

    async def options(self, target: Target, parent: str, attribute: str) -> list[Option]:
        """The options of a select attribute, archived ones too; in no documented order."""
        path = path_of(target, parent, "attributes", attribute, "options")
        return await self._session.get(path, list[Option], {"show_archived": "true"})

    async def statuses(self, target: Target, parent: str, attribute: str) -> list[Status]:
        """The statuses of a status attribute, archived ones too; in no documented order."""
        path = path_of(target, parent, "attributes", attribute, "statuses")
        return await self._session.get(path, list[Status], {"show_archived": "true"})

    async def lists(self) -> list[List]:
        """All lists that the token may see."""
        return await self._session.get(path_of("lists"), list[List])

    async def webhooks(self) -> list[Webhook]:
        """All webhooks that the token may see, without their secrets."""

        async def fetch(offset: int) -> list[Webhook]:
            query = {"limit": str(WEBHOOKS_PAGE), "offset": str(offset)}
            return await self._session.get(path_of("webhooks"), list[Webhook], query)

        return [row async for row in by_offset(fetch, full_page=WEBHOOKS_PAGE)]

    async def members(self) -> list[Member]:
        """The members of the workspace, suspended ones too."""
        return await self._session.get(path_of("workspace_members"), list[Member])

    async def views(self, target: Target, parent: str) -> list[View]:
        """The saved views of an object or list, archived ones left out."""

        async def fetch(cursor: str) -> tuple[list[View], str | None]:
            query = {"limit": str(VIEWS_PAGE)} | ({"cursor": cursor} if cursor else {})
            page = await self._session.get_whole(path_of(target, parent, "views"), _Views, query)
            return page["data"], page["pagination"]["next_cursor"]

        return [row async for row in by_cursor(fetch)]

    async def record(self, object: str, record_id: str) -> Record:
        """One record by id."""
        return record_of(await self._session.get(path_of("objects", object, "records", record_id), WireRecord))

    async def query_records(
        self,
        object: str,
        *,
        filter: Mapping[str, Json] | None = None,
        sorts: Sequence[Sort] = OLDEST_FIRST,
        limit: int = RECORDS_PAGE,
        offset: int = 0,
    ) -> list[Record]:
        """One page of the records that fit a filter; strongly consistent with the writes before it."""
        body = {"sorts": sorts, "limit": limit, "offset": offset} | ({"filter": filter} if filter else {})
        rows = await self._session.query(path_of("objects", object, "records", "query"), list[WireRecord], body)
        return [record_of(row) for row in rows]

    def each_record(
        self,
        object: str,
        *,
        filter: Mapping[str, Json] | None = None,
        sorts: Sequence[Sort] = OLDEST_FIRST,
        limit: int = RECORDS_PAGE,
    ) -> AsyncIterator[Record]:
        """Every record that fits a filter, read while the caller iterates; `sorts` must be a total order."""

        async def fetch(offset: int) -> list[Record]:
            return await self.query_records(object, filter=filter, sorts=sorts, limit=limit, offset=offset)

        return by_offset(fetch, full_page=limit)

    async def count_records(self, object: str, *, filter: Mapping[str, Json] | None = None, at_most: int) -> int:
        """How many records fit a filter, counted page by page as Attio has no count; stops at `at_most`."""
        rows = self.each_record(object, filter=filter, limit=min(RECORDS_PAGE, at_most))
        count = 0
        async for _ in rows:
            count += 1
            if count >= at_most:
                break
        return count
