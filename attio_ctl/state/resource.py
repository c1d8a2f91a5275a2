"""
The one shape that both sides of every comparison share.

`desired` (from files) and `live` (from Attio) are both a `State`: resources by address, whose `fields` are plain JSON
data under Attio's own names, in one canonical form. References are slugs on both sides, never ids; sets are sorted.

| kind      | fields                                                                                           |
|-----------|--------------------------------------------------------------------------------------------------|
| object    | `singular_noun` `plural_noun`                                                                    |
| attribute | `type` `title` `description` `is_required` `is_unique` `is_multiselect` `default_value`           |
|           | `currency` {code, display} · `allowed_objects` [slug] or null                                    |
|           | `relationship` {object, api_slug, title, is_multiselect}                                         |
| option    | `title`                                                                                          |
| status    | `title` `celebration_enabled` `target_time_in_status`                                            |
| list      | `name` `parent_object` `workspace_access` `workspace_member_access` [{member, level}]             |
| webhook   | `target_url` `subscriptions` [{event_type, object?, list?, attribute?}]                            |

A desired resource holds only the fields that its file manages; a live one holds all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from attio_ctl.address import Address
from attio_ctl.errors import Place

Json = Any
"""None, bool, int, float, str, or lists and dicts of them."""

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Resource:
    """
    One object, attribute, option, status, list or webhook.

    `ids` holds Attio's ids by their names in the API (`object_id`, `attribute_id`, …) and is empty on the desired side,
    where `place`, `renamed_from`, `pinned_id`, `protect` and `secret_file` (where a webhook's secret goes) come from
    the file. `archived` and `system` are facts of the live side: a system attribute refuses edits, though its options
    and statuses take them.
    """

    address: Address
    fields: Mapping[str, Json]
    ids: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    place: Place | None = None
    renamed_from: str | None = None
    pinned_id: str | None = None
    protect: bool = False
    secret_file: str | None = None
    archived: bool = False
    system: bool = False
    writable: bool = True


ID_NAMES: Final[Mapping[str, str]] = {
    "object": "object_id",
    "list": "list_id",
    "attribute": "attribute_id",
    "option": "option_id",
    "status": "status_id",
    "webhook": "webhook_id",
}
"""Which of `ids` is the resource's own, by kind."""


def own_id(resource: Resource) -> str:
    """Attio's id of a live resource."""
    return resource.ids[ID_NAMES[resource.address.kind]]


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace that a token belongs to, as `/v2/self` names it, with what the token may do."""

    id: str
    slug: str
    name: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class State:
    """
    All resources of one side by address.

    `active_objects` on the desired side is what the files assert to be switched on; on the live side it is what Attio
    lists. `members` (live) maps each member's e-mail address to their id. `incomplete` says what could not be read;
    a plan built from such a state is never applied.
    """

    # asyncio asks for the repr of what a main task returns, only to drop it: a tenth of a second for 3,000 resources
    resources: Mapping[Address, Resource] = field(repr=False)
    workspace: Workspace | None = None
    active_objects: Mapping[str, bool] = field(default_factory=lambda: EMPTY)
    members: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    incomplete: tuple[str, ...] = ()
