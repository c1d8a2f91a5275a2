"""Fenced blocks of the pages."""

from __future__ import annotations

import re

FENCE = re.compile(
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
"""Language, title and body of one; a block that looks otherwise is found by `test_blocks.py` and refused."""
