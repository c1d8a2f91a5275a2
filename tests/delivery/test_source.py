"""Lines keep their bytes and their place, whatever form the file has."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attio_ctl.delivery import source
from attio_ctl.delivery.files import spelled_out, spool
from attio_ctl.delivery.source import read_blocks, read_lines
from attio_ctl.delivery.streams import is_proven, proof_of
from attio_ctl.errors import EventsError, StorageError, UsageError

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


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_compression_is_recognised_by_its_bytes(file: Path, pack: Callable[[bytes], bytes]) -> None:
    file.write_bytes(pack(b"\n".join(EVENTS)))

    assert [line.raw for line in read_lines(file)] == EVENTS


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress], ids=["gzip", "zstd"])
def test_compressed_data_that_is_cut_off_refuses_the_input(file: Path, pack: Callable[[bytes], bytes]) -> None:
    file.write_bytes(pack(b"\n".join(EVENTS * 50))[:-9])

    with pytest.raises(EventsError, match="compressed data is broken"):
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
            before = [each for part in read_blocks(file, end=line.end) for each in part.lines]
            assert [each.raw for each in before] == [each.raw for each in whole[: n + 1]]
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


def test_a_file_that_is_still_written_to_is_read_up_to_its_last_whole_line(file: Path) -> None:
    file.write_bytes(b'{"a":1}\n{"b":')

    (block,) = read_blocks(file, whole=False)

    assert [line.raw for line in block.lines] == [b'{"a":1}']
    assert block.end == 8


class TestNames:
    def test_a_folder_is_its_files_and_a_pattern_what_it_matches_in_order(self, tmp_path: Path) -> None:
        for name in ("b.ndjson", "a.ndjson", "deep/c.ndjson.gz", ".hidden", "deep/.git/x"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()

        assert [str(path.relative_to(tmp_path)) for path in spelled_out([str(tmp_path)])] == [
            "a.ndjson", "b.ndjson", "deep/c.ndjson.gz",
        ]  # fmt: skip
        assert [path.name for path in spelled_out([str(tmp_path / "*.ndjson")])] == ["a.ndjson", "b.ndjson"]
        assert [path.name for path in spelled_out([str(tmp_path / "**" / "*.gz")])] == ["c.ndjson.gz"]

    def test_what_names_no_file_is_refused_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="the folder holds no file"):
            list(spelled_out([str(tmp_path)]))
        with pytest.raises(UsageError, match="the pattern matches no file"):
            list(spelled_out([str(tmp_path / "*.json")]))


def test_standard_input_is_kept_under_a_name_made_from_its_content(tmp_path: Path) -> None:
    first = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")
    again = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")

    assert first == again
    assert first.read_bytes() == b'{"a":1}\n'
    assert [each.name for each in first.parent.iterdir()] == [first.name]
