"""Problems for programs: what `validate --format json` prints."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from attio_ctl.errors import Problem

FORMAT_VERSION: Final = "1.0"
"""A minor step adds keys; a major one changes or removes some."""


def render_problems_json(problems: Sequence[Problem]) -> str:
    """One JSON document; `valid` is false when one of the problems is an error."""
    document = {
        "format_version": FORMAT_VERSION,
        "valid": all(problem.severity != "error" for problem in problems),
        "problems": [_problem(problem) for problem in problems],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _problem(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "file": place.file if place else None,
        "line": (place.line or None) if place else None,
        "column": (place.column or None) if place else None,
        "address": problem.address,
        "hint": problem.hint,
    }
