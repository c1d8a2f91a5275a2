"""FQL text into tokens with their columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "text", "number", "operator", "end"]


class FqlError(ValueError):
    """A statement that is no FQL; `column` counts from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(f"{message} at column {column}")
        self.message = message
        self.column = column


@dataclass(frozen=True, slots=True)
class Token:
    """One word, text, number or sign. `text` is what it means, `source` how it is written; `column` counts from 1."""

    kind: Kind
    text: str
    source: str
    column: int


_BLANK = re.compile(r"\s+")
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?(?![\w.])", re.ASCII)
# A name has the characters that Segment lists for fields, and any other one after a backslash.
_NAME = re.compile(r"(?:[^\W]|-|\\.)+", re.DOTALL)
_TEXT = re.compile(r"""(["'])((?:\\.|(?!\1)[^\\])*)\1""", re.DOTALL)
_FOREIGN = re.compile(r"!==|===?|<>|&&?|\|\|?")
_OURS = {"!": "!=", "<": "!=", "=": "=", "&": "and", "|": "or"}
_OPERATOR = re.compile(r"!=|<=|>=|[=<>!(),.\[\]]")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED_QUOTE = re.compile(r"\\([\"'\\])")


def tokens(source: str) -> tuple[Token, ...]:
    """
    All tokens of a statement, with an `end` behind the last.

    In a text, a backslash escapes quotes and itself and is kept before anything else, so that `match` sees `\\*`.

    Raises:
        FqlError: a character that starts no token, or a text that does not end.
    """
    found: list[Token] = []
    at = 0
    while at < len(source):
        if blank := _BLANK.match(source, at):
            at = blank.end()
            continue
        token = _token(source, at, after_dot=bool(found) and found[-1].text == "." and found[-1].kind == "operator")
        found.append(token)
        at += len(token.source)
    return (*found, Token("end", "", "", len(source) + 1))


def _token(source: str, at: int, *, after_dot: bool) -> Token:
    if text := _TEXT.match(source, at):
        return Token("text", _ESCAPED_QUOTE.sub(r"\1", text[2]), text[0], at + 1)
    if not after_dot and (number := _NUMBER.match(source, at)):
        return Token("number", number[0], number[0], at + 1)
    if name := _NAME.match(source, at):
        return Token("name", _ESCAPED.sub(r"\1", name[0]), name[0], at + 1)
    if foreign := _FOREIGN.match(source, at):
        raise FqlError(f"`{foreign[0]}` is not FQL (write `{_OURS[foreign[0][0]]}`)", at + 1)
    if operator := _OPERATOR.match(source, at):
        return Token("operator", operator[0], operator[0], at + 1)
    if source[at] in "\"'":
        raise FqlError("a text that does not end", at + 1)
    raise FqlError(f"`{source[at]}` has no meaning here; escape it with a backslash if it is part of a name", at + 1)
