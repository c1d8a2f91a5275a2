"""What is said of workspaces that are wrong: pairs of files and messages, in `cases/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from attio_ctl.config import rules
from attio_ctl.config.load import load
from attio_ctl.config.rules import RULES
from attio_ctl.errors import ConfigError

CASES = Path(__file__).parent / "cases"


def cases() -> list[Any]:
    """Every case of every file, under its title."""
    return [
        pytest.param(case, id=f"{file.stem}: {case['title']}")
        for file in sorted(CASES.glob("*.yaml"))
        for case in YAML(typ="safe").load(file)
    ]


@pytest.mark.parametrize("case", cases())
def test_a_wrong_workspace_is_told_all_that_is_wrong(
    case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors in the order of the files; a case that has only `warnings` must load."""
    monkeypatch.chdir(tmp_path)
    for name, text in case["files"].items():
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    environ = case.get("environ", {})
    try:
        loaded = load(case.get("workspace", "file.yaml"), environ=environ)
        said = [str(problem) for problem in loaded.warnings]
    except ConfigError as error:
        said = [str(problem) for problem in error.problems]

    assert said == case.get("expect", case.get("warnings"))


@pytest.mark.parametrize(
    ("removed", "entry"),
    [
        ("[object.users.attribute.mrr]", "- {address: object.users.attribute.mrr, action: archive}"),
        ("[webhook.billing]", "- {address: webhook.billing, action: delete}"),
        ("list.deals", "- {address: list.deals, action: forget}"),
        ("[5]", "- {address: object.people.attribute.old_score, action: archive}"),
    ],
)
def test_what_is_to_be_removed_is_shown_as_it_should_be_written(removed: str, entry: str, tmp_path: Path) -> None:
    file = tmp_path / "file.yaml"
    file.write_text(f"workspace: x\napi: {{sandbox: x}}\nremoved: {removed}\n")

    with pytest.raises(ConfigError) as raised:
        load(str(file), environ={})

    assert [problem.hint for problem in raised.value.problems] == [
        f"write `{entry}`; the action is `archive`, `delete` or `forget`"
    ]


def test_every_rule_has_a_case() -> None:
    """Those that no text file can show (unreadable bytes, sizes) are tested with the reader."""
    text = "".join(file.read_text() for file in CASES.glob("*.yaml"))
    elsewhere = {"AC104", "AC105"}

    assert {code for code in RULES if f"[{code}]" not in text} <= elsewhere


def test_every_code_is_given_once() -> None:
    named = [value for value in vars(rules).values() if isinstance(value, rules.Rule)]
    assert len({rule.code for rule in named}) == len(named) == len(RULES)
