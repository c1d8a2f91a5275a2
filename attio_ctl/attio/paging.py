"""
Reading a list to its end, whatever style of paging the endpoint has.

Both styles are one loop: fetch the rows at a position and learn the next position, until there is none. A page that
repeats the one before it is an error, because a server that ignores the position would be read for ever.

Source: docs.attio.com/rest-api/guides/pagination (as of 2026-10): offsets come with no total and no next link.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from attio_ctl.attio.errors import UnexpectedAnswerError

Row = TypeVar("Row")
Position = TypeVar("Position")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row, Position]):
    """Some rows, and where the next ones are; None when these were the last."""

    rows: list[Row]
    next: Position | None


async def each(fetch: Callable[[Position], Awaitable[Page[Row, Position]]], first: Position) -> AsyncIterator[Row]:
    """
    Every row from `first` on.

    Raises:
        UnexpectedAnswerError: the same page came twice in a row.
    """
    position: Position | None = first
    before: list[Row] = []
    while position is not None:
        page = await fetch(position)
        if page.rows and page.rows == before:
            raise UnexpectedAnswerError(f"the page at `{position}` is the one before it once more")
        for row in page.rows:
            yield row
        before, position = page.rows, page.next


ROUND: Final = 10
"""Limits that servers set by themselves are multiples of this, so a page of any other size was not cut off by one."""


def by_offset(
    fetch: Callable[[int], Awaitable[list[Row]]], *, full_page: int, maximum_known: bool = True, start: int = 0
) -> AsyncIterator[Row]:
    """
    Every row of an endpoint that takes `limit` and `offset`.

    Args:
        fetch: Gives the rows at an offset.
        full_page: The `limit` that is asked for; a page with fewer rows is the last.
        maximum_known: Whether the endpoint is sure to take that `limit`. Where its maximum is undocumented, a server
            may have capped the page silently, so a shorter page of a round size is followed by one more request.
        start: The first offset.
    """

    async def page(offset: int) -> Page[Row, int]:
        rows = await fetch(offset)
        capped = not maximum_known and bool(rows) and len(rows) % ROUND == 0
        return Page(rows, offset + len(rows) if len(rows) >= full_page or capped else None)

    return each(page, start)


def by_cursor(fetch: Callable[[str], Awaitable[tuple[list[Row], str | None]]]) -> AsyncIterator[Row]:
    """Every row of an endpoint that answers with `pagination.next_cursor`; the first cursor is empty."""

    async def page(cursor: str) -> Page[Row, str]:
        rows, following = await fetch(cursor)
        return Page(rows, following or None)

    return each(page, "")
