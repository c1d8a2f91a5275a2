"""A small workspace for mappings: the standard objects, and one custom object with an attribute of each type."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from attio_ctl.mapping.fast.program import FastProgram, accelerate
from attio_ctl.mapping.program import compile_mappings
from attio_ctl.state.schema import AttributeSchema, ObjectSchema, Schema


def attributes(*known: AttributeSchema) -> dict[str, AttributeSchema]:
    return {attribute.slug: attribute for attribute in known}


def make_schema() -> Schema:
    many, unique = {"multiselect": True}, {"unique": True}
    a = AttributeSchema
    people = attributes(
        a("record_id", "text", unique=True, writable=False),
        a("name", "personal-name"),
        a("email_addresses", "email-address", **many, **unique),
        a("description", "text"),
        a("company", "record-reference", targets=frozenset({"companies"})),
        a("job_title", "text"),
        a("phone_numbers", "phone-number", **many),
        a("primary_location", "location"),
        a("twitter", "text"),
        a("created_at", "timestamp", writable=False),
        a("first_interaction", "interaction", writable=False),
        a("lead_source", "select", titles=frozenset({"Website", "Referral"}), archived_titles=frozenset({"Fax"})),
        a("old_score", "number", archived=True),
    )
    companies = attributes(
        a("domains", "domain", **many, **unique),
        a("name", "text"),
        a("twitter", "text"),
        a("categories", "select", **many, titles=frozenset({"B2B", "SaaS"})),
    )
    users = attributes(
        a("user_id", "text", **unique, required=True),
        a("primary_email_address", "email-address", **unique, required=True),
        a("person", "record-reference", targets=frozenset({"people"})),
        a("workspace", "record-reference", **many, targets=frozenset({"workspaces"})),
        a("plan", "select", titles=frozenset({"Free", "Pro", "Enterprise"})),
        a("mrr", "currency"),
        a("seats", "number"),
        a("last_seen_at", "timestamp"),
        a("trial", "checkbox"),
        a("features", "select", **many, titles=frozenset({"SSO", "API"})),
    )
    workspaces = attributes(
        a("workspace_id", "text", **unique, required=True),
        a("name", "text"),
        a("users", "record-reference", **many, targets=frozenset({"users"})),
        a("company", "record-reference", targets=frozenset({"companies"})),
        a("plan", "select", titles=frozenset({"Free", "Pro"})),
    )
    vehicles = attributes(
        a("vin", "text", **unique, required=True),
        a("number", "number", **unique),
        a("sold_on", "date"),
        a("score", "rating"),
        a("stage", "status", titles=frozenset({"New", "Sold"})),
        a("owner", "record-reference", targets=frozenset({"people"})),
        a("parts", "record-reference", **many, targets=frozenset({"vehicles", "companies"})),
        a("anything", "record-reference"),
        a("seller", "actor-reference"),
        a("garage", "location"),
        a("price", "currency"),
        a("notes", "text"),
    )
    return Schema(
        {
            "people": ObjectSchema("people", True, people),
            "companies": ObjectSchema("companies", True, companies),
            "users": ObjectSchema("users", True, users),
            "workspaces": ObjectSchema("workspaces", True, workspaces),
            "vehicles": ObjectSchema("vehicles", True, vehicles),
            "deals": ObjectSchema("deals", False, {}),
        },
        frozenset({"alice@attio.com"}),
    )


@pytest.fixture(scope="session")
def schema() -> Schema:
    """The workspace that the mappings of these tests write to."""
    return make_schema()


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The naive interpreter beside this file, which no package imports."""
    return beside("oracle")


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    """Mappings of all kinds, and strategies of events for them."""
    return beside("samples")


def beside(name: str) -> ModuleType:
    spec = spec_from_file_location(f"mapping_{name}", Path(__file__).parent / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fast(samples: ModuleType, schema: Schema) -> FastProgram:
    """The sample mappings as generated code."""
    mappings = {name: samples.MAPPING.validate_python(spec) for name, spec in samples.SPECS.items()}
    running = accelerate(compile_mappings(mappings, schema))
    assert running.mappings is not None
    return running
