"""The shape of the plan document, by which it is checked when it is read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from attio_ctl.plan.changes import Reason
from attio_ctl.plan.model import Risk

Action = Literal["create", "update", "archive", "restore", "delete", "no-op"]


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class WorkspacePart(Part):
    name: str
    id: str
    slug: str
    title: str
    token_scopes: list[str]


class SourcePart(Part):
    config_hash: str
    git_sha: str | None
    dirty: bool


class Location(Part):
    file: str
    line: int
    column: int


class ChangePart(Part):
    """
    Terraform's names. Nothing is unknown or replaced here; a sensitive field's value comes from the environment.
    """

    actions: list[Action]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    after_unknown: dict[str, Any] = {}
    before_sensitive: dict[str, bool] = {}
    after_sensitive: dict[str, bool] = {}
    replace_paths: list[Any] = []


class Precondition(Part):
    """What must still hold when the change is made: a hash over these fields of the live resource, or `absent`."""

    fingerprint: str
    fields: list[str]


class BlockedPart(Part):
    why: str
    way_out: str
    absent: bool


class ImpactPart(Part):
    """`records` is null where it was not counted; `records_exact` is false where counting stopped early."""

    records: int | None
    records_exact: bool
    lists: list[str]
    mappings: list[str]


class DriftPart(Part):
    """`field` is null for a resource that is gone; `before` is what the last apply left."""

    address: str
    field: str | None
    before: Any
    after: Any


class ResourceChange(Part):
    address: str
    previous_address: str | None
    type: str
    ids: dict[str, str]
    source_location: Location | None
    change: ChangePart
    action_reason: Reason
    risk: Risk
    precondition: Precondition | None
    blocked: BlockedPart | None
    impact: ImpactPart
    note: str | None
    mirror: str | None
    secret_file: str | None
    takes_along: list[str] = []
    unchanged: int
    depends_on: list[str]


class CheckPart(Part):
    code: str
    severity: Literal["error", "warning"]
    address: str | None
    message: str
    hint: str | None
    source_location: Location | None


class MappingPart(Part):
    address: str
    digest: str
    status: Literal["new", "changed", "unchanged"]
    writes: list[str]


class SummaryPart(Part):
    add: int
    restore: int
    change: int
    archive: int
    destroy: int
    move: int
    blocked: int
    waiting: int


class CostPart(Part):
    writes: int
    eta_seconds: int


class PlanDocument(Part):
    """A plan as JSON."""

    format_version: str
    tool_version: str
    plan_id: str
    checksum: str = ""
    created_at: datetime
    expires_at: datetime
    workspace: WorkspacePart
    source: SourcePart
    complete: bool
    incomplete: list[str]
    blocked_by: list[str]
    resource_drift: list[DriftPart]
    resource_changes: list[ResourceChange]
    unmanaged: list[str]
    checks: list[CheckPart]
    mappings: list[MappingPart]
    summary: SummaryPart
    cost: CostPart
