"""Values that name something of the workspace: options, statuses and members."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import is_number, number_text
from attio_ctl.mapping.values.contacts import coerce_email
from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.writes import Reject, RejectCode
from attio_ctl.state.schema import AttributeSchema

UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII)


def title_coercer(attribute: AttributeSchema) -> Callable[[Any], str]:
    """
    What checks a title (exact) or UUID of an option or a status; titles are not checked where none are known.

    Source: `Cannot find select option with title "X".` was seen for any other text; Attio never makes an option.
    """
    what, code = ("status", "unknown_status") if attribute.type == "status" else ("option", "unknown_option")
    refusal: RejectCode = "unknown_status" if code == "unknown_status" else "unknown_option"
    known, archived = attribute.titles, attribute.archived_titles

    def coerce_title(value: Any) -> str:
        if isinstance(value, str) and value in known:
            return value
        title = number_text(value) if is_number(value) else value
        if not isinstance(title, str):
            raise Reject(
                "wrong_type",
                f"the title of {'a status' if what == 'status' else 'an option'} was expected, not {shown(value)}",
            )
        if title in known or not (known or archived) or UUID.fullmatch(title):
            return title
        if title in archived:
            raise Reject(refusal, f"{what} {shown(title)} is archived")
        raise Reject(refusal, f"there is no {what} {shown(title)}; {hint(title[:100])}")

    @functools.lru_cache(maxsize=1_024)  # one option that is missing refuses many events
    def hint(title: str) -> str:
        close = difflib.get_close_matches(title, known, 1, 0.6) or [k for k in known if k.lower() == title.lower()]
        return f"did you mean `{close[0]}`?" if close else f"there is {_some(known)}"

    return coerce_title


def _some(titles: frozenset[str]) -> str:
    named = [f"`{title}`" for title in sorted(titles)[:5]]
    return ", ".join(named) + (f" and {len(titles) - 5} more" if len(titles) > 5 else "") if named else "none"


def member_coercer(members: frozenset[str] | None) -> Callable[[Any], str]:
    """
    What checks a workspace member: an e-mail address (against the members, where they are known) or an id.

    Source: docs.attio.com/docs/attribute-types/attribute-types-actor-reference; only members can be written.
    """

    def coerce_member(value: Any) -> str:
        if isinstance(value, dict):
            value = _of_object(value)
        if isinstance(value, str) and UUID.fullmatch(value):
            return value.lower()
        address = coerce_email(value)
        if members is not None and address not in members:
            raise Reject("unknown_member", f"{shown(address)} is no member of the workspace")
        return address

    return coerce_member


def _of_object(value: dict[str, Any]) -> Any:
    if set(value) == {"workspace_member_email_address"}:
        return value["workspace_member_email_address"]
    if set(value) == {"referenced_actor_type", "referenced_actor_id"}:
        if value["referenced_actor_type"] != "workspace-member":
            raise Reject("invalid_reference", "only actors of type `workspace-member` can be written")
        return value["referenced_actor_id"]
    raise Reject("wrong_type", "a member is an e-mail address, or `referenced_actor_type` with `referenced_actor_id`")
