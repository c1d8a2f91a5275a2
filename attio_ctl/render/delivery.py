"""Deliveries and dead letters as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.preview import Preview
from attio_ctl.render.text import Style, wrap

WORDS = (
    ("delivered", "delivered"),
    ("duplicate", "duplicate"),
    ("superseded", "superseded"),
    ("filtered", "filtered"),
    ("dead_lettered", "dead-lettered"),
    ("pending", "pending"),
)


def account_line(account: Account) -> str:
    """`Deliver: 2000 read = 1900 delivered + …; 700 writes, 24.1/s, 3 retries.`: one line whose sum adds up."""
    terms = " + ".join(f"{getattr(account, name)} {word}" for name, word in WORDS)
    rate = f", {account.writes / account.seconds:.1f}/s" if account.writes and account.seconds else ""
    retries = f", {account.retries} {'retry' if account.retries == 1 else 'retries'}" if account.retries else ""
    writes = f"{account.writes} {'write' if account.writes == 1 else 'writes'}"
    return f"Deliver: {account.read} read = {terms}; {writes}{rate}{retries}."


def render_account(account: Account, letters: Sequence[DeadLetter], style: Style) -> str:
    """The dead letters of a run by code, with an example of each, then the line that adds up."""
    lines = []
    if account.codes:
        lines.append(style.paint("  # dead letters: see `attio-ctl dead-letters list`", dim=True))
        examples: dict[str, DeadLetter] = {}
        for letter in reversed(letters):
            examples.setdefault(letter.code, letter)
        width = max(len(code) for code in account.codes)
        for code, count in sorted(account.codes.items(), key=lambda item: (-item[1], item[0])):
            mark = style.paint(f"  {'!':<2} ", fg="magenta", bold=True)
            reason = f"  {examples[code].reason}" if code in examples else ""
            text = f"{count:>4} {code.ljust(width)}{reason}"
            lines.append(mark + _cut(text, style.width - 5))
        lines.append("")
    lines.append(style.paint(wrap(account_line(account), style.width), bold=True))
    return "\n".join(lines) + "\n"


def render_preview(preview: Preview, style: Style) -> str:
    """What a delivery would do: writes by object, how long they take, what mappings reject, the line that adds up."""
    lines = [style.paint("  # nothing was written; a delivery would write", dim=True)]
    width = max((len(name) for name in preview.writes), default=0)
    for name, count in preview.writes.items():
        mark = style.paint(f"  {'+':<2} ", fg="green", bold=True)
        lines.append(f"{mark}{name.ljust(width)}  {count} {'record' if count == 1 else 'records'}")
    requests = preview.account.requests
    lines.append(f"     {requests} requests, {_span(preview.eta)} at the limit of the token")
    lines.append("")
    return "\n".join(lines) + "\n" + render_account(preview.account, preview.dead_letters, style)


def _span(seconds: float) -> str:
    return f"about {seconds / 60:.0f} min" if seconds >= 90 else f"about {seconds:.0f} s"


def progress_line(account: Account, window: int) -> str:
    """How a run goes, in one line."""
    settled = account.read - account.pending
    return f"{settled} events settled, {window} under way, {account.writes} writes"


def render_letters(letters: Sequence[DeadLetter], limit: int, style: Style) -> str:
    """One line per letter: where its event stands, which mapping, the code and the reason."""
    if not letters:
        return "No dead letters.\n"
    lines = []
    for letter in letters[:limit]:
        head = f"{letter.id[:8]}  {letter.line.file}:{letter.line.number}"
        mapping = f"  mapping.{letter.mapping}" if letter.mapping else ""
        lines.append(style.paint(_cut(f"{head}{mapping}", style.width), bold=True))
        lines.append(wrap(f"{letter.code}: {letter.reason}", style.width, first="  ", rest="    "))
    if len(letters) > limit:
        lines += ["", f"{len(letters) - limit} more; `--limit {len(letters)}` shows all."]
    return "\n".join(lines) + "\n"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
