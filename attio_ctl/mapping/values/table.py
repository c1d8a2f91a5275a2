"""
The table of values by attribute type: what is taken, what is sent, what is refused.

`python -m attio_ctl.mapping.values.table` prints it for `docs/reference/values.md`; the tests run its examples.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Final

from attio_ctl.state.resource import Json


@dataclass(frozen=True, slots=True)
class Row:
    """One attribute type; `takes` and `refuses` are examples, `rule` is what holds for all values."""

    type: str
    rule: str
    sends: str
    takes: tuple[Json, ...]
    refuses: tuple[Json, ...]


ROWS: Final = (
    Row(
        "text",
        "text up to 10 MB; numbers and booleans as JavaScript prints them",
        "text",
        ("Pro", 42, True),
        ({"a": 1}, ["a", "b"]),
    ),
    Row(
        "number",
        "a number, or a text that is one; stored as a 64-bit float, which has to hold all its digits",
        "number",
        (42.192, "42", "1e3"),
        ("12 apples", True, 9007199254740993),
    ),
    Row("checkbox", "a boolean, or `true` and `false` as text", "boolean", (True, "false"), (1, "yes")),
    Row(
        "currency",
        "an amount with up to 4 decimals, in the attribute's own currency; kept as a 64-bit float too",
        "number",
        (99, "29.9999"),
        (1.23456, "$5"),
    ),
    Row(
        "date",
        "ISO 8601; an offset is turned into UTC, then the time is cut off",
        "`YYYY-MM-DD`",
        ("2023-09-28", "2023", "2023-01-02T23:00:00-10:00"),
        ("11/20/2026", "2023-02-30", 1700000000),
    ),
    Row(
        "timestamp",
        "ISO 8601, without an offset UTC, up to nine digits of a second",
        "`YYYY-MM-DDTHH:MM:SS.fZ`",
        ("2023-09-28 04:39:17.000", "2023-09-28T04:39:17+02:00"),
        ("yesterday", 1700000000),
    ),
    Row("rating", "a whole number from 0 to 5", "number", (0, "4", 5.0), (6, 2.5)),
    Row("status", "the exact title of an active status, or its UUID", "title or UUID", ("open",), ("Open",)),
    Row("select", "the exact title of an active option, or its UUID", "title or UUID", ("open",), ("Open", True)),
    Row(
        "record-reference",
        "the key of the one allowed object (e-mail address, domain, own id, unique attribute), or Attio's id",
        "key or id",
        ("ada@example.com", {"target_object": "people", "email_addresses": "ada@example.com"}),
        ("ada", 5),
    ),
    Row(
        "actor-reference",
        "a member's e-mail address or id",
        "e-mail address or id",
        ("alice@attio.com",),
        ("bob@attio.com", 5),
    ),
    Row(
        "location",
        "an address in one line, or any of the ten parts",
        "text, or all ten parts",
        ("1 Infinite Loop, Cupertino, CA, US", {"locality": "Cupertino", "country_code": "US"}),
        (" ", {"street": "x"}, {"country_code": "usa"}),
    ),
    Row(
        "domain",
        "a domain; scheme, user, port, path and query are cut off",
        "domain in lower case",
        ("app.attio.com", "https://www.Example.com/x"),
        ("localhost", "127.0.0.1", 42),
    ),
    Row(
        "email-address",
        "an e-mail address that can exist; not under a reserved top-level domain",
        "address in lower case",
        ("person@example.com", " Ada@Example.com "),
        ("a@localhost", "a@example.test", 5),
    ),
    Row(
        "phone-number",
        "a number that is possible in its country; national ones with `default_region`",
        "E.164",
        ("+15558675309", "+1 (415) 555-2671"),
        ("(415) 555-2671", 14155552671),
    ),
    Row(
        "personal-name",
        "`Last, First`, a first name alone, or any of the three parts; a text with no name in it is left out",
        "all three parts",
        ("Bloggs, Joe", {"full_name": "Joe Bloggs"}),
        ({"first": "Joe"}, 5),
    ),
)
"""All types that can be written, in the order of `attribute_types`. Null unsets any of them."""


def as_markdown() -> str:
    """The table as Markdown."""
    lines = ["| type | accepts | sends | for example | refuses |", "| --- | --- | --- | --- | --- |"]
    for row in ROWS:
        takes, refuses = (
            ", ".join(f"`{json.dumps(value)}`" for value in values) for values in (row.takes, row.refuses)
        )
        lines.append(f"| `{row.type}` | {row.rule} | {row.sends} | {takes} | {refuses} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
