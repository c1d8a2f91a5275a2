"""Answers that the schema alone decides, kept as bytes until it changes."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.call import Answer
from attio_ctl.sandbox.model import Schema

KEPT: Final = 1024

Asked = tuple[str, bytes]
"""Path and query string of a request, as it wrote them."""


class SchemaAnswers:
    """The last 1,024 or fewer answers about one snapshot of the schema; another snapshot drops them."""

    def __init__(self) -> None:
        self._about: Schema | None = None
        self._answers: dict[Asked, Answer] = {}

    def find(self, schema: Schema, asked: Asked) -> Answer | None:
        """The answer that was kept for this request."""
        return self._answers.get(asked) if schema is self._about else None

    def keep(self, schema: Schema, asked: Asked, answer: Answer) -> None:
        """Remember an answer."""
        if schema is not self._about or len(self._answers) >= KEPT:
            self._about = schema
            self._answers.clear()
        self._answers[asked] = answer
