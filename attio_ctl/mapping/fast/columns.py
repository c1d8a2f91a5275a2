"""
A mapping as Python source over many events at once: attribute by attribute, each a column, into assertions of a batch.

Python runs a short loop over one column in a fraction of the time of a long function per event. The price is that a
column cannot tell which event it fails for: then the events are taken one by one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Any, Final

from msgspec import Struct, defstruct

from attio_ctl.mapping.encode import simple_value
from attio_ctl.mapping.expressions.choices import IfBlank, IfExists
from attio_ctl.mapping.expressions.javascript import MISSING, is_blank, text
from attio_ctl.mapping.expressions.node import Expression, Literal, tidy
from attio_ctl.mapping.expressions.paths import Path
from attio_ctl.mapping.expressions.texts import Template
from attio_ctl.mapping.fast.conditions import condition
from attio_ctl.mapping.fast.generate import PLAIN, QUICK, switch
from attio_ctl.mapping.fast.reads import roots_of
from attio_ctl.mapping.fast.shape import CannotGenerate, Shape
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import Filler, RecordMaker
from attio_ctl.mapping.values.coerce import match_text

_SENT_OTHERWISE: Final = frozenset({"personal-name", "record-reference"})
"""Attribute types whose neutral values are not what a batch has in their place."""

_DEEPEST: Final = 20
"""How deep one expression may nest in another."""


def generate_columns(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `columns(events, received_at)`: the indices of the events that are taken, and their assertions.

    An assertion is what `batch_assertion` makes of the writes, ready for msgspec to encode. The function raises
    whatever `run` of one of the events would.

    Raises:
        CannotGenerate: as `generate_run`; or a value may stand in the place of a link, so that the records do not nest.
    """
    source = Source("columns", shape)
    source.line(0, "def columns(events, received_at):")
    takes = f"not ({switch(source)})"
    if mapping.when is not None:
        takes = f"{condition(shape, source.constant, mapping.when)} and {takes}"
    source.line(1, f"taken = [number for number, event in enumerate(events) if {takes}]")
    source.line(1, "events = [events[number] for number in taken]")
    own = "event.received_at"
    source.line(1, f"received = [{own} if {own}.__class__ is str else received_at for event in events]")
    for number, record in enumerate(mapping.records):
        values = {
            slug: f"[[a] for a in a{at}]" if slug in record.multiselect else f"a{at}" for slug, at in record.links
        }
        if values.keys() & {filler.slug for filler in record.fillers}:
            raise CannotGenerate("a link with a value, or nothing but links")
        for filler in record.fillers:
            _column(source, filler, values)
        _check_match(source, record, values)
        made = f"map({source.constant(_values_struct(values))}, {', '.join(values.values())})"
        named = (f"{source.constant(repeat)}({source.constant(name)})" for name in (record.object, record.match))
        source.line(1, f"a{number} = list(map({source.constant(_Assertion)}, {', '.join(named)}, {made}, received))")
    source.line(1, f"return taken, a{len(mapping.records) - 1}")
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


def _column(source: Source, filler: Filler, values: dict[str, str]) -> None:
    """The column of one attribute, noted in `values`. Where a slug is filled twice the later value counts, if any."""
    raw = _raw(source, filler.expression)
    column = source.variable()
    one, whole = _makers(filler)
    kind, pattern = filler.coerce.kind, QUICK.get(filler.coerce.kind)
    if pattern is None:
        # An action's field has rules of its own for what is empty.
        test = "v.__class__ is str" + (" and v" if filler.assignment.field else "")
        made = f"{source.constant(one)}(v)"
    else:
        test, made = pattern.format(x="v", known=source.constant(PLAIN.get(kind) or filler.coerce.titles)), "v"
    columns = {"v": raw}
    if kind in PLAIN:
        # Two attributes are often filled with one e-mail address: whether it is plain is asked once.
        columns["plain"] = source.known.get((raw, kind)) or source.variable()
        if (raw, kind) not in source.known:
            source.line(1, f"{columns['plain']} = [{test} for v in {raw}]")
            source.known[raw, kind] = columns["plain"]
        test = "plain"
    made = f"[{made}]" if filler.coerce.several else made
    value = f"{made} if {test} else {source.constant(whole)}(v)"
    if filler.when is not None:
        columns["event"] = "events"
        value = f"({value}) if {condition(source.shape, source.constant, filler.when)} else MISSING"
    over = f"v in {raw}" if len(columns) == 1 else f"{', '.join(columns)} in zip({', '.join(columns.values())})"
    source.line(1, f"{column} = [{value} for {over}]")
    if filler.slug in values:
        earlier = values[filler.slug]
        source.line(1, f"{column} = [w if v is MISSING else v for v, w in zip({column}, {earlier})]")
    values[filler.slug] = column


def _makers(filler: Filler) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """What makes the value of a text, and of any JSON value, as a batch has them."""
    one, whole = filler.coerce.one, filler.checked
    if filler.coerce.kind not in _SENT_OTHERWISE:
        return one, whole
    return functools.lru_cache(maxsize=16_384)(lambda value: simple_value(one(value))), (
        lambda value: simple_value(whole(value))
    )


def _check_match(source: Source, record: RecordMaker, values: dict[str, str]) -> None:
    """Statements that raise where an event has nothing to match by."""
    text_of = source.constant(match_text)
    column = values.get(record.match)
    if column is None:
        source.line(1, f"for _ in events: {text_of}(None)")
        return
    first = "v[0] if v.__class__ is list and v else v" if record.match in record.multiselect else "v"
    source.line(1, f"for v in {column}:")
    source.line(2, f"m = {first}")
    blank = "m.__class__ is not str or not m or m.isspace()"
    source.line(2, f"if {blank}: {text_of}(None if m is MISSING else m)")


def _raw(source: Source, expression: Expression) -> str:
    """The variable with the column of an expression's values, resolved once for all attributes that it fills."""
    known = source.known.get(expression)
    if known is None:
        known = source.known[expression] = source.variable()
        source.line(1, f"{known} = [{_code(source, expression, 0)} for event in events]")
    return known


def _code(source: Source, expression: Expression, depth: int) -> str:
    """The Python expression for the value of one of a mapping, over `event`."""
    if depth > _DEEPEST:
        raise CannotGenerate("nested too deeply")
    match expression:
        case Literal(value):
            return "MISSING" if value is MISSING else source.constant(value)
        case Path(steps):
            return source.path(steps)
        case Template(parts):
            return f'f"{"".join(_piece(source, part) for part in parts)}"'
        case IfExists(value, then, otherwise) | IfBlank(value, then, otherwise):
            read = _code(source, value, depth + 1)
            found = source.variable()
            test = f"({found} := {read}) is None or {found} is MISSING"
            if isinstance(expression, IfBlank):
                test = f"{source.constant(is_blank)}({found} := {read})"
            chosen = found if then == value else _code(source, then, depth + 1)
            return f"({_code(source, otherwise, depth + 1)} if {test} else {chosen})"
        case _:
            roots = roots_of(expression)
            resolve = source.constant(functools.partial(_resolve, expression, roots))
            return f"{resolve}({', '.join(source.path((root,)) for root in roots)})"


def _resolve(expression: Expression, roots: tuple[str, ...], *values: Any) -> Any:
    """The value of an expression of any kind, from the fields that it reads."""
    event = {root: value for root, value in zip(roots, values, strict=True) if value is not MISSING}
    return tidy(expression.resolve(event))


def _piece(source: Source, part: str | tuple[str, ...]) -> str:
    if isinstance(part, str):
        return f"{{{source.constant(part)}}}"
    value = source.path(part)
    return f"{{{value} if {value}.__class__ is str else {source.constant(text)}({value})}}"
