"""Reading YAML: the same data as a trusted reader, places that point at the text, and no way to exhaust the machine."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from attio_ctl.config.nodes import ListNode, MappingNode, Node, Places, ScalarNode, plain, without
from attio_ctl.config.yaml_core import resolve_core
from attio_ctl.config.yaml_reader import MAX_BYTES, MAX_DEPTH, Document, read_yaml

KEYS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_é ", min_size=1, max_size=8).map(str.strip).filter(bool)
# Without what only a reader of YAML 1.1 takes for a line break, and without the marks that libyaml, unlike YAML 1.2,
# wants quoted at the beginning of a value between brackets: what is refused there is told, never misread.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs", "Zl", "Zp"], exclude_characters="\x85:?"), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.floats(allow_nan=False) | TEXT
DATA = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
DOCUMENTS = st.dictionaries(KEYS, DATA, min_size=1, max_size=5)


def read(text: str) -> Document:
    """A document under the name `f.yaml`."""
    return read_yaml(text.encode("utf-8", "surrogatepass"), "f.yaml")


def data_of(text: str) -> Any:
    """The plain data of a text that must be sound."""
    document = read(text)
    assert document.problems == ()
    assert document.root is not None
    return plain(document.root)


def dumped(data: Any, *, flow: bool) -> str:
    """Data as ruamel writes it, in block or flow style."""
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    yaml.allow_unicode = True
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def walk(node: Node, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Node]]:
    """Every part of a document with its path."""
    match node:
        case MappingNode():
            inner = [walk(entry.node, (*path, key)) for key, entry in node.entries.items()]
        case ListNode():
            inner = [walk(item, (*path, index)) for index, item in enumerate(node.items)]
        case ScalarNode():
            inner = []
    return [(path, node), *(found for part in inner for found in part)]


@given(DOCUMENTS, st.booleans())
def test_any_document_reads_as_ruamel_reads_it(data: dict[str, Any], flow: bool) -> None:
    text = dumped(data, flow=flow)
    assert data_of(text) == YAML(typ="safe", pure=True).load(text)


@given(DOCUMENTS, st.booleans())
def test_every_place_points_at_its_text(data: dict[str, Any], flow: bool) -> None:
    """At the place of a plain key or number stands that very text."""
    text = dumped(data, flow=flow)
    lines = text.split("\n")
    root = read(text).root
    assert root is not None
    places = Places(root)
    for path, node in walk(root)[1:]:
        at, value = places.at(path), places.value_at(path)
        if isinstance(path[-1], str) and path[-1].isascii() and lines[at.line - 1][at.column - 1] not in "\"'?":
            assert lines[at.line - 1][at.column - 1 :].startswith(path[-1].split(" ")[0])
        if isinstance(node, ScalarNode) and isinstance(node.value, int) and not isinstance(node.value, bool):
            assert lines[value.line - 1][value.column - 1 :].startswith(str(node.value))


@given(DOCUMENTS)
def test_leaving_a_part_out_leaves_the_rest(data: dict[str, Any]) -> None:
    root = read(dumped(data, flow=True)).root
    assert root is not None
    for path, _ in walk(root)[1:]:
        expected = plain(root)
        inner = expected
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]
        assert plain(without(root, path)) == expected


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    document = read(text)
    assert document.root is not None or document.problems
    for problem in document.problems:
        assert problem.place is not None
        assert problem.code.startswith("AC10")


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    document = read_yaml(raw, "f.yaml")
    assert document.root is not None or document.problems


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("012", 12),
        ("0o14", 12),
        ("0xC", 12),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("2026-11-02", "2026-11-02"),
        ("+14155552671", 14155552671),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("~", None),
        ("", None),
        ("NULL", None),
        ("nULL", "nULL"),
        ("True", True),
        ("TRue", "TRue"),
        ("-", "-"),
        (".", "."),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: Any) -> None:
    assert resolve_core(text) == value
    assert type(resolve_core(text)) is type(value)


def test_quoted_and_tagged_scalars_keep_or_change_their_kind() -> None:
    assert data_of('a: "5"\nb: !!str 5\nc: !!int "5"\nd: ! 5\ne: |\n  5\n') == {
        "a": "5", "b": "5", "c": 5, "d": "5", "e": "5\n",
    }  # fmt: skip


def test_keys_are_text_whatever_they_look_like() -> None:
    assert data_of("1: a\ntrue: b\nno: c\n") == {"1": "a", "true": "b", "no": "c"}


def test_merge_keys_give_way_to_what_is_written_and_to_earlier_ones() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: {z: 4, <<: *b}\n"

    assert data_of(text)["c"] == {"x": 3, "y": 1, "z": 2}
    assert data_of(text)["d"] == {"y": 2, "z": 4}


def test_what_was_merged_in_keeps_the_place_where_it_is_written() -> None:
    root = read("a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n").root
    assert root is not None
    assert str(Places(root).at(("b", "x"))) == "f.yaml:2:3"


def test_a_path_that_leads_further_than_the_file_ends_at_its_last_known_part() -> None:
    root = read("a:\n  b: [1, 2]\n").root
    assert root is not None
    assert str(Places(root).at(("a", "b", 7, "c"))) == "f.yaml:2:3"
    assert str(Places(root).value_at(("a", "b"))) == "f.yaml:2:6"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_yaml(b"\xef\xbb\xbfa: 1\n", "f.yaml").problems == ()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a: caf\xe9\n", "f.yaml:1:7: byte 0xE9 is no UTF-8 [AC105]"),
        (b"a: 1\nb: \xff\n", "f.yaml:2:4: byte 0xFF is no UTF-8 [AC105]"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1: this is UTF-16 text, not UTF-8 [AC105]"),
        (b"a: b\x00c\n", "f.yaml:1:5: character U+0000 cannot stand in YAML [AC101]"),
        ("a: b\ufeff\n".encode(), "f.yaml:1:5: character U+FEFF cannot stand in YAML [AC101]"),
        (b"a: " + b"9" * 5000, "f.yaml:1:4: an integer of 5,000 digits cannot be read [AC104]"),
        (b"#" * (MAX_BYTES + 1), "f.yaml: 5,000,001 bytes are more than 5,000,000 [AC104]"),
        (b"? [a]\n: 1\n", "f.yaml:1:3: a key must be text, not a list or a mapping [AC106]"),
        (b"a: &x b\n*x : c\n", "f.yaml:2:1: a key must be text, not the alias `*x` [AC107]"),
        (b"<<: 5\n", "f.yaml:1:1: `<<` merges mappings, as in `<<: *name` [AC107]"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(raw: bytes, said: str) -> None:
    assert [str(problem) for problem in read_yaml(raw, "f.yaml").problems] == [said]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
LADDER = "a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n" + "".join(
    f"a{n}: &a{n} [[[[[[[[[[*a{n - 1}]]]]]]]]]]\n" for n in range(1, 200)
)


@pytest.mark.parametrize(
    "text",
    [BOMB, LADDER, "[" * 1_000_000, "{a: " * 1_000_000, "- " * 1_000_000, "a: " + "[" * (MAX_DEPTH + 1)],
    ids=["aliases", "deep aliases", "lists", "mappings", "block lists", "one too deep"],
)
def test_nothing_expands_or_nests_without_end(text: str) -> None:
    """Refused at a place, with neither a RecursionError nor all the time and memory of the machine."""
    document = read(text)

    assert document.root is None
    assert [problem.code for problem in document.problems] in (["AC104"], ["AC101"])


def test_a_large_file_is_read_in_time_in_proportion() -> None:
    """Four times the objects take four times as long, and not sixteen times as with a quadratic reader."""
    block = "  object_{}:\n    attributes:\n" + "".join(
        f"      attribute_{n}: {{type: select, title: 'Attribute {n}', options: [One, Two, {{title: Three}}]}}\n"
        for n in range(30)
    )

    def seconds(objects: int) -> float:
        """Of computing."""
        text = "objects:\n" + "".join(block.replace("{}", str(n), 1).replace("{{", "{") for n in range(objects))
        begun = time.thread_time()
        document = read(text)
        took = time.thread_time() - begun
        assert document.problems == ()
        return took

    assert seconds(300) < 10 * seconds(75)
