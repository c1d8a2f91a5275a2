"""
A mapping as Python source: one function that gives its outcome, and one that gives an assertion of a batch.

Both make the same values in the same way and part only at the end. A line asks whether the value is what nearly all
events have there, and takes it as it is; whatever else there is goes to the code that mappings on dicts run on.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from msgspec import Struct, defstruct

from attio_ctl.mapping.encode import simple_value
from attio_ctl.mapping.fast.conditions import condition
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.integrations import DESTINATION, switched_on
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import Filler, RecordMaker
from attio_ctl.mapping.values.coerce import match_text
from attio_ctl.mapping.values.contacts import is_plain_email
from attio_ctl.mapping.values.times import is_plain_utc
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF, RecordKey, Value, Write, Writes

QUICK: Final[Mapping[str, str]] = {
    "text": "{x}.__class__ is str and {x} and {x}.isascii() and len({x}) < 2_000_000",
    "select": "{x}.__class__ is str and {x} in {known}",
    "status": "{x}.__class__ is str and {x} in {known}",
    "number": "{x}.__class__ is float or {x}.__class__ is int and -(2**53) < {x} < 2**53",
    "currency": (
        # A multiple of a ten-thousandth and nothing less: `round` says the same ten times as slowly.
        "{x}.__class__ is float and ({x} * 1e4).is_integer() and {x} * 1e4 / 1e4 == {x}"
        " or {x}.__class__ is int and 0 < {x} < 2**53"
    ),
    "checkbox": "{x} is True or {x} is False",
    "email-address": "{x}.__class__ is str and {known}({x})",
    "timestamp": "{x}.__class__ is str and {known}({x})",
}
"""Tests, by attribute type, that a JSON value passes only if it is its own neutral form already."""

_PLAIN: Final[Mapping[str, Callable[[str], bool]]] = {"email-address": is_plain_email, "timestamp": is_plain_utc}
_SENT_OTHERWISE: Final = frozenset({"personal-name", "record-reference"})
"""Attribute types whose neutral values are not what a batch has in their place."""


def generate_run(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `run(event)`, which gives the outcome of the mapping.

    A value that Attio would refuse raises `Reject`; the line on which it did so tells its path.

    Raises:
        CannotGenerate: as `paths_of`, or expressions nest too deeply.
    """
    source = _begin("run", "event", mapping, shape)
    for number, record in enumerate(mapping.records):
        values = {slug: f"[k{index}]" if slug in record.multiselect else f"k{index}" for slug, index in record.links}
        sure = set(values)
        for filler in record.fillers:
            _fill(source, filler, _Makers(filler.coerce.one, filler.checked), values, sure)
        always = ", ".join(f"{source.constant(slug)}: {value}" for slug, value in values.items() if slug in sure)
        source.line(1, f"r{number} = {{{always}}}")
        for slug, value in values.items():
            if slug not in sure:
                source.line(1, f"if {value} is not MISSING: r{number}[{source.constant(slug)}] = {value}")
        named = f"{source.constant(record.object)}, {source.constant(record.match)}"
        text = _match(source, record, values)
        source.line(1, f"k{number} = {source.constant(RecordKey)}({named}, {text})")
        append = _append(source, record, values, number)
        source.line(1, f"w{number} = {source.constant(Write)}(k{number}, r{number}, {append})")
    writes = ", ".join(f"w{number}" for number in range(len(mapping.records)))
    source.line(1, f"return {source.constant(Writes)}(({writes},))")
    return source


def generate_assertion(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `assertion(event, received_at)`: one of a batch, as `batch_assertion` makes it of the writes, ready
    for msgspec to encode.

    Raises:
        CannotGenerate: as `generate_run`; or a value may stand in the place of a link, so that the records do not nest.
    """
    source = _begin("assertion", "event, received_at", mapping, shape)
    for number, record in enumerate(mapping.records):
        values = {slug: f"[a{index}]" if slug in record.multiselect else f"a{index}" for slug, index in record.links}
        if values.keys() & {filler.slug for filler in record.fillers}:
            raise CannotGenerate("a link with a value")
        sure = set(values)
        for filler in record.fillers:
            _fill(source, filler, _as_sent(filler), values, sure)
        source.line(1, _match(source, record, values))
        made = f"{source.constant(_values_struct(values))}({', '.join(values.values())})"
        named = f"{source.constant(record.object)}, {source.constant(record.match)}"
        source.line(1, f"a{number} = {source.constant(_Assertion)}({named}, {made}, received_at)")
    source.line(1, f"return a{len(mapping.records) - 1}")
    return source


class _Assertion(Struct, frozen=True, gc=False):
    """One assertion of a batch, as `batch_assertion` has it."""

    object: str
    matching_attribute: str
    values: Any
    received_at: str
    mode: str = "create-or-update"
    multiselect_values: str = "append"


def _values_struct(slugs: Iterable[str]) -> type[Struct]:
    """Values by slug, of which those that are `MISSING` are not written: made and written faster than a dict."""
    named = {f"f{number}": slug for number, slug in enumerate(slugs)}
    return defstruct("Values", [(name, Any) for name in named], rename=named, frozen=True, gc=False)


@dataclass(frozen=True, slots=True)
class _Makers:
    """What makes the value of one attribute: `one` of a text, `any` of any JSON value."""

    one: Callable[[Any], Any]
    any: Callable[[Any], Any]


def _as_sent(filler: Filler) -> _Makers:
    """The makers of a filler whose values a batch takes as they are, and others around them where it does not."""
    if filler.coerce.kind not in _SENT_OTHERWISE:
        return _Makers(filler.coerce.one, filler.checked)

    def one(value: Any) -> Any:
        return simple_value(filler.coerce.one(value))

    return _Makers(functools.lru_cache(maxsize=16_384)(one), lambda value: simple_value(filler.checked(value)))


def _begin(name: str, parameters: str, mapping: CompiledMapping, shape: Shape) -> Source:
    """The function up to where it makes values: whether the mapping takes the event at all."""
    source = Source(name, shape)
    source.line(0, f"def {name}({parameters}):")
    integrations = source.path(("integrations",))
    on = source.constant(lambda value: switched_on({"integrations": value}))
    named = (
        f"({source.constant(DESTINATION)} in {integrations} or {integrations}.get({source.constant('All')}) is False)"
    )
    off = source.constant(SWITCHED_OFF)
    source.line(1, f"if {integrations}.__class__ is dict and {named} and not {on}({integrations}): return {off}")
    if mapping.when is not None:
        takes = condition(shape, source.constant, mapping.when)
        source.line(1, f"if not {takes}: return {source.constant(NOT_SUBSCRIBED)}")
    return source


def _fill(source: Source, filler: Filler, makers: _Makers, values: dict[str, str], sure: set[str]) -> None:
    """
    Statements that put the value of one attribute into a variable, noted in `values`; `sure` are those with a value.

    Where a slug is filled twice the later value counts, if there is one.
    """
    source.making = filler.path
    indent = 1
    value = source.variable()
    if filler.when is not None:
        source.line(1, f"{value} = MISSING")
        source.line(1, f"if {condition(source.shape, source.constant, filler.when)}:")
        indent = 2
    raw = source.resolved(filler.expression, indent)
    test, made = _quick(source, filler, makers, raw, indent)
    made = f"[{made}]" if filler.coerce.several else made
    source.line(indent, f"{value} = {made} if {test} else {source.constant(makers.any)}({raw})")
    earlier = values.get(filler.slug)
    is_sure = filler.when is None and filler.assignment.needed
    if earlier is not None and not is_sure:
        source.line(1, f"if {value} is MISSING: {value} = {earlier}")
    values[filler.slug] = value
    if is_sure:
        sure.add(filler.slug)


def _quick(source: Source, filler: Filler, makers: _Makers, raw: str, indent: int) -> tuple[str, str]:
    """What to ask of a raw value, and what it makes if so: itself, or for a text what the coercer of one text says."""
    kind = filler.coerce.kind
    pattern = QUICK.get(kind)
    if pattern is None:
        # An action's field has rules of its own for what is empty.
        test = f"{raw}.__class__ is str" + (f" and {raw}" if filler.assignment.field else "")
        return test, f"{source.constant(makers.one)}({raw})"
    known = _PLAIN.get(kind)
    test = pattern.format(x=raw, known=source.constant(known or filler.coerce.titles))
    if known is None:
        return test, raw
    answered = source.known.get((raw, known))
    if answered is None:
        answered = source.variable()
        source.line(indent, f"{answered} = {test}")
        if indent == 1:
            source.known[raw, known] = answered
    return answered, raw


def _match(source: Source, record: RecordMaker, values: Mapping[str, str]) -> str:
    """The expression for the text that names a record."""
    source.making = f"{record.object}.{record.match}"
    value = values.get(record.match)
    text_of = source.constant(match_text)
    if value is None:
        return f"{text_of}(None)"
    text = source.variable()
    first = f"{value}[0] if {value}.__class__ is list and {value} else " if record.match in record.multiselect else ""
    source.line(1, f"{text} = {first}{value}")
    plain = f"{text}.__class__ is str and {text} and not {text}.isspace()"
    return f"{text} if {plain} else {text_of}(None if {text} is MISSING else {text})"


def _append(source: Source, record: RecordMaker, values: Mapping[str, str], number: int) -> str:
    """The set of slugs that are appended: nearly always the same one."""
    slugs = sorted(record.append & values.keys())
    usual = source.constant(frozenset(slugs))
    if not slugs:
        return usual
    present = " and ".join(values[slug] for slug in slugs)
    return f"{usual} if {present} else {source.constant(_filled)}({usual}, r{number})"


def _filled(slugs: frozenset[str], values: Mapping[str, Value]) -> frozenset[str]:
    return frozenset(slug for slug in slugs if values.get(slug) is not None)
