"""Words that several messages of a plan are made of."""

from __future__ import annotations


def with_article(noun: str) -> str:
    """`a list`, `an object`."""
    return f"{'an' if noun[:1] in 'aeio' else 'a'} {noun}"
