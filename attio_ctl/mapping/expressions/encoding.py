"""`@json`: JSON text from a value, a value from JSON text."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, Final

from attio_ctl.mapping.expressions.javascript import MISSING, is_falsy, number_text
from attio_ctl.mapping.expressions.node import Expression, Literal, Resolved, tidy
from attio_ctl.mapping.expressions.reading import Reader, Steps
from attio_ctl.state.resource import Json

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_ARRAY_INDEX = re.compile(r"0|[1-9]\d{0,9}", re.ASCII)
_LAST_INDEX: Final = 2**32 - 2


def json_text(value: Json) -> str:
    """
    Compact JSON as JavaScript writes it: `1` for 1.0, null for NaN and infinities, lone surrogates escaped, and the
    keys that are array indices first, in ascending order.
    """
    if isinstance(value, str):
        quoted = json.dumps(value, ensure_ascii=False)
        return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value) if isinstance(value, int) or math.isfinite(value) else "null"
    if isinstance(value, list):
        return f"[{','.join(map(json_text, value))}]"
    return "{" + ",".join(f"{json_text(key)}:{json_text(value[key])}" for key in sorted(value, key=_key_order)) + "}"


def _key_order(key: str) -> int:
    """Array indices by number, all others after them (the sort is stable)."""
    return int(key) if _ARRAY_INDEX.fullmatch(key) and int(key) <= _LAST_INDEX else _LAST_INDEX + 1


@dataclass(frozen=True, slots=True)
class JsonEncode:
    """The value as JSON text; missing stays missing."""

    value: Expression

    def resolve(self, data: Json) -> Resolved:
        value = self.value.resolve(data)
        return MISSING if value is MISSING else json_text(tidy(value))

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class JsonDecode:
    """What a JSON text says; a text that is no JSON, and what is no text, stay as they are."""

    value: Expression

    def resolve(self, data: Json) -> Resolved:
        value = self.value.resolve(data)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return value

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


@dataclass(frozen=True, slots=True)
class JsonNothing:
    """A mode in upper case: the value is resolved, and nothing comes of it."""

    value: Expression

    def resolve(self, data: Json) -> Resolved:
        self.value.resolve(data)
        return MISSING

    def children(self) -> tuple[Expression, ...]:
        return (self.value,)


def _refuse(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no JSON")


def read_json(reader: Reader, operand: Any, path: Steps) -> Expression:
    """`@json`: `mode` is `encode` or `decode`, `value` anything that is not empty, 0, false or null."""
    options = reader.options(operand, path, {"mode": "text", "value": "any"})
    if options is None:
        return Literal(None)
    for key in ("mode", "value"):
        if key not in options:
            return reader.fault(path, f"`@json` needs a `{key}`")
    mode = options["mode"]
    if not isinstance(mode, str) or mode.lower() not in ("encode", "decode"):
        return reader.fault((*path, "mode"), "`mode` of `@json` is `encode` or `decode`")
    value = reader.read(options["value"], (*path, "value"))
    if is_falsy(options["value"]):
        return reader.late_fault(path, "`@json` needs a `value` that is not empty")
    if mode not in ("encode", "decode"):
        reader.late_fault((*path, "mode"), f"`mode` of `@json` is lower case; `{mode}` gives nothing")
        return JsonNothing(value)
    return JsonEncode(value) if mode == "encode" else JsonDecode(value)
