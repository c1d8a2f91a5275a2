"""What pydantic found wrong, in plain words at its place: no union tags, no class names, nothing that may be secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from attio_ctl.address import Address
from attio_ctl.attribute_types import ATTRIBUTE_TYPES
from attio_ctl.config import rules
from attio_ctl.config.models import (
    BASE_URL_PATTERN,
    CHAT_PATTERN,
    DURATION_PATTERN,
    EMAIL_PATTERN,
    HTTPS_PATTERN,
    REGION_PATTERN,
    SLUG_PATTERN,
    UUID_PATTERN,
    Spec,
    WorkspaceSpec,
)
from attio_ctl.config.nodes import ListNode, MappingNode, Node, Places
from attio_ctl.config.wording import address_of, did_you_mean, quote_all, shown
from attio_ctl.errors import Problem

_PATTERNS: Final = {
    SLUG_PATTERN: "a slug (a letter, then letters, digits, `_` or `-`, at most 64)",
    UUID_PATTERN: "a UUID in lower case",
    DURATION_PATTERN: "an ISO 8601 duration such as `P14D`",
    EMAIL_PATTERN: "an e-mail address",
    HTTPS_PATTERN: "an `https://` address",
    BASE_URL_PATTERN: "an `http(s)://` address without a `/` at its end",
    CHAT_PATTERN: "an `https://` address, or an `http://` one of this machine",
    REGION_PATTERN: "a country code of two capital letters, such as `US`",
}
_WAYS_OUT: Final[dict[tuple[str | int, ...], str]] = {
    ("api",): "for example `api: {token: {env: ATTIO_TOKEN}}`, or `api: {sandbox: demo}` to try things out",
    ("api", "token"): "a token never stands in a file: say where it is, as `{env: ATTIO_TOKEN}`, `{file: …}` or "
    "`{command: […]}`",
}
_ELSEWHERE: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("subscribe", "subscription", "subscriptions", "trigger", "filter", "on", "events"), ("when", "on")
    ),
    "company_attributes": ("company",),
    "person_attributes": ("person",),
    "user_attributes": ("user",),
    "workspace_attributes": ("workspace",),
    "attributes": ("values",),
    "matching_attribute": ("match",),
    "enable_batching": ("batch",),
    "is_multiselect": ("multiselect",),
    "is_required": ("required",),
    "is_unique": ("unique",),
    "allowed_objects": ("to",),
    "target_url": ("url",),
}
"""What Segment and Attio's API call something, and what files call it; the first that fits the place counts."""
_MAX_LISTED: Final = 10
_REMOVED: Final = Address.parse("object.people.attribute.old_score")
_SINGLE_VALUE: Final = frozenset({"`true` or `false`", "a whole number", "a number", "text"})
_KINDS: Final = {
    "string_type": "text",
    "bool_type": "`true` or `false`",
    "bool_parsing": "`true` or `false`",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
}


def explain(error: ValidationError, places: Places) -> list[Problem]:
    """Every fault as a problem; what several branches of a union say of one value is said once."""

    def path(fault: ErrorDetails) -> tuple[str | int, ...]:
        return path_of(fault, places.root)

    faults = sorted(error.errors(include_url=False), key=lambda fault: [str(step) for step in path(fault)])
    groups = {at: list(group) for at, group in groupby(faults, key=path)}
    return [_problem(at, group, places) for at, group in groups.items() if not _is_echo(at, group, groups)]


def _is_echo(
    path: tuple[str | int, ...], faults: list[ErrorDetails], groups: Collection[tuple[str | int, ...]]
) -> bool:
    """Whether this only says that another branch was meant: faults inside the value show its kind is right."""
    inside = any(len(other) > len(path) and other[: len(path)] == path for other in groups)
    return inside and all(fault["type"] in (*_KINDS, "literal_error", "too_short") for fault in faults)


def _problem(path: tuple[str | int, ...], faults: list[ErrorDetails], places: Places) -> Problem:
    first = faults[0]
    place = places.at(path)
    address, inside = address_of(path)
    match first["type"]:
        case "extra_forbidden":
            message = _within(address, "", _unknown_key(first["loc"]))
            return rules.UNKNOWN_KEY.problem(message, place, address=address)
        case "missing":
            message = _within(address, "", f"`{inside}` is missing")
            return rules.MISSING_KEY.problem(message, places.at(path[:-1]), address=address)
        case "union_tag_not_found":
            message = _within(address, inside, f"`{_quoted(_context(first)['discriminator'])[0]}` is missing")
            return rules.MISSING_KEY.problem(message, place, address=address)
        case "union_tag_invalid":
            return _unknown_tag(first, path, places)
        case "value_error":
            message = str(_context(first)["error"])
            return rules.INCONSISTENT.problem(_within(address, inside, message), place, address=address)
    if first["loc"][-1] == "[key]":
        message = f"the key `{path[-1]}` is no {_expected(first).removeprefix('a ')}"
        return rules.NOT_ALLOWED.problem(_within(address, inside, message), place, address=address)
    kinds = all(fault["type"] in _KINDS for fault in faults)
    node = places.node_at(path)
    found = shown(node, by_kind=all(fault["type"].endswith("_type") for fault in faults))
    rule = rules.WRONG_TYPE if kinds else rules.NOT_ALLOWED
    message = _within(address, inside, f"{_expectation(faults)}, found {found}{_near(faults)}")
    return rule.problem(message, places.value_at(path), address=address, hint=_hint(path, faults, node))


def _expectation(faults: list[ErrorDetails]) -> str:
    literals = [value for fault in faults if fault["type"] == "literal_error" for value in _literals(fault)]
    phrases = [_expected(fault) for fault in faults if fault["type"] != "literal_error"]
    if set(phrases) >= _SINGLE_VALUE:
        phrases = ["a single value", *(phrase for phrase in phrases if phrase not in _SINGLE_VALUE)]
    if len(literals) > _MAX_LISTED and _near(faults):
        phrases.insert(0, f"one of {len(literals)} values")
    elif literals:
        phrases.insert(0, f"one of {quote_all(literals)}" if len(literals) > 1 else f"`{literals[0]}`")
    return f"expected {_either(phrases)}"


def _near(faults: list[ErrorDetails]) -> str:
    literals = [value for fault in faults if fault["type"] == "literal_error" for value in _literals(fault)]
    return did_you_mean(str(faults[0]["input"]), literals)


def path_of(fault: ErrorDetails, root: Node) -> tuple[str | int, ...]:
    """The way through the document: `loc` without the names of union branches, but with the name of a missing key."""
    path: list[str | int] = []
    node = root
    for step in fault["loc"]:
        match node, step:
            case MappingNode(), str() if step in node.entries:
                node = node.entries[step].node
            case ListNode(), int() if step < len(node.items):
                node = node.items[step]
            case _:
                continue
        path.append(step)
    return (*path, fault["loc"][-1]) if fault["type"] == "missing" else tuple(path)


def _unknown_key(loc: Sequence[str | int]) -> str:
    key = str(loc[-1])
    models = _models_at(loc[:-1])
    known = sorted({name for model in models for name in model.model_fields})
    types = [value for model in models for value in _literals_of(model, "type")]
    of = f" of a `{types[0]}` attribute" if len(types) == 1 else ""
    meant = [f"; did you mean `{name}`?" for name in _ELSEWHERE.get(key, ()) if name in known]
    suggestion = meant[0] if meant else did_you_mean(key, known) or f"; known: {quote_all(known)}"
    return f"unknown key `{key}`{of}{suggestion}"


def _unknown_tag(fault: ErrorDetails, path: tuple[str | int, ...], places: Places) -> Problem:
    context = _context(fault)
    key, *known = _quoted(context["discriminator"] + context["expected_tags"])
    address, _ = address_of((*path, key))
    found = shown(places.node_at((*path, key)), by_kind=False)
    suggestion = did_you_mean(context["tag"], known) or f"; known: {quote_all(known)}"
    message = _within(address, "", f"unknown `{key}` {found}{suggestion}")
    is_system = context["tag"] in ATTRIBUTE_TYPES
    hint = "Attio makes attributes of this type itself; they cannot be created" if is_system else None
    place = places.value_at((*path, key))
    return rules.NOT_ALLOWED.problem(message, place, address=address, hint=hint)


def _expected(fault: ErrorDetails) -> str:
    context = fault.get("ctx", {})
    match fault["type"]:
        case "model_type" | "model_attributes_type" if context.get("class_name") in ("Option", "Status"):
            return "a title, or a mapping with `title`"
        case "model_type" | "model_attributes_type" if context.get("class_name") == "Removal":
            return "a mapping with `address` and `action`"
        case "string_pattern_mismatch":
            return _PATTERNS.get(context["pattern"], f"text like `{context['pattern']}`")
        case "string_too_short":
            return f"at least {context['min_length']} character"
        case "string_too_long":
            return f"at most {context['max_length']} characters"
        case "too_short":
            return f"at least {context['min_length']} item"
        case kind:
            return _KINDS.get(kind, fault["msg"][:1].lower() + fault["msg"][1:])


def _hint(path: tuple[str | int, ...], faults: list[ErrorDetails], node: Node) -> str | None:
    if path in _WAYS_OUT:
        return _WAYS_OUT[path]
    if path[-1] == "currency" and isinstance(faults[0]["input"], str):
        return "its parts stand below it, as `currency: {code: EUR}`"
    if path[0] == "removed" and len(path) <= 2:
        return _entry_of_removed(faults[0]["input"])
    wants_text = any(fault["type"] in ("string_type", "model_type") for fault in faults)
    is_single = isinstance(faults[0]["input"], bool | int | float)
    return "quote it to make it text" if wants_text and is_single and not isinstance(node, MappingNode) else None


def _entry_of_removed(said: Any) -> str:
    """How to write the entry that was meant, where an address stands alone, or an example."""
    try:
        address = Address.parse(said) if isinstance(said, str) else _REMOVED
    except ValueError:
        address = _REMOVED
    action = {"object": "delete", "webhook": "delete", "list": "forget"}.get(address.kind, "archive")
    return f"write `- {{address: {address}, action: {action}}}`; the action is `archive`, `delete` or `forget`"


def _literals(fault: ErrorDetails) -> list[str]:
    return _quoted(_context(fault)["expected"])


def _quoted(text: str) -> list[str]:
    """The words in single quotes: how pydantic lists what it allows."""
    return re.findall(r"'([^']*)'", text)


def _context(fault: ErrorDetails) -> dict[str, Any]:
    return fault.get("ctx", {})


def _either(phrases: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(phrases))


def _within(address: str | None, inside: str, message: str) -> str:
    return "".join(f"`{part}`: " for part in (address, inside) if part) + message


# --- finding the model that a place belongs to ------------------------------------------------------------------------


def _models_at(loc: Sequence[str | int]) -> list[type[Spec]]:
    """The models that the value at `loc` was held against: one, but for a union that nothing tells apart."""
    found: list[Any] = [WorkspaceSpec]
    for step in loc:
        found = [inner for one in found for inner in _step(one, step)]
    return [one for one in found if isinstance(one, type) and issubclass(one, Spec)]


def _step(annotation: Any, step: str | int) -> list[Any]:
    origin = get_origin(annotation)
    if origin in (dict, tuple, list):
        return _branches(get_args(annotation)[1 if origin is dict else 0])
    if not (isinstance(annotation, type) and issubclass(annotation, Spec)):
        return []
    if step in _names_of(annotation):
        return [annotation]
    known = annotation.model_fields.get(str(step))
    return [] if known is None else _branches(known.annotation)


def _branches(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [inner for one in get_args(annotation) for inner in _branches(one)]
    return [annotation]


def _names_of(model: type[Spec]) -> set[str]:
    """What pydantic puts into a `loc` for this branch of a union: the tag, or the name of the class."""
    return {model.__name__, *_literals_of(model, "type"), *_literals_of(model, "action")}


def _literals_of(model: type[Spec], key: str) -> tuple[str, ...]:
    annotation: Any = model.model_fields[key].annotation if key in model.model_fields else None
    return get_args(annotation) if get_origin(annotation) is Literal else ()
