"""
JSON Schemas for editors, made from the models: completion, help on hover, and faults as one types.

    workspace.schema.json   a file of a workspace: any part of it, so no top-level key is required
    overlay.schema.json     a file of a workspace that extends a base: any part of any block, and `null` to remove one

Draft 07, which is what the YAML language server knows best. Run as `python -m attio_ctl.config.schema_export schemas/`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from attio_ctl.attribute_types import ACTIVATED_BY_HAND, STANDARD_OBJECTS
from attio_ctl.config.models import SLUG_PATTERN, WorkspaceSpec

Schema = dict[str, Any]

_DEFINITIONS: Final = "definitions"
_EXTENDS: Final[Schema] = {
    "description": "Bases to lay this workspace over: folders or files, relative to this file. Mappings merge key by "
    "key, lists are replaced, and `null` takes a key of the base away.",
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}


def workspace_schema() -> Schema:
    """What one file of a workspace may hold: whole blocks, but any of them; the other files hold the rest."""
    schema = _schema_of_model()
    # One object or list may be spread over several files.
    for block in (schema, schema[_DEFINITIONS]["ObjectSpec"], schema[_DEFINITIONS]["ListSpec"]):
        block.pop("required", None)
    return schema


def overlay_schema() -> Schema:
    """What a file may hold whose workspace extends a base: parts of blocks, and `null` for what is to go."""
    schema: Schema = _walk(_schema_of_model(), _as_overlay)
    schema["title"] = "A workspace of attio-ctl that extends a base"
    objects = schema["properties"]["objects"]
    objects["properties"] = {slug: _or_null(one) for slug, one in objects["properties"].items()}
    return schema


def write_schemas(folder: Path) -> tuple[Path, ...]:
    """Write both schemas into a folder; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    made = schema_texts()
    paths = tuple(folder / f"{name}.schema.json" for name in made)
    for path, text in zip(paths, made.values(), strict=True):
        path.write_text(text)
    return paths


@cache
def schema_texts() -> Mapping[str, str]:
    """Both schemas as JSON, by name."""
    made = {"workspace": workspace_schema(), "overlay": overlay_schema()}
    return {name: json.dumps(schema, indent=2, ensure_ascii=False) + "\n" for name, schema in made.items()}


def _schema_of_model() -> Schema:
    made = WorkspaceSpec.model_json_schema(ref_template=f"#/{_DEFINITIONS}/{{model}}")
    definitions = made.pop("$defs")
    schema: Schema = _walk(made, _as_draft_07)
    schema["title"] = "A workspace of attio-ctl"
    schema["properties"] = {"extends": _EXTENDS, **schema["properties"]}
    schema["properties"]["objects"]["properties"] = {slug: _standard_object(slug) for slug in STANDARD_OBJECTS}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **schema,
        _DEFINITIONS: {name: _walk(one, _as_draft_07) for name, one in sorted(definitions.items())},
    }


def _standard_object(slug: str) -> Schema:
    how = (
        "is switched on in Attio's settings (`active: true` asserts it)"
        if slug in ACTIVATED_BY_HAND
        else "always exists"
    )
    return {
        "description": f"The standard object `{slug}`, which {how}.",
        "allOf": [{"$ref": f"#/{_DEFINITIONS}/ObjectSpec"}],
    }


def _walk(schema: Any, change: Callable[[Schema], Schema], *, is_schema: bool = True) -> Any:
    """The schema with `change` applied to every schema in it, the inner ones first."""
    match schema:
        case dict():
            inner = {
                key: _walk(
                    value,
                    change,
                    is_schema=not (is_schema and key in ("properties", "patternProperties", _DEFINITIONS)),
                )
                for key, value in schema.items()
            }
            return change(inner) if is_schema else inner
        case list():
            return [_walk(item, change) for item in schema]
        case _:
            return schema


def _as_draft_07(schema: Schema) -> Schema:
    """Without pydantic's titles and OpenAPI's discriminators; a slug is the only kind of name that is allowed."""
    changed = {key: value for key, value in schema.items() if key not in ("title", "discriminator")}
    if "pattern" in changed:  # what the environment will put in cannot be known
        changed["pattern"] += r"|\$\{"
    if "patternProperties" in changed:
        changed["additionalProperties"] = False
    if "$ref" in changed and len(changed) > 1:  # in draft 07, what stands beside a `$ref` does not count
        changed = {"allOf": [{"$ref": changed.pop("$ref")}], **changed}
    return changed


def _as_overlay(schema: Schema) -> Schema:
    changed = {key: value for key, value in schema.items() if key != "required"}
    if "oneOf" in changed:  # part of a block may fit several branches
        changed["anyOf"] = changed.pop("oneOf")
    named = changed.get("patternProperties", {})
    if SLUG_PATTERN in named:
        changed["patternProperties"] = {SLUG_PATTERN: _or_null(named[SLUG_PATTERN])}
    return changed


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null", "description": "Takes it away from the base."}]}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
