"""
A mapping as Python source: a function that gives its outcome for one event.

A line asks whether the value is what nearly all
events have there, and takes it as it is; whatever else there is goes to the code that mappings on dicts run on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attio_ctl.mapping.fast.conditions import condition
from attio_ctl.mapping.fast.shape import Shape
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

PLAIN: Final[Mapping[str, Callable[[str], bool]]] = {"email-address": is_plain_email, "timestamp": is_plain_utc}


def generate_run(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `run(event)`, which gives the outcome of the mapping.

    A value that Attio would refuse raises `Reject`; the line on which it did so tells its path.

    Raises:
        CannotGenerate: as `paths_of`, or expressions nest too deeply.
    """
    source = Source("run", shape)
    source.line(0, "def run(event):")
    source.line(1, f"if {switch(source)}: return {source.constant(SWITCHED_OFF)}")
    if mapping.when is not None:
        takes = condition(shape, source.constant, mapping.when)
        source.line(1, f"if not {takes}: return {source.constant(NOT_SUBSCRIBED)}")
    for number, record in enumerate(mapping.records):
        values = {slug: f"[k{index}]" if slug in record.multiselect else f"k{index}" for slug, index in record.links}
        sure = set(values)
        for filler in record.fillers:
            _fill(source, filler, values, sure)
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


def switch(source: Source) -> str:
    """The expression that is true where an event's `integrations` switch us off."""
    integrations = source.path(("integrations",))
    on = source.constant(lambda value: switched_on({"integrations": value}))
    all_of_them = f"{integrations}.get({source.constant('All')})"
    named = f"({source.constant(DESTINATION)} in {integrations} or {all_of_them} is False)"
    return f"{integrations}.__class__ is dict and {named} and not {on}({integrations})"


def _fill(source: Source, filler: Filler, values: dict[str, str], sure: set[str]) -> None:
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
    test, made = _quick(source, filler, raw, indent)
    made = f"[{made}]" if filler.coerce.several else made
    source.line(indent, f"{value} = {made} if {test} else {source.constant(filler.checked)}({raw})")
    earlier = values.get(filler.slug)
    is_sure = filler.when is None and filler.assignment.needed
    if earlier is not None and not is_sure:
        source.line(1, f"if {value} is MISSING: {value} = {earlier}")
    values[filler.slug] = value
    if is_sure:
        sure.add(filler.slug)


def _quick(source: Source, filler: Filler, raw: str, indent: int) -> tuple[str, str]:
    """What to ask of a raw value, and what it makes if so: itself, or for a text what the coercer of one text says."""
    kind = filler.coerce.kind
    pattern = QUICK.get(kind)
    if pattern is None:
        # An action's field has rules of its own for what is empty.
        test = f"{raw}.__class__ is str" + (f" and {raw}" if filler.assignment.field else "")
        return test, f"{source.constant(filler.coerce.one)}({raw})"
    known = PLAIN.get(kind)
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
