"""The standard objects as a state, for checks that run before, or without, a look at the workspace."""

from __future__ import annotations

from collections.abc import Iterator

from attio_ctl.address import Address
from attio_ctl.standard_objects import read_standard_objects
from attio_ctl.state.resource import Resource, State


def standard_state() -> State:
    """
    What every workspace has once its standard objects are active; options and statuses are examples, not all.

    `build_schema(standard_state(), desired)` is what files can rely on before the workspace is asked. Deals, users and
    workspaces count as switched on there unless the files say otherwise: only the workspace knows.
    """
    return State(resources={resource.address: resource for resource in _resources()})


def _resources() -> Iterator[Resource]:
    for given in read_standard_objects():
        address = Address.root("object", given["slug"])
        yield Resource(address, {"singular_noun": given["singular_noun"], "plural_noun": given["plural_noun"]})
        for attribute in given["attributes"]:
            own = address.child("attribute", attribute["slug"])
            fields = {
                "type": attribute["type"],
                "title": attribute["title"],
                "is_required": attribute.get("required", False),
                "is_unique": attribute.get("unique", False),
                "is_multiselect": attribute.get("multiselect", False),
                "default_value": {"dynamic": attribute["default"]} if "default" in attribute else None,
                "allowed_objects": attribute.get("to"),
            }
            yield Resource(own, fields, system=True, writable=attribute.get("writable", False))
            for status in attribute.get("statuses", ()):
                yield Resource(own.child("status", status["title"]), {"title": status["title"]})
            for title in attribute.get("options", ()):
                yield Resource(own.child("option", title), {"title": title})
