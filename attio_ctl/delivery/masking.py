"""
Values from the environment (`${NAME}`) in what a delivery shows and keeps: requests, answers, reasons, differences.

Attio is sent the values themselves; everywhere else the variable stands for its value, as in plans. The bytes of an
event stay as they are, whatever they hold: they did not come from the environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from attio_ctl.config.load import Loaded
from attio_ctl.config.nodes import scalars
from attio_ctl.delivery.dead_letters import DeadLetter

TELLING: Final = 4
"""Characters from which on a value is hidden within texts too; shorter ones stand in texts that are not from them."""


class Mask:
    """Puts `${NAME}` in the place of values; in any case, since mappings lower and trim what they are given."""

    def __init__(self, values: Mapping[str, str]) -> None:
        """
        Args:
            values: Of variables, by name.
        """
        self._names = {value.strip().lower(): f"${{{name}}}" for name, value in values.items() if value.strip()}
        told = {form for value in self._names for form in (value, _quoted(value)) if len(value) >= TELLING}
        self._within = re.compile("|".join(map(re.escape, sorted(told, key=len, reverse=True))), re.IGNORECASE)
        self._quoted = {_quoted(value): name for value, name in self._names.items()}

    def text(self, text: str) -> str:
        """A text without the values, be they in it as they are or as JSON writes them."""
        if whole := self._names.get(text.strip().lower()):
            return whole
        return self._within.sub(self._name, text) if self._within.pattern else text

    def json(self, value: Any) -> Any:
        """Plain data, or JSON that is encoded already (`msgspec.Raw`), without the values at any depth."""
        if not self._names:
            return value
        match value:
            case msgspec.Raw():
                return self.json(msgspec.json.decode(value))
            case str():
                return self.text(value)
            case int() | float() if not isinstance(value, bool):
                return self._names.get(str(int(value) if float(value).is_integer() else value), value)
            case Mapping():
                return {key: self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
        return value

    def letter(self, letter: DeadLetter) -> DeadLetter:
        """A dead letter without the values, but for those in the bytes of its event."""
        return replace(
            letter,
            reason=self.text(letter.reason),
            request=self.json(letter.request),
            answer=self.json(letter.answer),
        )

    def _name(self, found: re.Match[str]) -> str:
        text = found[0].lower()
        return self._names.get(text) or self._quoted[text]


def mask_of(loaded: Loaded) -> Mask:
    """Of the variables that the mappings of a workspace name."""
    written = [node.written or "" for node in scalars(loaded.places.node_at(("mappings",)))]
    return Mask(
        {name: value for name, value in loaded.substituted.items() if any(f"${{{name}" in text for text in written)}
    )


def _quoted(value: str) -> str:
    return json.dumps(value)[1:-1]
