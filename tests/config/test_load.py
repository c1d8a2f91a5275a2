"""From files to one model: merging, layering, the environment, digests and names."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.config.environment import Substitution
from attio_ctl.config.load import Loaded, digest_of, list_workspaces, load
from attio_ctl.config.merge import join, overlay
from attio_ctl.config.models import AttioApi, SelectAttribute, TextAttribute
from attio_ctl.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, plain, scalars
from attio_ctl.config.validate import validate
from attio_ctl.errors import ConfigError, Place

HERE = Place("f.yaml", 1, 1)


def node(data: Any) -> Node:
    """Plain data as nodes, all at one place."""
    match data:
        case dict():
            return MappingNode({key: Entry(HERE, node(value)) for key, value in data.items()}, HERE)
        case list():
            return ListNode(tuple(node(item) for item in data), HERE)
        case _:
            return ScalarNode(data, HERE)


def mapping(data: dict[str, Any]) -> MappingNode:
    """A mapping as nodes."""
    made = node(data)
    assert isinstance(made, MappingNode)
    return made


def write(root: Path, **files: str) -> Path:
    """Files under a root; `__` in a name is a folder, a name has no suffix."""
    for name, text in files.items():
        file = root / (name.replace("__", "/") + ".yaml")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


HEAD = "workspace: demo\napi: {sandbox: demo}\n"
KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.integers(0, 3) | st.sampled_from(["x", "y"]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3) | st.lists(inner, max_size=2),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=3)
# Layers in which one key has one kind of value, as those of real workspaces.
LAYERS: st.SearchStrategy[dict[str, Any]] = st.deferred(
    lambda: st.fixed_dictionaries(
        {}, optional={"value": st.integers(0, 3), "items": st.lists(st.integers(0, 3), max_size=2), "inner": LAYERS}
    )
)


# --- layers -----------------------------------------------------------------------------------------------------------


@given(DOCUMENTS)
def test_an_empty_layer_changes_nothing(data: dict[str, Any]) -> None:
    assert plain(overlay(node(data), node({}))) == data
    assert plain(overlay(node({}), node(data))) == data
    assert plain(overlay(node(data), node(data))) == data


@given(LAYERS, LAYERS, LAYERS)
def test_layers_may_be_laid_in_any_grouping(a: dict[str, Any], b: dict[str, Any], c: dict[str, Any]) -> None:
    """Without `null`, which only means something above a base."""
    one, two, three = node(a), node(b), node(c)
    assert plain(overlay(overlay(one, two), three)) == plain(overlay(one, overlay(two, three)))


@given(DOCUMENTS)
def test_null_takes_every_key_of_the_base_away(data: dict[str, Any]) -> None:
    assert plain(overlay(node(data), node(dict.fromkeys(data)))) == {}


def test_a_layer_merges_mappings_and_replaces_lists() -> None:
    base = {"a": {"type": "select", "options": [1, 2], "title": "A"}, "b": 1}
    above = {"a": {"options": [3], "title": None}, "c": 2}

    assert plain(overlay(node(base), node(above))) == {"a": {"type": "select", "options": [3]}, "b": 1, "c": 2}


def test_a_workspace_extends_several_bases_of_which_the_last_wins(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        base__people="objects: {people: {attributes: {a: {type: text, title: A}, gone: {type: text}}}}\n",
        eu="extends: base\nobjects: {people: {attributes: {a: {title: A in the EU}}}}\n",
        extra="objects: {people: {attributes: {a: {description: Extra}}}}\n",
        workspaces__demo__workspace=HEAD + "extends: [../../eu.yaml, ../../extra.yaml]\n",
        workspaces__demo__people="objects: {people: {attributes: {gone: null}}}\n",
    )
    loaded = load("demo", root=root, environ={})

    assert list(loaded.spec.objects["people"].attributes) == ["a"]
    attribute = loaded.spec.objects["people"].attributes["a"]
    assert (attribute.title, attribute.description) == ("A in the EU", "Extra")
    assert [file.name for file in loaded.files] == [
        "workspace.yaml",
        "people.yaml",
        "eu.yaml",
        "people.yaml",
        "extra.yaml",
    ]
    assert loaded.places.at(("objects", "people", "attributes", "a", "title")).file.endswith("eu.yaml")


# --- files ------------------------------------------------------------------------------------------------------------


def test_files_are_one_document_whatever_their_layout(tmp_path: Path) -> None:
    """One file or many, beside or below: the same model and the same digest."""
    people = "  people: {attributes: {a: {type: text}}}\n"
    users = "  users: {active: true}\n"
    one = write(tmp_path / "one", workspaces__demo=HEAD + "objects:\n" + people + users)
    many = write(
        tmp_path / "many",
        workspaces__demo__workspace=HEAD,
        workspaces__demo__objects__people="objects:\n" + people,
        workspaces__demo__objects__deep__users="objects:\n" + users,
    )
    first, second = load("demo", root=one, environ={}), load("demo", root=many, environ={})

    assert first.spec == second.spec
    assert first.digest == second.digest


@given(st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(dice: random.Random) -> None:
    parts = [
        {"objects": {"people": {"attributes": {"a": {"type": "text"}}}}},
        {"objects": {"people": {"attributes": {"b": {"type": "text"}}}}},
        {"objects": {"users": {"active": True}}, "removed": []},
        {"workspace": "demo"},
    ]
    shuffled = dice.sample(parts, len(parts))
    (one, faults), (other, more) = join(map(mapping, parts)), join(map(mapping, shuffled))

    assert faults == more == []
    assert one is not None
    assert other is not None
    assert digest_of(plain(one)) == digest_of(plain(other))


def test_removals_of_several_files_are_one_list() -> None:
    parts = [{"removed": [{"address": "webhook.a"}]}, {"removed": [{"address": "webhook.b"}]}]
    whole, problems = join(map(mapping, parts))

    assert problems == []
    assert whole is not None
    assert [one["address"] for one in plain(whole)["removed"]] == ["webhook.a", "webhook.b"]


def test_a_workspace_among_others_is_found_by_its_path_below_workspaces(tmp_path: Path) -> None:
    root = write(tmp_path, workspaces__clients__demo__workspace=HEAD)

    assert load("clients/demo", root=root, environ={}).files[0].parent.name == "demo"


@pytest.mark.parametrize("given", ["demo", "workspaces/demo", "workspaces/demo/workspace.yaml"])
def test_a_workspace_is_found_by_name_folder_and_file(tmp_path: Path, given: str) -> None:
    root = write(tmp_path, workspaces__demo__workspace=HEAD, workspaces__demo__a="objects: {users: {active: true}}\n")
    loaded = load(given, root=root, environ={})

    assert "users" in loaded.spec.objects
    assert load(root / given, environ={}).spec == loaded.spec if "/" in given else True


def test_hidden_files_and_other_files_are_no_part_of_a_workspace(tmp_path: Path) -> None:
    root = write(tmp_path, workspaces__demo__workspace=HEAD)
    folder = root / "workspaces" / "demo"
    (folder / ".attio-ctl").mkdir()
    (folder / ".attio-ctl" / "state.yaml").write_text("nonsense: true\n")
    (folder / "events.ndjson").write_text("{}\n")
    (folder / "more.yml").write_text("objects: {users: {active: true}}\n")

    assert [file.name for file in load("demo", root=root, environ={}).files] == ["workspace.yaml", "more.yml"]


def test_workspaces_are_listed_but_bases_are_not(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        workspaces__production__workspace=HEAD,
        workspaces__staging=HEAD,
        workspaces__base__objects="objects: {}\n",
    )
    (root / "workspaces" / "README.md").write_text("workspace: no\n")

    assert list_workspaces(root) == ("production", "staging")
    write(root, workspaces__clients__acme__workspace=HEAD, workspaces__clients__zenith__workspace=HEAD)
    assert list_workspaces(root) == ("clients/acme", "clients/zenith", "production", "staging")
    assert list_workspaces(tmp_path / "nowhere") == ()


def test_the_digest_follows_the_data_and_nothing_else(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        return load("w.yaml", root=write(tmp_path, w=text), environ={}).digest

    assert digest(HEAD) == digest("# a comment\napi:\n  sandbox: 'demo'\nworkspace: demo\n")
    assert digest(HEAD) != digest(HEAD + "objects: {users: {active: true}}\n")


def test_places_are_relative_to_the_current_directory_when_below_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(tmp_path, workspaces__demo__workspace=HEAD)
    monkeypatch.chdir(root)
    assert str(load("demo", environ={}).places.at(("api",))) == "workspaces/demo/workspace.yaml:2:1"
    monkeypatch.chdir("/")
    inside = load("demo", root=root, environ={}).places.at(("api",)).file
    assert (Path("/") / inside).resolve() == (root / "workspaces" / "demo" / "workspace.yaml").resolve()


def test_a_file_named_in_a_value_is_relative_to_the_file_that_names_it(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        workspaces__demo__workspace="workspace: demo\napi: {token: {file: .token}}\n",
        workspaces__demo__webhooks__w="webhooks: {w: {url: 'https://x.example', secret: {file: ../.secrets/w}, "
        "on: [{event: record.updated}]}}\n",
    )
    loaded = load("demo", root=root, environ={})
    folder = (root / "workspaces" / "demo").resolve()

    assert loaded.path_at(("api", "token", "file")).resolve() == folder / ".token"
    assert loaded.path_at(("webhooks", "w", "secret", "file")).resolve() == folder / ".secrets" / "w"


# --- the environment --------------------------------------------------------------------------------------------------


def filled(text: str, **environ: str) -> tuple[Any, Substitution]:
    """A text with its variables replaced, and what did it."""
    substitution = Substitution(environ)
    return plain(substitution.apply(node({"${KEY}": text})))["${KEY}"], substitution


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "1"),
        ("x${A}y${A}", "x1y1"),
        ("${MISSING:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""),
        ("${MISSING:-}", ""),
        ("${A:-d}", "1"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$A {A} $.a.b {{A}} $", "$A {A} $.a.b {{A}} $"),
        ("${NESTED}", "${A}"),
    ],
)
def test_variables_are_replaced_in_values(text: str, value: str) -> None:
    found, substitution = filled(text, A="1", EMPTY="", NESTED="${A}")

    assert found == value
    assert substitution.problems == []


@given(st.text(alphabet="ab$. {}:-", max_size=20).filter(lambda text: "${" not in text))
def test_text_without_a_reference_stays_as_it_is(text: str) -> None:
    assert filled(text)[0] == text


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_value_is_put_in_verbatim(before: str, value: str) -> None:
    """Whatever the value holds: no second replacement, no escapes."""
    before = before.replace("$", "")
    assert filled(before + "${A}", A=value)[0] == before + value


def test_a_value_stays_text_and_the_models_read_it(tmp_path: Path) -> None:
    text = HEAD + "objects: {users: {active: '${ACTIVE}', attributes: {a: {type: text, title: '${TITLE}'}}}}\n"
    loaded = load("w.yaml", root=write(tmp_path, w=text), environ={"ACTIVE": "true", "TITLE": "12"})

    assert loaded.spec.objects["users"].active is True
    assert loaded.spec.objects["users"].attributes["a"].title == "12"
    assert loaded.substituted == {"ACTIVE": "true", "TITLE": "12"}
    assert "12" not in repr(loaded).split("spec=")[0]
    assert [one.written for one in scalars(loaded.places.root) if one.written] == ["${ACTIVE}", "${TITLE}"]


@given(st.text(alphabet="abcdefghijklmnop", min_size=4, max_size=12))
def test_no_message_holds_a_value_of_the_environment(secret: str) -> None:
    """Whatever field it stands in: shapes, allowed values, references, addresses."""
    marked = f"zq{secret}zq"
    document = mapping(
        {
            "workspace": "${S}!",
            "api": {"token": "${S}"},
            "objects": {"users": {"attributes": {"a": {"type": "${S}"}, "b": {"type": "text", "id": "x${S}"}}}},
            "lists": {"l": {"parent": "${S}"}, "m": {"parent": "users", "access": "${S}"}},
            "webhooks": {"w": {"url": "http://${S}", "on": [{"event": "${S}"}]}},
            "removed": [{"address": "object.${S}.${S}", "action": "archive"}, {"address": "${S}", "action": "${S}"}],
            "mappings": {"m": {"action": "${S}"}},
        }
    )
    substitution = Substitution({"S": marked})
    problems = validate(substitution.apply(document), whole=True).problems
    said = [str(substitution.hide(problem)) + str(substitution.hide(problem).hint) for problem in problems]

    assert said
    assert not [text for text in said if marked in text]


# --- models -----------------------------------------------------------------------------------------------------------


def loaded_from(tmp_path: Path, text: str) -> Loaded:
    """A workspace of one file."""
    return load("w.yaml", root=write(tmp_path, w=text), environ={})


def test_a_bare_title_is_an_option(tmp_path: Path) -> None:
    text = HEAD + "objects: {users: {attributes: {plan: {type: select, options: [Free, {title: Pro}]}}}}\n"
    attribute = loaded_from(tmp_path, text).spec.objects["users"].attributes["plan"]

    assert isinstance(attribute, SelectAttribute)
    assert [option.title for option in attribute.options] == ["Free", "Pro"]


def test_what_is_left_out_is_not_set(tmp_path: Path) -> None:
    attribute = loaded_from(tmp_path, HEAD + "objects: {users: {attributes: {a: {type: text}}}}\n").spec.objects[
        "users"
    ]

    assert isinstance(attribute.attributes["a"], TextAttribute)
    assert attribute.attributes["a"].model_fields_set == {"type"}


@pytest.mark.parametrize("token", ["{env: T}", "{file: t}", "{command: [op, read, x]}"])
def test_a_token_is_named_and_never_written(tmp_path: Path, token: str) -> None:
    api = loaded_from(tmp_path, f"workspace: demo\napi: {{token: {token}}}\n").spec.api
    assert isinstance(api, AttioApi)
    with pytest.raises(ConfigError):
        loaded_from(tmp_path, "workspace: demo\napi: {token: abc}\n")
