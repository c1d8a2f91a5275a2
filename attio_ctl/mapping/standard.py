"""
The standard objects as every workspace has them, for checks and tests that run without one.

Source: docs.attio.com/docs/standard-objects, and attribute lists of live workspaces (2026-08). Options of `categories`
and the other enriched selects are not public as a whole, so any title passes there.
"""

from __future__ import annotations

from typing import Final

from attio_ctl.address import Address
from attio_ctl.attribute_types import ACTIVATED_BY_HAND, STANDARD_OBJECTS
from attio_ctl.state.resource import Resource, State

# One line per attribute: slug, type, then any of `many`, `unique`, `required`, `read-only`, and `-> object`.
_TABLE: Final = {
    "people": """
        record_id text unique read-only
        name personal-name
        email_addresses email-address many unique
        description text
        company record-reference -> companies
        job_title text
        avatar_url text read-only
        phone_numbers phone-number many
        primary_location location
        angellist text
        facebook text
        instagram text
        linkedin text
        twitter text
        twitter_follower_count number read-only
        first_calendar_interaction interaction read-only
        last_calendar_interaction interaction read-only
        next_calendar_interaction interaction read-only
        first_email_interaction interaction read-only
        last_email_interaction interaction read-only
        first_interaction interaction read-only
        last_interaction interaction read-only
        next_interaction interaction read-only
        strongest_connection_strength_legacy number read-only
        strongest_connection_strength select read-only
        strongest_connection_user actor-reference read-only
        associated_deals record-reference many -> deals
        associated_users record-reference many -> users
        created_at timestamp read-only
        created_by actor-reference read-only
    """,
    "companies": """
        record_id text unique read-only
        domains domain many unique
        name text
        description text
        team record-reference many -> people
        categories select many
        primary_location location
        logo_url text read-only
        angellist text
        facebook text
        instagram text
        linkedin text
        twitter text
        twitter_follower_count number read-only
        estimated_arr_usd select
        funding_raised_usd currency
        foundation_date date
        employee_range select
        first_calendar_interaction interaction read-only
        last_calendar_interaction interaction read-only
        next_calendar_interaction interaction read-only
        first_email_interaction interaction read-only
        last_email_interaction interaction read-only
        first_interaction interaction read-only
        last_interaction interaction read-only
        next_interaction interaction read-only
        strongest_connection_strength_legacy number read-only
        strongest_connection_strength select read-only
        strongest_connection_user actor-reference read-only
        associated_deals record-reference many -> deals
        associated_workspaces record-reference many -> workspaces
        created_at timestamp read-only
        created_by actor-reference read-only
    """,
    "deals": """
        record_id text unique read-only
        name text required
        stage status required
        owner actor-reference required
        value currency
        associated_people record-reference many -> people
        associated_company record-reference -> companies
        created_at timestamp read-only
        created_by actor-reference read-only
    """,
    "users": """
        record_id text unique read-only
        person record-reference -> people
        primary_email_address email-address unique required
        user_id text unique required
        workspace record-reference many -> workspaces
        created_at timestamp read-only
        created_by actor-reference read-only
    """,
    "workspaces": """
        record_id text unique read-only
        workspace_id text unique required
        name text
        users record-reference many -> users
        company record-reference -> companies
        avatar_url text
        created_at timestamp read-only
        created_by actor-reference read-only
    """,
}


def standard_state() -> State:
    """
    The standard objects with their attributes; `build_schema(standard_state(), desired)` is what files can rely on.

    Deals, users and workspaces are off until the files assert them to be active.
    """
    resources: dict[Address, Resource] = {}
    for slug in STANDARD_OBJECTS:
        address = Address.root("object", slug)
        resources[address] = Resource(address, {})
        for line in _TABLE[slug].split("\n"):
            if line.strip():
                attribute = _attribute(address, line.split())
                resources[attribute.address] = attribute
    active = {slug: slug not in ACTIVATED_BY_HAND for slug in STANDARD_OBJECTS}
    return State(resources, active_objects=active)


def _attribute(parent: Address, words: list[str]) -> Resource:
    slug, kind, *flags = words
    fields = {
        "type": kind,
        "is_multiselect": "many" in flags,
        "is_unique": "unique" in flags,
        "is_required": "required" in flags,
        "allowed_objects": [flags[-1]] if "->" in flags else None,
    }
    return Resource(parent.child("attribute", slug), fields, system=True, writable="read-only" not in flags)
