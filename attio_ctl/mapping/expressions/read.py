"""All directives by name, and the two dialects of a mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attio_ctl.mapping.expressions.choices import read_exclude_when_null, read_if, read_literal
from attio_ctl.mapping.expressions.encoding import read_json
from attio_ctl.mapping.expressions.node import Expression, Literal
from attio_ctl.mapping.expressions.paths import Path, read_path, steps_of
from attio_ctl.mapping.expressions.reading import Fault, Read, Reader, Steps
from attio_ctl.mapping.expressions.shapes import read_array_path, read_flatten, read_merge, read_transform
from attio_ctl.mapping.expressions.texts import read_case, read_replace, read_template, template_of


def _read_liquid(reader: Reader, operand: Any, path: Steps) -> Expression:
    from attio_ctl.mapping.expressions.liquid import read_liquid  # noqa: PLC0415  few mappings need its library

    return read_liquid(reader, operand, path)


DIRECTIVES: Final[Mapping[str, Read]] = {
    "@arrayPath": read_array_path,
    "@case": read_case,
    "@excludeWhenNull": read_exclude_when_null,
    "@flatten": read_flatten,
    "@if": read_if,
    "@json": read_json,
    "@liquid": _read_liquid,
    "@literal": read_literal,
    "@merge": read_merge,
    "@path": read_path,
    "@replace": read_replace,
    "@template": read_template,
    "@transform": read_transform,
}
"""The thirteen directives of Segment's mapping kit."""

_SHORT_PATH = re.compile(r"\$\..", re.DOTALL)
_SHORT_TEMPLATE = re.compile(r"\{\{[^}]+\}\}")
_DOLLAR_IN_BRACES = re.compile(r"(\{\{\{?\s*)\$\.")


def _short_form(text: str) -> Expression:
    if _SHORT_PATH.match(text):
        return Path(steps_of(text))
    if _SHORT_TEMPLATE.search(text):
        return template_of(_DOLLAR_IN_BRACES.sub(r"\1", text))
    return Literal(text)


def read_expression(value: Any) -> tuple[Expression, tuple[Fault, ...]]:
    """A value of a workspace file: short forms and directives, mixed at any depth, with all that is wrong in it."""
    reader = Reader(DIRECTIVES, _short_form)
    return reader.read(value, ()), tuple(reader.faults)


def read_segment_expression(value: Any) -> tuple[Expression, tuple[Fault, ...]]:
    """A value of a mapping as Segment stores it, where a text is never a path or a template."""
    reader = Reader(DIRECTIVES, Literal)
    return reader.read(value, ()), tuple(reader.faults)
