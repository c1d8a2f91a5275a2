"""A refused event keeps its bytes, its reason, and a way back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetterFile, read_dead_letters
from attio_ctl.delivery.source import Line
from attio_ctl.errors import StorageError


def letter(raw: bytes = b'{"a":1}', mapping: str = "identify", code: str = "invalid_email") -> DeadLetter:
    return DeadLetter(Line("e.ndjson", 10, 10 + len(raw), 3, raw), code, "no address", mapping, "d1", "people.email")


@given(st.binary(max_size=30))
def test_every_letter_gives_back_the_bytes_of_its_line(raw: bytes) -> None:
    assert DeadLetter.from_json(json.loads(json.dumps(letter(raw).as_json()))) == letter(raw)


def test_bytes_are_readable_text_where_they_are_utf_8() -> None:
    assert letter('{"name":"Ada é"}'.encode()).as_json()["event"] == '{"name":"Ada é"}'
    assert "event_base64" in letter(b"\xff").as_json()


def test_letters_are_read_back_oldest_first(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "deep" / "dead.ndjson")
    file.append([letter(b"1"), letter(b"2")])
    file.append([letter(b"3")])

    assert [each.line.raw for each in read_dead_letters(path=file.path)] == [b"1", b"2", b"3"]


def test_one_event_refused_by_two_mappings_is_two_letters_and_written_twice_still_two(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.ndjson")
    file.append([letter(mapping="identify"), letter(mapping="group")])
    file.append([letter(mapping="identify", code="unknown_option")])

    found = read_dead_letters(path=file.path)

    assert {(each.mapping, each.code) for each in found} == {("identify", "unknown_option"), ("group", "invalid_email")}


def test_a_settled_letter_is_open_no_longer_until_it_comes_again(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.ndjson")
    file.append([letter(b"1"), letter(b"2")])
    file.settle([letter(b"1").id], "delivered")
    assert [each.line.raw for each in read_dead_letters(path=file.path)] == [b"2"]

    file.append([letter(b"1")])
    assert [each.line.raw for each in read_dead_letters(path=file.path)] == [b"2", b"1"]


def test_a_file_cut_off_anywhere_loses_no_whole_letter(tmp_path: Path) -> None:
    file = DeadLetterFile(tmp_path / "dead.ndjson")
    file.append([letter(b"1")])
    first = file.path.read_bytes()
    file.append([letter(b"2")])
    both = file.path.read_bytes()

    for length in range(len(first), len(both)):
        file.path.write_bytes(both[:length])
        file.append([letter(b"3")])
        assert {each.line.raw for each in read_dead_letters(path=file.path)} >= {b"1", b"3"}


def test_no_file_means_no_letters(tmp_path: Path) -> None:
    assert read_dead_letters(path=tmp_path / "dead.ndjson") == ()


@pytest.mark.parametrize("line", [b"[]", b'{"id":"x"}', b'{"id":"x","file":5,"offset":"a","event":"b"}', b"5"])
def test_a_whole_line_that_is_no_letter_is_an_error_with_its_place(tmp_path: Path, line: bytes) -> None:
    (tmp_path / "dead.ndjson").write_bytes(line + b"\n")

    with pytest.raises(StorageError, match=r"dead\.ndjson:1: the line is no dead letter"):
        read_dead_letters(path=tmp_path / "dead.ndjson")
