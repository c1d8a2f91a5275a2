"""
The reference of all rules, from the tables that the checks use: `docs/reference/rules.md`.

Run as `python -m attio_ctl.render.rule_pages docs/reference`; the examples are in `rule-examples.yaml` beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final

from attio_ctl.config import rules as config_rules
from attio_ctl.config.nodes import plain
from attio_ctl.config.rules import Rule
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import ConfigError
from attio_ctl.mapping import rules as mapping_rules

Examples = Mapping[str, Mapping[str, str]]
"""Code to a `bad` and a `good` file."""

ALL_RULES: Final[tuple[Rule, ...]] = tuple(
    sorted((*config_rules.RULES.values(), *mapping_rules.RULES), key=lambda rule: rule.code)
)

_GROUPS: Final = {
    "AC10": "The text of one file",
    "AC11": "Files and layers together",
    "AC12": "The shape of the document",
    "AC13": "What its parts say of each other and of Attio",
    "AC14": "What its parts say of each other and of Attio",
    "AC15": "Comments that ignore a rule",
    "AC30": "Mappings that cannot run",
    "AC31": "Mappings that run, but hardly as they are meant",
    "AC32": "Mappings that run, but hardly as they are meant",
}

_HEAD: Final = """\
# Rules

Everything that `attio-ctl validate` may say of the files of a workspace. Codes are stable: they are never given to
another rule. This page is generated from the code; the examples are tested.

An **error** stops every command. A **warning** is told. A warning, and an error that is marked *can be ignored*, is
ignored by a comment on its line or above it, which has to say why:

```yaml
leadSource: {type: text} # attio-ctl: ignore AC140 because our website writes it so
```
"""


def render_rules(rules: Iterable[Rule], examples: Examples) -> str:
    """The page, in Markdown."""
    known = list(rules)
    lines = [_HEAD, "| code | | rule |", "|---|---|---|"]
    lines += [f"| [{rule.code}](#{rule.code.lower()}) | {_severity(rule)} | {_cell(rule.title)} |" for rule in known]
    for group, members in groupby(known, key=lambda rule: _GROUPS[rule.code[:4]]):
        lines += ["", f"## {group}"]
        for rule in members:
            lines += _section(rule, examples.get(rule.code, {}))
    return "\n".join(lines) + "\n"


def read_examples(path: Path) -> Examples:
    """
    The examples by code.

    Raises:
        ConfigError: the file is no YAML.
    """
    read = read_yaml(path.read_bytes(), path.name)
    if read.root is None or read.problems:
        raise ConfigError(read.problems)
    examples: Examples = plain(read.root)
    return examples


def write_pages(folder: Path) -> Path:
    """Write `rules.md` into a folder that holds the examples; returns its path."""
    page = folder / "rules.md"
    page.write_text(render_rules(ALL_RULES, read_examples(folder / "rule-examples.yaml")))
    return page


def _section(rule: Rule, example: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"### {rule.code}", "", f"**{rule.title}** · {_severity(rule)}", "")
    yield f"{rule.why} {rule.remedy}"
    for kind, title in (("bad", "Told of:"), ("good", "Not of:")):
        if kind in example:
            yield from ("", title, "", "```yaml", example[kind].rstrip("\n"), "```")


def _severity(rule: Rule) -> str:
    return f"{rule.severity}, can be ignored" if rule.ignorable else rule.severity


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
