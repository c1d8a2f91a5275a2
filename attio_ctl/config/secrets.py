"""What looks like a secret that stands in a file as it is. Nothing here repeats what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from attio_ctl.config import rules
from attio_ctl.config.nodes import Node, ScalarNode, scalars
from attio_ctl.errors import Problem

# How well-known services begin their tokens. Source: the token formats that GitHub's secret scanning names publicly.
_PREFIXES: Final = r"(?:sk|rk)_(?:live|test)_|gh[pousr]_|github_pat_|xox[abpr]-|whsec_|glpat-|AKIA|SG\.|shpat_"
_PATTERNS: Final = {
    "a bearer token": re.compile(r"\bbearer\s+[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token of a well-known service": re.compile(rf"\b(?:{_PREFIXES})[A-Za-z0-9_.-]{{12,}}"),
    "a password in an address": re.compile(r"://[^/\s:@]+:[^/\s:@$]+@"),
    "a key in an address": re.compile(
        r"[?&](?:[a-z_-]*(?:key|token|secret|signature|password)|sig|auth)=[^&\s$]{8,}", re.IGNORECASE
    ),
    "an address that is itself a secret": re.compile(
        r"//hooks\.slack\.com/services/[^\s$]{12,}|//discord(?:app)?\.com/api/webhooks/\d+/[^\s$]{12,}"
    ),
}
# Attio's tokens and webhook secrets are 64 characters; a title of that length has spaces, a slug no digits in between.
_TOKEN = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?:[0-9a-fA-F]{64,}|[A-Za-z0-9+/_-]{64,}={0,2})")


def describe_secret(text: str) -> str | None:
    """What kind of secret a text looks like, None for any other text."""
    for kind, pattern in _PATTERNS.items():
        if pattern.search(text):
            return kind
    return "a token" if _TOKEN.fullmatch(text.strip()) else None


def find_secrets(document: Node) -> Iterator[Problem]:
    """A problem for every value that looks like a secret; `document` still holds its `${…}`."""
    describe = cache(describe_secret)  # files repeat themselves; what was seen is forgotten with this call
    for scalar in scalars(document):
        match scalar:
            case ScalarNode(value=str() as text) if (kind := describe(text)) is not None:
                message = f"this looks like {kind}, and files are for everybody to read"
                yield rules.LITERAL_SECRET.problem(message, scalar.place, hint=rules.LITERAL_SECRET.remedy)
