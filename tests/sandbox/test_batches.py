"""PUT /v2/batch/records: taken at once, carried out in order, silent about what it drops."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attio_ctl.sandbox import batches
from attio_ctl.sandbox.batches import BatchWorker, accept
from attio_ctl.sandbox.model import Actor
from attio_ctl.sandbox.options import Options
from attio_ctl.sandbox.records.write import Writer
from attio_ctl.sandbox.store.store import Store

pytestmark = pytest.mark.anyio


def assertion(object_: str, matching: str, **values: Any) -> dict[str, Any]:
    return {
        "object": object_,
        "mode": "create-or-update",
        "matching_attribute": matching,
        "multiselect_values": "append",
        "values": values,
        "received_at": "2026-01-01T00:00:00.000Z",
    }


async def send(client: Any, *assertions: Any) -> None:
    answer = await client.ask("PUT", "/batch/records", {"assertions": list(assertions)})
    assert (answer.status_code, answer.content) == (202, b"")
    work_off(client.app.api.worker)


def work_off(worker: BatchWorker) -> None:
    while worker.work() is not None:
        continue


def dropped(client: Any) -> list[Any]:
    return list(client.app.api.store.db.rows("SELECT position, code FROM dropped_assertions ORDER BY position"))


async def test_nested_assertions_are_carried_out_first_and_linked(client: Any) -> None:
    person = assertion("people", "email_addresses", email_addresses="ada@example.com", name="Lovelace, Ada")
    user = assertion("users", "user_id", user_id="u1", primary_email_address="ada@example.com", person=person)
    await send(client, assertion("workspaces", "workspace_id", workspace_id="w1", users=[user], name="One"))
    (workspace,) = await client.query("objects/workspaces/records")
    (shown,) = await client.query("objects/users/records")
    assert workspace["values"]["users"][0]["target_record_id"] == shown["id"]["record_id"]
    assert shown["values"]["person"][0]["target_object"] == "people"
    assert dropped(client) == []


async def test_what_is_invalid_is_dropped_and_the_rest_is_kept_in_order(client: Any) -> None:
    good = [assertion("people", "email_addresses", email_addresses="a@example.com", job_title=str(n)) for n in range(3)]
    await send(
        client,
        good[0],
        assertion("people", "email_addresses", email_addresses="b@example.test"),
        good[1],
        assertion("none", "x", x=1),
        assertion("people", "job_title", job_title="x"),
        {"object": "people"},
        assertion("users", "user_id", user_id="u"),
        good[2],
    )
    (person,) = await client.query("objects/people/records")
    assert person["values"]["job_title"][0]["value"] == "2"
    assert dropped(client) == [
        (1, "validation_type"),
        (3, "value_not_found"),
        (4, "matching_attribute_definition_not_unique"),
        (5, "validation_type"),
        (6, "missing_value"),
    ]


async def test_a_failed_outer_assertion_leaves_nothing_of_the_nested_one(client: Any) -> None:
    person = assertion("people", "email_addresses", email_addresses="ada@example.com")
    await send(client, assertion("users", "user_id", user_id="u1", person=person))
    assert await client.query("objects/people/records") == []


async def test_multiselects_only_gain_values_and_null_unsets(client: Any) -> None:
    await client.create("people", email_addresses=["a@example.com"], job_title="Boss", phone_numbers=["+442071838750"])
    await send(
        client,
        assertion(
            "people",
            "email_addresses",
            email_addresses=["a@example.com", "b@example.com"],
            job_title=None,
            phone_numbers="+442079460018",
        ),
    )
    (person,) = await client.query("objects/people/records")
    shown = person["values"]
    assert [one["email_address"] for one in shown["email_addresses"]] == ["a@example.com", "b@example.com"]
    assert shown["job_title"] == []
    assert len(shown["phone_numbers"]) == 2


async def test_ten_thousand_are_taken_and_one_more_is_not(client: Any) -> None:
    answer = await client.ask("PUT", "/batch/records", {"assertions": [{}] * 10_001})
    assert answer.json()["validation_errors"][0]["code"] == "too_big"


def test_a_batch_that_was_cut_short_goes_on_where_it_stopped(store: Store) -> None:
    actor = Actor("api-token", "t")
    body = [assertion("people", "email_addresses", email_addresses=f"p{n}@example.com") for n in range(450)]
    with store.transaction():
        Writer(store, actor)
        accept(store, actor, body)
    assert BatchWorker(store).work() == 0
    work_off(BatchWorker(store))
    assert store.db.row("SELECT COUNT(*) FROM records") == (450,)
    assert store.db.row("SELECT next, total FROM batches WHERE finished_at IS NOT NULL") == (450, 450)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.text(max_size=5)
    | st.sampled_from(["ada@example.com", "people"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
assertions = st.fixed_dictionaries(
    {},
    optional={
        "object": st.sampled_from(["people", "users", "companies"]) | json_values,
        "mode": st.just("create-or-update") | json_values,
        "matching_attribute": st.sampled_from(["email_addresses", "user_id", "domains"]) | json_values,
        "multiselect_values": st.just("append") | json_values,
        "values": json_values
        | st.dictionaries(
            st.sampled_from(["email_addresses", "name", "person", "company", "domains", "phone_numbers"]), json_values
        ),
    },
)


@settings(max_examples=60)
@given(st.lists(assertions | json_values, max_size=6))
def test_whatever_stands_in_a_batch_it_comes_to_an_end_and_every_assertion_is_accounted_for(body: list[Any]) -> None:
    store = Store(":memory:", Options(activate=("users",)))
    with store.transaction():
        accept(store, Actor("api-token", "t"), [*body, assertion("companies", "domains", domains="last.example.com")])
    work_off(BatchWorker(store))
    assert store.db.row("SELECT next, finished_at IS NULL FROM batches") == (len(body) + 1, 0)
    assert store.db.row("SELECT COUNT(*) FROM unique_values WHERE value = 'last.example.com'") == (1,)
    assert store.db.row("SELECT COUNT(*) FROM dropped_assertions WHERE code = 'internal_error'") == (0,)
    store.close()


def test_a_fault_of_the_sandbox_drops_one_assertion_and_holds_up_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = [assertion("people", "email_addresses", email_addresses=f"p{n}@example.com") for n in range(3)]
    real = batches.carry_out

    def fail(writer: Writer, one: Any, depth: int = 0) -> int:
        if one is body[1] or one == body[1]:
            raise ZeroDivisionError
        return real(writer, one, depth)

    monkeypatch.setattr(batches, "carry_out", fail)
    with store.transaction():
        accept(store, Actor("api-token", "t"), body)
    work_off(BatchWorker(store))
    assert store.db.rows("SELECT position, code FROM dropped_assertions") == [(1, "internal_error")]
    assert store.db.row("SELECT COUNT(*) FROM records") == (2,)
    assert "ZeroDivisionError" in caplog.text
