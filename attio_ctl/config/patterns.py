"""What a workspace file says of slugs and servers, apart from the models, which take a while to be made."""

from __future__ import annotations

from typing import Final

# Attio asks for snake case and refuses little; what breaks a path or an address is refused here, the rest is linted.
SLUG_PATTERN: Final = r"^[A-Za-z][A-Za-z0-9_-]{0,63}$"
BASE_URL_PATTERN: Final = r"^https?://\S+[^/]$"
BASE_URL: Final = "https://api.attio.com"
