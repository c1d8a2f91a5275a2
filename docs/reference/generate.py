"""
Writes the pages of this folder that come from the code: `python docs/reference/generate.py`.

A test fails when one of them is not what the code says.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from attio_ctl import errors
from attio_ctl.cli.main import COMMANDS, main
from attio_ctl.config.schema_export import workspace_schema
from attio_ctl.mapping.values.table import as_markdown

HERE = Path(__file__).parent
WIDTH = 88

MEANINGS = {
    errors.Exit.DONE: "Done, and nothing is left to do.",
    errors.Exit.ERROR: "An error that has no code of its own, an answer of Attio's, or a plan that is incomplete.",
    errors.Exit.CHANGES: "Only with `--detailed-exitcode`: done, and there are changes.",
    errors.Exit.INVALID: "The files of a workspace are wrong, every fault is listed; or the events as a whole are.",
    errors.Exit.SIGINT: "Interrupted; what was in flight is done and recorded.",
    errors.Exit.SIGTERM: "Told to end; what was in flight is done and recorded.",
}
"""Of the codes that no error carries, or several do."""


def pages() -> dict[str, str]:
    """File name to text."""
    return {
        "commands.md": _commands(),
        "exit-codes.md": _exit_codes(),
        "files.md": _files(workspace_schema()),
        "values.md": _values(),
    }


def _commands() -> str:
    parts = [
        "# Commands",
        "Generated from the code. Every command takes `--help`; the workspace may come from `ATTIO_CTL_WORKSPACE`.",
        "| command | does |\n|:--|:--|\n"
        + "\n".join(f"| [`{name}`](#{_anchor(name)}) | {line} |" for name, (_, line) in COMMANDS.items()),
    ]
    for path, command in _walk():
        name = " ".join(path)
        parts.append(f"{'#' * min(len(path) + 1, 4)} {name}\n\n```text\n{_help(path, command)}\n```")
    return "\n\n".join(parts) + "\n"


def _walk() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(main, info_name="attio-ctl")
    for name in COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield (name,), command
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                found = command.get_command(context, sub)
                assert found is not None
                yield (name, sub), found


def _help(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(
        command, info_name=" ".join(("attio-ctl", *path)), terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    lines = (line.rstrip() for line in command.get_help(context).splitlines())
    return "\n".join(lines).strip()


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _exit_codes() -> str:
    said: dict[errors.Exit, str] = {}
    for _, found in inspect.getmembers(errors, inspect.isclass):
        if issubclass(found, errors.AttioCtlError) and found.exit_code not in MEANINGS:
            said.setdefault(found.exit_code, (inspect.getdoc(found) or "").split("\n", 1)[0])
    rows = [f"| {code.value} | {MEANINGS.get(code) or said[code]} |" for code in errors.Exit]
    head = (
        "# Exit codes\n\nGenerated from the code. A usage error is 64, because 2 would read as changes in a script.\n\n"
    )
    return head + "| code | meaning |\n|--:|:--|\n" + "\n".join(rows) + "\n"


def _values() -> str:
    head = "What a mapping may give to an attribute, by its type. Generated from the code; the examples are tested."
    return f"# Values\n\n{head}\n\n" + as_markdown().rstrip() + "\n"


def _files(schema: Mapping[str, Any]) -> str:
    """A table of keys for every block that a file may hold, those that all types of attributes share only once."""
    blocks = schema["definitions"]
    attributes = [name for name in blocks if name.endswith("Attribute")]
    shared = {
        key: one
        for key, one in blocks[attributes[0]]["properties"].items()
        if all(_said(blocks[name]["properties"].get(key, {})) == _said(one) for name in attributes)
    }
    parts = [
        "# Workspace files",
        "Generated from the models that read them. An editor that speaks the YAML language server shows the same; "
        "`attio-ctl schema` prints it as a JSON Schema. Keys that are not listed are refused.",
        "## The workspace",
        _table(schema, schema["properties"]),
    ]
    for name in [name for name in blocks if name not in attributes]:
        parts += [f"## {_heading(name, blocks)}", blocks[name].get("description", ""), _table(blocks[name])]
    parts += ["## Attributes", "Every attribute takes these keys, and those of its type.", _table({}, shared)]
    for name in attributes:
        own = {key: one for key, one in blocks[name]["properties"].items() if key not in {*shared, "type"}}
        parts += [f"### {_heading(name, blocks)}", blocks[name].get("description", "")]
        parts += [_table(blocks[name], own)] if own else []
    text = "\n\n".join(part for part in parts if part)
    return re.sub(r"<<(\w+)>>", lambda found: _link(found[1], blocks), text) + "\n"


def _said(one: Mapping[str, Any]) -> str:
    return str(one.get("description", "")).replace("|", "\\|")


def _table(block: Mapping[str, Any], properties: Mapping[str, Any] | None = None) -> str:
    needed = block.get("required", [])
    rows = [
        f"| `{key}`{' (needed)' if key in needed else ''} | {_kind(one)}{_default(one)} | {_said(one)} |"
        for key, one in (block.get("properties", {}) if properties is None else properties).items()
    ]
    return "| key | takes | means |\n|:--|:--|:--|\n" + "\n".join(rows)


def _default(one: Mapping[str, Any]) -> str:
    default = one.get("default")
    return "" if default in (None, [], {}, "") else f"; default `{str(default).lower()}`"


def _kind(one: Mapping[str, Any]) -> str:
    """What a key takes, in words; `<<Name>>` stands for the link to a block."""
    match one:
        case {"$ref": str() as reference}:
            return f"<<{reference.rpartition('/')[2]}>>"
        case {"const": value}:
            return f"`{value}`"
        case {"enum": list() as values}:
            return ", ".join(f"`{value}`" for value in values)
        case {"oneOf": list() as several} | {"anyOf": list() as several} | {"allOf": list() as several}:
            kinds = dict.fromkeys(_kind(each) for each in several if each.get("type") != "null")
            return "a <<Attribute>>" if len(kinds) > 9 else " or ".join(kinds)
        case {"patternProperties": dict() as named}:
            return f"{' or '.join(_kind(each) for each in named.values())} by name"
        case {"type": "array", "items": dict() as each}:
            return f"list of {_kind(each)}"
        case {"type": "object", "additionalProperties": dict() as each}:
            return f"{_kind(each)} by name"
        case {"type": "string"}:
            return "text"
        case {"type": "boolean"}:
            return "`true` or `false`"
        case {"type": "integer"}:
            return "whole number"
        case _:
            return str(one.get("type", "anything"))


def _heading(name: str, blocks: Mapping[str, Any]) -> str:
    properties = blocks[name]["properties"]
    if name.endswith("Attribute"):
        return str(properties["type"]["const"])
    if "const" in properties.get("action", {}):
        return f"Mapping: {properties['action']['const']}"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("Spec")).capitalize()


def _link(name: str, blocks: Mapping[str, Any]) -> str:
    if name == "Attribute":
        return "[attribute](#attributes)"
    heading = _heading(name, blocks)
    anchor = re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    return f"[{heading.removeprefix('Mapping: ').lower()}](#{anchor})"


if __name__ == "__main__":
    for file, text in pages().items():
        (HERE / file).write_text(text)
