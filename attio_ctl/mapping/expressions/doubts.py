"""
What in an expression reads otherwise than it looks: it runs, but hardly as it is meant.

Nothing of it is at fault, since Segment takes all of it; so it is looked for in what is written, apart from reading it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from attio_ctl.mapping.expressions.paths import split_path
from attio_ctl.mapping.expressions.reading import Steps
from attio_ctl.state.resource import Json

Kind = Literal["text", "path", "filter"]
"""A text that is nearly a path or a template, a path that leads elsewhere than it looks, a filter that does nothing."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is hardly meant; `path` leads to it from the value that was looked at."""

    kind: Kind
    path: Steps
    message: str


# `$traits.email`, `$["userId"]`, `$userId`: JSONPath or a variable of another language. `$5 off` and `$USD` are texts.
_NO_DOT = re.compile(r"\$(?:\[\S*|[A-Za-z_]\w*[.\[]\S*|[a-z_]\w*)", re.ASCII)
_PATH_INSIDE = re.compile(r"\$\.[A-Za-z_][\w.]*", re.ASCII)
_IN_BRACES = re.compile(r"\{\{\{?([^}]*)\}\}")
_INDEX_OR_NAME = re.compile(r"""\[(?:\d+|'[^'\[\]]*'|"[^"\[\]]*")\]""", re.ASCII)
_NO_VALUES: Final = frozenset(
    {"pattern", "replacement", "pattern2", "replacement2", "separator", "operator", "mode", "direction"}
)
"""Options of directives that are texts for themselves."""


def doubts(value: Json, path: Steps = ()) -> Iterator[Doubt]:
    """All that is doubtful in a value of a workspace file, short forms and directives, at any depth."""
    match value:
        case str():
            yield from (Doubt(kind, path, message) for kind, message in _in_text(value))
        case list():
            for index, item in enumerate(value):
                yield from doubts(item, (*path, index))
        case dict():
            for key, inner in value.items():
                yield from _in_member(key, inner, (*path, key))


def _in_member(key: str, value: Json, path: Steps) -> Iterator[Doubt]:
    match key, value:
        case "@path", str():
            yield from (Doubt("path", path, message) for message in _in_path(value.replace("$.", "", 1), value))
        case "@template", str():
            yield from (Doubt(kind, path, message) for kind, message in _in_template(value, dollar=False))
        case "@arrayPath", [str() as root, *shape]:
            yield from (Doubt("path", (*path, 0), message) for message in _in_path(root.replace("$.", "", 1), root))
            yield from doubts(shape, path)
        case "@liquid", str():
            from attio_ctl.mapping.expressions.liquid import doubtful_filters  # noqa: PLC0415  its library is large

            yield from (Doubt("filter", path, message) for message in doubtful_filters(value))
        case ("@literal", str()) | ("@excludeWhenNull", str()):
            return
        case name, str() if name in _NO_VALUES:
            return
        case _:
            yield from doubts(value, path)


def _in_text(text: str) -> Iterator[tuple[Kind, str]]:
    """A text in the short form: a path, a template, or itself."""
    if text.startswith("$.") and len(text) > len("$."):
        yield from (("path", message) for message in _in_path(text.removeprefix("$."), text))
    elif "{{" in text:
        yield from _in_template(text, dollar=True)
    elif _NO_DOT.fullmatch(text):
        meant = ".".join(split_path(text[1:]))
        yield "text", f"`{text}` is sent as it stands, since a path begins with `$.`; write `$.{meant}` if it is one"
    elif inside := _PATH_INSIDE.search(text):
        yield "text", f"`{inside[0]}` in the middle of a text is sent as it stands; write `{{{{{inside[0][2:]}}}}}`"


def _in_template(text: str, *, dollar: bool) -> Iterator[tuple[Kind, str]]:
    filled = _IN_BRACES.sub("", text)
    if "{{" in filled:
        yield "text", f"a `{{{{` in `{text}` is never closed with `}}}}`, so it is sent as it stands"
    for match in _IN_BRACES.finditer(text):
        inside = match[1].strip()
        if inside.startswith("$."):
            if not dollar:
                yield (
                    "path",
                    f"`{match[0]}` finds nothing: in `@template` a path has no `$.`; write `{{{{{inside[2:]}}}}}`",
                )
            inside = inside.removeprefix("$.")
        if "|" in inside:
            yield "filter", f"`{match[0]}` is a path, and has no filters; `@liquid` has them"
        elif inside:
            yield from (("path", message) for message in _in_path(inside, match[0]))


def _in_path(path: str, shown: str) -> Iterator[str]:
    bare = _INDEX_OR_NAME.sub("", path)
    if "[" in bare or "]" in bare:
        yield f"a bracket in `{shown}` holds neither an index nor a name in quotes, so it counts as part of the name"
    elif '"' in bare or "'" in bare:
        yield f"quotes in `{shown}` are cut out; a name with a dot in it cannot be reached"
    elif any("." in quoted for quoted in _INDEX_OR_NAME.findall(path)):
        yield f"`{shown}`: a name with a dot in it cannot be reached, also not in quotes"
    elif ".." in path or path.endswith("."):
        yield f"a dot in `{shown}` has no name behind it, and is passed over"
