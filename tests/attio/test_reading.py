"""What the reader asks, and how it reads the answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from attio_ctl.attio.errors import UnauthorizedError, UnexpectedAnswerError
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.session import ReadSession, WriteSession

pytestmark = pytest.mark.anyio

W = "14beef7a-99f7-4534-a87e-70b564330a4c"
IDS = {"workspace_id": W, "object_id": "o1"}
OBJECT = {
    "id": IDS,
    "api_slug": "people",
    "singular_noun": "Person",
    "plural_noun": "People",
    "created_at": "2024-01-01T00:00:00.000000000Z",
}
WEBHOOK = {
    "id": {"workspace_id": W, "webhook_id": "w1"},
    "target_url": "https://hooks.example.com/",
    "subscriptions": [{"event_type": "record.updated", "filter": None}],
    "status": "active",
    "created_at": "2024-01-01T00:00:00.000000000Z",
}


def attribute(slug: str) -> dict[str, Any]:
    return {
        "id": {**IDS, "attribute_id": slug},
        "title": slug.title(),
        "description": None,
        "api_slug": slug,
        "type": "text",
        "is_system_attribute": False,
        "is_writable": True,
        "is_required": False,
        "is_unique": False,
        "is_multiselect": False,
        "is_default_value_enabled": False,
        "is_archived": False,
        "default_value": None,
        "relationship": None,
        "created_at": "2024-01-01T00:00:00.000000000Z",
        "config": {
            "currency": {"default_currency_code": None, "display_type": None},
            "record_reference": {"allowed_object_ids": None},
        },
    }


def record(name: str, **more: Any) -> dict[str, Any]:
    return {"id": {**IDS, "record_id": name}, "created_at": "2024-01-01T00:00:00.000000000Z", "values": {}, **more}


async def test_the_workspace_of_a_token_comes_with_its_scopes(talk: Any, answers: Any) -> None:
    body = {"active": True, "scope": "a:read b:read-write", "workspace_id": W}
    t = talk(answers.ok(200, {**body, "workspace_slug": "acme", "workspace_name": "Acme"}))

    me = await t.attio.whoami()

    assert (me.workspace_id, me.workspace_slug, me.workspace_name) == (W, "acme", "Acme")
    assert me.scopes == {"a:read", "b:read-write"}
    assert t.script.lines == ["GET /v2/self"]


async def test_a_token_that_is_not_active_is_an_error_although_attio_says_200(talk: Any, answers: Any) -> None:
    with pytest.raises(UnauthorizedError, match="not active") as caught:
        await talk(answers.ok(200, {"active": False})).attio.whoami()

    assert caught.value.exit_code == 13
    assert caught.value.hint


async def test_objects_are_unwrapped_and_unknown_fields_are_no_error(talk: Any, answers: Any) -> None:
    assert await talk(answers.rows([{**OBJECT, "brand_new_field": 1}])).attio.objects() == [OBJECT]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({"data": [{"id": IDS}]}, "api_slug"),
        ({"data": {"id": IDS}}, "Expected `array`"),
        ({"items": []}, "data"),
        ([], "Expected `object`"),
        ({"data": [{**OBJECT, "api_slug": 7}]}, r"\$.data\[0\].api_slug"),
    ],
)
async def test_a_body_of_another_shape_is_an_api_error(talk: Any, answers: Any, body: Any, complaint: str) -> None:
    with pytest.raises(UnexpectedAnswerError, match=complaint):
        await talk(answers.ok(200, body)).attio.objects()


async def test_a_page_of_attributes_that_the_server_may_have_capped_is_not_taken_for_the_last(
    talk: Any, answers: Any
) -> None:
    """A server that caps the page below our `limit` must not look like the end: a plan would miss attributes."""
    t = talk(answers.rows([attribute(f"a{n}") for n in range(50)]), answers.rows([attribute("z")]))

    found = await t.attio.attributes("objects", "people")

    assert len(found) == 51
    path = "GET /v2/objects/people/attributes?limit=500&offset={}&show_archived=true"
    assert t.script.lines == [path.format(0), path.format(50)]


async def test_a_page_of_attributes_of_no_round_size_is_the_last(talk: Any, answers: Any) -> None:
    t = talk(answers.rows([attribute("a"), attribute("b")]))

    assert len(await t.attio.attributes("objects", "people")) == 2
    assert len(t.script.lines) == 1


async def test_a_server_that_ignores_offsets_is_noticed(talk: Any, answers: Any) -> None:
    with pytest.raises(UnexpectedAnswerError, match="once more"):
        await talk(answers.rows([attribute(f"a{n}") for n in range(10)])).attio.attributes("lists", "renewals")


async def test_webhooks_are_paged_by_the_hundred(talk: Any, answers: Any) -> None:
    hooks = [{**WEBHOOK, "id": {"workspace_id": W, "webhook_id": str(n)}} for n in range(103)]
    t = talk(answers.rows(hooks[:100]), answers.rows(hooks[100:]))

    assert len(await t.attio.webhooks()) == 103
    assert t.script.lines == ["GET /v2/webhooks?limit=100&offset=0", "GET /v2/webhooks?limit=100&offset=100"]


async def test_views_follow_the_cursor(talk: Any, answers: Any) -> None:
    def page(name: str, cursor: str | None) -> httpx.Response:
        row = {"id": {"workspace_id": W, "view_id": name}, "title": name}
        return answers.ok(200, {"data": [row], "pagination": {"next_cursor": cursor}})

    t = talk(page("a", "c/1"), page("b", None))

    assert [view.get("title") for view in await t.attio.views("objects", "people")] == ["a", "b"]
    assert t.script.lines == [
        "GET /v2/objects/people/views?limit=500",
        "GET /v2/objects/people/views?limit=500&cursor=c%2F1",
    ]


async def test_records_are_paged_in_a_total_order(talk: Any, answers: Any) -> None:
    t = talk(answers.rows([record("1"), record("2")]), answers.rows([record("3")]))

    found = [r["id"]["record_id"] async for r in t.attio.each_record("users", filter={"plan": "Pro"}, limit=2)]

    assert found == ["1", "2", "3"]
    assert t.script.body(1)["offset"] == 2
    assert t.script.body(1)["filter"] == {"plan": "Pro"}
    assert [sort["attribute"] for sort in t.script.body(1)["sorts"]] == ["created_at", "record_id"]


@pytest.mark.parametrize("loose", [{"values": None}, {}])
async def test_a_record_without_values_reads_as_one_with_none(talk: Any, answers: Any, loose: dict[str, Any]) -> None:
    wire = {key: value for key, value in record("1").items() if key != "values"} | loose

    assert (await talk(answers.ok(200, {"data": wire})).attio.record("users", "1"))["values"] == {}


async def test_counting_stops_when_it_knows_enough(talk: Any, answers: Any) -> None:
    t = talk(answers.rows([record(str(n)) for n in range(3)]), answers.rows([]))

    assert await t.attio.count_records("users", at_most=3) == 3
    assert len(t.script.seen) == 1


async def test_path_segments_may_hold_anything(talk: Any, answers: Any) -> None:
    option = {"id": {**IDS, "attribute_id": "a", "option_id": "x"}, "title": "50% / Ä?", "is_archived": False}
    t = talk(answers.ok(200, {"data": option}))

    await t.attio.update_option("objects", "deals", "size", "50% / Ä?#..", title="Half")

    assert t.script.lines == ["PATCH /v2/objects/deals/attributes/size/options/50%25%20%2F%20%C3%84%3F%23.."]


PUBLIC_READS: list[tuple[str, tuple[str, ...]]] = [
    ("whoami", ()),
    ("objects", ()),
    ("object", ("people",)),
    ("attributes", ("objects", "people")),
    ("attribute", ("objects", "people", "name")),
    ("options", ("objects", "people", "name")),
    ("statuses", ("objects", "people", "name")),
    ("lists", ()),
    ("webhooks", ()),
    ("members", ()),
    ("views", ("objects", "people")),
    ("record", ("people", "1")),
    ("query_records", ("people",)),
    ("each_record", ("people",)),
]


async def test_no_method_of_the_reader_sends_anything_but_a_read(talk: Any, answers: Any) -> None:
    """Promise: reading cannot write. The list above is complete, and every request on it is a read."""
    t = talk(answers.ok(200, {"data": "no shape fits this"}), client=AttioReader)
    methods = {name for name in dir(AttioReader) if not name.startswith("_")}
    about_itself = {"connect", "session_class", "usage", "retrying_for"}
    assert methods - about_itself - {"count_records"} == {name for name, _ in PUBLIC_READS}

    for name, arguments in PUBLIC_READS:
        asked = getattr(t.attio, name)(*arguments)
        with pytest.raises(UnexpectedAnswerError):
            await (anext(asked) if hasattr(asked, "__anext__") else asked)
    with pytest.raises(UnexpectedAnswerError):
        await t.attio.count_records("people", at_most=1)

    assert all(r.method == "GET" or r.url.path.endswith("/query") for r in t.script.seen)
    assert t.attio.usage.writes == 0


async def test_the_session_under_a_reader_cannot_write_either(talk: Any, answers: Any) -> None:
    session = talk(answers.ok(), client=AttioReader).attio._session

    assert type(session) is ReadSession
    assert issubclass(WriteSession, ReadSession)
    assert {n for n in vars(WriteSession) if not n.startswith("_")} == {"allowed", "send", "send_unanswered"}
    with pytest.raises(AssertionError, match="a session for reads"):
        await session.query("/v2/objects", dict, {})
