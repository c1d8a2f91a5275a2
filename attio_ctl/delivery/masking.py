"""
Values from the environment (`${NAME}`) in what a delivery shows and keeps: requests, answers, reasons, errors.

Attio is sent the values themselves; everywhere else the variable stands for its value, as in plans. The bytes of an
event stay as they are, whatever they hold: they did not come from the environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from attio_ctl.config.load import Loaded
from attio_ctl.config.nodes import scalars
from attio_ctl.delivery.dead_letters import DeadLetter
from attio_ctl.errors import AttioCtlError

TELLING: Final = 4
"""Characters from which on a value is hidden within texts too; shorter ones stand in texts that are not from them."""


class Mask:
    """Puts `${NAME}` in the place of values; in any case, since mappings lower and trim what they are given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """
        Args:
            values: Of variables, by name.
        """
        self._whole: dict[str, str] = {}
        self._numbers: dict[Decimal, str] = {}
        told: dict[str, str] = {}
        for name, value in values.items():
            shown = f"${{{name}}}"
            for form in _forms(value.strip()):
                self._whole[form.lower()] = shown
                told |= {written: shown for written in (form, *_quoted(form)) if len(written) >= TELLING}
            if (number := _number(value)) is not None:
                self._numbers[number] = shown
        longest_first = sorted(told, key=len, reverse=True)
        self._within = re.compile("|".join(f"({re.escape(written)})" for written in longest_first), re.IGNORECASE)
        self._shown = [told[written] for written in longest_first]  # by the group that matched

    def text(self, text: str) -> str:
        """A text without the values, be they in it as they are or as JSON writes them."""
        if whole := self._whole.get(text.strip().lower()):
            return whole
        return self._within.sub(lambda found: self._shown[(found.lastindex or 0) - 1], text) if self._shown else text

    def json(self, value: Any) -> Any:
        """Plain data, or JSON that is encoded already (`msgspec.Raw`), without the values at any depth."""
        if not self._whole:
            return value
        match value:
            case msgspec.Raw():
                return self.json(msgspec.json.decode(value))
            case str():
                return self.text(value)
            case int() | float() if not isinstance(value, bool):
                return self._numbers.get(Decimal(value if isinstance(value, int) else repr(value)), value)
            case Mapping():
                return {key: self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
        return value

    def error(self, error: AttioCtlError) -> None:
        """Take the values out of what an error says, in place, since it may be on its way up; where it is, stays."""
        error.what = self.text(error.what)
        error.hint = self.text(error.hint) if error.hint else error.hint
        error.args = (error.what,)

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """A dead letter without the values, but for those in the bytes of its event."""
        return replace(
            letter,
            reason=self.text(letter.reason),
            request=self.json(letter.request),
            answer=self.json(letter.answer),
        )


def mask_of(*loaded: Loaded) -> Mask:
    """Of the variables that the mappings of a workspace name, in any of its versions."""
    return Mask({name: each.substituted[name] for each in loaded for name in variables_of(each)})


def variables_of(loaded: Loaded) -> tuple[str, ...]:
    """The variables of the environment that the mappings of a workspace name."""
    written = [node.written or "" for node in scalars(loaded.places.node_at(("mappings",)))]
    return tuple(name for name in loaded.substituted if any(f"${{{name}" in text for text in written))


def _forms(value: str) -> tuple[str, ...]:
    """
    As it is, and as lowering and raising leave it.

    Matching in any case is not enough: `İ` is lowered to two characters and `ß` raised to two.
    """
    return (value, value.lower(), value.upper()) if value else ()


def _quoted(value: str) -> tuple[str, str]:
    return json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]


def _number(value: str) -> Decimal | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
