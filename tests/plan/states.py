"""Both sides of a comparison from a few lines of YAML."""

from __future__ import annotations

import uuid
from typing import Any

from attio_ctl.address import Address
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.state.desired import build_desired
from attio_ctl.state.resource import ID_NAMES, Resource, State, Workspace

WORKSPACE = Workspace("14beef7a-99f7-4534-a87e-70b564330a4c", "acme", "Acme", frozenset({"webhook:read-write"}))
ATTRIBUTE = {"description": None, "is_required": False, "is_unique": False, "is_multiselect": False}


def spec_of(document: dict[str, Any]) -> WorkspaceSpec:
    """A workspace file that leaves out what every one has."""
    return WorkspaceSpec.model_validate({"workspace": "acme", "api": {"sandbox": "acme"}, **document})


def desired_of(document: dict[str, Any]) -> State:
    """The desired state of a workspace file, without places."""
    return build_desired(spec_of(document), lambda _: None)


def live_of(resources: dict[str, dict[str, Any]]) -> State:
    """A live state: `archived`, `system` and `id` are taken out of the fields; attributes get Attio's defaults."""
    found = {}
    for text, given in resources.items():
        address, fields = Address.parse(text), dict(given)
        archived, system = fields.pop("archived", False), fields.pop("system", False)
        own = fields.pop("id", str(uuid.uuid5(uuid.NAMESPACE_URL, text)))
        if address.kind == "attribute":
            fields = {**ATTRIBUTE, "default_value": None, **fields}
        if address.kind == "webhook":
            own = address.name
        found[address] = Resource(
            address=address, fields=fields, ids={ID_NAMES[address.kind]: own}, archived=archived, system=system
        )
    active = {address.name: True for address in found if address.kind == "object"}
    return State(resources=found, workspace=WORKSPACE, active_objects=active)
