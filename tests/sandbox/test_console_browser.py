"""The console in a headless Chromium, by keyboard alone: its keys are pressed over the DevTools protocol."""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine to press keys in"),
]

EVIL = "<script>document.title='ran'</script><img src=x onerror=document.title='ran'>"
PERSON = {"name": EVIL, "email_addresses": ["ada@example.com"], "job_title": "Engineer"}
OTHER = {"name": "Hopper, Grace", "email_addresses": ["grace@example.com"], "job_title": "Admiral"}
SEED = {
    "requests": [
        {"method": "POST", "path": "/v2/objects/people/records", "body": {"data": {"values": one}}}
        for one in (PERSON, OTHER)
    ]
}
KEYS = {"Tab": 9, "Enter": 13}

ACTIVE = """(() => {
    const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
    return {
        tag: e.tagName.toLowerCase(),
        text: (e.tagName === 'INPUT' || e.tagName === 'TEXTAREA') ? e.name : e.innerText,
        seen: box.width > 0 && box.right > 0 && box.bottom > 0 && style.outlineStyle !== 'none',
    };
})()"""


class Tab:
    """One tab of a browser."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.ids = itertools.count(1)

    def call(self, method: str, **params: Any) -> Any:
        """Send a command of the DevTools protocol and wait for its result."""
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            said = json.loads(self.socket.recv(timeout=60))
            if said.get("id") == number:
                assert "error" not in said, said
                return said["result"]

    def value(self, expression: str) -> Any:
        """What a JavaScript expression comes to."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until an expression is true, as when a page has come."""
        deadline = time.monotonic() + 60
        while self.value(f"document.readyState === 'complete' && ({expression})") is not True:
            assert time.monotonic() < deadline, (expression, self.value("document.body.innerText"))
            time.sleep(0.02)

    def press(self, key: str) -> None:
        """One key, down and up."""
        what = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        self.call("Input.dispatchKeyEvent", type="keyDown", **what, **({"text": "\r"} if key == "Enter" else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **what)

    def reach(self, text: str) -> None:
        """Press Tab until the thing of that text, or that field's name, has the focus; each stop must be seen."""
        met: list[Any] = []
        for _ in range(80):
            self.press("Tab")
            active = self.value(ACTIVE)
            met.append(active["text"])
            assert active["seen"] or active["tag"] == "body", active
            if active["text"] == text:
                return
        raise AssertionError(f"no key leads to {text!r}, only to {met}")

    def picture(self, scheme: str, file: Path) -> bytes:
        """What the page looks like under a colour scheme."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        taken = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
        file.write_bytes(taken)
        return taken


@contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1280,900"]
    command = [str(CHROMIUM), *flags, f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        told, deadline = profile / "DevToolsActivePort", time.monotonic() + 60
        while not (told.exists() and told.read_text().count("\n")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        port = told.read_text().split("\n")[0]
        pages = httpx.get(f"http://127.0.0.1:{port}/json", timeout=60).json()
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        with connect(address, max_size=None) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def url() -> Iterator[str]:
    options = Options(limits=NO_LIMITS, admin_token="secret-admin", seed=SEED)
    with embedded(":memory:", token="t", options=options) as url:
        yield url


def test_everything_is_reached_by_keyboard(url: str, tmp_path: Path) -> None:
    """Skip link, records, search, a standard object switched on, a fault script put in force: no mouse."""
    with chromium(tmp_path / "profile") as tab:
        tab.call("Page.navigate", url=f"{url}/?token=secret-admin")
        tab.wait("document.title.startsWith('Objects')")
        tab.reach("Skip to content")
        tab.press("Enter")
        tab.wait("document.activeElement.id === 'content'")

        tab.reach("People")
        tab.press("Enter")
        tab.wait("document.querySelector('h1').innerText === 'People'")
        tab.reach("q")
        tab.call("Input.insertText", text="grace@example")
        tab.press("Enter")
        tab.wait("location.search === '?q=grace%40example'")
        assert "1 found" in tab.value("document.body.innerText")

        tab.reach("Objects")
        tab.press("Enter")
        tab.wait("document.querySelector('h1').innerText === 'Objects'")
        tab.reach("Activate deals")
        tab.press("Enter")
        tab.wait("!document.body.innerText.includes('Deals (off)')")

        tab.reach("Faults")
        tab.press("Enter")
        tab.wait("document.querySelector('h1').innerText === 'Faults'")
        tab.reach("script")
        tab.value("document.activeElement.select()")
        tab.call("Input.insertText", text='[{"path": "/v2/self", "every": 1, "status": 503}]')
        tab.press("Tab")
        tab.press("Enter")
        deadline = time.monotonic() + 60
        while httpx.get(f"{url}/v2/self", timeout=60).status_code != 503:
            assert time.monotonic() < deadline, tab.value("document.body.innerText")


def test_what_a_record_holds_stays_text_in_light_and_dark(url: str, tmp_path: Path) -> None:
    with chromium(tmp_path / "profile") as tab:
        tab.call("Page.navigate", url=f"{url}/rows/1?token=secret-admin")
        tab.wait("document.title.startsWith('People')")
        assert EVIL in tab.value("document.body.innerText")
        light = tab.picture("light", tmp_path / "light.png")
        dark = tab.picture("dark", tmp_path / "dark.png")
    assert min(len(light), len(dark)) > 10_000
    assert light != dark
