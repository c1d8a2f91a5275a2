"""References to records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attio_ctl.mapping.values.choices import UUID
from attio_ctl.mapping.values.contacts import coerce_domain, coerce_email
from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.writes import RecordId, RecordKey, Reject
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema

NATURAL_KEYS: Final[Mapping[str, str]] = {
    "people": "email_addresses",
    "companies": "domains",
    "users": "user_id",
    "workspaces": "workspace_id",
}
"""What a bare text names a standard record by. Source: docs.attio.com/docs/attribute-types (record reference)."""

# Records whose natural key is an id of the product's own, which may well be a UUID; elsewhere a UUID is Attio's.
_KEYED_BY_OWN_ID: Final = frozenset({"users", "workspaces"})

ValueKey = Callable[[ObjectSchema, AttributeSchema, Any], str]
"""Normalises the value of a unique attribute to the text of a record key."""


def reference_coercer(
    attribute: AttributeSchema, schema: Schema, key_text: ValueKey
) -> Callable[[Any], RecordKey | RecordId]:
    """
    What turns a value into the record that it names.

    A text names a record of the only object that is allowed: by its natural key (an e-mail address, a domain, a user or
    workspace id), by its only unique attribute, or by Attio's id. An object names any allowed one, as Attio's API
    takes it: `{target_object, target_record_id}` or `{target_object, <unique attribute>: value}`.
    """

    target, slug, normalise = _plain_key(attribute, schema)

    def coerce_reference(value: Any) -> RecordKey | RecordId:
        if normalise is not None and value.__class__ is str and not (len(value) == 36 and UUID.fullmatch(value)):
            return RecordKey(target, slug, normalise(value))
        if isinstance(value, dict):
            return _of_object(value)
        if isinstance(value, list) or value is None:
            raise Reject("wrong_type", f"a record was expected, not {shown(value)}")
        if attribute.targets is None or len(attribute.targets) != 1:
            allowed = (
                "any object" if attribute.targets is None else " and ".join(f"`{t}`" for t in sorted(attribute.targets))
            )
            raise Reject(
                "ambiguous_reference",
                f"{shown(value)} could be a record of {allowed}; write `target_object` and an id or a unique attribute",
            )
        (only,) = attribute.targets
        if isinstance(value, str) and only not in _KEYED_BY_OWN_ID and UUID.fullmatch(value):
            return RecordId(only, value.lower())
        return _by(only, _natural_key(only), value)

    def _natural_key(target: str) -> str:
        known = schema.objects.get(target)
        if target in NATURAL_KEYS:
            return NATURAL_KEYS[target]
        unique = sorted({a.slug for a in known.attributes.values() if a.unique and a.writable}) if known else []
        if len(unique) != 1:
            raise Reject(
                "invalid_reference",
                f"a record of `{target}` is named by its id, or by `target_object` and a unique attribute",
            )
        return unique[0]

    def _of_object(value: dict[str, Any]) -> RecordKey | RecordId:
        target = value.get("target_object")
        rest = {key: inner for key, inner in value.items() if key != "target_object"}
        if not isinstance(target, str) or len(rest) != 1:
            raise Reject(
                "invalid_reference",
                "a reference has `target_object` and one more key: `target_record_id` or a unique attribute",
            )
        if attribute.targets is not None and target not in attribute.targets:
            raise Reject("invalid_reference", f"records of {shown(target)} are not allowed here")
        ((slug, named),) = rest.items()
        if slug == "target_record_id":
            if not isinstance(named, str) or not UUID.fullmatch(named):
                raise Reject("invalid_reference", f"`target_record_id` is a UUID, not {shown(named)}")
            return RecordId(target, named.lower())
        return _by(target, slug, named)

    def _by(target: str, slug: str, value: Any) -> RecordKey:
        known = schema.objects.get(target)
        found = known.attributes.get(slug) if known else None
        if known is None or found is None:
            raise Reject("invalid_reference", f"there is no attribute `{target}.{slug}` to name a record by")
        if not found.unique:
            raise Reject("invalid_reference", f"`{target}.{slug}` is not unique, so it names no record")
        return RecordKey(target, found.slug, key_text(known, found, value))

    return coerce_reference


def _plain_key(attribute: AttributeSchema, schema: Schema) -> tuple[str, str, Callable[[Any], str] | None]:
    """Object, slug and normaliser where a text that is no UUID can only be an e-mail address or a domain."""
    target = next(iter(attribute.targets)) if attribute.targets and len(attribute.targets) == 1 else ""
    known = schema.objects.get(target)
    key = known.attributes.get(NATURAL_KEYS.get(target, "")) if known else None
    if key is None or not key.unique:
        return target, "", None
    return target, key.slug, {"email-address": coerce_email, "domain": coerce_domain}.get(key.type)
