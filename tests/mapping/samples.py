"""Mappings of all kinds, and events for them: mostly likely ones, sometimes anything."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from attio_ctl.config.models import Mapping

MAPPING: TypeAdapter[Any] = TypeAdapter(Mapping)
SPECS: dict[str, Any] = {
    "identify": {
        "action": "identify-user",
        "when": 'type = "identify" or contains(context.page, "x") and traits.n > 2 or userId in ["u1", 5]',
        "person": {
            "name": "{{traits.last}}, {{traits.first}}",
            "company": "$.traits.domain",
            "phone_numbers": ["$.traits.phone", "$.traits.phones[0]"],
            "description": {"@if": {"blank": "$.traits.about", "then": "{{traits.about}}!", "else": "nothing"}},
            "job_title": {"@case": {"operator": "upper", "value": "$.traits.title"}},
            "twitter": "$.traits.about.constructor.name",
        },
        "user": {
            "plan": {"@if": {"exists": "$.traits.plan", "then": "$.traits.plan", "else": "Free"}},
            "mrr": "$.traits.mrr",
            "seats": "$.traits.seats",
            "trial": "$.traits.trial",
            "features": "$.traits.features",
            "last_seen_at": "$.timestamp",
            "workspace": "$.groupId",
        },
    },
    "vehicle": {
        "action": "assert-record",
        "object": "vehicles",
        "match": "vin",
        "when": 'properties.vin and event != "x"',
        "values": {
            "vin": "$.properties.vin",
            "sold_on": "$.properties.on",
            "score": "$.properties.list.length",
            "stage": "Sold",
        },
    },
    "group": {"action": "group-workspace"},
}


odd = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-9, 2**70),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=6),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["a", "0", "length"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def likely(*values: Any) -> st.SearchStrategy[Any]:
    """Mostly what an event would have there, sometimes anything."""
    return st.one_of(st.sampled_from(values), st.sampled_from(values), odd)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=fields)


traits = some(
    email=likely("Ada@example.com", "ada@example.com", "bad", ""),
    first=likely("Ada"),
    last=likely("Lovelace", ""),
    domain=likely("acme.com", "https://acme.com/x", "0677efa1-0000-4000-8000-000000000000"),
    phone=likely("+14155552671", "+1 415 555 2671", "5"),
    phones=likely(["+14155552671"], []),
    about=likely("", "x", 0, False),
    title=likely("dev"),
    plan=likely("Pro", "pro"),
    mrr=likely(49, 49.5, "12.5", 0.1 + 0.2, 1.23456),
    seats=likely(5, "5", 2**62, 2**64, 1e300),
    trial=likely(True, "true", 1),
    features=likely(["SSO", "SSO"], "API", [None]),
    website=likely("acme.com"),
    n=likely(3),
)
events = some(
    type=likely("identify", "track", "group"),
    event=likely("x", "y"),
    userId=likely("u1", 5, ""),
    groupId=likely("w1", 7, None),
    timestamp=likely("2026-11-02T09:00:00.123Z", "2026-11-02", "2026-02-30T00:00:00.123Z", "2026-11-02T24:00:00.001Z"),
    traits=st.one_of(traits, traits, traits, odd),
    properties=st.one_of(some(vin=likely("v1", True), on=likely("2026-01-02", "2026-13-01"), list=likely([1, 2])), odd),
    context=st.one_of(some(page=likely("x"), group_id=likely("w2")), odd),
    integrations=likely({"All": True}, {"All": False}, {"Attio (Actions)": False}, {"Attio (Actions)": {}}),
)
