"""Finding what a path names, with the complaint that each endpoint has for it."""

from __future__ import annotations

from attio_ctl.sandbox.call import Call
from attio_ctl.sandbox.errors import disabled_object, not_found
from attio_ctl.sandbox.model import Attribute, Collection


def object_of(call: Call, named: str) -> Collection:
    """
    The object of that slug or id.

    Raises:
        RefusedError: 404 when there is none, 400 `standard_object_disabled` when it is switched off.
    """
    found = call.store.schema.objects.get(named)
    if found is None:
        raise not_found(f'Object with slug/ID "{named}" not found.')
    if not found.active:
        raise disabled_object(found.id)
    return found


def list_of(call: Call, named: str, said: str = 'List with slug/ID "{}" not found.') -> Collection:
    """
    The list of that slug or id.

    Raises:
        RefusedError: 404 when there is none.
    """
    found = call.store.schema.lists.get(named)
    if found is None:
        raise not_found(said.format(named))
    return found


def target_of(call: Call) -> Collection:
    """The object or list under which an attribute path stands."""
    if "list" in call.params:
        return list_of(call, call.params["list"])
    return object_of(call, call.params["object"])


def attribute_of(collection: Collection, named: str) -> Attribute:
    """
    The attribute of that slug or id, an archived one too.

    Raises:
        RefusedError: 404 when there is none.
    """
    found = collection.known.get(named)
    if found is None:
        raise not_found(f'Attribute with slug/ID "{named}" not found.')
    return found
