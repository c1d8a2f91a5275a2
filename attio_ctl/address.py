"""
Addresses name everything: in files, plans, flags and messages.

    object.users
    object.users.attribute.plan
    object.users.attribute.plan.option["Pro"]
    list.renewals.attribute.stage.status["Won"]
    webhook.billing
    mapping.identify

Slugs and names stand bare behind a dot; titles, which may hold anything, stand as a JSON string in brackets.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

TITLED: Final = frozenset({"option", "status"})
CHILDREN: Final[dict[str, frozenset[str]]] = {
    "": frozenset({"object", "list", "webhook", "mapping"}),
    "object": frozenset({"attribute"}),
    "list": frozenset({"attribute"}),
    "attribute": TITLED,
}
_BARE = re.compile(r"[^.\[\]\"\s]+")


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """A path of (kind, name) steps from the workspace down to one resource."""

    steps: tuple[tuple[str, str], ...]

    @classmethod
    def root(cls, kind: str, name: str) -> Address:
        """The address of an object, list, webhook or mapping."""
        return cls(((kind, name),))

    @classmethod
    def parse(cls, text: str) -> Address:
        """
        Read an address as a person types it.

        Raises:
            ValueError: the text is no address; the message says what was expected and where.
        """
        steps: list[tuple[str, str]] = []
        rest, parent = text, ""
        while rest:
            match = re.match(r"([a-z]+)(?=[.\[])", rest)
            if match is None or match[1] not in CHILDREN.get(parent, frozenset()):
                expected = ", ".join(f"`{kind}`" for kind in sorted(CHILDREN.get(parent, frozenset()))) or "the end"
                raise ValueError(f"`{text}` is no address: expected {expected} at column {len(text) - len(rest) + 1}")
            kind, rest = match[1], rest[match.end() :]
            name, rest = _read_title(text, rest) if kind in TITLED else _read_bare(text, rest)
            steps.append((kind, name))
            parent = kind
            if rest.startswith(".") and len(rest) > 1:
                rest = rest[1:]
            elif rest:
                raise ValueError(f"`{text}` is no address: `{rest}` cannot follow `{name}`")
        if not steps:
            raise ValueError("an address cannot be empty")
        return cls(tuple(steps))

    @property
    def kind(self) -> str:
        """`object`, `list`, `attribute`, `option`, `status`, `webhook` or `mapping`."""
        return self.steps[-1][0]

    @property
    def name(self) -> str:
        """The slug, title or name of the resource itself."""
        return self.steps[-1][1]

    @property
    def parent(self) -> Address | None:
        """The resource that this one is part of, None for one of the workspace itself."""
        return Address(self.steps[:-1]) if len(self.steps) > 1 else None

    @property
    def top(self) -> Address:
        """The object, list, webhook or mapping at the head of the path."""
        return Address(self.steps[:1])

    def child(self, kind: str, name: str) -> Address:
        """The address of a part of this resource."""
        assert kind in CHILDREN.get(self.kind, frozenset()), f"{self} has no {kind}"
        return Address((*self.steps, (kind, name)))

    def renamed(self, name: str) -> Address:
        """The address of a sibling: same kind, same parent, other name."""
        return Address((*self.steps[:-1], (self.kind, name)))

    def is_within(self, other: Address) -> bool:
        """Whether this is `other` or a part of it."""
        return self.steps[: len(other.steps)] == other.steps

    def __str__(self) -> str:
        parts = (
            f"{kind}[{json.dumps(name, ensure_ascii=False)}]" if kind in TITLED else f"{kind}.{name}"
            for kind, name in self.steps
        )
        return ".".join(parts)


def _read_bare(text: str, rest: str) -> tuple[str, str]:
    match = _BARE.match(rest, 1) if rest.startswith(".") else None
    if match is None:
        raise ValueError(f"`{text}` is no address: expected `.` and a slug at column {len(text) - len(rest) + 1}")
    return match[0], rest[match.end() :]


def _read_title(text: str, rest: str) -> tuple[str, str]:
    try:
        title, end = json.JSONDecoder().raw_decode(rest, 1) if rest.startswith("[") else (None, 0)
    except json.JSONDecodeError:
        title, end = None, 0
    if not isinstance(title, str) or rest[end : end + 1] != "]":
        raise ValueError(f'`{text}` is no address: expected ["title"] at column {len(text) - len(rest) + 1}')
    return title, rest[end + 1 :]
