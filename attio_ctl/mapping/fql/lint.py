"""
Where Segment's own evaluator of subscriptions reads a statement otherwise than it looks.

Segment documents FQL for destination filters and evaluates the subscriptions of actions with another, smaller reader.
We follow the documentation; whoever brings a statement from Segment is told where the two part.

Source: the behaviour of `@segment/destination-subscriptions`, as seen to run on several thousand statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from attio_ctl.mapping.fql.lexer import Token, tokens
from attio_ctl.mapping.fql.parser import FUNCTIONS, parse
from attio_ctl.mapping.fql.tree import And, Call, Compare, Constant, Field, In, Node, Not, Or

KNOWN_ROOTS: Final = frozenset({"type", "event", "name", "userId", "properties", "traits", "context"})
_TOP: Final = frozenset({"type", "event", "name", "userId"})
_KNOWN_FUNCTIONS: Final = frozenset({"contains", "match"})
_PREFIX_PATTERN = re.compile(r"[^*?\[\]\\]*\*", re.DOTALL)
_PLAIN_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One place with two readings; `column` counts from 1, 0 is the statement as a whole."""

    column: int
    here: str
    segment: str

    def __str__(self) -> str:
        return f"here, {self.here}; Segment's own evaluator {self.segment}"


def readings(statement: str) -> tuple[Reading, ...]:
    """
    All places where Segment reads otherwise, in the order of the statement, each kind once per place.

    Raises:
        FqlError: the statement cannot be read at all.
    """
    tree = parse(statement)
    return tuple(sorted({*_of_tokens(tokens(statement)), *_of_tree(tree)}))


# --- what shows in the tokens -----------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """An open parenthesis: its column, whether it is a function's, and the words that join its parts so far."""

    column: int
    function: bool
    joined: list[str] = field(default_factory=list)


def _of_tokens(found: tuple[Token, ...]) -> Iterator[Reading]:
    groups = [_Group(1, function=False)]
    for before, token, after in zip((None, *found), found, (*found[1:], None), strict=False):
        yield from _of_token(before, token, after)
        if token.kind == "operator" and token.text == "(":
            function = before is not None and before.kind == "name" and before.source in FUNCTIONS
            if not function and any(not group.function for group in groups[1:]):
                yield Reading(token.column, "groups nest", "cannot read a group in a group, so it takes no event")
            groups.append(_Group(token.column, function))
        elif token.kind == "operator" and token.text == ")" and len(groups) > 1:
            closed = groups.pop()
            yield from _mixed(closed)
            in_group = closed.function and any(not group.function for group in groups[1:])
            if in_group and after is not None and after.source in ("and", "or"):
                here = "the group goes on behind the function"
                yield Reading(closed.column, here, "ends the group at the function's `)` and flattens the rest")
        elif token.kind == "name" and token.source in ("and", "or") and not _after_dot(before):
            groups[-1].joined.append(token.source)
    yield from _mixed(groups[0])


def _mixed(group: _Group) -> Iterator[Reading]:
    if len(set(group.joined)) > 1:
        last = group.joined[-1]
        here = "`and` binds before `or`"
        yield Reading(group.column, here, f"lets the last word rule the whole group, so all is joined by `{last}`")


def _after_dot(token: Token | None) -> bool:
    return token is not None and token.kind == "operator" and token.text == "."


def _of_token(before: Token | None, token: Token, after: Token | None) -> Iterator[Reading]:
    if token.kind == "text":
        if token.source.startswith("'"):
            yield Reading(token.column, "both quotes are alike", 'keeps single quotes as part of the text; write `"…"`')
        if "\\" in token.source:
            yield Reading(token.column, "a backslash escapes quotes and itself", "knows no escapes in a text")
    elif token.kind == "number" and not _PLAIN_NUMBER.fullmatch(token.source):
        yield Reading(token.column, f"`{token.source}` is one number", "reads only digits and one point")
    elif token.kind == "name" and _after_dot(before) and token.source in ("and", "or", "null"):
        yield Reading(
            token.column, f"`{token.source}` behind a point is a name", f"takes `{token.source}` for a keyword"
        )
    elif token.kind == "name" and "\\." in token.source:
        yield Reading(token.column, "`\\.` is a point in a name", "still takes an escaped point for a step")
    elif token.kind == "name" and not token.source.replace("\\", "").isascii() and "\\" not in token.source:
        yield Reading(
            token.column, "a name may have any letter", "cannot read letters beyond ASCII without a backslash"
        )
    elif token.kind == "operator" and token.text in ("<", "<=", ">", ">=") and before is not None:
        if before.kind == "name" and before.column + len(before.source) == token.column:
            yield Reading(token.column, "no blank is needed", f"needs a blank between a name and `{token.text}`")
    elif token.kind == "operator" and token.text == "!" and after is not None and after.text in ("(", "!"):
        yield Reading(token.column, "`!` turns the group round", "ignores a `!` before `(`")
    elif token.kind == "name" and token.source == "not" and not _after_dot(before):
        yield Reading(token.column, "`not` is `!`", "does not know `not`")
    elif token.kind == "name" and token.source in ("AND", "OR", "NOT") and not _after_dot(before):
        yield Reading(token.column, f"`{token.source}` is a field", "skips the word")


# --- what shows in the tree -------------------------------------------------------------------------------------------


def _of_tree(node: Node) -> Iterator[Reading]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _of_tree(part)
        case Not(Call(name) as call) if name in _KNOWN_FUNCTIONS:
            yield from _of_tree(call)
            here = f"`!{name}(…)` is true where the field is missing"
            yield Reading(0, here, "takes only texts, and gives false for anything else")
        case Not(inside):
            yield from _of_tree(inside)
        case Compare():
            yield from _of_comparison(node)
        case Call():
            yield from _of_call(node)
        case In():
            yield Reading(0, "`in` looks into a list", "does not know `in`")
        case Field():
            yield from _of_field(node)
            yield Reading(0, f"`{node}` alone asks whether it is true", "needs a comparison")
        case _:
            yield Reading(0, f"`{node}` is a condition", "needs a field and a comparison")


def _of_field(node: Field) -> Iterator[Reading]:
    root = node.path[0]
    if root not in KNOWN_ROOTS:
        skips = "skips a condition on it: the others decide, and alone it takes no event"
        yield Reading(0, f"`{node}` is a field like any other", skips)
    if any(step.isdecimal() for step in node.path[1:]):
        yield Reading(0, f"`{node}` reaches into a list", "never finds anything behind an index")


def _of_comparison(node: Compare) -> Iterator[Reading]:
    if not isinstance(node.left, Field):
        yield Reading(0, f"`{node}` compares any two values", "needs a field on the left")
        return
    yield from _of_field(node.left)
    top = node.left.path[0] in _TOP and len(node.left.path) == 1
    match node.operator, node.right:
        case _, Field() as right:
            yield Reading(0, f"`{right}` is a field of the event", f"compares with the text `{right}`")
        case "=" | "!=", Constant(None) if top and node.left.path[0] in ("event", "type"):
            yield Reading(0, f"`{node}` asks for a missing value", "compares with the text `null`")
        case "=" | "!=", Constant(bool()) if top and node.left.path[0] != "userId":
            yield Reading(0, f"`{node}` compares with a boolean", "compares with its text")
        case "!=", Constant(bool()):
            yield Reading(0, f"`{node}` is false for that boolean", "is false only for its text, not for the boolean")
        case "=" | "!=", Constant(int() | float()) if top:
            yield Reading(0, f"`{node}` compares with a number", "compares with its text")
        case "!=", Constant(int() | float()):
            yield Reading(0, f"`{node}` is true for a missing value or a text", "is true only for other numbers")
        case "<" | "<=" | ">" | ">=", Constant(str() | bool() | None as right):
            kind = "a text" if isinstance(right, str) else "what is no number"
            yield Reading(0, f"{kind} is never ordered", "reads a number from what is on the right")


def _of_call(node: Call) -> Iterator[Reading]:
    if node.name not in _KNOWN_FUNCTIONS:
        yield Reading(0, f"`{node.name}` is a function", f"does not know `{node.name}`")
        return
    first, second = node.arguments
    if isinstance(first, Field):
        yield from _of_field(first)
        if first.path == ("type",):
            yield Reading(0, f"`{node.name}` takes `type`, too", "skips a function of `type`")
    else:
        yield Reading(0, f"`{node.name}` takes any value", "needs a field first")
    if not isinstance(second, Constant) or not isinstance(second.value, str):
        yield Reading(0, f"`{node.name}` takes any text second", "needs a written text second")
    elif node.name == "match" and not _PREFIX_PATTERN.fullmatch(second.value):
        here = f"the pattern {second} has to fit the whole text"
        yield Reading(
            0, here, "knows only `prefix*`; of others it drops the first character and asks what the text ends with"
        )
