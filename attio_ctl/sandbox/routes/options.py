"""GET, POST and PATCH of select options and statuses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.errors import slug_conflict, validation, value_not_found
from attio_ctl.sandbox.model import Attribute, Json, Option
from attio_ctl.sandbox.routes.lookup import attribute_of, target_of
from attio_ctl.sandbox.shape import Flag, Maybe, Text, data
from attio_ctl.sandbox.values.choices import option_json, status_json

_TITLE: Final = Text(min_length=1)
# The pattern of the OpenAPI document, which alone would also take a bare `P`.
_DURATION: Final = Text(
    pattern=re.compile(
        r"P(?=.)(?:(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(?:T(?=.)(\d+(?:[\.,]\d+)?H)?(\d+(?:[\.,]\d+)?M)?(\d+(?:[\.,]\d+)?S)?)?)"
    ),
    said="Invalid",
    nullable=True,
)
_CREATE_OPTION: Final = data({"title": _TITLE})
_UPDATE_OPTION: Final = data({"title": Maybe(_TITLE), "is_archived": Maybe(Flag())})
_CREATE_STATUS: Final = data(
    {"title": _TITLE, "celebration_enabled": Maybe(Flag()), "target_time_in_status": Maybe(_DURATION)}
)
_UPDATE_STATUS: Final = data(
    {
        "title": Maybe(_TITLE),
        "celebration_enabled": Maybe(Flag()),
        "target_time_in_status": Maybe(_DURATION),
        "is_archived": Maybe(Flag()),
    }
)


def _attribute(call: Call) -> Attribute:
    return attribute_of(target_of(call), call.params["attribute"])


def _options(call: Call, type_: str) -> tuple[Attribute, list[Option]]:
    """Those of an attribute; none, rather than an error, where it has the other type (seen in 2025)."""
    attribute = _attribute(call)
    archived = call.flag("show_archived")
    shown = (
        [one for one in attribute.options.values() if archived or not one.archived] if attribute.type == type_ else []
    )
    return attribute, shown


def list_options(call: Call) -> Json:
    attribute, shown = _options(call, "select")
    return {"data": [option_json(one, attribute, call.store.schema) for one in shown]}


def list_statuses(call: Call) -> Json:
    attribute, shown = _options(call, "status")
    return {"data": [status_json(one, attribute, call.store.schema) for one in shown]}


def _refuse_taken(attribute: Attribute, title: str, what: str, besides: Option | None = None) -> None:
    """Titles of archived ones stay taken, as slugs do (inferred)."""
    holder = attribute.titled.get(title)
    if holder is not None and holder is not besides and holder.title == title:
        raise slug_conflict(f'There is already another {what} with the title "{title}".')


def create_option(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 where the attribute is no select, 409 for a title in use.
    """
    attribute = _attribute(call)
    if attribute.type != "select":
        raise validation("This attribute is not a select attribute.")
    title = call.checked(_CREATE_OPTION)["data"]["title"]
    _refuse_taken(attribute, title, "select option")
    made = call.store.add_option(attribute, Option(0, "", title))
    return {"data": option_json(made, attribute, call.store.schema)}


def create_status(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 where the attribute is no status, 409 for a title in use.
    """
    attribute = _attribute(call)
    if attribute.type != "status":
        raise validation("This attribute is not a status attribute.")
    fields = call.checked(_CREATE_STATUS)["data"]
    _refuse_taken(attribute, fields["title"], "status")
    made = Option(
        0,
        "",
        fields["title"],
        celebration=fields.get("celebration_enabled", False),
        target_time=fields.get("target_time_in_status"),
    )
    return {"data": status_json(call.store.add_option(attribute, made), attribute, call.store.schema)}


def update_option(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 `value_not_found` for an unknown option, 409 for a title in use.
    """
    attribute = _attribute(call)
    named = call.params["option"]
    found = attribute.titled.get(named) if attribute.type == "select" else None
    fields = call.checked(_UPDATE_OPTION)["data"]
    if found is None:
        raise value_not_found(f'Cannot find select attribute with select option title "{named}".')
    title = fields.get("title", found.title)
    _refuse_taken(attribute, title, "select option", found)
    saved = call.store.save_option(
        attribute, replace(found, title=title, archived=fields.get("is_archived", found.archived))
    )
    return {"data": option_json(saved, attribute, call.store.schema)}


def update_status(call: Call) -> Json:
    """
    Raises:
        RefusedError: 400 `value_not_found` for an unknown status, 409 for a title in use.
    """
    attribute = _attribute(call)
    named = call.params["status"]
    found = attribute.titled.get(named) if attribute.type == "status" else None
    fields = call.checked(_UPDATE_STATUS)["data"]
    if found is None:
        raise value_not_found(f'Cannot find status attribute with status option title "{named}".')
    title = fields.get("title", found.title)
    _refuse_taken(attribute, title, "status", found)
    saved = call.store.save_option(
        attribute,
        replace(
            found,
            title=title,
            archived=fields.get("is_archived", found.archived),
            celebration=fields.get("celebration_enabled", found.celebration),
            target_time=fields.get("target_time_in_status", found.target_time),
        ),
    )
    return {"data": status_json(saved, attribute, call.store.schema)}


def _routes(base: str) -> list[Route]:
    read, write = ("object_configuration:read",), ("object_configuration:read-write",)
    return [
        Route("GET", f"{base}/options", list_options, read, of_schema=True),
        Route("POST", f"{base}/options", create_option, write, "write"),
        Route("PATCH", f"{base}/options/{{option}}", update_option, write, "write"),
        Route("GET", f"{base}/statuses", list_statuses, read, of_schema=True),
        Route("POST", f"{base}/statuses", create_status, write, "write"),
        Route("PATCH", f"{base}/statuses/{{status}}", update_status, write, "write"),
    ]


ROUTES: Final = [
    *_routes("/v2/objects/{object}/attributes/{attribute}"),
    *_routes("/v2/lists/{list}/attributes/{attribute}"),
]
