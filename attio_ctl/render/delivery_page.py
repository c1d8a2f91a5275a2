"""How a delivery went, as one page that needs nothing else: no request leaves it, it has no script at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from attio_ctl.delivery.account import Account
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.delivery.health import moment
from attio_ctl.delivery.history import ANSWERED, Answered, History, Rates, rates
from attio_ctl.errors import AttioCtlError
from attio_ctl.render.charts import Series, Step, duration, figure, length_bar, share_bar, time_chart
from attio_ctl.render.delivery import WORDS, account_line, remarks
from attio_ctl.render.escaping import shorten
from attio_ctl.render.pages import page_file, page_template, source_hash

ROWS: Final = 24
"""Of a table over time; a run that has more samples is told in longer steps."""

MOST: Final = 50
"""Mappings or reasons in one table, the largest first."""

_LONGEST: Final = 200
"""Characters of a name or a reason."""

_ANSWERS: Final[dict[Answered, str]] = {
    "success": "success (2xx)",
    "refused": "refused (4xx)",
    "throttled": "too many (429)",
    "failed": "server error (5xx)",
    "unanswered": "no answer",
}

_MEANINGS: Final = {
    "delivered": "stands in Attio: written now, or there already",
    "duplicate": "was accounted for before",
    "superseded": "newer events say all that it says",
    "filtered": "no mapping takes it",
    "dead_lettered": "was refused; it is kept with the reason",
    "pending": "not settled: the same command goes on with it",
}


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How it ended: with an error, stopped by somebody, or by itself."""

    error: AttioCtlError | None = None
    stopped: bool = False


def render_delivery_page(history: History, *, workspace: str, end: RunEnd, letters: Sequence[DeadLetter] = ()) -> str:
    """
    The whole page.

    Args:
        letters: Open dead letters, from which an example of each code is taken.
    """
    style = page_file("base.css") + page_file("delivery.css")
    account, last = history.account, history.samples[-1]
    over_time = list(rates(history.samples))
    return page_template("delivery.html.j2").render(
        workspace=workspace,
        verdict=_verdict(account, end),
        error=end.error,
        began=moment(history.began_at).replace("T", " ").removesuffix("Z"),
        took=duration(history.seconds),
        resumed=history.is_resumed,
        line=account_line(account),
        remarks=list(remarks(account)),
        verdicts=_verdicts(account),
        shares=_shares(account),
        tiles=_tiles(history),
        charts=_charts(over_time, history),
        table=[_row(each) for each in _merged(over_time)],
        answers=[(_ANSWERS[kind], count) for kind, count in last.answers.items() if count],
        reasons=_reasons(account, letters),
        mappings=_mappings(history),
        places=_places(history),
        style=style,
        style_hash=source_hash(style),
    )


def _verdict(account: Account, end: RunEnd) -> tuple[str, str]:
    """A word, and the class that colours it."""
    if end.error is not None:
        return "Failed", "failed"
    if end.stopped:
        return "Stopped", "blocked"
    return ("Finished with dead letters", "letters") if account.dead_lettered else ("Finished", "done")


def _verdicts(account: Account) -> list[tuple[str, str, int, str, str]]:
    """Class, word, count, share and meaning of each verdict."""
    return [
        (name, word, count, f"{count / account.read:.1%}" if account.read else "", _MEANINGS[name])
        for name, word in WORDS
        for count in (getattr(account, name),)
    ]


def _shares(account: Account) -> Markup:
    shares = [(f"{word}: {getattr(account, name):,}", name, getattr(account, name)) for name, word in WORDS]
    what = "Events by what became of them: " + ", ".join(text for text, _, count in shares if count)
    return Markup(share_bar(shares, what=what))  # noqa: S704  every text in it is escaped


def _tiles(history: History) -> list[tuple[str, str, str]]:
    """Title, figure and remark of what is worth knowing at a glance; of this process but for the fold ratio."""
    account, base, last, seconds = history.account, history.base, history.samples[-1], history.seconds
    read, writes = account.read - base.read, account.writes - base.writes
    ratio = history.fold_ratio
    throttled = last.answers["throttled"]
    tiles = [
        ("events read", f"{read:,}", f"{figure(read / seconds)}/s" if seconds else ""),
        ("writes", f"{writes:,}", f"{figure(writes / seconds)}/s" if seconds else ""),
        ("fold ratio", f"{ratio:.1f} : 1" if ratio and account.is_settled else "–", _remark_of_ratio(history)),
        ("requests", f"{last.requests:,}", f"{last.retries:,} of them repeated"),
        ("answered 429", f"{throttled:,}", f"{throttled / last.requests:.1%} of requests" if last.requests else ""),
    ]
    if history.limits is not None and seconds:
        allowed = history.limits.writes_per_second
        use = last.sent / seconds / allowed
        tiles.append(("limit use", f"{use:.0%}", f"of {allowed:,.0f} writing requests/s"))
    return tiles


def _remark_of_ratio(history: History) -> str:
    if not history.account.is_settled:
        return _unfinished(history.account.writes)
    if not history.is_resumed:
        return "record writes to one sent"
    return "not known of a run in parts" if history.base.read else "record writes to one sent, in the whole run"


@dataclass(frozen=True, slots=True)
class _Chart:
    title: str
    remark: str
    drawing: Markup
    legend: tuple[tuple[str, str], ...] = ()


def _charts(over_time: Sequence[Rates], history: History) -> list[_Chart]:
    def drawn(title: str, remark: str, series: Sequence[Series], limit: float | None = None) -> _Chart:
        highest = max((step.value for each in series for step in each.steps), default=0.0)
        what = f"{title} over {duration(history.seconds)}, at most {figure(highest)} per second"
        legend = tuple((each.style, each.name) for each in series if any(step.value for step in each.steps))
        drawing = Markup(time_chart(series, what=what, limit=limit))  # noqa: S704  every text in it is escaped
        return _Chart(title, remark, drawing, legend if len(series) > 1 else ())

    allowed = history.limits.writes_per_second if history.limits else None
    reading = Series("events", "read", [Step(each.begin, each.end, each.read) for each in over_time])
    writing = Series("writes", "delivered", [Step(each.begin, each.end, each.writes) for each in over_time])
    sending = Series("writing requests", "sent", [Step(each.begin, each.end, each.sent) for each in over_time])
    answers = [
        Series(_ANSWERS[kind], kind, [Step(each.begin, each.end, each.answers[kind]) for each in over_time])
        for kind in ANSWERED
    ]
    return [
        drawn("Events read", "per second", [reading]),
        drawn("Folded writes that Attio took", "per second", [writing]),
        drawn("Writing requests", "per second, against the limit of the token", [sending], allowed),
        drawn("Answers", "per second, by status", answers),
    ]


def _merged(over_time: Sequence[Rates]) -> list[Rates]:
    """The same in at most `ROWS` steps; rates of several are weighed by how long each held."""
    size = -(-len(over_time) // ROWS) or 1
    return [_joined(over_time[n : n + size]) for n in range(0, len(over_time), size)]


def _joined(some: Sequence[Rates]) -> Rates:
    whole = some[-1].end - some[0].begin

    def mean(values: Iterable[float]) -> float:
        return sum(value * (each.end - each.begin) for value, each in zip(values, some, strict=True)) / whole

    return Rates(
        some[0].begin,
        some[-1].end,
        mean(each.read for each in some),
        mean(each.writes for each in some),
        mean(each.sent for each in some),
        {kind: mean(each.answers[kind] for each in some) for kind in ANSWERED},
    )


def _row(each: Rates) -> tuple[str, ...]:
    answers = (each.answers[kind] for kind in ANSWERED)
    return (
        f"{duration(each.begin)} – {duration(each.end)}",
        *(figure(value) for value in (each.read, each.writes, each.sent, *answers)),
    )


@dataclass(frozen=True, slots=True)
class _Bar:
    """A row of a table with a bar: its name, its figures, and a remark."""

    name: str
    figures: tuple[str, ...]
    bar: Markup
    remark: str = ""


def _reasons(account: Account, letters: Sequence[DeadLetter]) -> list[_Bar]:
    """Dead letters by code, with the reason of the latest as an example."""
    examples = {letter.code: letter.reason for letter in letters}
    codes = Counter(account.codes).most_common(MOST)
    most = max((count for _, count in codes), default=1)
    return [
        _Bar(
            shorten(code, _LONGEST),
            (f"{count:,}",),
            _length(count / most, "dead_lettered"),
            shorten(examples.get(code, ""), _LONGEST),
        )
        for code, count in codes
    ]


def _mappings(history: History) -> list[_Bar]:
    """
    How far each mapping was folded: record writes that it made to those that were sent; not known after a resume, nor
    where the run is not finished.
    """
    said, written = history.tally.said, history.tally.written
    sent = written if history.account.is_settled and not history.is_resumed else Counter[str]()
    ratios = {name: count / sent[name] if sent[name] else 0.0 for name, count in said.most_common(MOST)}
    most = max(ratios.values(), default=1.0) or 1.0
    return [
        _Bar(
            shorten(name, _LONGEST),
            (f"{said[name]:,}", f"{written[name]:,}", f"{ratio:.1f} : 1" if ratio else "–"),
            _length(ratio / most, "delivered") if ratio else Markup(),
            "" if ratio else _without_ratio(name, history),
        )
        for name, ratio in ratios.items()
    ]


def _without_ratio(name: str, history: History) -> str:
    tally = history.tally
    if not tally.said[name]:
        return "it took no event"
    if not history.account.is_settled:
        return _unfinished(tally.written[name])
    if history.is_resumed:
        return "a part of it was sent before the resume"
    refused = any(mapping == name for mapping, _ in tally.letters)
    return "what had to be written was refused" if refused else "nothing of it had to be written"


def _unfinished(written: int) -> str:
    return f"not finished: {written:,} written so far"


def _places(history: History) -> list[tuple[str, str, str]]:
    """Mapping, code and count of the dead letters of this process, the most first."""
    return [
        (f"mapping.{shorten(name, _LONGEST)}" if name else "before any mapping", shorten(code, _LONGEST), f"{count:,}")
        for (name, code), count in history.tally.letters.most_common(MOST)
    ]


def _length(share: float, style: str) -> Markup:
    return Markup(length_bar(share, style))  # noqa: S704  figures and a class of ours
