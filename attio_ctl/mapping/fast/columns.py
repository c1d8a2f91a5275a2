"""
Values of one attribute for many events at once: a column of raw JSON values into a column of neutral ones.

Whether a whole column needs no closer look is asked in a few calls that run in C: one pattern over all its texts, one
look for titles in a set. Where the answer is no, its halves are asked, and in the end single values, which go to the
code that mappings on dicts run on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from attio_ctl.mapping.encode import simple_value
from attio_ctl.mapping.expressions.javascript import MISSING
from attio_ctl.mapping.records import Filler, RecordMaker
from attio_ctl.mapping.values.coerce import Coercer, remembering
from attio_ctl.mapping.values.contacts import are_plain_emails
from attio_ctl.mapping.values.numbers import LONGEST_TEXT
from attio_ctl.mapping.values.times import are_utc, shortest
from attio_ctl.mapping.writes import Reject, Rejected

Values = Sequence[Any]
"""A column: one value of each event, in their order."""

Faults = dict[int, Rejected]
"""The events that are refused, by their number, each with the first thing that is wrong with it."""

Quick = Callable[[Values], Values | None]
"""Makes the neutral values of a column that holds one at least; None where some value needs a closer look."""

_FEW: Final = 2
"""Values that are not worth halving any more."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands for the value of an expression that failed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Column:
    """What fills one attribute of all events of a block, as its filler would one by one."""

    filler: Filler
    quick: Quick

    def fill(self, raw: Values, numbers: Sequence[int], faults: Faults) -> Values:
        """The neutral values, or `MISSING`; `numbers` are those of the events. What is refused is noted in `faults`."""
        if self.filler.assignment.field is None:
            present = [number for number, value in zip(numbers, raw, strict=True) if value is not MISSING]
            if len(present) < len(raw):
                made = iter(self._fill([value for value in raw if value is not MISSING], present, faults))
                return [value if value is MISSING else next(made) for value in raw]
        return self._fill(raw, numbers, faults)

    def _fill(self, raw: Values, numbers: Sequence[int], faults: Faults) -> Values:
        if len(raw) <= _FEW:
            return [self._judged(value, number, faults) for value, number in zip(raw, numbers, strict=True)]
        half = len(raw) // 2
        return [
            *self._half(raw[:half], numbers[:half], faults),
            *self._half(raw[half:], numbers[half:], faults),
        ]

    def _half(self, raw: Values, numbers: Sequence[int], faults: Faults) -> Values:
        plain = self.quick(raw)
        if plain is None:
            return self._fill(raw, numbers, faults)
        return [[value] for value in plain] if self.filler.coerce.several else plain

    def _judged(self, value: Any, number: int, faults: Faults) -> Any:
        path = self.filler.path
        if value.__class__ is Failed:
            faults.setdefault(number, Rejected("expression_failed", value.reason, path))
            return MISSING
        try:
            return self.filler.checked(value)
        except Reject as reject:
            faults.setdefault(number, reject.at(path))
            return MISSING


def as_sent(filler: Filler) -> Filler:
    """The filler of an attribute in a batch: what it makes is encoded as it is."""
    coerce = filler.coerce
    if coerce.kind not in _SENT_OTHERWISE:
        return filler

    def one(value: Any) -> Any:
        return simple_value(coerce.one(value))

    def whole(value: Any) -> Any:
        return simple_value(coerce.whole(value))

    return replace(filler, coerce=replace(coerce, one=remembering(one) if coerce.kind else one, whole=whole))


_SENT_OTHERWISE: Final = frozenset({"personal-name", "record-reference", ""})
"""Attribute types whose neutral values are not what a batch has in their place; a literal has none any more."""


def quick_of(filler: Filler) -> Quick:
    """The quick way for an attribute, the same function for all attributes that may share what it makes."""
    kind = filler.coerce.kind
    quick = _QUICK.get(kind) or _quick_with(filler.coerce)
    # A field of the action has rules of its own for what is empty.
    return quick if filler.assignment.field is None or kind in NEVER_BLANK else _unless_empty(quick)


def _quick_with(coerce: Coercer) -> Quick:
    def titles(raw: Values) -> Values | None:
        return _titles(coerce.titles, raw)

    def alike(raw: Values) -> Values | None:
        return _alike(coerce.one, raw)

    def each(raw: Values) -> Values | None:
        return _each(coerce.one, raw)

    return titles if coerce.kind in ("select", "status") else each if coerce.kind else alike


def _unless_empty(quick: Quick) -> Quick:
    def unless_empty(raw: Values) -> Values | None:
        return quick(raw) if all(raw) else None

    return unless_empty


def _texts(raw: Values) -> Values | None:
    try:
        size = len("".join(raw).encode())
    except (TypeError, UnicodeEncodeError):  # not all are texts; halves of surrogate pairs
        return None
    return raw if size <= LONGEST_TEXT else None


def _titles(known: frozenset[str], raw: Values) -> Values | None:
    try:
        return raw if known.issuperset(raw) else None
    except TypeError:  # lists and objects have no hash
        return None


def _each(one: Callable[[Any], Any], raw: Values) -> Values | None:
    try:
        return list(map(one, raw)) if all_texts(raw) else None
    except Reject:
        return None


def _alike(one: Callable[[Any], Any], raw: Values) -> Values | None:
    """Where a literal was judged beforehand, or the attribute takes nothing: the same for every value."""
    try:
        return None if MISSING in raw else [one(raw[0])] * len(raw)
    except Reject:
        return None


def all_texts(raw: Values) -> bool:
    """Whether all are texts, for a tenth of what asking each would take."""
    try:
        "".join(raw)
    except TypeError:
        return False
    return True


def _lines(raw: Values) -> str | None:
    """Texts as lines, each with its end; None where one is no text, or more than a line."""
    try:
        joined = "\n".join((*raw, ""))
    except TypeError:
        return None
    return joined if joined.count("\n") == len(raw) else None


def _numbers(raw: Values) -> Values | None:
    return raw if {*map(type, raw)} <= _NUMBERS and _are_small(raw) else None


def _are_small(raw: Collection[float]) -> bool:
    """Whether no integer is beyond what a 64-bit float holds exactly."""
    return min(raw) > -(2**53) and max(raw) < 2**53


def _amounts(raw: Values) -> Values | None:
    if not {*map(type, raw)} <= _NUMBERS:
        return None
    amounts = {*raw}  # few prices make up most columns
    if not _are_small(amounts):
        return None
    # A multiple of a ten-thousandth and nothing less: `round` says the same ten times as slowly.
    return raw if all((value * 1e4).is_integer() and value * 1e4 / 1e4 == value for value in amounts) else None


def _booleans(raw: Values) -> Values | None:
    return raw if {*map(type, raw)} == {bool} else None


def _emails(raw: Values) -> Values | None:
    joined = _lines(raw)
    return raw if joined is not None and are_plain_emails(joined, max(map(len, raw))) else None


def _timestamps(raw: Values) -> Values | None:
    joined = _lines(raw)
    if joined is None or not are_utc(joined):
        return None
    return [value if value[-2] != "0" else shortest(value) for value in raw]


_NUMBERS: Final = frozenset({int, float})
_QUICK: Final[Mapping[str, Quick]] = {
    "text": _texts,
    "number": _numbers,
    "currency": _amounts,
    "checkbox": _booleans,
    "email-address": _emails,
    "timestamp": _timestamps,
}
NEVER_BLANK: Final = frozenset({"email-address", "timestamp"})
"""Attribute types whose quick way lets nothing through that is empty, or no text."""


@dataclass(frozen=True, slots=True)
class Match:
    """What names the records of all events of a block, from the column of their matching attribute."""

    record: RecordMaker

    def texts(self, matched: Values, numbers: Sequence[int], faults: Faults) -> Sequence[str]:
        """The texts of their keys; an event with nothing to match by is noted in `faults`."""
        record = self.record
        texts = matched
        if record.match in record.multiselect:
            texts = [value[0] if value.__class__ is list and value else value for value in matched]
        if all_texts(texts) and all(map(str.strip, texts)):
            return texts
        return [self._judged(value, number, faults) for value, number in zip(texts, numbers, strict=True)]

    def _judged(self, value: Any, number: int, faults: Faults) -> str:
        try:
            return self.record.name_of(None if value is MISSING else value)
        except Reject as reject:
            faults.setdefault(number, reject.at(""))
            return ""
