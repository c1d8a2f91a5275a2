"""
Every line accounted for: what became of each event that was read.

    read = delivered + duplicate + superseded + filtered + dead_lettered + pending

| word          | the event                                                                                        |
|---------------|--------------------------------------------------------------------------------------------------|
| duplicate     | was accounted for before, in this run or an earlier one: same `messageId`, or same bytes without   |
| filtered      | no mapping took it: `when` says no, or its `integrations` switch us off                            |
| dead_lettered | was refused in at least one mapping; what other mappings made of it was sent                       |
| delivered     | stands in Attio: written now, folded into a write, or there already and therefore not sent again   |
| superseded    | would only have written what newer events have overtaken or had brought before                     |
| pending       | is not settled yet: the run was stopped; the same command goes on with it                          |

Running a finished file again reads every line again and finds duplicates only, whatever their first verdict was:
nothing is written and no dead letter doubled (`retry` is the way to try those again). An event is a duplicate for the
mappings that saw it: after a mapping changed, the same file goes through the new mappings, and only what they change is
written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Final, Literal

EventVerdict = Literal["delivered", "duplicate", "superseded", "filtered", "dead_lettered", "pending"]
VERDICTS: Final[tuple[EventVerdict, ...]] = (
    "delivered",
    "duplicate",
    "superseded",
    "filtered",
    "dead_lettered",
    "pending",
)

_NO_CODES: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """
    What became of the events, and what it took. Accounts of parts add up to the account of the whole.

    Attributes:
        lost: Events of the input that came to no verdict, by a count of their own (`Block.missed`): a fault of ours.
        clamped: Events whose stamp lay in the future, so that the time of receipt was taken; counted among the others,
            as are those with a `timestamp` that cannot be read: `unreadable_timestamps`.
        first_unreadable_timestamp: Where the first of those stands, as `file:line`; empty when there is none.
        writes: Folded writes that Attio took.
        requests: Requests sent, repetitions included: `retries` are among them, and those that failed for a while:
            `throttled` (429), `failed` (5xx, 408) and `unanswered`.
        seconds: Time that the runs took.
        codes: Dead letters by code. An event that two mappings refuse is one event but two dead letters.

    Raises:
        ValueError: on construction, when the verdicts and what is lost do not add up to `read`.
    """

    read: int = 0
    delivered: int = 0
    duplicate: int = 0
    superseded: int = 0
    filtered: int = 0
    dead_lettered: int = 0
    pending: int = 0
    lost: int = 0
    clamped: int = 0
    unreadable_timestamps: int = 0
    first_unreadable_timestamp: str = ""
    writes: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    failed: int = 0
    unanswered: int = 0
    seconds: float = 0.0
    codes: Mapping[str, int] = field(default_factory=lambda: _NO_CODES)

    def __post_init__(self) -> None:
        verdicts = {verdict: getattr(self, verdict) for verdict in VERDICTS}
        if self.read != sum(verdicts.values()) + self.lost:
            raise ValueError(f"{self.read} events were read, {self.lost} are lost, but the verdicts are {verdicts}")

    def __add__(self, other: Account) -> Account:
        sums: dict[str, Any] = {
            each.name: getattr(self, each.name) + getattr(other, each.name)
            for each in fields(Account)
            if each.name not in ("codes", "first_unreadable_timestamp")
        }
        codes = dict(self.codes)
        for code, count in other.codes.items():
            codes[code] = codes.get(code, 0) + count
        first = self.first_unreadable_timestamp or other.first_unreadable_timestamp
        return Account(**sums, codes=codes, first_unreadable_timestamp=first)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is pending."""
        return self.pending == 0

    def as_json(self) -> dict[str, Any]:
        """All figures by name, in the order of the identity; `codes` sorted."""
        return {each.name: getattr(self, each.name) for each in fields(Account) if each.name != "codes"} | {
            "codes": dict(sorted(self.codes.items()))
        }

    @classmethod
    def from_json(cls, figures: Mapping[str, Any]) -> Account:
        """The inverse of `as_json`; a figure that an older version did not keep is 0."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: figure for name, figure in figures.items() if name in known})


NOTHING: Final = Account()
