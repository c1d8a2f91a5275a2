"""The reference of rules: up to date, complete, and true where it gives an example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from attio_ctl.cli.checking import check_offline
from attio_ctl.config.load import load
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import ConfigError
from attio_ctl.render.rule_pages import ALL_RULES, read_examples, render_rules

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
EXAMPLES = read_examples(REFERENCE / "rule-examples.yaml")


def codes_of(text: str, folder: Path) -> set[str]:
    """The rules that a file breaks, beside a workspace file that breaks none."""
    (folder / "workspace.yaml").write_text("workspace: acme\napi: {sandbox: acme}\n")
    (folder / "example.yaml").write_text(text)
    try:
        loaded = load(folder, environ={})
    except ConfigError as error:
        return {problem.code for problem in error.problems}
    return {problem.code for problem in (*loaded.warnings, *check_offline(loaded))}


def test_the_page_is_what_the_rules_say() -> None:
    """When this fails: `python -m attio_ctl.render.rule_pages docs/reference`."""
    assert (REFERENCE / "rules.md").read_text() == render_rules(ALL_RULES, EXAMPLES)


def test_every_rule_has_a_section_that_can_be_linked_to() -> None:
    text = (REFERENCE / "rules.md").read_text()

    assert re.findall(r"^### (AC\d+)$", text, re.MULTILINE) == [rule.code for rule in ALL_RULES]


@pytest.mark.parametrize("code", EXAMPLES)
def test_a_bad_example_breaks_its_rule_and_a_good_one_none(code: str, tmp_path: Path) -> None:
    assert code in codes_of(EXAMPLES[code]["bad"], tmp_path)
    assert codes_of(EXAMPLES[code]["good"], tmp_path) == set()


def test_examples_are_of_rules_that_exist() -> None:
    assert set(EXAMPLES) <= {rule.code for rule in ALL_RULES}
    assert all(set(example) == {"bad", "good"} for example in EXAMPLES.values())
    assert all(read_yaml(example["good"].encode(), code).problems == () for code, example in EXAMPLES.items())
