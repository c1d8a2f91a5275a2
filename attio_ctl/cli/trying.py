"""What `test` does around `mapping.trial`: which schema, which mappings, and the files that expectations stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import wiring
from attio_ctl.cli.revision import mappings_at
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.masking import mask_of
from attio_ctl.errors import BlockedError, Place, UsageError
from attio_ctl.mapping.trial import Difference, Trial, TrialReport, modified, run_trials
from attio_ctl.mapping.trial_update import rewrite_expectations
from attio_ctl.render.trials import PlaceOf
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import Json
from attio_ctl.state.schema import Schema, build_schema
from attio_ctl.state.sealing import map_text, placeholders_in
from attio_ctl.state.standard import standard_state


def offline_schema(loaded: Loaded) -> Schema:
    """What the files describe, over the standard objects."""
    return build_schema(standard_state(), build_desired(loaded.spec, loaded.places.at))


async def live_schema(loaded: Loaded) -> Schema:
    """
    What the workspace will be once the files are applied to it.

    Raises:
        BlockedError: it could not be read whole.
    """
    async with wiring.connect(loaded, AttioReader) as connected:
        live = await read_live(connected.attio, connected.workspace)
    if live.incomplete:
        raise BlockedError(f"the workspace could not be read whole: {'; '.join(live.incomplete)}", hint="try again")
    return build_schema(standard_state(), live, build_desired(loaded.spec, loaded.places.at))


def modified_since(revision: str, workspace: str | None, loaded: Loaded) -> tuple[str, ...]:
    """
    The names of the mappings that are new or different since a git revision, their tests included.

    Raises:
        UsageError: no such revision. AttioCtlError: the files were wrong then.
    """
    return modified(loaded.spec.mappings, mappings_at(revision, workspace))


def run(loaded: Loaded, names: Sequence[str], schema: Schema) -> TrialReport:
    """
    Run the tests of some mappings.

    Raises:
        ConfigError: one of them cannot be compiled.
    """
    return run_trials({name: loaded.spec.mappings[name] for name in names}, schema)


def places_in(loaded: Loaded) -> PlaceOf:
    """Where a test of a mapping stands."""

    def place_of(mapping: str, index: int) -> Place:
        return loaded.places.at(("mappings", mapping, "tests", index))

    return place_of


def readable(loaded: Loaded, report: TrialReport) -> TrialReport:
    """The report with the variables of values that came from the environment."""
    mask = mask_of(loaded)

    def shown(trial: Trial) -> Trial:
        differences = (
            Difference(one.path, mask.json(one.expected), mask.json(one.actual)) for one in trial.differences
        )
        reason = None if trial.reason is None else mask.text(trial.reason)
        return replace(trial, differences=tuple(differences), reason=reason)

    return replace(report, trials=tuple(map(shown, report.trials)))


def rewrite(loaded: Loaded, report: TrialReport) -> Iterator[tuple[Path, int]]:
    """
    Rewrite the expectations that do not hold, file by file; yields each file with how many were rewritten.

    Raises:
        UsageError: an expectation would hold a value from the environment.
        AttioCtlError: a file could not be changed without changing anything else.
        StorageError: a file cannot be written.
    """
    place_of = places_in(loaded)
    failed: dict[Path, dict[tuple[str, int], Json]] = {}
    for trial in report.trials:
        if not trial.passed:
            place = place_of(trial.mapping, trial.index)
            actual = _for_a_file(loaded, trial, place)
            failed.setdefault(Path(place.file), {})[trial.mapping, trial.index] = actual
    for path, actual_by_test in failed.items():
        text = rewrite_expectations(path.read_text("utf-8"), str(path), actual_by_test)
        wiring.write_file(path, text.encode())
        yield path, len(actual_by_test)


def _for_a_file(loaded: Loaded, trial: Trial, place: Place) -> Json:
    """What a test got, so that reading it from a file gives the same again."""
    written = placeholders_in(loaded)
    secrets = [value for value in loaded.substituted.values() if value]

    def in_yaml(text: str) -> Any:
        if text in written:
            return written[text]
        if any(secret in text for secret in secrets):
            raise UsageError(
                "the expectation would hold a value from the environment",
                where=place,
                hint="write it by hand, with `${…}` for that value",
            )
        return text.replace("${", "$${")

    return map_text(trial.actual, in_yaml)
