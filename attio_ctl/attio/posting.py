"""
One POST of JSON to an address that is not Attio's, such as a chat's incoming webhook.

The address may be a secret by itself: no message holds more of it than its host, and the token is not sent along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from attio_ctl import __version__
from attio_ctl.attio.http import httpx, is_loopback

TIMEOUT: Final = 10.0
"""Seconds for each step of it."""


async def post_json(url: str, document: Mapping[str, Any]) -> str | None:
    """What went wrong, None when it was taken. Sent once; redirects are not followed."""
    try:
        address = httpx.URL(url)
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=not is_loopback(address.host)) as client:
            answer = await client.post(
                address,
                content=json.dumps(document),
                headers={"content-type": "application/json", "user-agent": f"attio-ctl/{__version__}"},
            )
    except (httpx.InvalidURL, UnicodeError):
        return "the address of the webhook is no URL"
    except httpx.HTTPError as error:  # its text may hold the address
        return f"`{address.host}` did not answer ({type(error).__name__})"
    return None if answer.is_success else f"`{address.host}` answered {answer.status_code}"
