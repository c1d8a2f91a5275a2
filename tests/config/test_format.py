"""`fmt`: one layout, with the same data and every comment, whatever the file looked like."""

from __future__ import annotations

import random
import textwrap
import time
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attio_ctl.config import attribute_models, mapping_models, models
from attio_ctl.config.files import find_source
from attio_ctl.config.format import format_yaml
from attio_ctl.config.key_order import KEY_ORDER
from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_comments import find_remarks, parse_tree
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.config.yaml_tree import Collection, Entry, Node, Scalar, Tree
from attio_ctl.config.yaml_writer import write_tree
from attio_ctl.errors import ConfigError

ROOT = Path(__file__).parents[2]


def formatted(text: str) -> str:
    """The canonical form of a file, which is checked to be a fixed point."""
    once = format_yaml(text.encode(), "f.yaml").decode()
    assert format_yaml(once.encode(), "f.yaml").decode() == once
    return once


def data_of(text: str) -> Any:
    """What a file means."""
    document = read_yaml(text.encode(), "f.yaml")
    assert document.problems == (), text
    assert document.root is not None
    return plain(document.root)


@pytest.mark.parametrize("file", find_source(ROOT / "workspaces" / "demo").files, ids=lambda file: file.name)
def test_the_workspaces_of_this_project_are_formatted(file: Path) -> None:
    assert format_yaml(file.read_bytes(), file.name) == file.read_bytes()


CASES = {
    "keys take their order, and their comments along": (
        """\
        objects:
          people:
            attributes:
              # what they pay for
              plan:
                # in the order of price
                options: [Free, Pro] # two for now
                title: Plan
                type: select
        # who we are
        workspace: acme
        """,
        """\
        # who we are
        workspace: acme
        objects:
          people:
            attributes:
              # what they pay for
              plan:
                type: select
                title: Plan
                # in the order of price
                options: [Free, Pro] # two for now
        """,
    ),
    "the schema line and the head of the file stay first": (
        "\n# about\n\n# yaml-language-server: $schema=x\n# the api\napi: {sandbox: a}\nworkspace: a\n",
        "# yaml-language-server: $schema=x\n\n# about\n\nworkspace: a\n# the api\napi: {sandbox: a}\n",
    ),
    "indentation is two spaces, also under lists": (
        "removed:\n-   address: object.a\n    action: forget\n-   - 1\n    - 2\n",
        "removed:\n  - address: object.a\n    action: forget\n  - - 1\n    - 2\n",
    ),
    "quotes stay only where the text needs them": (
        """a: 'x'\nb: "5"\nc: '{{x}}'\nd: "no"\ne: "a: b"\nf: "a:b"\n'on': "x # y"\ng: ''\nh: ["a,b", "c d"]\n""",
        """a: x\nb: "5"\nc: "{{x}}"\nd: "no"\ne: "a: b"\nf: a:b\non: "x # y"\ng: ""\nh: ["a,b", c d]\n""",
    ),
    "truth and nothing have one spelling, numbers keep theirs": (
        "a: TRUE\nb: ~\nc:\nd: 012\ne: 1e3\nf: 0x1F\n",
        "a: true\nb: null\nc: null\nd: 012\ne: 1e3\nf: 0x1F\n",
    ),
    "brackets that hold comments or grow too long are opened": (
        "a: [1, # one\n    2]\nb: {" + ", ".join(f"key_{n}: value_{n}" for n in range(8)) + "}\n",
        "a:\n  - 1 # one\n  - 2\nb:\n" + "".join(f"  key_{n}: value_{n}\n" for n in range(8)),
    ),
    "a comment at the foot of a block stays there": (
        "a:\n    b: 1\n    # not now: 2\n\n\n    # nor this\n# about c\nc: 3\n# the end\n",
        "a:\n  b: 1\n  # not now: 2\n\n  # nor this\n# about c\nc: 3\n# the end\n",
    ),
    "several lines of text are a block": (
        'a: "x\\ny\\n"\nb: >-\n      folded\n      here\nc: "x\\n\\n"\n',
        'a: |\n  x\n  y\nb: >-\n  folded\n  here\nc: "x\\n\\n"\n',
    ),
    "keys stay where they are when aliases depend on their order": (
        "objects: &o {people: {}}\nworkspace: a\nlists: {<<: *o}\n",
        "objects: &o {people: {}}\nworkspace: a\nlists:\n  <<: *o\n",
    ),
    "what the author set apart stays apart, by one line": ("a: 1\n\n\n\nb: 2\nc: 3\n", "a: 1\n\nb: 2\nc: 3\n"),
    "an empty file stays empty, comments alone stay alone": ("# nothing\n\n# yet\n", "# nothing\n\n# yet\n"),
    "line ends of Windows and a byte order mark go": ("\ufeffa: 1\r\n# x\r\nb: 2\r\n", "a: 1\n# x\nb: 2\n"),
    "a document marker goes": ("# head\n---\na: 1\n", "# head\na: 1\n"),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES.keys())
def test_a_file_is_laid_out(before: str, after: str) -> None:
    assert formatted(textwrap.dedent(before)) == textwrap.dedent(after)


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["no", "- a", "a: b", "a #b", "#", "x\ny", "x\n", " x", "x ", "<<", "5", "null", "---", "...", "'", '"', "\\",
     "{{a}}", "a,b", "[", "a:", "?", "-", ":", "a\n\nb\n", "\n", "x\n y\n", "=", "!x", "&x", "*x", "%x", "@x", "`x",
     "|", ">", "é", "\t", "\x85", "\u2028", "1_000", "0o7", "2026-11-02", "~", "🎉"]
)  # fmt: skip
SCALARS = TEXTS | st.integers(-1000, 1000) | st.booleans() | st.none() | st.sampled_from([0.5, 1e300, -2.0])
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)
DOCUMENTS = st.dictionaries(TEXTS | st.sampled_from(list(KEY_ORDER[()])), DATA, max_size=4)


def tree_of(data: Any, chance: random.Random) -> Node:
    """Plain data as a tree, with brackets here and there."""
    match data:
        case dict():
            entries = [Entry(key, tree_of(value, chance)) for key, value in data.items()]
            return Collection(False, entries, flow=chance.random() < 0.4)
        case list():
            items = [Entry(None, tree_of(item, chance)) for item in data]
            return Collection(True, items, flow=chance.random() < 0.4)
        case str():
            return Scalar(data)
        case None | bool():
            return Scalar({None: "null", True: "true", False: "false"}[data], is_text=False)
        case _:
            return Scalar(repr(data).replace("e+", "e"), is_text=False)


@given(DOCUMENTS, st.randoms(use_true_random=False))
@settings(max_examples=150)
def test_whatever_is_written_is_read_as_it_was(data: dict[str, Any], chance: random.Random) -> None:
    text = write_tree(Tree(tree_of(data, chance)))

    assert repr(data_of(text)) == repr(data)


@given(DOCUMENTS, st.booleans() | st.none(), st.sampled_from([None, "'", '"']), st.randoms(use_true_random=False))
@settings(max_examples=150)
@example({"a": [1, {"b": 2}]}, None, None, random.Random(4))
def test_formatting_keeps_data_and_comments_and_is_done_once(
    data: dict[str, Any], flow: bool | None, quotes: str | None, chance: random.Random
) -> None:
    """Another tool's layout, sprinkled with comments and empty lines between the lines."""
    dumped = yaml.safe_dump(data, default_flow_style=flow, default_style=quotes, allow_unicode=True, sort_keys=False)
    source = "\n".join(chain.from_iterable(sprinkled(line, chance) for line in dumped.split("\n")))
    if read_yaml(source.encode(), "f.yaml").problems:
        source = dumped
    result = formatted(source)

    assert repr_sorted(data_of(result)) == repr_sorted(data_of(source))
    assert sorted(r.text for r in find_remarks(result)) == sorted(r.text for r in find_remarks(source))


def sprinkled(line: str, chance: random.Random) -> list[str]:
    """A line, perhaps with an empty line or a comment above it, indented anyhow."""
    above = ["", " " * chance.randrange(8) + f"# {chance.randrange(100)}"]
    return [*chance.sample(above, chance.choice([0, 0, 0, 1, 2])), line]


def repr_sorted(data: Any) -> str:
    """Tells `1` from `true`, and does not tell the order of keys."""
    match data:
        case dict():
            return repr(sorted((key, repr_sorted(value)) for key, value in data.items()))
        case list():
            return repr([repr_sorted(item) for item in data])
        case _:
            return repr(data)


def test_a_file_with_faults_is_refused_with_all_of_them() -> None:
    with pytest.raises(ConfigError) as refused:
        format_yaml(b"a: 1\na: 2\nb: !!python/object {}\n", "f.yaml")

    assert [problem.code for problem in refused.value.problems] == ["AC102", "AC103"]


def test_every_key_that_can_be_written_has_its_place_in_the_order() -> None:
    """When this fails: a model has a key that `key_order` does not know, or the other way round."""
    attributes = get_args(get_args(attribute_models.Attribute)[0])
    mappings = get_args(get_args(mapping_models.Mapping)[0])
    families = {
        (): [models.WorkspaceSpec],
        ("api",): [models.AttioApi, models.SandboxApi],
        ("api", "limits"): [models.RateLimits],
        ("api", "token"): [models.EnvironmentToken, models.FileToken, models.CommandToken],
        ("objects", "*"): [models.ObjectSpec],
        ("lists", "*"): [models.ListSpec],
        ("lists", "*", "members", "*"): [models.MemberAccess],
        ("objects", "*", "attributes", "*"): attributes,
        ("lists", "*", "attributes", "*"): attributes,
        ("webhooks", "*"): [models.WebhookSpec],
        ("webhooks", "*", "secret"): [models.SecretFile],
        ("webhooks", "*", "on", "*"): [models.Subscription],
        ("removed", "*"): [models.Removal],
        ("mappings", "*"): mappings,
        ("mappings", "*", "tests", "*"): [models.MappingTest],
        ("alerts",): [models.Alerts],
        ("alerts", "webhook"): [models.AlertWebhook],
    }
    parts = {
        ("currency",): [models.Currency],
        ("relationship",): [attribute_models.Relationship],
        ("options", "*"): [models.Option],
        ("statuses", "*"): [models.Status],
        ("default",): [models.DynamicDefault],
    }
    for kind in ("objects", "lists"):
        families |= {(kind, "*", "attributes", "*", *part): spec for part, spec in parts.items()}
    known = {path: {name for model in family for name in model.model_fields} for path, family in families.items()}
    known[()].add("extends")

    assert {path: set(keys) for path, keys in KEY_ORDER.items()} == known


def test_comments_are_found_where_they_are_and_nowhere_else() -> None:
    text = "# one\na: 'x # no' # two\nb: |  # three\n  # no\nc: https://x.example.com/#no\n"

    assert [(r.line, r.text, r.own_line) for r in find_remarks(text)] == [
        (1, "# one", True), (2, "# two", False), (3, "# three", False),
    ]  # fmt: skip


def test_a_tree_says_whether_it_holds_anything() -> None:
    assert write_tree(parse_tree("")) == ""
    assert write_tree(parse_tree("{}")) == "{}\n"


def test_a_long_file_takes_time_in_proportion() -> None:
    """Four times the entries take four times as long, and not sixteen times as with a quadratic formatter."""

    def seconds(entries: int) -> float:
        """Of computing."""
        lines = "".join(
            f"    # about {n}\n    a{n}: {{type: select, options: [A, {{title: B}}]}} # {n}\n" for n in range(entries)
        )
        begun = time.thread_time()
        format_yaml(f"objects:\n  people:\n{lines}".encode(), "f.yaml")
        return time.thread_time() - begun

    assert seconds(6000) < 10 * seconds(1500)
