"""
The one versioned JSON document of a plan: what `plan --out` and `--format json` write, and `show` and `apply` read.

Close to Terraform's JSON plan, so that policy tools can read it: `"delete" in change.actions` finds every destruction.
A reader ignores keys that it does not know (minor version) and refuses another major version. The bytes are the same
for the same inputs, whatever order Attio answers in. `plan_id` is the hash of everything but the two times, so that an
approval can name it; `checksum` is that of the whole document, the times with it.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, Final

from pydantic import ValidationError

from attio_ctl import __version__
from attio_ctl.address import Address
from attio_ctl.errors import DocumentError, Place, Problem, StalePlanError
from attio_ctl.plan.changes import Archive, Blocked, Change, Create, Delete, Restore, Update
from attio_ctl.plan.document_models import (
    Action,
    BlockedPart,
    ChangePart,
    CheckPart,
    CostPart,
    DriftPart,
    ImpactPart,
    Location,
    MappingPart,
    PlanDocument,
    Precondition,
    ResourceChange,
    SourcePart,
    SummaryPart,
    WorkspacePart,
)
from attio_ctl.plan.drift import Drift
from attio_ctl.plan.fingerprint import expected_fields, fingerprint
from attio_ctl.plan.impact import Impact
from attio_ctl.plan.model import MappingNote, Plan, Source, risk_of, summarise
from attio_ctl.state.resource import Workspace

FORMAT_VERSION: Final = "1.1"
WRITES_PER_SECOND: Final = 25
"""Per token. Source: docs.attio.com/rest-api/guides/rate-limiting (2026-07)."""

TIMES: Final = frozenset({"created_at", "expires_at"})

NOT_COUNTED: Final = Impact(records=None, exact=True, lists=())


def dump(plan: Plan) -> bytes:
    """The document as UTF-8: sorted keys, two spaces, one newline at the end."""
    return _text(_document(plan))


def plan_id(plan: Plan) -> str:
    """`sha256:…` of all that a reviewer approves."""
    return str(_document(plan)["plan_id"])


def load(data: bytes, *, file: str) -> Plan:
    """
    Read a plan back.

    Raises:
        DocumentError: it is no plan, or of another major version.
        StalePlanError: the content is not what the plan id was made of.
    """
    anew = "`attio-ctl plan --out FILE` writes a plan"  # never over this file, which may be somebody's data
    hint = f"make a new plan: `attio-ctl plan --out {file}`"
    try:
        raw = json.loads(data)
    except ValueError as error:
        raise DocumentError(f"this is no plan: {error}", where=file, hint=anew) from None
    if not isinstance(raw, dict) or "format_version" not in raw:
        raise DocumentError("this is no plan: it has no `format_version`", where=file, hint=anew)
    version = str(raw["format_version"])
    if version.split(".", maxsplit=1)[0] != FORMAT_VERSION.split(".")[0]:
        what = f"the plan has format {version}, this attio-ctl reads {FORMAT_VERSION}"
        raise DocumentError(what, where=file, hint=hint)
    if raw.get("plan_id") != _digest(raw, without=TIMES) or raw.get("checksum", _digest(raw)) != _digest(raw):
        raise StalePlanError("the plan was edited after it was made: its hashes do not fit", where=file, hint=hint)
    try:
        return _plan(PlanDocument.model_validate(raw))
    except (ValidationError, ValueError) as error:
        first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": str(error)}
        where = ".".join(str(part) for part in first["loc"])
        raise DocumentError(f"this is no plan: {where}: {first['msg']}", where=file, hint=anew) from None


def _text(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, sort_keys=True, ensure_ascii=False, indent=2) + "\n").encode()


def _digest(document: dict[str, Any], without: frozenset[str] = frozenset()) -> str:
    kept = {key: value for key, value in document.items() if key not in {"plan_id", "checksum", *without}}
    return f"sha256:{hashlib.sha256(_text(kept)).hexdigest()}"


def _document(plan: Plan) -> dict[str, Any]:
    document = PlanDocument(
        format_version=FORMAT_VERSION,
        tool_version=__version__,
        plan_id="",
        checksum="",
        created_at=plan.created_at,
        expires_at=plan.expires_at,
        workspace=WorkspacePart(
            name=plan.name,
            id=plan.workspace.id,
            slug=plan.workspace.slug,
            title=plan.workspace.name,
            token_scopes=sorted(plan.workspace.scopes),
        ),
        source=SourcePart(config_hash=plan.source.config_hash, git_sha=plan.source.git_sha, dirty=plan.source.dirty),
        complete=not plan.incomplete,
        incomplete=list(plan.incomplete),
        blocked_by=list(plan.held_by),
        resource_drift=[
            DriftPart(address=str(d.address), field=d.field, before=d.applied, after=d.live) for d in plan.drift
        ],
        resource_changes=[_resource_change(change, plan) for change in plan.changes],
        unmanaged=[str(address) for address in plan.unmanaged],
        checks=[_check(problem) for problem in plan.checks],
        mappings=[
            MappingPart(
                address=str(note.address),
                digest=note.digest,
                status=note.status,
                writes=[str(address) for address in note.writes],
            )
            for note in plan.mappings
        ],
        summary=SummaryPart.model_validate(summarise(plan.changes, plan.waiting), from_attributes=True),
        cost=CostPart(writes=plan.writes, eta_seconds=math.ceil(plan.writes / WRITES_PER_SECOND)),
    ).model_dump(mode="json")
    return {**document, "plan_id": _digest(document, without=TIMES), "checksum": _digest(document)}


def _resource_change(change: Change, plan: Plan) -> ResourceChange:
    previous = change.previous if isinstance(change, Update) else None
    mirror = change.with_mirror if isinstance(change, Create) else None
    return ResourceChange(
        address=str(change.address),
        previous_address=None if previous is None else str(previous),
        type=f"attio_{change.address.kind}",
        ids=dict(change.ids),
        source_location=_location(change.place),
        change=ChangePart(
            actions=[_action(change)],
            before=None if isinstance(change, Create) else dict(change.before),
            after=None if isinstance(change, Archive | Delete) else dict(change.after),
            before_sensitive={} if isinstance(change, Create) else dict.fromkeys(change.sealed, True),
            after_sensitive={} if isinstance(change, Archive | Delete) else dict.fromkeys(change.sealed, True),
        ),
        action_reason=change.reason,
        risk=risk_of(change),
        precondition=_precondition(change),
        blocked=_blocked(change),
        impact=_impact(change, plan),
        note=change.note if isinstance(change, Create | Archive | Delete) else None,
        mirror=None if mirror is None else str(mirror),
        secret_file=change.secret_file if isinstance(change, Create) else None,
        takes_along=[str(address) for address in change.takes_along] if isinstance(change, Delete) else [],
        unchanged=change.unchanged if isinstance(change, Update) else 0,
        depends_on=[str(address) for address in change.depends_on],
    )


def _impact(change: Change, plan: Plan) -> ImpactPart:
    impact = plan.impacts.get(change.address, NOT_COUNTED)
    return ImpactPart(
        records=impact.records,
        records_exact=impact.exact,
        lists=[str(address) for address in impact.lists],
        mappings=[str(address) for address in plan.mappings_hit_by(change)],
    )


def _action(change: Change) -> Action:
    match change:
        case Create():
            return "create"
        case Update():
            return "update"
        case Archive():
            return "archive"
        case Restore():
            return "restore"
        case Delete():
            return "delete"
        case Blocked():
            return "no-op"


def _precondition(change: Change) -> Precondition | None:
    if isinstance(change, Blocked):
        return None
    return Precondition(fingerprint=fingerprint(change), fields=sorted(expected_fields(change)))


def _blocked(change: Change) -> BlockedPart | None:
    if not isinstance(change, Blocked):
        return None
    return BlockedPart(why=change.why, way_out=change.way_out, absent=change.absent)


def _location(place: Place | None) -> Location | None:
    return None if place is None else Location(file=place.file, line=place.line, column=place.column)


def _check(problem: Problem) -> CheckPart:
    return CheckPart(
        code=problem.code,
        severity=problem.severity,
        address=problem.address,
        message=problem.message,
        hint=problem.hint,
        source_location=_location(problem.place),
    )


def _plan(document: PlanDocument) -> Plan:
    workspace = document.workspace
    return Plan(
        name=workspace.name,
        workspace=Workspace(
            id=workspace.id, slug=workspace.slug, name=workspace.title, scopes=frozenset(workspace.token_scopes)
        ),
        source=Source(document.source.config_hash, document.source.git_sha, document.source.dirty),
        changes=tuple(_change(part) for part in document.resource_changes),
        unmanaged=tuple(Address.parse(text) for text in document.unmanaged),
        checks=tuple(
            Problem(c.code, c.message, _place(c.source_location), c.address, c.hint, c.severity)
            for c in document.checks
        ),
        mappings=tuple(
            MappingNote(Address.parse(m.address), m.digest, m.status, tuple(Address.parse(a) for a in m.writes))
            for m in document.mappings
        ),
        impacts={
            Address.parse(part.address): Impact(
                part.impact.records, part.impact.records_exact, tuple(Address.parse(a) for a in part.impact.lists)
            )
            for part in document.resource_changes
            if part.impact.records is not None or part.impact.lists
        },
        drift=tuple(Drift(Address.parse(d.address), d.field, d.before, d.after) for d in document.resource_drift),
        held_by=tuple(document.blocked_by),
        incomplete=tuple(document.incomplete),
        created_at=document.created_at,
        expires_at=document.expires_at,
    )


def _place(location: Location | None) -> Place | None:
    return None if location is None else Place(location.file, location.line, location.column)


def _change(part: ResourceChange) -> Change:
    common: dict[str, Any] = {
        "address": Address.parse(part.address),
        "reason": part.action_reason,
        "place": _place(part.source_location),
        "depends_on": tuple(Address.parse(text) for text in part.depends_on),
        "ids": part.ids,
        "sealed": tuple(sorted(part.change.before_sensitive | part.change.after_sensitive)),
    }
    before, after = part.change.before or {}, part.change.after or {}
    if part.blocked is not None:
        return Blocked(**common, **part.blocked.model_dump(), before=before, after=after)
    match part.change.actions:
        case ["create"]:
            mirror = None if part.mirror is None else Address.parse(part.mirror)
            return Create(**common, after=after, note=part.note, with_mirror=mirror, secret_file=part.secret_file)
        case ["update"]:
            previous = None if part.previous_address is None else Address.parse(part.previous_address)
            return Update(**common, before=before, after=after, previous=previous, unchanged=part.unchanged)
        case ["archive"]:
            return Archive(**common, before=before, note=part.note)
        case ["restore"]:
            return Restore(**common, before=before, after=after)
        case ["delete"]:
            taken = tuple(Address.parse(text) for text in part.takes_along)
            return Delete(**common, before=before, note=part.note, takes_along=taken)
        case actions:
            raise ValueError(f"unknown actions {actions} of `{part.address}`")
