"""The console: only for who has the token, on this machine, and never a way in for what a record holds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.sandbox.app import create_app
from attio_ctl.sandbox.console.markup import el
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import open_store
from attio_ctl.sandbox.store.store import Store

pytestmark = pytest.mark.anyio

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'"
SEED = {
    "activate": ["users"],
    "requests": [
        {
            "method": "POST",
            "path": "/v2/objects/people/records",
            "body": {"data": {"values": {"name": EVIL, "email_addresses": ["ada@example.com"], "job_title": EVIL}}},
        },
        {
            "method": "POST",
            "path": "/v2/webhooks",
            "body": {
                "data": {
                    "target_url": "https://hooks.example.com/<b>x",
                    "subscriptions": [{"event_type": "record.created", "filter": None}],
                }
            },
        },
        {
            "method": "PUT",
            "path": "/v2/batch/records",
            "body": {"assertions": [{"object": EVIL, "matching_attribute": "x", "values": {EVIL: EVIL}}]},
        },
    ],
}
OPTIONS = Options(tokens={"t": None}, limits=NO_LIMITS, admin_token="secret-admin", seed=SEED)


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    """Follows redirects and keeps cookies, as a browser does."""
    store = open_store(":memory:", OPTIONS)
    app = create_app(store, OPTIONS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:80", follow_redirects=True) as http:
        yield http
    await app.api.close()
    store.close()


async def test_the_console_needs_its_token_and_then_remembers_it(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/")).status_code == 401
    assert (await browser.get("/?token=wrong")).status_code == 401
    entered = await browser.get("/?token=secret-admin")
    assert entered.status_code == 200
    assert "token" not in str(entered.url)
    assert (await browser.get("/requests")).status_code == 200


async def test_a_name_from_elsewhere_that_resolves_here_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/?token=secret-admin", headers={"host": "evil.example.com"})
    assert answer.status_code == 403


async def test_another_page_cannot_write(browser: httpx.AsyncClient) -> None:
    await browser.get("/?token=secret-admin")
    headers = {"origin": "http://evil.example.com"}
    assert (await browser.post("/activate/deals", headers=headers)).status_code == 403
    assert (await browser.post("/activate/deals")).status_code == 200


async def test_without_an_admin_token_there_is_no_console() -> None:
    store = Store(":memory:", Options())
    app = create_app(store, Options())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
        assert (await http.get("/")).status_code == 401
    await app.api.close()
    store.close()


async def test_no_page_lets_markup_out_of_a_record(browser: httpx.AsyncClient) -> None:
    await browser.get("/?token=secret-admin")
    batch = (await browser.get("/_sandbox/batches")).json()["data"][0]["id"]
    for path in (
        "/",
        "/rows/1",
        f"/rows/1?q={EVIL}",
        "/batches",
        f"/batches/{batch}",
        "/webhooks",
        "/requests",
        "/faults",
    ):
        page = await browser.get(path)
        assert page.status_code == 200, path
        assert "<script" not in page.text
        assert "<img" not in page.text
        assert "<b>" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "&lt;script&gt;alert(1)" in (await browser.get("/rows/1")).text


async def test_records_are_searched_and_dropped_assertions_explained(browser: httpx.AsyncClient) -> None:
    await browser.get("/?token=secret-admin")
    assert "1 found" in (await browser.get("/rows/1?q=ada@example")).text
    assert "Nothing found." in (await browser.get("/rows/1?q=grace")).text
    batch = (await browser.get("/_sandbox/batches")).json()["data"][0]
    assert (batch["total"], batch["dropped"]) == (1, 1)
    (lost,) = (await browser.get(f"/_sandbox/batches/{batch['id']}/dropped")).json()["data"]
    assert lost["code"] == "value_not_found"
    assert (await browser.get("/rows/99")).status_code == 404


async def test_a_fault_script_is_put_in_force_and_a_wrong_one_explained(browser: httpx.AsyncClient) -> None:
    browser.headers["authorization"] = "Bearer secret-admin"
    answer = await browser.put("/_sandbox/faults", json={"faults": [{"path": "/v2/self", "status": 503}]})
    assert answer.json() == {"data": {"faults": [{"path": "/v2/self", "status": 503}]}}
    assert (await browser.get("/v2/self")).status_code == 503
    assert (await browser.get("/_sandbox/status")).json()["data"]["faults"] == 1
    assert (await browser.put("/_sandbox/faults", json=[{"x": 1}])).status_code == 400
    form = await browser.post("/faults", data={"script": '[{"status": "x"}]'})
    assert "fault 1: `status` cannot be `x`" in form.text
    assert (await browser.delete("/_sandbox/faults")).json() == {"data": {"faults": []}}
    assert (await browser.get("/v2/self")).status_code == 200


async def test_the_log_holds_what_was_asked(browser: httpx.AsyncClient) -> None:
    browser.headers["authorization"] = "Bearer secret-admin"
    await browser.get("/v2/objects/none", headers={"authorization": "Bearer t"})
    (row,) = (await browser.get("/_sandbox/requests")).json()["data"]
    assert (row["method"], row["path"], row["status"], row["code"]) == ("GET", "/v2/objects/none", 404, "not_found")
    export = (await browser.get("/_sandbox/export")).json()["data"]
    assert export["format"] == "attio-ctl-sandbox"


@given(st.text(), st.text())
def test_text_never_becomes_markup(text: str, attribute: str) -> None:
    made = el("p", text, title=attribute)
    inner = made.removeprefix("<p").removesuffix("</p>")
    assert inner.count("<") == 0
    assert inner.count(">") == 1
    assert made.count('"') == 2
