"""
Sending events to webhooks: signed, at least once, with patience.

Source: docs.attio.com/rest-api/guides/webhooks: hex HMAC-SHA256 of the body, an idempotency key that stays over
retries, success is 200 to 299, ten tries over about three days, 25 requests a second per target, inactive after seven
days. How many failures make a webhook degraded, and how long an answer may take, is not public.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from attio_ctl.sandbox.store.store import Store

MAX_TRIES: Final = 10
FIRST_RETRY_S: Final = 10.0
GROWTH: Final = 3.4  # nine waits from ten seconds on come to just under three days
TIMEOUT_S: Final = 5.0
PER_SECOND: Final = 25
DEGRADED_AFTER: Final = 3
INACTIVE_AFTER_S: Final = 7 * 86400
CLAIM_S: Final = 60
AT_ONCE: Final = 8

_DUE: Final = """
    SELECT d.pk, d.id, d.body, d.tries, w.pk, w.target_url, w.secret
    FROM deliveries d JOIN webhooks w ON w.pk = d.webhook
    WHERE d.state = 'waiting' AND d.next_try_at <= ? AND w.status <> 'inactive'
    ORDER BY d.next_try_at LIMIT ?
"""
_NEXT: Final = """
    SELECT MIN(d.next_try_at) FROM deliveries d JOIN webhooks w ON w.pk = d.webhook
    WHERE d.state = 'waiting' AND w.status <> 'inactive'
"""


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery to try now; `tries` counts those before."""

    pk: int
    id: str
    body: bytes
    tries: int
    webhook: int
    target: str
    secret: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a target answered: `status` 0 when it did not, then `error` says why."""

    status: int
    error: str | None = None

    @property
    def delivered(self) -> bool:
        """Whether the target took it."""
        return 200 <= self.status < 300


def sign(secret: str, body: bytes) -> str:
    """The value of `Attio-Signature`."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def retry_after(tries: int) -> float:
    """Seconds to wait after the nth failed try."""
    return FIRST_RETRY_S * GROWTH ** (tries - 1)


class Courier:
    """Carries waiting deliveries of one workspace."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._sent: dict[tuple[str, int], int] = defaultdict(int)
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for waiting deliveries, now and until none is left."""
        self.store.has_deliveries = False
        self.close()
        self._task = asyncio.get_running_loop().create_task(self._run())

    def close(self) -> None:
        """Stop; what was under way is tried again a minute later, by whoever serves the file then."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while True:
            due = self._claim()
            if due:
                await asyncio.shield(asyncio.gather(*(self._carry(one) for one in due)))
                continue
            (soonest,) = self.store.db.row(_NEXT)
            if soonest is None:
                return
            await asyncio.sleep(max(0.05, (soonest - self.store.now()) / 1e6))

    def _claim(self) -> list[Due]:
        """The deliveries to try now; each is out of the way of others for a minute."""
        now = self.store.now()
        found = [Due(*row) for row in self.store.db.rows(_DUE, (now, AT_ONCE))]
        if not found:
            return []
        with self.store.transaction():
            return [one for one in found if self._may_send(one.target) and self._take(one, now)]

    def _take(self, one: Due, now: int) -> bool:
        """Whether nobody else took it first."""
        changed = self.store.db.connection.execute(
            "UPDATE deliveries SET tries = tries + 1, next_try_at = ? "
            "WHERE pk = ? AND state = 'waiting' AND next_try_at <= ?",
            (now + CLAIM_S * 1_000_000, one.pk, now),
        )
        return changed.rowcount == 1

    def _may_send(self, target: str) -> bool:
        second = self.store.now() // 1_000_000
        for known in [key for key in self._sent if key[1] != second]:
            del self._sent[known]
        self._sent[target, second] += 1
        return self._sent[target, second] <= PER_SECOND

    async def _carry(self, one: Due) -> None:
        signature = sign(one.secret, one.body)
        headers = {
            "Content-Type": "application/json",
            "Attio-Signature": signature,
            "X-Attio-Signature": signature,
            "Idempotency-Key": one.id,
        }
        outcome = await asyncio.to_thread(post, self._route(one.target), one.body, headers)
        with self.store.transaction():
            self._record(one, outcome)

    def _route(self, target: str) -> str:
        for prefix, instead in self.store.options.deliver_to.items():
            if target.startswith(prefix):
                return instead + target[len(prefix) :]
        return target

    def _record(self, one: Due, outcome: Outcome) -> None:
        now, write = self.store.now(), self.store.db.write
        if outcome.delivered:
            write(
                "UPDATE deliveries SET state = 'delivered', last_status = ?, last_error = NULL, done_at = ? "
                "WHERE pk = ?",
                (outcome.status, now, one.pk),
            )
            write(
                "UPDATE webhooks SET status = 'active', failing_since = NULL WHERE pk = ? AND status <> 'inactive'",
                (one.webhook,),
            )
            return
        tries = one.tries + 1
        pace = self.store.options.retry_pace
        ended = tries >= MAX_TRIES
        write(
            "UPDATE deliveries SET state = ?, next_try_at = ?, last_status = ?, last_error = ?, done_at = ? "
            "WHERE pk = ?",
            (
                "failed" if ended else "waiting",
                now + int(retry_after(tries) * pace * 1e6),
                outcome.status or None,
                outcome.error,
                now if ended else None,
                one.pk,
            ),
        )
        write("UPDATE webhooks SET failing_since = COALESCE(failing_since, ?) WHERE pk = ?", (now, one.webhook))
        if tries >= DEGRADED_AFTER:
            write("UPDATE webhooks SET status = 'degraded' WHERE pk = ? AND status = 'active'", (one.webhook,))
        silenced = self.store.db.connection.execute(
            "UPDATE webhooks SET status = 'inactive' WHERE pk = ? AND status = 'degraded' AND failing_since <= ?",
            (one.webhook, now - int(INACTIVE_AFTER_S * pace * 1e6)),
        )
        if silenced.rowcount:
            self.store.touch()


def post(url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """One request, without following redirects."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read(65536)
        return Outcome(answer.status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Outcome(0, f"{type(error).__name__}: {error}")
    finally:
        connection.close()
