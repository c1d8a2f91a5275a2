"""The outcome of the mappings' own tests, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from attio_ctl.errors import Place
from attio_ctl.mapping.trial import Coverage, Difference, Trial, TrialReport
from attio_ctl.render.escaping import shorten, visible
from attio_ctl.render.text import Style
from attio_ctl.state.resource import Json

FORMAT_VERSION: Final = "1.0"
"""A minor step adds keys; a major one changes or removes some."""

PlaceOf = Callable[[str, int], Place]
"""Where a test stands, by its mapping and its index, which counts from 0."""

_VALUE: Final = 300


def render_trials(report: TrialReport, place_of: PlaceOf, style: Style) -> str:
    """Mapping by mapping: what failed, where it stands, and which mapped attributes no test makes it write."""
    lines: list[str] = []
    for coverage in report.coverage:
        trials = [trial for trial in report.trials if trial.mapping == coverage.mapping]
        lines += [_headline(coverage, trials, style)]
        for trial in trials:
            if not trial.passed:
                lines += _failure(trial, place_of(trial.mapping, trial.index), style)
        if trials and coverage.uncovered:
            lines.append(f"  no test writes {', '.join(coverage.uncovered)}")
    return "\n".join([*lines, *([""] if lines else []), _summary(report, style)]) + "\n"


def render_trials_json(report: TrialReport, place_of: PlaceOf) -> str:
    """One JSON document; tests are numbered from 1 within their mapping."""
    document = {
        "format_version": FORMAT_VERSION,
        "passed": report.passed,
        "tests": [_test(trial, place_of(trial.mapping, trial.index)) for trial in report.trials],
        "coverage": [
            {"mapping": one.mapping, "mapped": list(one.mapped), "uncovered": list(one.uncovered)}
            for one in report.coverage
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _test(trial: Trial, place: Place) -> dict[str, Any]:
    return {
        "mapping": trial.mapping,
        "number": trial.index + 1,
        "passed": trial.passed,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "differences": [
            {"path": one.path, "expected": one.expected, "actual": one.actual} for one in trial.differences
        ],
        "rejected_because": trial.reason,
    }


def _headline(coverage: Coverage, trials: list[Trial], style: Style) -> str:
    head = style.paint(f"mapping.{coverage.mapping}", bold=True)
    failed = sum(not trial.passed for trial in trials)
    if not trials:
        return f"{head}  {style.paint('no tests', fg='yellow')}"
    if failed:
        return f"{head}  {style.paint(f'{failed} of {len(trials)} failed', fg='red')}"
    return f"{head}  {style.paint(f'{len(trials)} passed', fg='green')}"


def _failure(trial: Trial, place: Place, style: Style) -> Iterator[str]:
    yield f"  test {trial.index + 1}, {place}"
    for one in trial.differences:
        yield f"    {one.path or 'all records'}"
        yield style.paint(f"      - expected {_expected(one)}", fg="red")
        yield style.paint(f"      + got      {_shown(one.actual)}", fg="green")
    if trial.reason is not None:
        yield f"    rejected: {visible(trial.reason)}"


def _expected(difference: Difference) -> str:
    return "nothing to be written" if difference.path == "" and not difference.expected else _shown(difference.expected)


def _shown(value: Json) -> str:
    """A value on one line; None stands for what is not written at all, or unset."""
    return "nothing" if value is None else shorten(visible(json.dumps(value, ensure_ascii=False)), _VALUE)


def _summary(report: TrialReport, style: Style) -> str:
    failed = sum(not trial.passed for trial in report.trials)
    mapped = sum(len(one.mapped) for one in report.coverage)
    covered = mapped - sum(len(one.uncovered) for one in report.coverage)
    counts = f"{len(report.trials) - failed} passed, {failed} failed"
    return style.paint(f"{counts}; tests write {covered} of {mapped} mapped attributes.", bold=True)
