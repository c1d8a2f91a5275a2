"""How much of each fault there is: `FAULTS=long`, as `make faults` sets it, or what fits into the ordinary suite."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("FAULTS") == "long"

KILLS = 102 if IS_LONG else 3
"""How often each way is killed while it reads, sends and notes; a tenth as often, and once, while it settles."""

EVENTS = 50_000 if IS_LONG else 2_000
"""Of a run that is killed."""

DRIFT_AT = 1_000 if IS_LONG else 150
"""The write before which somebody archives an option."""

REVOKED_AT = 500 if IS_LONG else 100
"""The write that is answered 401, of four times as many."""

INTERRUPTS = 100 if IS_LONG else 4
"""Runs that are interrupted twice."""

MEMORY_EVENTS = int(os.environ.get("MEMORY_EVENTS", "200000" if IS_LONG else "60000"))
"""Of the larger of two runs whose memory is compared; `make memory` takes ten million."""
