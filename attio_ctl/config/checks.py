"""
What the parts of a workspace say of each other and of Attio, as far as that is certain without asking Attio.

Each check takes the whole workspace and yields its findings; `check` runs them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from attio_ctl.address import Address
from attio_ctl.attribute_types import STANDARD_OBJECTS, WITHOUT_CUSTOM_UNIQUE
from attio_ctl.config import rules
from attio_ctl.config.defaults import fault_of_default, titles_in_default
from attio_ctl.config.models import (
    Attribute,
    RecordReferenceAttribute,
    SelectAttribute,
    Spec,
    StatusAttribute,
    Titled,
    WorkspaceSpec,
)
from attio_ctl.config.nodes import DataPath, MappingNode, Places, ScalarNode
from attio_ctl.config.wording import did_you_mean
from attio_ctl.errors import Problem

_SNAKE_CASE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)  # without slots, so that every check shares what one has gathered
class Subject:
    """What is checked; `objects` are the slugs defined in the files, also those whose block is wrong."""

    spec: WorkspaceSpec
    places: Places
    objects: frozenset[str]

    @cached_property
    def attributes(self) -> tuple[tuple[Address, tuple[str | int, ...], Attribute], ...]:
        """Every attribute of every object and list, with its address and path."""
        return tuple(
            (Address.root(kind, slug).child("attribute", name), (f"{kind}s", slug, "attributes", name), attribute)
            for kind, parents in (("object", self.spec.objects), ("list", self.spec.lists))
            for slug, parent in parents.items()
            for name, attribute in parent.attributes.items()
        )


def check(subject: Subject) -> list[Problem]:
    """All findings, in no particular order."""
    return [problem for one in _CHECKS for problem in one(subject)]


def titles_of(attribute: Attribute) -> tuple[str, tuple[Titled, ...]]:
    """The key under which an attribute lists titles (empty where its type has none), and what it lists."""
    match attribute:
        case SelectAttribute():
            return "options", attribute.options
        case StatusAttribute():
            return "statuses", attribute.statuses
        case _:
            return "", ()


# --- objects that are spoken of ---------------------------------------------------------------------------------------


def _objects_exist(subject: Subject) -> Iterator[Problem]:
    known = subject.objects | set(STANDARD_OBJECTS)
    for slug, path, address in _mentioned_objects(subject):
        if slug not in known:
            message = f"`{address}`: no object `{slug}` is standard or defined here{did_you_mean(slug, known)}"
            yield rules.UNKNOWN_OBJECT.problem(message, subject.places.value_at(path), address=str(address))


def _mentioned_objects(subject: Subject) -> Iterator[tuple[str, DataPath, Address]]:
    for slug, lst in subject.spec.lists.items():
        yield lst.parent, ("lists", slug, "parent"), Address.root("list", slug)
    for address, path, attribute in subject.attributes:
        if isinstance(attribute, RecordReferenceAttribute):
            for index, target in enumerate(attribute.to):
                yield target, (*path, "to", index), address
    for name, hook in subject.spec.webhooks.items():
        for index, subscription in enumerate(hook.on):
            if subscription.object is not None:
                yield subscription.object, ("webhooks", name, "on", index, "object"), Address.root("webhook", name)


def _standard_objects_keep_their_slug(subject: Subject) -> Iterator[Problem]:
    for slug, spec in subject.spec.objects.items():
        fault = key = None
        if slug in STANDARD_OBJECTS and spec.renamed_from is not None:
            key, fault = "renamed_from", "is a standard object and cannot be renamed"
        elif slug not in STANDARD_OBJECTS and spec.active is not None:
            key, fault = "active", f"is no standard object; `active` is for {', '.join(STANDARD_OBJECTS)}"
        if key is not None:
            place = subject.places.at(("objects", slug, key))
            yield rules.STANDARD_OBJECT.problem(f"`object.{slug}` {fault}", place, address=f"object.{slug}")


def _nouns_are_unique(subject: Subject) -> Iterator[Problem]:
    for noun in ("singular", "plural"):
        first: dict[str, str] = {}
        for slug, spec in subject.spec.objects.items():
            text = getattr(spec, noun)
            other = first.setdefault(text, slug) if text is not None else slug
            if other != slug:
                address = f"object.{slug}"
                message = f"`{address}`: `{noun}` is the same as that of `object.{other}`"
                place = subject.places.at(("objects", slug, noun))
                yield rules.NOUNS.problem(message, place, address=address)


def _slugs_are_snake_case(subject: Subject) -> Iterator[Problem]:
    tops = [(Address.root("object", slug), ("objects", slug)) for slug in subject.spec.objects]
    tops += [(Address.root("list", slug), ("lists", slug)) for slug in subject.spec.lists]
    for address, path in [*tops, *((address, path) for address, path, _ in subject.attributes)]:
        if not _SNAKE_CASE.fullmatch(address.name):
            message = f"`{address}`: `{address.name}` is not snake case"
            yield rules.SLUG_STYLE.problem(message, subject.places.at(path), address=str(address))


# --- attributes -------------------------------------------------------------------------------------------------------


def _people_and_companies_are_special(subject: Subject) -> Iterator[Problem]:
    for address, path, attribute in subject.attributes:
        if address.top.kind == "list" or address.top.name not in WITHOUT_CUSTOM_UNIQUE:
            continue
        what = f"`{address}`: attributes of {address.top.name} cannot"
        if getattr(attribute, "unique", False):
            place = subject.places.at((*path, "unique"))
            yield rules.UNIQUE.problem(f"{what} be unique", place, address=str(address), hint=rules.UNIQUE.remedy)
        if getattr(attribute, "default", None) is not None:
            place = subject.places.at((*path, "default"))
            yield rules.DEFAULT_REFUSED.problem(f"{what} have a default", place, address=str(address))


def _defaults_fit(subject: Subject) -> Iterator[Problem]:
    for address, path, attribute in subject.attributes:
        fault = fault_of_default(attribute)
        if fault is not None:
            place = subject.places.value_at((*path, "default"))
            yield rules.DEFAULT_TYPE.problem(f"`{address}`: {fault}", place, address=str(address))
        key, titled = titles_of(attribute)
        titles = {one.title for one in titled}
        for title in titles_in_default(attribute) if titles else ():
            if title not in titles:
                place = subject.places.value_at((*path, "default"))
                message = f"`{address}`: the default `{title}` is none of its {key}{did_you_mean(title, titles)}"
                yield rules.DEFAULT_TITLE.problem(message, place, address=str(address))


def _relationships_agree(subject: Subject) -> Iterator[Problem]:
    made: dict[Address, Address] = {}
    for address, path, attribute in subject.attributes:
        if not isinstance(attribute, RecordReferenceAttribute) or attribute.relationship is None:
            continue
        relationship = attribute.relationship
        reverse = Address.root("object", attribute.to[0]).child("attribute", relationship.slug)
        place = subject.places.at((*path, "relationship"))
        first = made.setdefault(reverse, address)
        if first != address:
            message = f"`{address}`: its relationship makes `{reverse}`, and so does that of `{first}`"
            yield rules.RELATIONSHIP.problem(message, place, address=str(address))
        target = subject.spec.objects.get(attribute.to[0])
        other = target.attributes.get(relationship.slug) if target is not None else None
        fault = _fault_of_reverse(address, attribute, other) if other is not None else None
        if fault is not None:
            there = subject.places.at(("objects", attribute.to[0], "attributes", relationship.slug))
            message = f"`{address}`: its relationship makes `{reverse}`, but at {there} that {fault}"
            yield rules.RELATIONSHIP.problem(message, place, address=str(address))


def _fault_of_reverse(address: Address, attribute: RecordReferenceAttribute, other: Attribute) -> str | None:
    """Why an attribute cannot be the other side of a relationship; what it does not say cannot disagree."""
    assert attribute.relationship is not None, "asked for relationships only"
    if not isinstance(other, RecordReferenceAttribute):
        return f"is a `{other.type}` attribute"
    if "to" in other.model_fields_set and other.to != (address.top.name,):
        return f"does not point at `{address.top.name}` alone"
    if "multiselect" in other.model_fields_set and other.multiselect != attribute.relationship.multiselect:
        return f"says `multiselect: {str(other.multiselect).lower()}`"
    if other.relationship is None:
        return None
    if other.relationship.slug != address.name:
        return f"names `{other.relationship.slug}` as its other side"
    if other.relationship.multiselect != attribute.multiselect:
        return f"expects `multiselect: {str(other.relationship.multiselect).lower()}` of it"
    return None


# --- renames and removals ---------------------------------------------------------------------------------------------


def _renames_can_be_followed(subject: Subject) -> Iterator[Problem]:
    for family in _families(subject):
        old = {one.address.name: one.renamed_from for one in family}
        taken: dict[str, str] = {}
        for one in family:
            fault = _fault_of_rename(one.address.name, one.renamed_from, old, taken)
            if fault is not None:
                place = subject.places.value_at((*one.path, "renamed_from"))
                yield rules.RENAME.problem(f"`{one.address}` {fault}", place, address=str(one.address))


def _fault_of_rename(name: str, before: str | None, old: Mapping[str, str | None], taken: dict[str, str]) -> str | None:
    if before is None:
        return None
    if before == name:
        return "is renamed from itself"
    if before in old and old[before] is None:
        return f"is renamed from `{before}`, which is still defined beside it"
    if taken.setdefault(before, name) != name:
        return f"is renamed from `{before}`, and so is `{taken[before]}`"
    return None


_ACTIONS: Final = {
    "object": ("delete", "forget"),
    "attribute": ("archive", "forget"),
    "option": ("archive", "forget"),
    "status": ("archive", "forget"),
    "list": ("forget",),
    "webhook": ("delete", "forget"),
    "mapping": (),
}


def _removals_make_sense(subject: Subject) -> Iterator[Problem]:
    defined = _defined(subject) if subject.spec.removed else {}
    seen: dict[Address, int] = {}
    for index, removal in enumerate(subject.spec.removed):
        place = subject.places.value_at(("removed", index, "address"))
        try:
            address = Address.parse(removal.address)
        except ValueError as error:
            yield rules.REMOVED_ADDRESS.problem(str(error), place)
            continue
        fault = _fault_of_removal(address, removal.action)
        if seen.setdefault(address, index) != index:
            fault = f"is listed twice: first at {subject.places.value_at(('removed', seen[address], 'address'))}"
        if fault is not None:
            yield rules.REMOVED_ADDRESS.problem(f"`{address}` {fault}", place, address=str(address))
        if address in defined:
            message = f"`{address}` is to be removed, but {subject.places.at(defined[address])} still defines it"
            yield rules.REMOVED_BUT_DEFINED.problem(message, place, address=str(address))


def _fault_of_removal(address: Address, action: str) -> str | None:
    allowed = _ACTIONS[address.kind]
    if not allowed:
        return "lives in the files only: remove its block"
    if action not in allowed:
        return f"cannot be removed with `{action}`; use {' or '.join(f'`{one}`' for one in allowed)}"
    if action == "delete" and address.kind == "object" and address.name in STANDARD_OBJECTS:
        return "is a standard object and cannot be deleted"
    return None


@dataclass(frozen=True, slots=True)
class _Named:
    """Something with an address that a file defines, perhaps under a new name."""

    address: Address
    path: tuple[str | int, ...]
    renamed_from: str | None


def _families(subject: Subject) -> Iterator[list[_Named]]:
    """Everything defined, by what shares one name space: the objects, the attributes of one, the options of one, …"""
    spec = subject.spec
    tops: dict[str, Mapping[str, Spec]] = {
        "object": spec.objects,
        "list": spec.lists,
        "webhook": spec.webhooks,
        "mapping": spec.mappings,
    }
    for kind, members in tops.items():
        yield [
            _Named(Address.root(kind, name), (f"{kind}s", name), getattr(one, "renamed_from", None))
            for name, one in members.items()
        ]
    attributes: dict[Address, list[_Named]] = {}
    for address, path, attribute in subject.attributes:
        attributes.setdefault(address.top, []).append(_Named(address, path, attribute.renamed_from))
        key, titled = titles_of(attribute)
        yield [
            _Named(
                address.child("option" if key == "options" else "status", one.title),
                (*path, key, index),
                one.renamed_from,
            )
            for index, one in enumerate(titled)
        ]
    yield from attributes.values()


def _defined(subject: Subject) -> dict[Address, DataPath]:
    """The path of everything defined, under its name and under the one that it is renamed from."""
    found: dict[Address, DataPath] = {}
    for one in (one for family in _families(subject) for one in family):
        found[one.address] = one.path
        if one.renamed_from is not None:
            found.setdefault(one.address.renamed(one.renamed_from), one.path)
    return found


def _titles_stand_in_the_file(subject: Subject) -> Iterator[Problem]:
    for address, path, attribute in subject.attributes:
        key, titles = titles_of(attribute)
        for index in range(len(titles)):
            node = subject.places.node_at((*path, key, index))
            title = node.entries["title"].node if isinstance(node, MappingNode) and "title" in node.entries else node
            if isinstance(title, ScalarNode) and title.written not in (None, str(title.value).replace("${", "$${")):
                message = f"`{address}`: the title `{title.written}` comes from the environment"
                hint = rules.TITLE_FROM_ENVIRONMENT.remedy
                yield rules.TITLE_FROM_ENVIRONMENT.problem(message, title.place, address=str(address), hint=hint)


# --- webhooks ---------------------------------------------------------------------------------------------------------


def _secrets_have_a_place(subject: Subject) -> Iterator[Problem]:
    for name, hook in subject.spec.webhooks.items():
        if hook.secret is None:
            address = f"webhook.{name}"
            message = f"`{address}` has no `secret`: Attio shows its signing secret once, and it would be lost"
            place = subject.places.at(("webhooks", name))
            yield rules.WEBHOOK_SECRET.problem(message, place, address=address, hint=rules.WEBHOOK_SECRET.remedy)


_CHECKS: Final[tuple[Callable[[Subject], Iterator[Problem]], ...]] = (
    _objects_exist,
    _standard_objects_keep_their_slug,
    _nouns_are_unique,
    _slugs_are_snake_case,
    _people_and_companies_are_special,
    _defaults_fit,
    _relationships_agree,
    _renames_can_be_followed,
    _removals_make_sense,
    _titles_stand_in_the_file,
    _secrets_have_a_place,
)
