"""Blocks of one workspace's files taken over into another's: files in, files out; nothing is written here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attio_ctl.address import Address
from attio_ctl.config.edit import set_value
from attio_ctl.config.load import Loaded
from attio_ctl.config.nodes import DataPath, ListNode, MappingNode, Node, Places, ScalarNode
from attio_ctl.config.scaffold import schema_line
from attio_ctl.errors import UsageError


def promote(source: Loaded, target: Loaded, addresses: Sequence[Address]) -> dict[Path, bytes]:
    """
    The files of the target that change, with their new content.

    A block that the target has is replaced where it stands; one that it lacks goes into the file that holds what it is
    part of, or into a file of its own. Ids stay behind, since they differ between workspaces.

    Raises:
        UsageError: an address names nothing in the source, or only a part of a list of titles.
    """
    texts: dict[Path, bytes] = {}
    for address in addresses:
        path = path_of(address)
        value = without_ids(_value_at(source.places, path, address, source.spec.workspace))
        if _has(target.places, path) and as_written(target.places.node_at(path)) == value:
            continue
        file, at, content = _spot(target, path, value)
        before = texts.get(file) or (file.read_bytes() if file.exists() else _new_file(path))
        texts[file] = set_value(before, str(file), at, content)
    return texts


def path_of(address: Address) -> tuple[str, ...]:
    """Where an object, attribute, list, webhook or mapping stands in the merged document."""
    if address.kind in ("option", "status"):
        hint = f"promote `{address.parent}`, with all its {'options' if address.kind == 'option' else 'statuses'}"
        raise UsageError(f"`{address}` is one of a list", hint=hint)
    return tuple(part for kind, name in address.steps for part in (f"{kind}s", name))


def without_ids(value: Any) -> Any:
    """A block without the ids that pin it to one workspace."""
    if isinstance(value, dict):
        return {key: without_ids(item) for key, item in value.items() if key != "id"}
    return [without_ids(item) for item in value] if isinstance(value, list) else value


def _value_at(places: Places, path: DataPath, address: Address, name: str) -> Any:
    if not _has(places, path):
        raise UsageError(f"`{address}` is not in the files of `{name}`")
    return as_written(places.node_at(path))


def _has(places: Places, path: DataPath) -> bool:
    parent = places.node_at(path[:-1])
    return isinstance(parent, MappingNode) and path[-1] in parent.entries and _reaches(places, path[:-1])


def _reaches(places: Places, path: DataPath) -> bool:
    return not path or (
        isinstance(parent := places.node_at(path[:-1]), MappingNode)
        and path[-1] in parent.entries
        and _reaches(places, path[:-1])
    )


def _spot(target: Loaded, path: Sequence[str], value: Any) -> tuple[Path, tuple[str, ...], Any]:
    """The file to change or to make, the path in it, and the value there."""
    for length in range(len(path), 1, -1):
        place = target.places.at(path[:length]) if _reaches(target.places, path[:length]) else None
        if place is not None:
            content = value
            for step in reversed(path[length + 1 :]):
                content = {step: content}
            return Path(place.file), tuple(path[: length + 1]), content
    content = value
    for step in reversed(path[2:]):
        content = {step: content}
    return target.files[0].parent / path[0] / f"{path[1]}.yaml", (path[0], path[1]), content


def _new_file(path: Sequence[str]) -> bytes:
    """A file of its own for a block that the target lacks."""
    return f"{schema_line(f'{path[0]}/{path[1]}.yaml')}\n\n{path[0]}:\n  {path[1]}:\n".encode()


def as_written(node: Node) -> Any:
    """Plain data in which what comes from the environment stands as the file has it."""
    match node:
        case MappingNode():
            return {key: as_written(entry.node) for key, entry in node.entries.items()}
        case ListNode():
            return [as_written(item) for item in node.items]
        case ScalarNode():
            return node.value if node.written is None else node.written
