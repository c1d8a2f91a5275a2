"""
A mapping as Python source over many events at once: attribute by attribute, each a column, into writes or assertions.

Python runs a short loop over one column in a fraction of the time of a long function per event. An event that is
refused is noted, and its place in the columns filled with anything: so one event never costs the others their pace.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import repeat
from typing import Any

from msgspec import Struct, defstruct

from attio_ctl.mapping.encode import Assertion
from attio_ctl.mapping.fast.columns import NEVER_BLANK, Column, Match, as_sent, quick_of
from attio_ctl.mapping.fast.conditions import condition
from attio_ctl.mapping.fast.header import decode
from attio_ctl.mapping.fast.shape import UNNAMEABLE, CannotGenerate, Shape
from attio_ctl.mapping.fast.source import Source
from attio_ctl.mapping.integrations import DESTINATION, switched_on
from attio_ctl.mapping.program import CompiledMapping
from attio_ctl.mapping.records import Filler, RecordMaker
from attio_ctl.mapping.writes import NOT_SUBSCRIBED, SWITCHED_OFF, RecordKey, Value, Write, Writes


def generate_verdicts(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `verdicts(events)`: of each event why it is not taken, None where it is.

    Raises:
        CannotGenerate: as `paths_of`.
    """
    source = Source("verdicts", shape)
    source.line(0, "def verdicts(events):")
    verdict = "None"
    if mapping.when is not None:
        takes = condition(shape, source.constant, mapping.when)
        verdict = f"None if {takes} else {source.constant(NOT_SUBSCRIBED)}"
    source.line(1, f"return [{source.constant(SWITCHED_OFF)} if {_switch(source)} else {verdict} for event in events]")
    return source


def generate_writes(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `writes(events, lines, faults)`: the `Writes` of each event, of which those in `faults` do not count.

    Raises:
        CannotGenerate: as `paths_of`.
    """
    source = _begun("writes(events, lines, faults)", mapping, shape)
    for number, record in enumerate(mapping.records):
        links = {slug: f"[[k] for k in k{at}]" if slug in record.multiselect else f"k{at}" for slug, at in record.links}
        _writes(source, record, number, _columns(source, record, number, links))
    written = ", ".join(f"w{number}" for number in range(len(mapping.records)))
    source.line(1, f"return list(map({source.constant(Writes)}, zip({written})))")
    return source


def generate_columns(mapping: CompiledMapping, shape: Shape) -> tuple[Source, tuple[tuple[str, ...], ...]]:
    """
    The source of `columns(events, lines, faults)`: of each record the texts that it is named by and the columns of its
    attributes, in which the places of events in `faults` do not count; and the slugs of those columns.

    Raises:
        CannotGenerate: as `paths_of`.
    """
    source = _begun("columns(events, lines, faults)", mapping, shape)
    slugs = []
    for number, record in enumerate(mapping.records):
        links = {slug: f"[[k] for k in k{at}]" if slug in record.multiselect else f"k{at}" for slug, at in record.links}
        values = _columns(source, record, number, links)
        slugs.append(tuple(values))
        if any(number == at for each in mapping.records for _, at in each.links):
            _keys(source, record, number)
        source.line(1, f"r{number} = (t{number}, [{', '.join(values.values())}])")
    source.line(1, f"return [{', '.join(f'r{number}' for number in range(len(mapping.records)))}]")
    return source, tuple(slugs)


def generate_assertions(mapping: CompiledMapping, shape: Shape) -> Source:
    """
    The source of `assertions(events, lines, faults, received)`: what `batch_assertion` makes of the writes of each
    event, the records that the last one refers to nested in it; `received` is a column of times.

    Raises:
        CannotGenerate: as `paths_of`; or a value may stand in the place of a link, so that the records do not nest.
    """
    source = _begun("assertions(events, lines, faults, received)", mapping, shape)
    for number, record in enumerate(mapping.records):
        links = {slug: f"[[a] for a in a{at}]" if slug in record.multiselect else f"a{at}" for slug, at in record.links}
        slugs = {filler.slug for filler in record.fillers}
        if links.keys() & slugs or any(map(UNNAMEABLE.search, slugs)):
            raise CannotGenerate("a link with a value, or a slug that no attribute has")
        sent = replace(record, fillers=tuple(map(as_sent, record.fillers)))
        values = _columns(source, sent, number, links)
        made = f"map({source.constant(_values_struct(values))}, {', '.join(values.values())})"
        named = _repeated(source, record.object, record.match)
        source.line(1, f"a{number} = list(map({source.constant(Assertion)}, {named}, {made}, received))")
    source.line(1, f"return a{len(mapping.records) - 1}")
    return source


def _begun(signature: str, mapping: CompiledMapping, shape: Shape) -> Source:
    source = Source(signature.partition("(")[0], shape)
    source.line(0, f"def {signature}:")
    source.line(1, "numbers = range(len(events))")
    if any(source.needs_whole(filler.expression) for record in mapping.records for filler in record.fillers):
        source.line(1, f"wholes = list(map({source.constant(decode)}, lines))")
    return source


def _values_struct(slugs: Iterable[str]) -> type[Struct]:
    """Values by slug, of which those that are `MISSING` are not written: made and written faster than a dict."""
    named = {f"f{number}": slug for number, slug in enumerate(slugs)}
    return defstruct("Values", [(name, Any) for name in named], rename=named, frozen=True, gc=False)


def _repeated(source: Source, *texts: str) -> str:
    repeated = source.constant(repeat)
    return ", ".join(f"{repeated}({source.constant(text)})" for text in texts)


def _switch(source: Source) -> str:
    """The expression that is true where an event's `integrations` switch us off."""
    if source.shape.reach(("integrations", "All"))[1]:  # the mapping looks at them as a whole, so they may be anything
        on = source.constant(lambda value: switched_on({"integrations": value}))
        return f"not {on}({source.path(('integrations',))})"
    on, everything = (source.path(("integrations", name)) for name in (DESTINATION, "All"))
    return f"({everything} is False if {on} is MISSING else {on} is False)"


def _columns(source: Source, record: RecordMaker, number: int, links: Mapping[str, str]) -> dict[str, str]:
    """Statements that make a column of each attribute of a record, by slug, and the texts that it is named by, `t0`."""
    values = dict(links)
    plain = {filler.slug: _fill(source, filler, values) for filler in record.fillers}
    matched = values.get(record.match, "[None] * len(events)")
    texts = f"{source.constant(Match(record).texts)}({matched}, numbers, faults)"
    kinds = [filler.coerce.kind for filler in record.fillers if filler.slug == record.match]
    if len(kinds) == 1 and kinds[0] in NEVER_BLANK:
        texts += f" if {plain[record.match]} is None else {plain[record.match]}"
    source.line(1, f"t{number} = {texts}")
    return values


def _writes(source: Source, record: RecordMaker, number: int, values: Mapping[str, str]) -> None:
    """Statements that make the keys of a record, `k0`, and its writes, `w0`."""
    _keys(source, record, number)
    source.line(1, f"w{number} = []")
    names = {slug: f"x{at}" for at, slug in enumerate(values)}
    columns = ", ".join((f"k{number}", *values.values()))
    source.line(1, f"for {', '.join(('k', *names.values()))} in zip({columns}):")
    slugs = {slug: source.constant(slug) for slug in values}
    source.line(2, f"r = {{{', '.join(f'{slugs[slug]}: {name}' for slug, name in names.items())}}}")
    sure = {filler.slug for filler in record.fillers if filler.when is None and filler.assignment.needed}
    sure |= {slug for slug, _ in record.links}
    for slug, name in names.items():
        if slug not in sure:
            source.line(2, f"if {name} is MISSING: del r[{slugs[slug]}]")
    append = _append(source, record, names)
    source.line(2, f"w{number}.append({source.constant(Write)}(k, r, {append}))")


def _keys(source: Source, record: RecordMaker, number: int) -> None:
    named = _repeated(source, record.object, record.match)
    source.line(1, f"k{number} = list(map({source.constant(RecordKey)}, {named}, t{number}))")


def _fill(source: Source, filler: Filler, values: dict[str, str]) -> str:
    """
    Statements that make the column of an attribute, noted in `values`; of two for one slug the later value counts.

    Gives the variable with what the quick way made, None where it does not do.
    """
    raw = source.column(filler.expression)
    if filler.when is not None:
        fitting = source.variable()
        takes = condition(source.shape, source.constant, filler.when)
        source.line(1, f"{fitting} = [v if {takes} else MISSING for v, event in zip({raw}, events)]")
        raw = fitting
    quick = quick_of(filler)
    plain = source.made(quick, raw)
    column = source.variable()
    made = f"[[v] for v in {plain}]" if filler.coerce.several else plain
    fill = source.constant(Column(filler, quick).fill)
    source.line(1, f"{column} = {fill}({raw}, numbers, faults) if {plain} is None else {made}")
    if filler.slug in values:
        earlier, later = values[filler.slug], column
        column = source.variable()
        source.line(1, f"{column} = [w if v is MISSING else v for v, w in zip({later}, {earlier})]")
    values[filler.slug] = column
    return plain


def _append(source: Source, record: RecordMaker, names: Mapping[str, str]) -> str:
    """The set of slugs that are appended: nearly always the same one."""
    slugs = sorted(record.append & names.keys())
    usual = source.constant(frozenset(slugs))
    if not slugs:
        return usual
    present = " and ".join(names[slug] for slug in slugs)
    return f"{usual} if {present} else {source.constant(_filled)}({usual}, r)"


def _filled(slugs: frozenset[str], values: Mapping[str, Value]) -> frozenset[str]:
    return frozenset(slug for slug in slugs if values.get(slug) is not None)
