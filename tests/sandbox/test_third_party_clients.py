"""
Clients that others published, with their own run-time validation, against the sandbox.

They are no dependencies of this project: `make conformance` installs them beside it, the third in a folder that the
variable `NODE_CLIENTS` names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

PERSON = {"email_addresses": [{"email_address": "Ada@Example.com"}], "job_title": [{"value": "Analyst"}]}
LIST = {
    "name": "Renewals",
    "api_slug": "renewals",
    "parent_object": "people",
    "workspace_access": "full-access",
    "workspace_member_access": [],
}


@pytest.fixture
def url() -> Iterator[str]:
    with embedded(":memory:", token="t", options=Options(limits=NO_LIMITS, activate=("deals",))) as url:
        yield url


def attribute(slug: str, type_: str) -> dict[str, Any]:
    return {
        "title": slug.capitalize(),
        "description": None,
        "api_slug": slug,
        "type": type_,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "config": {},
    }


@pytest.mark.filterwarnings("ignore")
def test_the_sdk_attio_with_pydantic_validation_of_every_answer(url: str) -> None:
    """PyPI `attio`, generated from Attio's document of autumn 2026."""
    attio = pytest.importorskip("attio", reason="the client `attio` is not installed")
    with attio.SDK(oauth2="t", server_url=url) as sdk:
        assert sdk.meta.get_v2_self().active
        sdk.objects.post_v2_objects(data={"api_slug": "ships", "singular_noun": "Ship", "plural_noun": "Ships"})
        assert len(sdk.objects.get_v2_objects().data) == 4
        sdk.objects.patch_v2_objects_object_(object="ships", data={"plural_noun": "Vessels"})
        of = {"target": "objects", "identifier": "people"}
        sdk.attributes.post_v2_target_identifier_attributes(**of, data=attribute("plan", "select"))
        at = {**of, "attribute": "plan"}
        sdk.attributes.post_v2_target_identifier_attributes_attribute_options(**at, data={"title": "Pro"})
        assert sdk.attributes.get_v2_target_identifier_attributes_attribute_options(**at).data[0].title == "Pro"
        assert len(sdk.attributes.get_v2_target_identifier_attributes(**of).data) > 20
        stage = {"target": "objects", "identifier": "deals", "attribute": "stage"}
        assert len(sdk.attributes.get_v2_target_identifier_attributes_attribute_statuses(**stage).data) == 4
        made = sdk.records.put_v2_objects_object_records(
            object="people",
            matching_attribute="email_addresses",
            data={"values": {**PERSON, "plan": [{"option": "Pro"}], "name": [NAME]}},
        )
        record = {"object": "people", "record_id": made.data.id.record_id}
        read = sdk.records.get_v2_objects_object_records_record_id_(**record)
        assert read.data.values["email_addresses"][0].email_address == "ada@example.com"
        sdk.records.patch_v2_objects_object_records_record_id_(
            **record, data={"values": {"job_title": [{"value": "Countess"}]}}
        )
        found = sdk.records.post_v2_objects_object_records_query(
            object="people", filter_={"email_addresses": "ada@example.com"}, limit=5.0
        )
        assert len(found.data) == 1
        sdk.lists.post_v2_lists(data=LIST)
        entry = {"parent_record_id": made.data.id.record_id, "parent_object": "people", "entry_values": {}}
        sdk.entries.post_v2_lists_list_entries(list_id="renewals", data=entry)
        assert len(sdk.workspace_members.get_v2_workspace_members().data) == 3
        with pytest.raises(attio.errors.SDKError, match="not found") as raised:
            sdk.objects.get_v2_objects_object_(object="none")
        assert raised.value.status_code == 404


NAME = {"first_name": "Ada", "last_name": "Lovelace", "full_name": "Ada Lovelace"}


@pytest.mark.filterwarnings("ignore")
def test_py_attio(url: str) -> None:
    """PyPI `py-attio`, whose base URL is a plain attribute."""
    py_attio = pytest.importorskip("py_attio.client", reason="the client `py-attio` is not installed")
    client = py_attio.Client("t")
    client.base_url = f"{url}/v2"
    assert client.identify_self()["active"] is True
    client.create_object({"data": {"api_slug": "ships", "singular_noun": "Ship", "plural_noun": "Ships"}})
    assert client.get_object("ships")["data"]["plural_noun"] == "Ships"
    client.create_attribute("objects", "ships", {"data": attribute("name", "text")})
    made = client.create_record("ships", {"data": {"values": {"name": "Victory"}}})["data"]
    assert client.list_records("ships", {"filter": {"name": "Victory"}})["data"][0]["id"] == made["id"]
    client.create_list({"data": LIST})
    person = client.create_record("people", {"data": {"values": PERSON}})["data"]["id"]["record_id"]
    entry = {"parent_record_id": person, "parent_object": "people", "entry_values": {}}
    client.create_entry("renewals", {"data": entry})
    assert len(client.list_entries("renewals")["data"]) == 1
    assert client.list_record_entries("people", person)["data"][0]["list_api_slug"] == "renewals"
    client.delete_record("ships", made["id"]["record_id"])
    with pytest.raises(Exception, match="404"):
        client.get_record("ships", made["id"]["record_id"])


def test_attio_ts_sdk_with_zod_validation_of_every_answer(url: str) -> None:
    """npm `attio-ts-sdk`, whose answers and requests pass Zod schemas of 2026-08."""
    folder = os.environ.get("NODE_CLIENTS", "")
    node = shutil.which("node")
    if node is None or not (Path(folder) / "node_modules" / "attio-ts-sdk").is_dir():
        pytest.skip("the client `attio-ts-sdk` is not installed")
    flow = Path(__file__).with_name("attio_ts_sdk.mjs").read_text(encoding="utf-8")
    command = [node, "--input-type=module", "-e", flow, "--", url]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr, run.stdout) == (0, "", "18 steps\n")
