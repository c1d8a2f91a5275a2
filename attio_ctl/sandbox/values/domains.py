"""Domains and e-mail addresses, split at the registrable domain by the suffix list that comes with tldextract."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from email_validator import EmailNotValidError, validate_email
from tldextract import TLDExtract

from attio_ctl.sandbox.model import Attribute, Json, Payload, Schema
from attio_ctl.sandbox.values.codec import Codec, Finder, InvalidValueError, bad, text_of, unwrap

_EXTRACT: Final = TLDExtract(suffix_list_urls=(), cache_dir=None)
_LABEL: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_PLAIN_LOCAL: Final = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*", re.IGNORECASE)

# RFC 2606; `example.com` and its like are taken. Source: addresses measured against the live API, 2026-09.
RESERVED: Final = frozenset({"test", "example", "invalid", "localhost"})


@lru_cache(maxsize=65536)
def root_domain(domain: str) -> str:
    """The registrable domain (`co.uk` knows its place); the domain itself where no suffix is known."""
    found = _EXTRACT(domain)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else domain


@lru_cache(maxsize=65536)
def clean_domain(text: str) -> str | None:
    """A host name out of a domain or URL, in lower case and ASCII; None when there is none."""
    host = text.strip().lower()
    host = host.split("://", 1)[-1].split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    host = host.rsplit("@", 1)[-1].split(":", 1)[0].rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return None if labels[-1].isdigit() else host


def parse_domain(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    `[domain, root domain]`; protocol, path and query are cut off, a sub-domain is kept.

    Source: docs.attio.com/docs/attribute-types/attribute-types-domain.
    """
    path: list[str | int] = ["domain"] if isinstance(raw, dict) else []
    domain = clean_domain(text_of(unwrap(raw, "domain", "string", closed=False), path))
    if domain is None:
        raise bad("Invalid domain", path)
    return [domain, root_domain(domain)]


def _read_domain(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    return {"domain": payload[0], "root_domain": payload[1]}


@lru_cache(maxsize=65536)
def _usable_domain(domain: str) -> bool:
    if domain.rsplit(".", 1)[-1] in RESERVED:
        return False
    try:
        validate_email(f"a@{domain}", check_deliverability=False)
    except EmailNotValidError:
        return False
    return True


def clean_email(text: str) -> str | None:
    """An e-mail address in lower case, None when Attio would not take it."""
    address = text.strip().lower()
    local, at, domain = address.rpartition("@")
    if not at or not local:
        return None
    if domain.isascii() and len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local):
        return address if _usable_domain(domain) else None
    try:
        found = validate_email(address, check_deliverability=False)
    except EmailNotValidError:
        return None
    return (
        None
        if found.ascii_domain.rsplit(".", 1)[-1] in RESERVED
        else f"{found.local_part}@{found.ascii_domain}".lower()
    )


def parse_email(raw: Json, _attribute: Attribute, _finder: Finder) -> Payload:
    """
    `[original, normalised]`; the parts follow from the second.

    Source: docs.attio.com/docs/attribute-types/attribute-types-email-address; reserved top-level domains were measured.
    """
    if isinstance(raw, dict):
        extra = raw.keys() - {"email_address", "original_email_address"}
        name = (
            "email_address"
            if "email_address" in raw or "original_email_address" not in raw
            else "original_email_address"
        )
        original = text_of(
            unwrap({key: raw[key] for key in raw if key not in extra}, name, "string", closed=False), [name]
        )
        path: list[str | int] = [name]
    else:
        original, path = text_of(raw), []
    address = clean_email(original)
    if address is None:
        raise InvalidValueError([{"code": "invalid_string", "path": path, "message": "Invalid email"}])
    return [original, address]


def _read_email(payload: Payload, _attribute: Attribute, _schema: Schema) -> dict[str, Json]:
    original, address = payload
    local, _, domain = address.rpartition("@")
    return {
        "original_email_address": original,
        "email_address": address,
        "email_domain": domain,
        "email_root_domain": root_domain(domain),
        "email_local_specifier": local,
    }


def _domain_key(payload: Payload) -> str:
    return str(payload[0])


def _email_key(payload: Payload) -> str:
    return str(payload[1])


DOMAIN: Final = Codec(parse_domain, _read_domain, _domain_key)
EMAIL: Final = Codec(parse_email, _read_email, _email_key)
