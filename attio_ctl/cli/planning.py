"""What `plan`, `apply` and `validate` share: a plan made from the files and the workspace, and how it is shown."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from attio_ctl.address import Address
from attio_ctl.attio.errors import ApiError
from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import checking, wiring
from attio_ctl.cli.ci import run_url
from attio_ctl.cli.ledgers import delivered_with
from attio_ctl.config.load import Loaded
from attio_ctl.errors import UsageError
from attio_ctl.plan import document
from attio_ctl.plan.build import build_plan
from attio_ctl.plan.changes import Archive, Change, Delete
from attio_ctl.plan.diff import diff
from attio_ctl.plan.drift import find_drift
from attio_ctl.plan.impact import COUNTED_UP_TO, NO_IMPACTS, Impact, Question, lists_of, questions
from attio_ctl.plan.model import Plan
from attio_ctl.plan.removal import Guards, Removal
from attio_ctl.plan.sealed import seal_change
from attio_ctl.plan.select import select
from attio_ctl.plan.thresholds import Thresholds, find_excesses
from attio_ctl.render.markdown import BUDGET as COMMENT_BYTES
from attio_ctl.render.markdown import render_markdown
from attio_ctl.render.terminal import render_plan
from attio_ctl.render.text import Style
from attio_ctl.state.desired import build_desired
from attio_ctl.state.live import read_live
from attio_ctl.state.lock import NO_LOCK, Lock, lock_path, read_lock, with_known_ids
from attio_ctl.state.resource import State, Workspace
from attio_ctl.state.sealing import placeholders_in

if TYPE_CHECKING:
    from attio_ctl.render.review import Review


@dataclass(frozen=True, slots=True)
class Made:
    """A plan, and both sides that it was made from."""

    plan: Plan
    desired: State
    live: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person may ask of a plan besides the files, by the names of `cli.options.plan_options`."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    allow_destroy: tuple[str, ...] = ()
    max_archive: int | None = 10
    max_impact: int | None = None
    no_impact: bool = False
    expires_hours: int = 24


async def make_plan(loaded: Loaded, attio: AttioReader, workspace: Workspace, options: Options) -> Made:
    """Read the workspace, compare it with the files, count what changes reach, and check the mappings."""
    lock = read_lock(lock_path(loaded.files[0])).of(workspace.id)
    desired = with_known_ids(build_desired(loaded.spec, loaded.places.at, folder_of(loaded)), lock)
    live = await read_live(attio, workspace)
    removals = removals_of(loaded, lock)
    guards = Guards(frozenset(parse_addresses(options.allow_destroy)), lock.protected | protected_by(desired))
    changes = select(
        diff(desired, live, removals, guards),
        known_addresses(options.targets, desired, live),
        known_addresses(options.excludes, desired, live),
    )
    impacts = NO_IMPACTS if options.no_impact or live.incomplete else await count_impacts(attio, changes, live)
    placeholders = placeholders_in(loaded)
    plan = build_plan(
        name=loaded.spec.workspace,
        changes=tuple(seal_change(change, placeholders, lock.hidden(change.address)) for change in changes),
        desired=desired,
        live=live,
        removals=removals,
        source=wiring.describe_source(loaded),
        checks=() if live.incomplete else checking.check_against(loaded, live, desired),
        mappings=checking.note_mappings(loaded, delivered_with(loaded, workspace.id)),
        impacts=impacts,
        drift=() if live.incomplete else find_drift(lock, live),
        held_by=find_excesses(changes, impacts, Thresholds(options.max_archive, options.max_impact)),
        now=datetime.now(UTC).replace(microsecond=0),
        expires=timedelta(hours=options.expires_hours),
    )
    return Made(plan, desired, live)


async def count_impacts(attio: AttioReader, changes: Sequence[Change], live: State) -> dict[Address, Impact]:
    """Ask how many records each removal or rename reaches; side by side, at the pace of the read limit."""

    async def count(question: Question) -> tuple[Address, Impact]:
        lists = lists_of(question.address, live)
        try:
            found = await attio.count_records(question.object, filter=question.filter, at_most=COUNTED_UP_TO)
        except ApiError:  # a token that may not read records can still plan; the plan says that it was not counted
            return question.address, Impact(None, True, lists)
        return question.address, Impact(found, found < COUNTED_UP_TO, lists)

    asked = list(questions(changes, live))
    counted = dict(await asyncio.gather(*(count(question) for question in asked)))
    removed = (change.address for change in changes if isinstance(change, Archive | Delete))
    uncounted = {a: Impact(None, True, lists_of(a, live)) for a in removed if a not in counted and a.kind != "webhook"}
    return counted | uncounted


def removals_of(loaded: Loaded, lock: Lock = NO_LOCK) -> tuple[Removal, ...]:
    """The `removed:` entries; their addresses were checked when the files were loaded."""
    return tuple(
        Removal(address, entry.action, entry.reason, loaded.places.at(("removed", index)), known.id if known else None)
        for index, entry in enumerate(loaded.spec.removed)
        for address in (Address.parse(entry.address),)
        for known in (lock.resources.get(address),)
    )


def folder_of(loaded: Loaded) -> Path:
    """The workspace's own folder, relative to the project: wherever a plan is carried out, it names the same files."""
    return loaded.files[0].parent.relative_to(loaded.root)


def known_addresses(texts: Iterable[str], desired: State, live: State) -> tuple[Address, ...]:
    """
    The addresses of `--target` and `--exclude`.

    Raises:
        UsageError: one is no address, or names nothing that is in the files or in the workspace.
    """
    addresses = tuple(parse_addresses(texts))
    for address in addresses:
        if not any(other.is_within(address) for side in (desired, live) for other in side.resources):
            raise UsageError(f"`{address}` is neither in the files nor in the workspace", hint="mend the address")
    return addresses


def protected_by(desired: State) -> frozenset[Address]:
    """What the files protect."""
    return frozenset(address for address, resource in desired.resources.items() if resource.protect)


def parse_addresses(texts: Iterable[str]) -> Iterable[Address]:
    for text in texts:
        try:
            yield Address.parse(text)
        except ValueError as error:
            raise UsageError(str(error), hint="for example `object.vehicles`") from None


def show(plan: Plan, form: str, style: Style, review: Review | None = None, max_bytes: int = COMMENT_BYTES) -> str:
    """A plan in one of the formats of `--format`; `review` is for Markdown and HTML, `max_bytes` for Markdown."""
    match form:
        case "json":
            return document.dump(plan).decode()
        case "markdown":
            from attio_ctl.render.review import sections  # noqa: PLC0415  it needs the mappings' libraries

            more = sections(review) if review else ()
            return render_markdown(plan, sections=more, run_url=run_url(os.environ), budget=max_bytes)
        case "html":
            from attio_ctl.render.html import render_html  # noqa: PLC0415  jinja2 waits

            return render_html(plan, review=review, run_url=run_url(os.environ))
        case _:
            return render_plan(plan, style)
