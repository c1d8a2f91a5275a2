"""
A Segment subscription export, turned into the mappings of a workspace file.

Takes what Segment's Public API gives for the subscriptions of a destination: `{data: {subscriptions: […]}}`, one
subscription, or a list of them; each has `name`, `actionSlug` (or `partnerAction`), `trigger`, `settings`, `enabled`.

Source: docs.segmentapis.com (List Subscriptions from Destination, 2026-08).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from attio_ctl.errors import DocumentError
from attio_ctl.mapping.expressions.node import Literal
from attio_ctl.mapping.expressions.read import read_expression
from attio_ctl.mapping.fql.lexer import FqlError
from attio_ctl.mapping.fql.lint import readings
from attio_ctl.mapping.presets import PUBLISHED, Action
from attio_ctl.mapping.segment.evaluate import ACTIONS
from attio_ctl.mapping.segment.fields import FIELDS
from attio_ctl.state.resource import Json

_ROLES: Final = {
    "user_attributes": "user",
    "person_attributes": "person",
    "company_attributes": "company",
    "workspace_attributes": "workspace",
    "attributes": "values",
    "matching_attribute": "match",
}
_SCHEMA_LINE: Final = "# yaml-language-server: $schema=../../../schemas/workspace.schema.json\n"


@dataclass(frozen=True, slots=True)
class Imported:
    """The text of a workspace file, and what a person should know about how it came to be."""

    text: str
    notes: tuple[str, ...]


def import_subscriptions(export: Json) -> Imported:
    """
    A file with one mapping per subscription, in the order of the export, in short forms where they say the same.

    Raises:
        DocumentError: there is no subscription of the Attio destination in it.
    """
    notes: list[str] = []
    mappings = CommentedMap()
    for subscription in _subscriptions(export):
        action = _action_of(subscription)
        label = subscription.get("name") or subscription.get("id") or "a subscription"
        if action is None:
            notes.append(f"`{label}` is left out: its action is none of Attio's three")
            continue
        name = _free_name(str(label), mappings)
        comments: list[str] = []
        mappings[name] = _mapping(subscription, action, comments)
        if subscription.get("enabled") is False:
            comments.append("switched off in Segment; a mapping in a file is always on")
        notes += (f"`{name}`: {comment}" for comment in comments)
        if comments:
            mappings.yaml_set_comment_before_after_key(name, before="\n".join(comments), indent=2)
    if not mappings:
        raise DocumentError(
            "the export has no subscription of the Attio destination",
            hint="export the subscriptions of a destination, as Segment's Public API lists them",
        )
    return Imported(_SCHEMA_LINE + _dumped(CommentedMap(mappings=mappings)), tuple(notes))


def _subscriptions(export: Json) -> Iterator[dict[str, Any]]:
    """Every object with settings, wherever the API's envelopes put it."""
    if isinstance(export, list):
        for item in export:
            yield from _subscriptions(item)
    elif isinstance(export, dict):
        if isinstance(export.get("settings"), dict) and ("trigger" in export or _action_of(export) is not None):
            yield export
        else:
            for inner in export.values():
                yield from _subscriptions(inner)


def _action_of(subscription: dict[str, Any]) -> Action | None:
    named = (subscription.get(key) for key in ("actionSlug", "partnerAction", "actionName", "actionId"))
    found = (
        ACTIONS.get(re.sub(r"\s+", "-", name).lower()) or ACTIONS.get(name) for name in named if isinstance(name, str)
    )
    return next((action for action in found if action is not None), None)


def _free_name(label: str, taken: CommentedMap) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:48]
    base = base if base[:1].isalpha() else f"mapping_{base}".rstrip("_")
    names = (base, *(f"{base}_{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _mapping(subscription: dict[str, Any], action: Action, comments: list[str]) -> CommentedMap:
    settings: dict[str, Any] = subscription["settings"]
    mapping = CommentedMap(action=action)
    trigger = subscription.get("trigger")
    if isinstance(trigger, str) and trigger and trigger != PUBLISHED[action].when:
        mapping["when"] = trigger
        comments += _readings_of(trigger)
    for name, field in FIELDS[action].items():
        if name in ("received_at", "batch_size") or name not in settings:
            continue  # the engine orders by the time of the event, and sizes its batches itself
        value = settings[name]
        if name == "enable_batching":
            if value in (True, "true"):
                mapping["batch"] = True
        elif name in _ROLES and isinstance(value, dict):
            mapping.update({_ROLES[name]: {slug: short_form(inner) for slug, inner in value.items()}} if value else {})
        elif action == "assert-record" or value != field.default:
            mapping[_ROLES.get(name, name)] = short_form(value)
    if action == "assert-record":
        _complete(mapping, comments)
    for name in settings:
        if name not in FIELDS[action] and not name.startswith("__segment"):
            comments.append(f"`{name}` has no meaning for this action and is left out")
    return mapping


def _complete(mapping: CommentedMap, comments: list[str]) -> None:
    """Fill what Segment fills by default; `person` is a slug that Attio does not have."""
    mapping.setdefault("object", "people")
    mapping.setdefault("match", "email_addresses")
    mapping.setdefault("values", {})
    if mapping["object"] == "person":
        mapping["object"] = "people"
        comments.append("`object: person` is Segment's default and no slug in Attio; it is `people` here")


def _readings_of(trigger: str) -> Iterator[str]:
    try:
        yield from (f"`when`: {reading}" for reading in readings(trigger))
    except FqlError as error:
        yield f"`when` is no FQL: {error}"


def short_form(value: Json) -> Json:
    """A Segment expression as a person would write it here, with the same meaning for every event."""
    match value:
        case {"@path": str(path)} if len(value) == 1 and path.startswith("$.") and len(path) > 2:
            return path
        case {"@template": str(template)} if len(value) == 1 and _is_short_template(template):
            return template
        case dict():
            return _inside(value)
        case list():
            return [short_form(item) for item in value]
        case str() if not isinstance(read_expression(value)[0], Literal):
            return {"@literal": value}
        case _:
            return value


# The options that hold any value of the mapping, and those that hold an object or a directive and no text.
_VALUES: Final = frozenset({"exists", "blank", "then", "else", "value"})
_OBJECTS: Final = frozenset({"objects", "apply", "mapping"})


def _inside(value: Json) -> Json:
    """The same with short forms inside; what is a directive stays one, for places where a text would be itself."""
    match value:
        case dict():
            return {
                key: _operand(key, each) if key.startswith("@") else short_form(each) for key, each in value.items()
            }
        case list():
            return [_inside(item) for item in value]
        case _:
            return value


def _operand(directive: str, operand: Json) -> Json:
    match operand:
        case dict() if directive in ("@literal", "@path", "@template"):
            return _inside(operand)
        case dict() if directive == "@excludeWhenNull":
            return short_form(operand)
        case dict():
            return {key: _option(key, each) for key, each in operand.items()}
        case [path, *shape] if directive == "@arrayPath":
            return [_inside(path), *map(_inside, shape)]
        case list():
            return [short_form(item) for item in operand]
        case str() if directive == "@excludeWhenNull":
            return short_form(operand)
        case _:
            return operand


def _option(name: str, value: Json) -> Json:
    if name in _VALUES:
        return short_form(value)
    return _inside(value) if name in _OBJECTS else value


def _is_short_template(template: str) -> bool:
    return re.search(r"\{\{[^}]+\}\}", template) is not None and "$." not in template


def _dumped(document: CommentedMap) -> str:
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
