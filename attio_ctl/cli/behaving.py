"""What `mapping diff` and `plan --base` share: both versions of the mappings over sample events."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Final

from attio_ctl.cli.revision import selected_at
from attio_ctl.config import models
from attio_ctl.config.load import Loaded
from attio_ctl.delivery.masking import Mask, mask_of
from attio_ctl.delivery.source import Line, read_lines
from attio_ctl.mapping.behaviour import Behaviour, Sample, ValueChange, compare_behaviour
from attio_ctl.mapping.fast.header import decode
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.state.resource import Json
from attio_ctl.state.schema import Schema

SAMPLE_LIMIT: Final = 10_000
"""Events of a sample that are looked at; more take longer than a pull request waits for."""


def compare_with(
    revision: str, workspace: str | None, loaded: Loaded, events: Sequence[Path], schema: Schema
) -> Behaviour:
    """
    The mappings at a revision against those in the files, both compiled for the same schema.

    Variables of the environment stand for their values: it is shown in pull requests.

    Args:
        workspace: What the person selected: a name, folder or file, which the revision has under the same path; None
            for the only one there is.
        events: Files of sample events; without any, the events of the mappings' own tests, old and new.

    Raises:
        UsageError, ConfigError, EventsError, StorageError: what cannot be read.
    """
    base = selected_at(revision, workspace)
    was = dict(base.spec.mappings) if base else {}
    samples = read_samples(events) if events else _from_tests(was, dict(loaded.spec.mappings))
    old = compile_mappings(was, schema) if was else Program(())
    behaviour = compare_behaviour(old, compile_mappings(loaded.spec.mappings, schema), samples)
    return _without_values(behaviour, mask_of(loaded, base) if base else mask_of(loaded))


def _without_values(behaviour: Behaviour, mask: Mask) -> Behaviour:
    def hidden(change: ValueChange) -> ValueChange:
        before, after = mask.json(change.before), mask.json(change.after)
        return replace(change, record=mask.text(change.record), before=before, after=after)

    examples = (
        replace(
            example,
            before=mask.text(example.before),
            after=mask.text(example.after),
            changes=tuple(map(hidden, example.changes)),
        )
        for example in behaviour.examples
    )
    return replace(behaviour, examples=tuple(examples))


def read_samples(files: Sequence[Path]) -> Iterator[Sample]:
    """
    The first events of some files; lines that hold none are passed over.

    Raises:
        EventsError: a file is gzip and broken. StorageError: it cannot be read.
    """
    lines = chain.from_iterable(read_lines(path) for path in files)
    return islice(_sampled(lines), SAMPLE_LIMIT)


def _sampled(lines: Iterable[Line]) -> Iterator[Sample]:
    for line in lines:
        with contextlib.suppress(ValueError):
            event = decode(line.raw)
            if isinstance(event, dict):
                yield Sample(line.place, event)


def read_events(files: Sequence[Path]) -> list[Json]:
    """The same without their places."""
    return [sample.event for sample in read_samples(files)]


def _from_tests(was: dict[str, models.Mapping], now: dict[str, models.Mapping]) -> Iterator[Sample]:
    """Each event once, though both versions have it."""
    seen: list[object] = []
    for mappings in (now, was):
        for name, mapping in mappings.items():
            for number, test in enumerate(mapping.tests, 1):
                if test.given not in seen:
                    seen.append(test.given)
                    yield Sample(f"test {number} of mapping.{name}", test.given)
