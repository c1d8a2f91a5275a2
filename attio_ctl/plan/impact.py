"""
How many records a change reaches: what a person wants to know before something is archived, deleted or renamed.

The counting is a query per change, asked by whoever holds a client; here stand the questions and what the answers mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from attio_ctl.address import Address
from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.plan.changes import Archive, Change, Delete, Update
from attio_ctl.state.resource import ID_NAMES, State, own_id

COUNTED_UP_TO: Final = 10_000
"""Records; above it the plan says "at least". A page holds 500, so this is at most 20 requests a change."""

# Types with `$not_empty`. Source: docs.attio.com/rest-api/guides/filtering-and-sorting, table of operators per type.
_WITH_NOT_EMPTY: Final = frozenset(
    "text number rating currency date timestamp select domain email-address phone-number".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Impact:
    """
    What a change reaches.

    `records` hold a value (or, for an object, exist); `exact` is false when counting stopped at `COUNTED_UP_TO`; None
    means that Attio has no filter to count by. `lists` show records of the object.
    """

    records: int | None
    exact: bool
    lists: tuple[Address, ...]


NO_IMPACTS: Final[Mapping[Address, Impact]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Question:
    """Count the records of an object that fit a filter; None counts them all."""

    address: Address
    object: str
    filter: Mapping[str, Any] | None


def questions(changes: Iterable[Change], live: State) -> Iterator[Question]:
    """What to count for the changes that take something away or rename it; at most one question per change."""
    by_id = {own_id(resource): address for address, resource in live.resources.items()}
    for change in changes:
        match change:
            case Archive() | Delete():
                was = by_id.get(change.ids.get(ID_NAMES[change.address.kind], ""), change.address)
                question = _question(change.address, was, live)
            case Update(previous=Address() as previous):
                question = _question(change.address, previous, live)
            case _:
                question = None
        if question is not None:
            yield question


def lists_of(address: Address, live: State) -> tuple[Address, ...]:
    """The lists whose entries are records of the object that an address lies in."""
    if address.top.kind != "object":
        return ()
    return tuple(
        sorted(
            a for a, r in live.resources.items() if a.kind == "list" and r.fields["parent_object"] == address.top.name
        )
    )


def _question(address: Address, was: Address, live: State) -> Question | None:
    if was.top.kind != "object":
        return None
    if was.kind == "object":
        return Question(address, was.name, None)
    attribute = was if was.kind == "attribute" else was.parent
    found = live.resources.get(attribute) if attribute is not None else None
    if found is None or attribute is None:
        return None
    if was.kind in ("option", "status"):
        return Question(address, was.top.name, {attribute.name: was.name})
    kind = found.fields["type"]
    if kind in _WITH_NOT_EMPTY:
        field = "phone_number" if kind == "phone-number" else ATTRIBUTE_TYPES[kind].value_key
        return Question(address, was.top.name, {attribute.name: {field: {"$not_empty": True}}})
    if kind == "checkbox":
        return Question(address, was.top.name, {"$or": [{attribute.name: True}, {attribute.name: False}]})
    if kind == "status":
        titles = [a.name for a in live.resources if a.parent == attribute]
        return (
            Question(address, was.top.name, {"$or": [{attribute.name: title} for title in titles]}) if titles else None
        )
    return None
