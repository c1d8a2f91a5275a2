"""What becomes of dead letters whose events were delivered once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from attio_ctl.delivery.dead_letters import DeadLetter, Settled
from attio_ctl.delivery.reading import Reader, Window
from attio_ctl.delivery.verdicts import DUPLICATE


@dataclass(frozen=True, slots=True)
class Heard:
    """
    What the mappings made of the events of a retry.

    Attributes:
        refused: Ids of the letters that are left, with their new reasons.
        taken: The bytes of an event, and a mapping that made writes of it.
        repeated: The bytes of events that repeat another one of the same retry.
    """

    refused: frozenset[str] = frozenset()
    taken: frozenset[tuple[bytes, str]] = frozenset()
    repeated: frozenset[bytes] = frozenset()

    @classmethod
    def of(cls, window: Window, reader: Reader) -> Heard:
        """
        Read off a window that is sent.

        Raises:
            StorageError: the dead letters of the window cannot be read back.
        """
        lines = [line for _, block in window.source.blocks() for line in block.lines]
        return cls(
            refused=frozenset(letter.id for letter in window.drafts),
            taken=frozenset((line.raw, item.mapping) for line, item in reader.again(window, lambda _: True)),
            repeated=frozenset(line.raw for at, line in enumerate(lines) if window.marks.has(at, DUPLICATE)),
        )

    def settlements(self, letters: Iterable[DeadLetter], mappings: Iterable[str]) -> Mapping[Settled, list[str]]:
        """
        The ids of letters that are open no longer, by how they were settled.

        `filtered` is a letter whose mapping makes nothing of the event any more, so that nothing of it was sent. Where
        that mapping is gone, any other one that takes the event counts.
        """
        known, found = set(mappings), dict[Settled, list[str]]({"delivered": [], "filtered": []})
        whole = {raw for raw, _ in self.taken} | self.repeated
        for letter in letters:
            if letter.id in self.refused:
                continue
            raw, name = letter.line.raw, letter.mapping
            is_taken = (raw, name) in self.taken or raw in self.repeated if name in known else raw in whole
            found["delivered" if is_taken else "filtered"].append(letter.id)
        return found


NOT_HEARD: Final = Heard()
"""Of a delivery that is no retry."""
