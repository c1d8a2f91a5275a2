"""
A change is data: produced once by `plan.diff`, consumed by the one that does it and the one that says it.

    Create    it is not in the workspace
    Update    it is, and managed fields differ; with `previous`, among them its slug or title
    Archive   a `removed:` entry asks for it (attributes, options, statuses)
    Restore   it is in the workspace, archived; with the fields that differ besides
    Delete    a `removed:` entry asks for it (custom objects, webhooks)
    Blocked   Attio has no call for it, or a guard says no: why, and the way out
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from attio_ctl.address import Address
from attio_ctl.errors import Place
from attio_ctl.state.resource import EMPTY, Json

Reason = Literal[
    "not_in_workspace",
    "fields_differ",
    "renamed_from",
    "renamed_from_nothing",
    "pinned_id",
    "archived_in_workspace",
    "removed",
    "default_after_titles",
    "needs_activation",
    "active_false",
    "immutable_field",
    "system_attribute",
    "unique_refused",
    "default_refused",
    "no_such_call",
    "needs_allow_destroy",
    "still_in_files",
    "needs_secret_file",
    "protected",
    "name_taken",
    "unknown_target",
]
"""Why a change is in the plan: stable codes, so that a policy can tell them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """
    What every change says.

    `depends_on` names changes of the same plan that must be done first. `ids` are Attio's ids of the live resource,
    empty when there is none yet; they name it in requests even while its slug or title changes. `sealed` are the fields
    whose values come from the environment: they stand in `after` as the files have them, and in `before` as a hash.
    """

    address: Address
    reason: Reason
    place: Place | None = None
    depends_on: tuple[Address, ...] = ()
    ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    sealed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(_Change):
    """
    `after` holds every field that the create call sends.

    `with_mirror` is the attribute that it makes besides; `secret_file` is where the secret goes that Attio shows once;
    `note` is what a person should know before it is made.
    """

    after: Mapping[str, Json]
    note: str | None = None
    with_mirror: Address | None = None
    secret_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Change):
    """`before` and `after` hold the fields that change; a changed slug is among them as `api_slug`."""

    before: Mapping[str, Json]
    after: Mapping[str, Json]
    previous: Address | None = None
    unchanged: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive(_Change):
    """`before` is the whole live resource; `note` is the reason that the `removed:` entry gives."""

    before: Mapping[str, Json]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore(_Change):
    """`before` and `after` hold the fields that change besides the archived mark."""

    before: Mapping[str, Json]
    after: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(_Change):
    """
    `before` is the whole live resource; `note` is the reason that the `removed:` entry gives.

    `takes_along` are the lists of a deleted object, with their entries, and the far sides of its relationships.
    """

    before: Mapping[str, Json]
    note: str | None = None
    takes_along: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(_Change):
    """
    Nothing can be done here; the rest of the plan still shows.

    `why` and `way_out` are for people. `absent` tells that the resource will not be there for those that depend on it;
    otherwise it is there and only the fields in `before` and `after` cannot change.
    """

    why: str
    way_out: str
    absent: bool
    before: Mapping[str, Json] = field(default_factory=lambda: EMPTY)
    after: Mapping[str, Json] = field(default_factory=lambda: EMPTY)


Change = Create | Update | Archive | Restore | Delete | Blocked
Doable = Create | Update | Archive | Restore | Delete
