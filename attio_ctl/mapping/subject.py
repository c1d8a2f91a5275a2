"""One mapping under check, and how a problem of it is told."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from attio_ctl.address import Address
from attio_ctl.config.models import Mapping
from attio_ctl.config.rules import Rule
from attio_ctl.errors import Place, Problem
from attio_ctl.mapping.actions import Assignment, Outline, RecordOutline, Steps

PlacesOf = Callable[[Steps], Place | None]
"""Where a path of the workspace's files stands, such as `("mappings", "identify", "user", "plan")`."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One mapping under check."""

    name: str
    mapping: Mapping
    outline: Outline
    places_of: PlacesOf

    def problem(self, rule: Rule, message: str, place: Steps = (), hint: str | None = None) -> Problem:
        where = self.places_of(("mappings", self.name, *place))
        return rule.problem(message, where, address=str(Address.root("mapping", self.name)), hint=hint)

    def assignments(self) -> Iterator[tuple[RecordOutline, Assignment]]:
        return ((record, assignment) for record in self.outline.records for assignment in record.assignments)


def did_you_mean(word: str, known: Iterable[Any]) -> str | None:
    """A hint that names the nearest known word, if one is near."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean `{close[0]}`?" if close else None
