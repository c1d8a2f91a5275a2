"""
The fault suite, and its report: what was done to deliveries, and what became of their events.

| what goes wrong                          | shown by                                                                |
|------------------------------------------|-------------------------------------------------------------------------|
| kill at any moment                       | `test_kills`                                                            |
| some of a batch are bad                  | `test_bad_events`: of a batch of a thousand                             |
| poison of twelve kinds, a third poison   | `test_bad_events`: each of twelve poisons, a third of poison            |
| the same events again                    | `test_bad_events`: three times over                                     |
| an event matches two records             | `test_bad_events`: matches two records                                  |
| any order, over a bad network            | `test_failing_attio`: any order; `../test_engine`, `../test_any_way`    |
| an option or attribute goes away         | `test_failing_attio`: goes away; `../test_drift`, `../test_lost_parts`   |
| five minutes without Attio               | `test_failing_attio`: five minutes; `tests/attio/test_breaker`          |
| a token is revoked                       | `test_failing_attio`: revoked; `../test_failures`                       |
| clocks ten minutes apart                 | `test_failing_attio`: a clock; `tests/attio/test_storm`                 |
| a storm of 429s, two processes           | `tests/attio/test_storm`; `../test_shared_limiter`                      |
| two signals                              | `test_interrupts`                                                       |
| ten million events                       | `test_memory`, with `make memory`                                       |
| a full disk, a file that changed or grew | `tests/cli/test_deliver_ending`                                         |
| dead letters cut off anywhere            | `../test_dead_letters`                                                  |
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A table of the kills by way and phase; only where this folder is named on the command line."""
    kills: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    totals: list[str] = []
    for report in [*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])]:
        if not isinstance(report, pytest.TestReport) or report.when != "call":
            continue
        lost = "0 lost" if report.passed else "some lost, see above"
        for name, value in report.user_properties:
            if name == "kills":
                for way, phase, again, noted in value:
                    kills[way, phase].append((again, noted))
            elif name == "events":
                way, events, starting, reading = value
                took = f"{starting:.1f} s of computing before it reads, {reading:.1f} s of reading"
                totals.append(f"{way}: {events} events, {lost}; {took}")
            elif name == "memory":
                totals += [f"memory: {events} events take {megabytes} MB at most" for events, megabytes in value]
    if kills:
        _show_kills(terminalreporter, kills)
    for line in totals:
        terminalreporter.write_line(line)


def _show_kills(terminalreporter: Any, kills: dict[tuple[str, str], list[tuple[int, int]]]) -> None:
    terminalreporter.section("deliveries killed")
    terminalreporter.write_line(f"{'way':12} {'phase':10} {'kills':>5} {'noted':>7} {'sent again':>10} {'at most':>8}")
    for (way, phase), found in sorted(kills.items()):
        again, noted = (sum(each) for each in zip(*found, strict=True))
        most = max(each for each, _ in found)
        terminalreporter.write_line(f"{way:12} {phase:10} {len(found):>5} {noted:>7} {again:>10} {most:>8}")
    terminalreporter.write_line(f"{sum(map(len, kills.values()))} kills")
