"""
FQL, Segment's filter language, as its documentation has it.

    or     = and {"or" and}
    and    = not {"and" not}
    not    = ("!" | "not") not | test
    test   = value [("=" | "!=" | "<" | "<=" | ">" | ">=" | "in") value]
    value  = text | number | "true" | "false" | "null" | list | function "(" or {"," or} ")" | field | "(" or ")"
    list   = "[" [value {"," value}] "]"
    field  = name {"." name | "[" index-or-text "]"}

Source: twilio.com/docs/segment/api/public-api/fql (2026-08).
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Final, cast

from attio_ctl.mapping.fql.lexer import FqlError, Token, tokens
from attio_ctl.mapping.fql.tree import And, Call, Compare, Comparison, Constant, Field, In, Many, Node, Not, Or

FUNCTIONS: Final = {"contains": 2, "length": 1, "lowercase": 1, "match": 2, "typeof": 1}
"""The functions, with the number of values that each takes."""

DEEPEST: Final = 100
"""How deep parentheses, lists and negations may nest."""

_COMPARISONS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_INDEX = re.compile(r"\d+", re.ASCII)


def parse(source: str) -> Node:
    """
    The tree of a statement.

    Raises:
        FqlError: it is no FQL; the message says what was expected, with the column.
    """
    parser = _Parser(tokens(source))
    if not source.strip():
        raise FqlError("an empty statement takes no event; leave `when` out to take every one", 1)
    tree = parser.either()
    if parser.position < len(parser.tokens) - 1:
        raise FqlError(
            f"expected `and`, `or` or the end, found {_named(parser.at)}{_case_hint(parser.at)}", parser.at.column
        )
    return tree


@dataclass(slots=True)
class _Parser:
    tokens: tuple[Token, ...]
    position: int = 0
    depth: int = 0

    @property
    def at(self) -> Token:
        return self.tokens[self.position]

    def take(self) -> Token:
        token = self.at
        self.position += 1
        return token

    def sees(self, *signs: str) -> bool:
        return self.at.kind == "operator" and self.at.text in signs

    def sees_word(self, word: str) -> bool:
        return self.at.kind == "name" and self.at.source == word

    def expect(self, sign: str, where: str) -> None:
        if not self.sees(sign):
            raise FqlError(f"expected `{sign}` {where}, found {_named(self.at)}", self.at.column)
        self.take()

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            raise FqlError(f"nested deeper than {DEEPEST}", self.at.column)

    def either(self) -> Node:
        parts = [self.both()]
        while self.sees_word("or"):
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Node:
        parts = [self.negation()]
        while self.sees_word("and"):
            self.take()
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def negation(self) -> Node:
        if self.sees("!") or self.sees_word("not"):
            self.take()
            self.deeper()
            inside = self.negation()
            self.depth -= 1
            return Not(inside)
        return self.test()

    def test(self) -> Node:
        left = self.value()
        if self.sees(*_COMPARISONS):
            operator = cast("Comparison", self.take().text)
            return Compare(operator, left, self.value())
        if self.sees_word("in"):
            self.take()
            return In(left, self.value())
        return left

    def value(self) -> Node:
        token = self.take()
        if token.kind == "text":
            return Constant(token.text)
        if token.kind == "number":
            return Constant(_number(token))
        if token.kind == "name":
            return self.named(token)
        if token.kind == "operator" and token.text in ("(", "["):
            self.deeper()
            inside = self.group() if token.text == "(" else self.many()
            self.depth -= 1
            return inside
        raise FqlError(f"expected a field, a text, a number or `(`, found {_named(token)}", token.column)

    def group(self) -> Node:
        inside = self.either()
        self.expect(")", "to close the group")
        return inside

    def many(self) -> Node:
        items: list[Node] = []
        while not self.sees("]"):
            if items:
                self.expect(",", "or `]` in the list")
            items.append(self.value())
        self.take()
        return Many(tuple(items))

    def named(self, token: Token) -> Node:
        if self.sees("("):
            return self.call(token)
        if token.source in ("true", "false", "null"):
            return Constant({"true": True, "false": False, "null": None}[token.source])
        if token.source in ("and", "or", "not", "in"):
            raise FqlError(f"expected a field or a value, found `{token.source}`", token.column)
        return self.field(token)

    def call(self, token: Token) -> Node:
        wanted = FUNCTIONS.get(token.source)
        if wanted is None:
            close = difflib.get_close_matches(token.text, FUNCTIONS, 1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(sorted(FUNCTIONS))}"
            raise FqlError(f"`{token.text}` is no function{hint}", token.column)
        self.take()
        self.deeper()
        arguments = [] if self.sees(")") else [self.either()]
        while self.sees(","):
            self.take()
            arguments.append(self.either())
        self.expect(")", f"to close `{token.text}(`")
        self.depth -= 1
        if len(arguments) != wanted:
            raise FqlError(
                f"`{token.text}` takes {wanted} value{'s' if wanted > 1 else ''}, not {len(arguments)}", token.column
            )
        return Call(token.text, tuple(arguments))

    def field(self, token: Token) -> Node:
        path = [token.text]
        while self.sees(".", "["):
            if self.take().text == ".":
                step = self.take()
                if step.kind != "name":
                    raise FqlError(f"expected a name after `.`, found {_named(step)}", step.column)
                path.append(step.text)
            else:
                step = self.take()
                if step.kind != "text" and not (step.kind == "number" and _INDEX.fullmatch(step.text)):
                    raise FqlError(f"expected an index or a text in `[ ]`, found {_named(step)}", step.column)
                path.append(step.text)
                self.expect("]", "after the index")
        return Field(tuple(path))


def _number(token: Token) -> int | float:
    return int(token.text) if re.fullmatch(r"[-+]?\d{1,4000}", token.text) else float(token.text)


def _named(token: Token) -> str:
    return "the end" if token.kind == "end" else f"`{token.source}`"


def _case_hint(token: Token) -> str:
    lower = token.source.lower()
    if lower in ("is", "equals", "eq"):
        return " (FQL compares with `=`)"
    return f" (keywords are lower case: `{lower}`)" if lower != token.source and lower in ("and", "or", "in") else ""
