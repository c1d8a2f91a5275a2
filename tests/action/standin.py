"""A stand-in for the few endpoints of GitHub's REST API that the action calls, on a port of this machine."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BOT = "github-actions[bot]"
TOKEN = "ghs_stand_in"


@dataclass
class Repository:
    """What the stand-in holds; `refuse` names the kinds of writes that it answers with 403."""

    comments: list[dict[str, Any]] = field(default_factory=list)
    labels: dict[int, set[str]] = field(default_factory=dict)
    known_labels: set[str] = field(default_factory=set)
    check_runs: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    archives: dict[int, bytes] = field(default_factory=dict)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    requests: list[tuple[str, str]] = field(default_factory=list)
    storage_tokens: list[str | None] = field(default_factory=list)

    def comment(self, body: str, author: str = BOT) -> None:
        """Somebody's comment that is there already."""
        self.comments.append({"id": len(self.comments) + 1, "body": body, "user": {"login": author}})


@contextmanager
def serving(repository: Repository) -> Iterator[str]:
    """The base URL of a server that answers for the repository."""

    class Handler(_Handler):
        held = repository

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    held: Repository

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(size)) if size else None
        if url.path.startswith("/storage/"):
            self.held.storage_tokens.append(self.headers.get("Authorization"))
            self._send(200, self.held.archives[int(url.path.rsplit("/", 1)[1])])
            return
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, {"message": "Bad credentials"})
            return
        path = url.path.removeprefix("/repos/acme/crm")
        self.held.requests.append((method, path))
        if method != "GET" and any(path.endswith(kind) or f"/{kind}/" in path for kind in self.held.refuse):
            self._send(403, {"message": "Resource not accessible by integration"})
            return
        for pattern, handler in _ROUTES:
            found = re.fullmatch(pattern, f"{method} {path}")
            if found:
                status, answer = handler(self, parse_qs(url.query), body, *found.groups())
                self._send(status, answer)
                return
        self._send(404, {"message": "Not Found"})

    def _send(self, status: int, answer: Any, headers: dict[str, str] | None = None) -> None:
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {**getattr(self, "more", {}), **(headers or {})}.items():
            self.send_header(name, value)
        self.more: dict[str, str] = {}
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def page(self, items: list[Any], query: dict[str, list[str]]) -> list[Any]:
        """One page of at most two items, with the link to the next, so that paging is tried out."""
        number = int(query.get("page", ["1"])[0])
        if number * 2 < len(items):
            address = f"http://{self.headers['Host']}{self.path.partition('&page')[0]}&page={number + 1}"
            self.more = {"Link": f'<{address}>; rel="next", <{address}>; rel="last"'}
        return items[(number - 1) * 2 : number * 2]


def _list_comments(request: _Handler, query: Any, _: Any, number: str) -> tuple[int, Any]:
    return 200, request.page(request.held.comments, query)


def _add_comment(request: _Handler, _: Any, body: Any, number: str) -> tuple[int, Any]:
    request.held.comment(body["body"])
    return 201, request.held.comments[-1]


def _change_comment(request: _Handler, _: Any, body: Any, own: str) -> tuple[int, Any]:
    comment = next(c for c in request.held.comments if c["id"] == int(own))
    comment.update(body)
    return 200, comment


def _list_labels(request: _Handler, query: Any, _: Any, number: str) -> tuple[int, Any]:
    names = sorted(request.held.labels.get(int(number), set()))
    return 200, request.page([{"name": name} for name in names], query)


def _add_labels(request: _Handler, _: Any, body: Any, number: str) -> tuple[int, Any]:
    request.held.labels.setdefault(int(number), set()).update(body["labels"])
    return 200, []


def _drop_label(request: _Handler, _: Any, __: Any, number: str, name: str) -> tuple[int, Any]:
    request.held.labels[int(number)].discard(unquote(name))
    return 200, []


def _make_label(request: _Handler, _: Any, body: Any) -> tuple[int, Any]:
    if body["name"] in request.held.known_labels:
        return 422, {"message": "Validation Failed"}
    request.held.known_labels.add(body["name"])
    return 201, body


def _make_check_run(request: _Handler, _: Any, body: Any) -> tuple[int, Any]:
    assert len(body["output"]["annotations"]) <= 50
    request.held.check_runs.append({**body, "annotations": list(body["output"]["annotations"])})
    return 201, {"id": len(request.held.check_runs)}


def _add_annotations(request: _Handler, _: Any, body: Any, own: str) -> tuple[int, Any]:
    assert len(body["output"]["annotations"]) <= 50
    request.held.check_runs[int(own) - 1]["annotations"] += body["output"]["annotations"]
    return 200, {}


def _list_issues(request: _Handler, query: Any, _: Any) -> tuple[int, Any]:
    return 200, request.page([i for i in request.held.issues if i["state"] == "open"], query)


def _open_issue(request: _Handler, _: Any, body: Any) -> tuple[int, Any]:
    number = len(request.held.issues) + 1
    request.held.issues.append({**body, "number": number, "state": "open", "user": {"login": BOT}})
    return 201, request.held.issues[-1]


def _change_issue(request: _Handler, _: Any, body: Any, number: str) -> tuple[int, Any]:
    request.held.issues[int(number) - 1].update(body)
    return 200, {}


def _list_artifacts(request: _Handler, query: Any, _: Any) -> tuple[int, Any]:
    named = [a for a in request.held.artifacts if a["name"] == query["name"][0]]
    return 200, {"total_count": len(named), "artifacts": request.page(named, query)}


def _download(request: _Handler, _: Any, __: Any, own: str) -> tuple[int, Any]:
    request.more = {"Location": f"http://{request.headers['Host']}/storage/{own}"}
    return 302, b""


def _list_pulls(request: _Handler, query: Any, _: Any, sha: str) -> tuple[int, Any]:
    return 200, request.page(request.held.pulls.get(sha, []), query)


_ROUTES = [
    (r"GET /issues/(\d+)/comments", _list_comments),
    (r"POST /issues/(\d+)/comments", _add_comment),
    (r"PATCH /issues/comments/(\d+)", _change_comment),
    (r"GET /issues/(\d+)/labels", _list_labels),
    (r"POST /issues/(\d+)/labels", _add_labels),
    (r"DELETE /issues/(\d+)/labels/([^/]+)", _drop_label),
    (r"POST /labels", _make_label),
    (r"POST /check-runs", _make_check_run),
    (r"PATCH /check-runs/(\d+)", _add_annotations),
    (r"GET /issues", _list_issues),
    (r"POST /issues", _open_issue),
    (r"PATCH /issues/(\d+)", _change_issue),
    (r"GET /actions/artifacts", _list_artifacts),
    (r"GET /actions/artifacts/(\d+)/zip", _download),
    (r"GET /commits/(\w+)/pulls", _list_pulls),
]
