"""Lines keep their bytes and their place, whatever form the file has."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attio_ctl.delivery import source
from attio_ctl.delivery.source import is_proven, proof_of, read_lines, spool
from attio_ctl.errors import EventsError, StorageError

EVENTS = [b'{"a":1}', b'{"b":"x, [y] {z} \\" \\\\"}', b"not json", b'{"c":[1,{"d":[]}]}']


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.ndjson"


def test_lines_keep_offset_number_and_bytes(file: Path) -> None:
    file.write_bytes(b'{"a":1}\r\n\n  {"b":2}\nlast')

    lines = list(read_lines(file))

    assert [(line.offset, line.number, line.raw) for line in lines] == [
        (0, 1, b'{"a":1}'),
        (12, 3, b'{"b":2}'),
        (20, 4, b"last"),
    ]
    assert lines[1].place == f"{file}:3"


def test_a_byte_order_mark_belongs_to_no_event(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + b'{"a":1}\n')

    assert [(line.offset, line.raw) for line in read_lines(file)] == [(3, b'{"a":1}')]


def test_an_array_is_read_element_by_element(file: Path) -> None:
    file.write_bytes(b" [\n" + b" ,\n".join(EVENTS[:2]) + b"\n]\n")

    assert [(line.number, line.raw) for line in read_lines(file)] == [(1, EVENTS[0]), (2, EVENTS[1])]


def test_an_array_that_is_cut_off_gives_its_rest_as_a_line(file: Path) -> None:
    file.write_bytes(b'[{"a":1},{"b":')

    assert [line.raw for line in read_lines(file)] == [b'{"a":1}', b'{"b":']


def test_gzip_is_recognised_by_its_bytes(file: Path) -> None:
    file.write_bytes(gzip.compress(b"\n".join(EVENTS)))

    assert [line.raw for line in read_lines(file)] == EVENTS


def test_broken_gzip_refuses_the_input(file: Path) -> None:
    file.write_bytes(gzip.compress(b"\n".join(EVENTS))[:-9])

    with pytest.raises(EventsError, match="gzip data is broken"):
        list(read_lines(file))


def test_a_missing_file_is_a_storage_error_that_names_it(file: Path) -> None:
    with pytest.raises(StorageError, match=r"events\.ndjson: the events cannot be read"):
        list(read_lines(file))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from('a"\\['), st.text(',[]{}"\\ b', max_size=6), max_size=2), max_size=6),
    st.sampled_from(["lines", "array", "pretty"]),
    st.integers(1, 7),
)
def test_reading_can_go_on_after_any_line(tmp_path: Path, events: list[dict], form: str, block: int) -> None:
    """Also when blocks end in the middle of a string, an escape or a bracket."""
    file = tmp_path / "events"
    texts = {"lines": "\n".join(map(json.dumps, events)), "array": json.dumps(events)}
    file.write_text(texts.get(form) or json.dumps(events, indent=1))
    whole = list(read_lines(file))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "BLOCK", block)
        assert list(read_lines(file)) == whole
        for n, line in enumerate(whole):
            assert list(read_lines(file, offset=line.end, number=line.number)) == whole[n + 1 :]
    assert [json.loads(line.raw) for line in whole] == events


class TestProof:
    @pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
    def test_a_file_that_only_grew_is_still_the_same(self, file: Path, pack: Callable[[bytes], bytes]) -> None:
        file.write_bytes(pack(b"a\nb\n"))
        proof = proof_of(file, 4)
        file.write_bytes(pack(b"a\nb\n") + pack(b"c\n"))

        assert is_proven(file, proof)

    @pytest.mark.parametrize("changed", [b"A\nb\nc\n", b"a\nB\nc\n", b"a\n", b""])
    def test_a_file_that_changed_before_the_offset_is_another(self, file: Path, changed: bytes) -> None:
        file.write_bytes(b"a\nb\nc\n")
        proof = proof_of(file, 4)
        file.write_bytes(changed)

        assert not is_proven(file, proof)

    def test_nothing_read_proves_any_file(self, file: Path) -> None:
        file.write_bytes(b"a\n")

        assert is_proven(file, proof_of(file, 0))


def test_standard_input_is_kept_under_a_name_made_from_its_content(tmp_path: Path) -> None:
    first = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")
    again = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")

    assert first == again
    assert first.read_bytes() == b'{"a":1}\n'
    assert [each.name for each in first.parent.iterdir()] == [first.name]
