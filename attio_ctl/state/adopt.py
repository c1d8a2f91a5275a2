"""
A live workspace as files, such that the plan of those files is empty. Pure: state in, texts by path out.

Left out are what Attio made itself, what is archived, and defaults; a relationship is written on one of its two sides.
What a file cannot say is left out too, and named.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

from attio_ctl.address import Address
from attio_ctl.attribute_types import ACTIVATED_BY_HAND, STANDARD_OBJECTS
from attio_ctl.config.key_order import sort_keys
from attio_ctl.config.scaffold import schema_line
from attio_ctl.config.secrets import describe_secret
from attio_ctl.config.yaml_build import build_tree, entry_at
from attio_ctl.config.yaml_tree import Collection, Comment, Scalar, Tree
from attio_ctl.config.yaml_writer import write_tree
from attio_ctl.state.blocks import (
    Block,
    UnsayableError,
    attribute_block,
    is_slug,
    list_block,
    object_block,
    webhook_block,
    with_access,
)
from attio_ctl.state.resource import Resource, State, own_id
from attio_ctl.state.standard import standard_state

_ATTRIBUTES_OPENED: Final = 5
_WEBHOOKS_OPENED: Final = 4
_WORKSPACE_OPENED: Final = 1


@dataclass(frozen=True, slots=True)
class Adopted:
    """
    The files by their path below the workspace's folder, and what is in none of them although a person made it, why.

    `environ` holds webhook addresses that are themselves secrets: the files name the variables only.
    """

    files: Mapping[str, str]
    left_out: Mapping[Address, str]
    environ: Mapping[str, str] = field(repr=False)


def adopt(live: State, *, name: str, api: Mapping[str, Any], pinned: bool, identified: bool) -> Adopted:
    """
    Write a workspace down that has been read whole.

    Args:
        live: What Attio says.
        name: The workspace's name in the files.
        api: The `api` block.
        pinned: Name Attio's id of everything, so that a rename in Attio's settings is recognised.
        identified: Name the workspace's id; that of a sandbox changes when it is reset.
    """
    return Adoption(live, pinned=pinned).finish(live, name=name, api=api, identified=identified)


class Adoption:
    """Writes a workspace down while it is read: `add` what is whole already, `finish` with the rest."""

    def __init__(self, outline: State, *, pinned: bool) -> None:
        """
        Args:
            outline: All objects and lists with all their attributes; which side of a relationship is written depends
                on both. Options and statuses may be missing.
            pinned: As for `adopt`.
        """
        self.files: dict[str, str] = {}
        self._outline = outline
        self._pinned = pinned
        self._left_out: dict[Address, str] = {}
        self._environ: dict[str, str] = {}
        self._objects = frozenset(slug for slug in outline.active_objects if is_slug(slug))
        self._standard = standard_state().resources
        self._parts: dict[Address, list[Resource]] = {}
        self._added: set[Address] = set()

    def add(self, top: Resource, below: Iterable[Resource]) -> str | None:
        """Write an object or list down with everything below it; returns the path in `files` where it needs a file."""
        for resource in {one.address: one for one in below if not one.archived}.values():
            assert resource.address.parent is not None, "a part is part of something"
            self._parts.setdefault(resource.address.parent, []).append(resource)
        self._added.add(top.address)
        return self._object(top) if top.address.kind == "object" else self._list(top)

    def finish(self, live: State, *, name: str, api: Mapping[str, Any], identified: bool) -> Adopted:
        """Write down what has not been added, with the arguments of `adopt`."""
        workspace = live.workspace
        assert workspace is not None, "a live state knows its workspace"
        head = [Comment(f"# Imported from {_one_line(workspace.name)}; what is in Attio and in no file is left alone.")]
        data = {"workspace": name, **({"workspace_id": workspace.id} if identified else {}), "api": api}
        self._file("workspace.yaml", data, _WORKSPACE_OPENED, head)
        below: dict[Address, list[Resource]] = {}
        for address, resource in live.resources.items():
            if address.parent is not None and address.top not in self._added:
                below.setdefault(address.top, []).append(resource)
        tops = (address for address in live.resources if address.kind in ("object", "list"))
        for top in sorted(address for address in tops if address not in self._added):
            self.add(live.resources[top], below.get(top, ()))
        self._webhooks([one for one in live.resources.values() if one.address.kind == "webhook"])
        return Adopted(self.files, self._left_out, self._environ)

    def _object(self, resource: Resource) -> str | None:
        slug = resource.address.name
        standard = slug in STANDARD_OBJECTS
        block: Block | None = {"active": True} if slug in ACTIVATED_BY_HAND else {}
        if not standard:
            block = self._named(resource, object_block)
        if block is None:
            return None
        block |= self._attributes(resource.address)
        if not block:
            return None
        tree = self._tree({"objects": {slug: block}}, _ATTRIBUTES_OPENED)
        if standard:
            entry_at(tree, "objects", slug).beside = "# a standard object: only what is named here is managed"
        return self._write(f"objects/{slug}.yaml", tree)

    def _list(self, resource: Resource) -> str | None:
        block = self._named(resource, list_block)
        if block is None:
            return None
        try:
            block = with_access(block, resource)
        except UnsayableError as fault:
            self._left_out[resource.address] = f"who may see it: {fault}"
        block |= self._attributes(resource.address)
        return self._file(f"lists/{resource.address.name}.yaml", {"lists": {resource.address.name: block}})

    def _named(self, resource: Resource, make: Callable[[Resource], Block]) -> Block | None:
        """The block of something that a slug names, None (and noted) where no file can say it."""
        if not is_slug(resource.address.name):
            self._left_out[resource.address] = "a file cannot name it"
            return None
        try:
            block = make(resource)
        except UnsayableError as fault:
            self._left_out[resource.address] = str(fault)
            return None
        return block | ({"id": own_id(resource)} if self._pinned else {})

    def _attributes(self, parent: Address) -> Block:
        found: dict[str, Block] = {}
        for resource in self._parts.get(parent, []):
            if resource.system:
                pipeline = self._own_pipeline(resource)
                found |= {resource.address.name: pipeline} if pipeline else {}
            elif not self._is_written_on_the_other_side(resource):
                block = self._named(resource, self._attribute)
                found |= {} if block is None else {resource.address.name: block}
        return {"attributes": found} if found else {}

    def _attribute(self, resource: Resource) -> Block:
        titled = self._parts.get(resource.address, [])
        return attribute_block(resource, titled, self._objects, pin=self._pinned)

    def _own_pipeline(self, resource: Resource) -> Block | None:
        """The statuses of an attribute that Attio made, where a team has made them its own."""
        if resource.fields["type"] != "status" or not resource.writable:
            return None
        titled = self._parts.get(resource.address, [])
        if all(one.address in self._standard for one in titled):
            return None
        whole = attribute_block(resource, titled, frozenset(), pin=self._pinned)
        return {key: whole[key] for key in ("type", "statuses")}

    def _is_written_on_the_other_side(self, resource: Resource) -> bool:
        """Of the two sides of a relationship the one on a custom object is written, else the one that sorts first."""
        relationship = resource.fields.get("relationship")
        if not relationship or not is_slug(resource.address.name):
            return False
        address = Address.root("object", relationship["object"]).child("attribute", relationship["api_slug"])
        other = self._outline.resources.get(address)
        if other is None or other.archived or other.system:
            return False
        if not (is_slug(address.name) and is_slug(address.top.name)):
            return False
        return _preference(other.address) < _preference(resource.address)

    def _webhooks(self, resources: list[Resource]) -> None:
        taken: set[str] = set()
        for resource in sorted(resources, key=lambda one: json.dumps(dict(one.fields), sort_keys=True)):
            try:
                block = webhook_block(resource)
            except UnsayableError as fault:
                self._left_out[resource.address] = str(fault)
                continue
            name = next(one for one in _names(resource.fields["target_url"]) if one not in taken)
            taken.add(name)
            self._webhook(name, block | ({"id": own_id(resource)} if self._pinned else {}))

    def _webhook(self, name: str, block: Block) -> None:
        tree = self._tree({"webhooks": {name: block}}, _WEBHOOKS_OPENED)
        entry = entry_at(tree, "webhooks", name)
        entry.beside = "# attio-ctl: ignore AC141 because Attio showed its secret when it was made"
        assert isinstance(entry.value, Collection)
        hint = f"# secret: {{file: ../.secrets/{name}}} # for the secret that Attio shows if this is ever made anew"
        entry.value.foot.append(Comment(hint))
        if describe_secret(block["url"]) is not None:
            variable = f"{name.upper().replace('-', '_')}_URL"
            self._environ[variable] = block["url"]
            url = entry_at(entry.value, "url")
            url.value = Scalar(f"${{{variable}}}")
            url.beside = "# whoever knows the address can send to it, so it does not stand here"
        self._write(f"webhooks/{name}.yaml", tree)

    def _file(
        self, path: str, data: Mapping[str, Any], opened: int = _ATTRIBUTES_OPENED, head: list[Comment] | None = None
    ) -> str:
        return self._write(path, self._tree(data, opened), head)

    def _tree(self, data: Mapping[str, Any], opened: int) -> Collection:
        tree = build_tree(data, opened=opened)
        assert isinstance(tree, Collection)
        sort_keys(tree)
        return tree

    def _write(self, path: str, root: Collection, head: list[Comment] | None = None) -> str:
        self.files[path] = write_tree(Tree(root, [Comment(schema_line(path)), *(head or [])]))
        return path


def _one_line(text: str) -> str:
    return " ".join(text.split()) or "a workspace without a name"


def _preference(address: Address) -> tuple[bool, Address]:
    return address.top.name in STANDARD_OBJECTS, address


def _names(url: str) -> Iterator[str]:
    """Names for a webhook, the best first: a plain last word of its path, else its host; a number where taken."""
    parts = urlsplit(url)
    path = "" if describe_secret(url) else parts.path
    words = [word for word in path.split("/") if re.fullmatch(r"[a-z][a-z_-]{1,23}", word)]
    labels = [label for label in (parts.hostname or "").split(".")[:-1] if re.fullmatch(r"[a-z][a-z0-9-]*", label)]
    best = (words[-1:] or labels[-1:] or ["webhook"])[0].replace("-", "_")
    yield best
    yield from (f"{best}_{number}" for number in count(2))
