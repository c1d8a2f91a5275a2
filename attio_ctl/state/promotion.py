"""A live workspace as what another one should be like: the desired side of a comparison of two workspaces. Pure."""

from __future__ import annotations

from dataclasses import replace

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS
from attio_ctl.state.resource import EMPTY, Resource, State


def as_desired(live: State) -> State:
    """
    What a person made in a workspace, without its ids: standard objects are only asked to be active.

    Left out are system attributes (their own options and statuses stay), what is archived, and webhooks, whose
    targets differ between workspaces on purpose.
    """
    resources = {
        address: _wanted(resource)
        for address, resource in live.resources.items()
        if not resource.archived and address.kind != "webhook" and not _is_under_archived(address, live)
    }
    return State(resources=resources, active_objects=live.active_objects)


def _wanted(resource: Resource) -> Resource:
    given = EMPTY if resource.system or resource.address.name in STANDARD_OBJECTS else resource.fields
    fields = {"type": resource.fields["type"]} if resource.system and resource.address.kind == "attribute" else given
    return replace(resource, fields=fields, ids=EMPTY, archived=False, system=False)


def _is_under_archived(address: Address, live: State) -> bool:
    parent = address.parent
    return parent is not None and parent in live.resources and live.resources[parent].archived
