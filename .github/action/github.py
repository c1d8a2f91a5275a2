# ruff: noqa: S310  the addresses are the API's own, and the one that it redirects a download to
"""The few calls of GitHub's REST API that the action makes. Standard library only: nothing is installed for it."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

TIMEOUT = 30
"""Seconds for one call."""


class GitHubError(Exception):
    """GitHub refused a call, or did not answer; `status` is 0 where there was no answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Redirects are followed by hand, so that the token never goes to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True)
class GitHub:
    """One repository, as a job's token may use it. `api` is the base URL of the REST API."""

    api: str
    repository: str
    token: str

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The decoded answer to one call within the repository; raises GitHubError."""
        return json.loads(self._send(method, f"{self.api}/repos/{self.repository}{path}", body)[0] or b"null")

    def pages(self, path: str, key: str | None = None) -> Iterator[Any]:
        """The items of every page; `key` names the list where the answer wraps it."""
        url = f"{self.api}/repos/{self.repository}{path}{'&' if '?' in path else '?'}per_page=100"
        while url:
            data, headers = self._send("GET", url, None)
            page = json.loads(data)
            yield from page[key] if key else page
            following = re.search(r'<([^>]+)>;\s*rel="next"', headers.get("Link", ""))
            url = following[1] if following and following[1].startswith(self.api) else ""

    def download(self, path: str) -> bytes:
        """A file that GitHub answers with a redirect for; the storage behind it gets no token."""
        request = self._request("GET", f"{self.api}/repos/{self.repository}{path}", None)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            location = error.headers.get("Location", "")
            if error.code not in (301, 302, 307, 308) or not location.startswith(("https://", "http://127.0.0.1")):
                raise GitHubError(error.code, f"GET {path}: {error.reason}") from None
        with urllib.request.urlopen(location, timeout=TIMEOUT) as answer:
            return answer.read()

    def _request(self, method: str, url: str, body: dict[str, Any] | None) -> urllib.request.Request:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "X-GitHub-Api-Version": "2022-11-28",
            "User-Agent": "attio-ctl-action",
        }
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.Request(url, data=data, method=method, headers=headers)

    def _send(self, method: str, url: str, body: dict[str, Any] | None) -> tuple[bytes, Any]:
        try:
            with urllib.request.urlopen(self._request(method, url, body), timeout=TIMEOUT) as answer:
                return answer.read(), answer.headers
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode(errors="replace")
            found = re.search(r'"message"\s*:\s*"([^"]*)"', said)
            where = url.removeprefix(self.api).partition("?")[0]
            raise GitHubError(error.code, f"{method} {where}: {error.code} {found[1] if found else ''}") from None
        except OSError as error:
            raise GitHubError(0, f"{method} {url.removeprefix(self.api)}: {error}") from None
