"""E-mail addresses and domains."""

from __future__ import annotations

import functools
import re
from typing import Any, Final

import idna
from email_validator import EmailNotValidError, validate_email

from attio_ctl.mapping.values.faults import shown
from attio_ctl.mapping.values.numbers import clean
from attio_ctl.mapping.writes import Reject

# Seen refused by Attio: `.test`; the others are reserved in the same way. Source: RFC 6761 and RFC 7686.
RESERVED_TLDS: Final = frozenset({"test", "invalid", "localhost", "local", "onion", "arpa"})

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}", re.ASCII)
# What needs no second look, in a form that a pattern can follow without going back; the rest is judged more slowly.
_DOTTED = r"(?:[a-z0-9]++(?:-++[a-z0-9]++)*+\.)++"
_PLAIN_DOMAIN = re.compile(rf"{_DOTTED}[a-z]{{2,}}")
_ADDRESS = (
    rf"[a-z0-9_+'-]++(?:\.[a-z0-9_+'-]++)*+@{_DOTTED}"
    rf"(?!(?:{'|'.join(sorted(RESERVED_TLDS))})(?:\n|\Z))[a-z]{{2,}}+"
)
_PLAIN_ADDRESS = re.compile(_ADDRESS)
_PLAIN_ADDRESSES = re.compile(rf"(?:{_ADDRESS}\n)++")
_LONGEST_LABEL: Final = 63
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)


def is_plain_email(address: str) -> bool:
    """Whether a text is an e-mail address that Attio takes, just as it stores it."""
    return len(address) <= _LONGEST_LABEL and _PLAIN_ADDRESS.fullmatch(address) is not None


def are_plain_emails(lines: str, longest: int) -> bool:
    """The same for lines of texts, of which there is one at least, the longest of so many characters."""
    return longest <= _LONGEST_LABEL and _PLAIN_ADDRESSES.fullmatch(lines) is not None


def coerce_email(value: Any) -> str:
    """
    An e-mail address, trimmed and in lower case, as Attio stores it.

    Source: docs.attio.com/docs/attribute-types/attribute-types-email-address; addresses under reserved top-level
    domains were seen refused, `example.com` was not.
    """
    if not isinstance(value, str):
        raise Reject("wrong_type", f"an e-mail address was expected, not {shown(value)}")
    address = value.strip().lower()
    return address if is_plain_email(address) else _judged(clean(address))


@functools.lru_cache(maxsize=65536)
def _judged(address: str) -> str:
    if len(address) > 1000:
        raise Reject("invalid_email", f"{shown(address)} is no e-mail address: it is too long")
    try:
        return validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        why = str(error).rstrip(".").replace("\n", " ")
        raise Reject("invalid_email", f"{shown(address)} is no e-mail address: {why[:1].lower()}{why[1:]}") from None


def coerce_domain(value: Any) -> str:
    """
    A domain in lower case; scheme, user, port, path and query of an address are cut off, sub-domains stay.

    Source: docs.attio.com/docs/attribute-types/attribute-types-domain.
    """
    if not isinstance(value, str):
        raise Reject("wrong_type", f"a domain was expected, not {shown(value)}")
    host = value.strip().lower()
    if len(host) <= _LONGEST_LABEL and _PLAIN_DOMAIN.fullmatch(host):
        return host
    return _host(host, value)


def _host(text: str, value: str) -> str:
    scheme = _SCHEME.match(text)
    rest = text[scheme.end() :] if scheme else text.removeprefix("//")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    host = re.sub(r":\d*$", "", host.rpartition("@")[2] if scheme else host).rstrip(".")
    try:
        plain = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        plain = ""
    if len(plain) > 253 or not _DOMAIN.fullmatch(plain):
        raise Reject("invalid_domain", f"{shown(value)} is no domain such as `app.attio.com`")
    return host
