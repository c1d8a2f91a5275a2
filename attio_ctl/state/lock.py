"""
The lock file: what the last apply left in the workspace, kept in git beside the files that asked for it.

It holds, per managed resource, Attio's id, the managed fields as they were then, and whether it is protected. So drift
(what somebody changed in Attio) can be told from intent (what somebody changed in the files), and `protect: true`
outlives the block that it stood in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attio_ctl.address import Address
from attio_ctl.config.files import LOCK_SUFFIX
from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import StorageError
from attio_ctl.state.resource import Json, Resource, State, own_id
from attio_ctl.state.sealing import NOTHING_HIDDEN, Placeholders, as_written, is_sealed, seal

VERSION: Final = 1
HEAD: Final = (
    "# Written by `attio-ctl apply`: what it left in the workspace. Commit it, review it, do not edit it.\n"
    "# `attio-ctl drift` compares it with Attio; an entry with `protect` is never archived."
)


@dataclass(frozen=True, slots=True)
class Locked:
    """One resource as the last apply left it; `fields` are the managed ones only."""

    id: str
    fields: Mapping[str, Json]
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """A whole lock file; an empty one before the first apply."""

    workspace_id: str = ""
    resources: Mapping[Address, Locked] = field(default_factory=dict)

    def of(self, workspace_id: str) -> Lock:
        """
        The lock as far as it speaks of one workspace.

        Of another workspace's lock, such as a sandbox's that was reset, only the protection counts: ids and fields
        mean nothing here.
        """
        if self.workspace_id in ("", workspace_id):
            return self
        kept = {a: replace(locked, id="", fields={}) for a, locked in self.resources.items() if locked.protect}
        return Lock(workspace_id, kept)

    def hidden(self, address: Address) -> frozenset[str]:
        """The fields of a resource whose values came from the environment."""
        locked = self.resources.get(address)
        return frozenset(name for name, value in locked.fields.items() if is_sealed(value)) if locked else frozenset()

    @property
    def protected(self) -> frozenset[Address]:
        """What must not be archived or deleted, whether or not a file still says so."""
        return frozenset(address for address, locked in self.resources.items() if locked.protect)


NO_LOCK: Final = Lock()
NOTHING_APPLIED: Final[Mapping[Address, Mapping[str, Json]]] = MappingProxyType({})


def lock_path(workspace_file: Path) -> Path:
    """`attio.lock.yaml` beside `workspace.yaml`, `NAME.lock.yaml` beside a workspace that is one file `NAME.yaml`."""
    if workspace_file.name in ("workspace.yaml", "workspace.yml"):
        return workspace_file.parent / f"attio{LOCK_SUFFIX}"
    return workspace_file.with_name(f"{workspace_file.stem}{LOCK_SUFFIX}")


def dump_lock(lock: Lock) -> bytes:
    """The file as UTF-8, sorted by address, one field a line, so that changes read well; every value is JSON."""
    lines = [HEAD, f"version: {VERSION}", f"workspace_id: {_json(lock.workspace_id)}", "resources:"]
    if not lock.resources:
        lines[-1] += " {}"
    for address, locked in sorted(lock.resources.items()):
        lines += [f"  {_json(str(address))}:", f"    id: {_json(locked.id)}"]
        if locked.protect:
            lines.append("    protect: true")
        lines.append("    fields:" if locked.fields else "    fields: {}")
        lines += [f"      {name}: {_json(locked.fields[name])}" for name in sorted(locked.fields)]
    return ("\n".join(lines) + "\n").encode()


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def load_lock(data: bytes, *, file: str) -> Lock:
    """
    Read a lock file.

    Raises:
        StorageError: it is no lock file, or of a later version.
    """
    document = read_yaml(data, file)
    hint = "restore it from git, or delete it and run `attio-ctl apply` to write it anew"
    try:
        raw: Any = plain(document.root) if document.root is not None else None
        if raw["version"] != VERSION:
            raise StorageError(
                f"the lock file has version {raw['version']}, this attio-ctl reads {VERSION}", where=file
            )
        resources = {
            Address.parse(text): Locked(entry["id"], entry["fields"], entry.get("protect", False))
            for text, entry in raw["resources"].items()
        }
        return Lock(raw["workspace_id"], resources)
    except (KeyError, TypeError, ValueError, AttributeError):
        first = document.problems[0] if document.problems else None
        what = f"this is no lock file: {first.message}" if first else "this is no lock file"
        raise StorageError(what, where=(first.place if first else None) or file, hint=hint) from None


def read_lock(path: Path) -> Lock:
    """
    The lock file of a workspace; an empty lock where there is none yet.

    Raises:
        StorageError: it cannot be read, or is no lock file.
    """
    try:
        return load_lock(path.read_bytes(), file=str(path))
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise StorageError(f"cannot read the lock file: {error.strerror}", where=str(path)) from error


def build_lock(
    before: Lock,
    desired: State,
    live: State,
    pairs: Mapping[Address, Resource | None],
    *,
    applied: Mapping[Address, Mapping[str, Json]] = NOTHING_APPLIED,
    forgotten: frozenset[Address] = frozenset(),
    placeholders: Placeholders = NOTHING_HIDDEN,
) -> Lock:
    """
    The lock after an apply.

    What was applied is taken as it was written, so that what somebody changed since is drift; what is as the files ask
    for, as it is live now. What is neither (it was left out, or failed) stays as it was locked before, so that drift
    under it is not forgotten. What the files do not manage any more is dropped, unless it is protected, still there and
    not to be forgotten.

    Args:
        applied: The fields that the apply has just written, also where the files have moved on since its plan.
        forgotten: What a `removed:` entry says to stop managing.
        placeholders: What comes from the environment; a field that holds any of it is locked as a hash.
        pairs: Each desired resource's live one, as `plan.match` finds it.
    """
    assert live.workspace is not None, "a live state knows its workspace"
    by_id = {own_id(resource) for resource in live.resources.values()}
    kept = {
        address: locked
        for address, locked in before.resources.items()
        if locked.protect and locked.id in by_id and address not in forgotten
    }
    for address, found in pairs.items():
        if found is None or found.archived:
            continue
        resource = desired.resources[address]
        fields = {name: applied.get(address, {}).get(name, found.fields.get(name)) for name in resource.fields}
        known = before.resources.get(address)
        if known is not None and address not in applied and fields != resource.fields:
            fields = dict(known.fields)
        else:
            fields = {
                n: seal(value) if as_written(value, placeholders) != value else value for n, value in fields.items()
            }
        kept[address] = Locked(own_id(found), fields, resource.protect)
    return Lock(live.workspace.id, kept)


def with_known_ids(desired: State, lock: Lock) -> State:
    """
    The desired state with the ids of the webhooks that an earlier apply has made.

    A webhook has no name in Attio, so without its id a changed target would look like another webhook.
    """
    known = {a: locked.id or None for a, locked in lock.resources.items() if a.kind == "webhook"}
    resources = {
        address: replace(resource, pinned_id=resource.pinned_id or known.get(address))
        for address, resource in desired.resources.items()
    }
    return replace(desired, resources=resources)
