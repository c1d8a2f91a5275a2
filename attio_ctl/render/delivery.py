"""Deliveries and dead letters as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.files import shown_place
from attio_ctl.delivery.preview import Preview
from attio_ctl.delivery.rehearsal import RequestKind
from attio_ctl.render.escaping import shorten, visible
from attio_ctl.render.progress import rough_duration
from attio_ctl.render.text import Style, counted, wrap

WORDS = (
    ("delivered", "delivered"),
    ("duplicate", "duplicate"),
    ("superseded", "superseded"),
    ("filtered", "filtered"),
    ("dead_lettered", "dead-lettered"),
    ("pending", "pending"),
)


def account_line(account: Account, head: str = "Deliver: ") -> str:
    """
    `Deliver: 2000 read = 1900 delivered + …; 700 writes, 24.1/s, 3 retries (429 2, 5xx 1), 0 lost.`: one line whose sum
    adds up, never broken, so that a log can be searched for it.

    What is lost is what was read and has no verdict, so a line that does not add up says so itself.
    """
    terms = " + ".join(f"{getattr(account, name)} {word}" for name, word in WORDS)
    lost = account.read - sum(getattr(account, name) for name, _ in WORDS)
    rate = f", {account.writes / account.seconds:.1f}/s" if account.writes and account.seconds else ""
    writes = f"{counted(account.writes, 'write')}{rate}{_retries(account)}"
    return f"{head}{account.read} read = {terms}; {writes}, {lost} lost."


def _retries(account: Account) -> str:
    if not account.retries:
        return ""
    causes = (("429", account.throttled), ("5xx", account.failed), ("no answer", account.unanswered))
    listed = ", ".join(f"{cause} {count}" for cause, count in causes if count)
    return f", {counted(account.retries, 'retry', 'retries')}{f' ({listed})' if listed else ''}"


def listed_codes(codes: Mapping[str, int]) -> str:
    """`unknown_option 3, invalid_json 2`, the most frequent first."""
    return ", ".join(f"{code} {count}" for code, count in _sorted(codes))


def render_account(account: Account, letters: Sequence[DeadLetter], style: Style) -> str:
    """The dead letters of a run by code, with an example of each, then the line that adds up."""
    lines = []
    if account.codes:
        lines += [
            style.paint("  # dead letters: see `attio-ctl dead-letters list`", dim=True),
            *_codes(account, letters, style),
            "",
        ]
    lines += _noted(account, style)
    lines.append(style.paint(account_line(account), bold=True))
    return "\n".join(lines) + "\n"


def remarks(account: Account) -> Iterator[str]:
    """What was done about stamps that cannot be used as they are; such events are counted like all others."""
    if count := account.unreadable_timestamps:
        yield (
            f"{counted(count, 'event has', 'events have')} an unreadable `timestamp`, the first at "
            f"{visible(shown_place(account.first_unreadable_timestamp))}: `originalTimestamp`, `sentAt` and "
            "`receivedAt` count instead; an event with none of them is older than all others"
        )
    if count := account.clamped:
        yield (
            f"{counted(count, 'event is', 'events are')} stamped in the future: `receivedAt` counts instead, and "
            "without one the time at which the event was read"
        )


def _noted(account: Account, style: Style) -> list[str]:
    said = [wrap(text, style.width, first="     ", rest="       ") for text in remarks(account)]
    return [style.paint("  # timestamps", dim=True), *said, ""] if said else []


def _codes(account: Account, letters: Sequence[DeadLetter], style: Style) -> Iterator[str]:
    examples: dict[str, DeadLetter] = {}
    for letter in reversed(letters):
        examples.setdefault(letter.code, letter)
    width = max(len(code) for code in account.codes)
    for code, count in _sorted(account.codes):
        mark = style.paint(f"  {'!':<2} ", fg="magenta", bold=True)
        such = "such as: " if count > 1 else ""
        reason = f"  {such}{shorten(visible(examples[code].reason), _LONGEST)}" if code in examples else ""
        yield mark + wrap(f"{count:>4} {code.ljust(width)}{reason}", style.width, first="     ", rest=" " * 10)[5:]


_LONGEST: Final = 500
"""Characters of a reason, of which Attio's own may quote a whole value."""


def reminder(account: Account, open_letters: int) -> str:
    """Of dead letters that are left from earlier runs, where this one has met events that were read before."""
    before = open_letters - sum(account.codes.values())
    if not account.duplicate or before <= 0:
        return ""
    are = "is a dead letter" if before == 1 else "are dead letters"
    return f"{before} of the events of earlier runs {are} still: `attio-ctl dead-letters list`, then `retry`"


def way_on(account: Account, command: str = "the same command again") -> str:
    """What it means that events are pending, and how to go on; nothing where none is."""
    if not account.pending:
        return ""
    writes = f"{counted(account.writes, 'write')} of this run {'stands' if account.writes == 1 else 'stand'} in Attio"
    sent = f"{writes} already, and will not be sent again" if account.writes else "nothing of this run was sent yet"
    return (
        f"{counted(account.pending, 'event is', 'events are')} pending: read in the last pass, but not settled, "
        f"since not all of the input was sent; {sent}. To go on, run {command}"
    )


def render_preview(preview: Preview, style: Style) -> str:
    """What a delivery would do: records by object, requests by kind, how long they take, what mappings reject."""
    lines = [style.paint("  # nothing was written; a delivery would write", dim=True)]
    width = max((len(name) for name in preview.records), default=0)
    for name, count in preview.records.items():
        mark = style.paint(f"  {'+':<2} ", fg="green", bold=True)
        lines.append(f"{mark}{name.ljust(width)}  {counted(count, 'record')}")
    total = counted(sum(preview.requests.values()), "request")
    kinds = ", ".join(counted(count, *REQUESTS[kind]) for kind, count in preview.requests.items() if count)
    lines.append(
        wrap(
            f"{total}{f' ({kinds})' if kinds else ''}, {rough_duration(preview.eta)} at the limit of the token",
            style.width,
            first="     ",
            rest="     ",
        )
    )
    lines.append("")
    if preview.account.codes:
        lines.append(style.paint("  # dead letters that it would leave", dim=True))
        lines += [*_codes(preview.account, preview.dead_letters, style), ""]
        for letter in preview.dead_letters[:LISTED]:
            lines.append(wrap(_of_letter(letter), style.width, first="     ", rest="       "))
        if (more := sum(preview.account.codes.values()) - LISTED) > 0:
            lines.append(f"     … and {more} more; `--dead-letters FILE` writes all of them down")
        lines.append("")
    lines += _noted(preview.account, style)
    lines.append(style.paint(account_line(preview.account, "Preview: "), bold=True))
    return "\n".join(lines) + "\n"


REQUESTS: Final[Mapping[RequestKind, tuple[str, str]]] = {
    "assert": ("assert", "asserts"),
    "patch": ("addition to multiselects", "additions to multiselects"),
    "simple": ("simple assert", "simple asserts"),
    "batch": ("batch", "batches"),
    "query": ("query to verify it", "queries to verify them"),
}

LISTED: Final = 5
"""Dead letters that a preview lists."""


def _of_letter(letter: DeadLetter) -> str:
    mapping = f" (mapping.{letter.mapping})" if letter.mapping else ""
    return visible(f"{shown_place(letter.line.place)}: {letter.reason}{mapping}")


def _sorted(codes: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(codes.items(), key=lambda item: (-item[1], item[0]))


def render_letters(letters: Sequence[DeadLetter], limit: int, style: Style) -> str:
    """One line per letter: where its event stands, which mapping, the code and the reason."""
    if not letters:
        return "No dead letters.\n"
    lines = []
    for letter in letters[:limit]:
        head = f"{letter.id[:8]}  {shown_place(letter.line.place)}"
        mapping = f"  mapping.{letter.mapping}" if letter.mapping else ""
        lines.append(style.paint(_cut(f"{head}{mapping}", style.width), bold=True))
        lines.append(wrap(f"{letter.code}: {letter.reason}", style.width, first="  ", rest="    "))
    if len(letters) > limit:
        lines += ["", f"{len(letters) - limit} more; `--limit {len(letters)}` shows all."]
    return "\n".join(lines) + "\n"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
