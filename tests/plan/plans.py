"""Plans of any size and shape, without files or a workspace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from attio_ctl.address import Address
from attio_ctl.plan.changes import Archive, Change, Create, Delete, Update
from attio_ctl.plan.model import Plan, Source
from attio_ctl.state.resource import Workspace

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS: dict[str, Any] = {
    "name": "acme",
    "workspace": Workspace("14beef7a-99f7-4534-a87e-70b564330a4c", "acme", "Acme"),
    "source": Source("sha256:0", "0123456789abcdef0123456789abcdef01234567"),
    "created_at": NOW,
    "expires_at": NOW + timedelta(hours=24),
}


def plan_of(*changes: Change, **given: Any) -> Plan:
    """A plan of some changes for the workspace Acme."""
    return Plan(changes=tuple(changes), **{**FACTS, **given})


def attribute(text: str) -> Address:
    """`vehicles.vin` as the address of an attribute of an object."""
    slug, name = text.split(".", 1)
    return Address.root("object", slug).child("attribute", name)


def add(address: Address, **fields: Any) -> Create:
    """A new attribute, option or status."""
    after = {"type": "text", "title": address.name, **fields}
    return Create(address=address, reason="not_in_workspace", after=after)


def retitle(address: Address, before: str, after: str) -> Update:
    """An attribute with another title."""
    return Update(address=address, reason="fields_differ", before={"title": before}, after={"title": after})


def require(address: Address) -> Update:
    """An attribute that has to have a value from now on."""
    return Update(address=address, reason="fields_differ", before={"is_required": False}, after={"is_required": True})


def archive(address: Address, note: str | None = None) -> Archive:
    """An attribute, option or status that is put away."""
    return Archive(address=address, reason="removed", before={"title": address.name}, note=note)


def delete(address: Address, note: str | None = None) -> Delete:
    """An object that is deleted with all its records."""
    return Delete(address=address, reason="removed", before={"singular_noun": address.name}, note=note)
