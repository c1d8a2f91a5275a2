"""News of how deliveries go, for a chat and for programs."""

from __future__ import annotations

from typing import Any

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.health import Health, News
from attio_ctl.render.delivery import account_line
from attio_ctl.render.escaping import shorten, visible

_TEXT = 1_500
"""Characters of a message, of which chats take a few thousand."""


def alert_document(health: Health, news: News, workspace: str) -> dict[str, Any]:
    """What a command or a webhook is given: `text` for people, which Slack and others show, and the whole health."""
    return {"text": alert_text(health, news, workspace), "event": news, "workspace": workspace, **health.as_json()}


def alert_text(health: Health, news: News, workspace: str) -> str:
    """The news in a few lines, without anything that a chat would take for markup or a mention."""
    last = health.last_run
    count = health.consecutive_failures
    in_a_row = f"{count} deliveries in a row" if count > 1 else "a delivery"
    lines = [
        f"attio-ctl: {in_a_row} to {workspace} went wrong, since {health.failing_since}."
        if news == "failing"
        else f"attio-ctl: deliveries to {workspace} are well again."
    ]
    if last.error is not None:
        lines.append(f"The last one ended with code {last.exit_code}: {last.error}")
    if last.account is not None:
        lines.append(account_line(Account.from_json(last.account)))
        codes = ", ".join(f"{code} {count}" for code, count in last.account["codes"].items())
        lines += [f"Dead letters: {codes}"] if codes else []
    if last.open_dead_letters:
        lines.append(f"Open dead letters, those of earlier deliveries included: {last.open_dead_letters}")
    return "\n".join(_plain(line) for line in lines)


def health_line(health: Health | None) -> str:
    """How deliveries go, in one line; nothing before the first has ended."""
    if health is None:
        return ""
    count = health.consecutive_failures
    row = f"; {count} in a row went wrong" if count else ""
    return f"Health: {health.status} since {health.since}{row}\n"


def _plain(line: str) -> str:
    """Slack reads `<!channel>` and links between angle brackets, and wants these three characters as entities."""
    text = shorten(visible(line), _TEXT)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
