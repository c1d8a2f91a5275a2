"""
The workspace's schema as the sandbox holds it in memory: one immutable snapshot, replaced whole when it changes.

Objects and lists are both a `Collection`: each has attributes and rows (records or entries), and Attio itself puts a
list's id where an attribute names its `object_id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Json = Any
"""None, bool, int, float, str, or lists and dicts of them."""

Payload = Any
"""One value in its stored form, as the codec of its type defines it; JSON, and small."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wrote something: `api-token`, `workspace-member`, `system` or `app`; the system has no id."""

    type: str
    id: str | None

    def as_json(self) -> dict[str, Json]:
        """The shape of `created_by_actor`."""
        return {"type": self.type, "id": self.id}


SYSTEM = Actor("system", None)


@dataclass(frozen=True, slots=True)
class Option:
    """A select option or a status; the last two fields are a status's."""

    pk: int
    id: str
    title: str
    archived: bool = False
    celebration: bool = False
    target_time: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """
    One attribute of a collection.

    `default` is None, `{"dynamic": template}` or `{"static": [payload, …]}`; `allowed` are the pks of the objects that
    a reference may point at (None: any); `mirror` is the pk of the attribute on the other side of a relationship;
    `options` are its options or statuses by pk, in the order of their making, `titled` the same by title and by id,
    archived ones included. Attributes of one snapshot are compared, and hashed, by identity.
    """

    pk: int
    id: str
    collection: int
    slug: str
    type: str
    title: str
    created_at: int
    description: str | None = None
    required: bool = False
    unique: bool = False
    multiselect: bool = False
    writable: bool = True
    system: bool = False
    archived: bool = False
    default: Mapping[str, Json] | None = None
    currency: tuple[str, str | None] | None = None
    allowed: tuple[int, ...] | None = None
    mirror: int | None = None
    options: Mapping[int, Option] = field(default_factory=dict)
    titled: Mapping[str, Option] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """
    An object or a list with its attributes, in the order in which Attio lists them.

    `details` holds what only one kind has: nouns, `web_url_segment`, `active` and `standard` of an object; `name`,
    `parent` (pk), access and `created_by` of a list. `known` finds an attribute, archived ones too, by slug or id;
    `demanding` are those that a new row cannot ignore, because they are required or have a default;
    `shown` those that are not archived.
    """

    pk: int
    id: str
    kind: Literal["object", "list"]
    slug: str
    created_at: int
    details: Mapping[str, Json]
    attributes: tuple[Attribute, ...] = ()
    known: Mapping[str, Attribute] = field(default_factory=dict)
    demanding: tuple[Attribute, ...] = ()
    shown: tuple[Attribute, ...] = ()

    @property
    def active(self) -> bool:
        """False for a standard object that nobody has switched on; True for everything else."""
        return bool(self.details.get("active", True))

    @property
    def standard(self) -> bool:
        """Whether Attio made it: such an object can be neither deleted nor given unique or default values freely."""
        return bool(self.details.get("standard", False))


@dataclass(frozen=True, slots=True)
class Member:
    """A workspace member; `created_at` in microseconds since 1970."""

    id: str
    first_name: str
    last_name: str
    email_address: str
    access_level: str
    created_at: int
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook that is not inactive, as events see it."""

    pk: int
    id: str
    subscriptions: tuple[Mapping[str, Json], ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything but the rows: what the workspace is called, its collections, members and webhooks."""

    workspace_id: str
    workspace_name: str
    workspace_slug: str
    created_at: int
    collections: Mapping[int, Collection]
    attributes: Mapping[int, Attribute]
    members: tuple[Member, ...]
    objects: Mapping[str, Collection] = field(default_factory=dict)
    lists: Mapping[str, Collection] = field(default_factory=dict)
    hooks: tuple[Hook, ...] = ()

    def member(self, id_or_email: str) -> Member | None:
        """The member of that id or e-mail address."""
        wanted = id_or_email.lower()
        return next((one for one in self.members if wanted in (one.id, one.email_address.lower())), None)
