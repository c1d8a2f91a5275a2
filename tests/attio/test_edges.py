"""How the package is cut: which module may know what."""

from __future__ import annotations

import re
from pathlib import Path

import attio_ctl

PACKAGE = Path(attio_ctl.__file__).parent


def test_one_module_knows_the_http_library() -> None:
    """Moving to another one, or to a fork, stays a change of one file."""
    sandbox = PACKAGE / "sandbox"
    modules = (path for path in PACKAGE.rglob("*.py") if sandbox not in path.parents)
    knowing = {
        str(p.relative_to(PACKAGE)) for p in modules if re.search(r"^\s*(import|from) httpx\b", p.read_text(), re.M)
    }

    assert knowing == {"attio/http.py"}


def test_the_pure_parts_know_neither_clock_nor_loop() -> None:
    """`retry`, `errors`, `messages`, `paging` and `types` take the time and the bytes that they need."""
    for name in ("retry", "errors", "messages", "paging", "types", "scopes", "decoding"):
        text = (PACKAGE / "attio" / f"{name}.py").read_text()
        assert not re.search(r"^\s*(import|from) (time|asyncio|random|os|socket)\b", text, re.M), name
