"""Lines keep their bytes and their place, whatever form the file has."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery import source
from attio_ctl.delivery.encoding import UTF8_BOM, check_utf8
from attio_ctl.delivery.files import spelled_out, spool
from attio_ctl.delivery.source import blocks_of, read_blocks, read_lines
from attio_ctl.delivery.streams import is_proven, proof_of, raw
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


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("text", ['{"a": "é"}\r\n', ' \n[{"a": 1}]'])
def test_a_file_in_another_encoding_is_refused_with_how_to_convert_it(
    file: Path, encoding: str, bom: bool, packed: bool, text: str
) -> None:
    data = (text if not bom or encoding in ("utf-16", "utf-32") else "\ufeff" + text).encode(encoding)
    file.write_bytes(gzip.compress(data) if packed else data)

    with pytest.raises(EventsError) as refused:
        list(read_lines(file))

    name = encoding[:6].upper()
    assert f"in {name}" in refused.value.what
    assert f"iconv -f {name}" in (refused.value.hint or "")
    assert ("unpack" in (refused.value.hint or "")) is packed


@given(st.text(alphabet='{}[]":, a\n\r\u00e9\u4f60', max_size=20))
def test_no_text_in_utf_8_is_taken_for_another_encoding(text: str) -> None:
    check_utf8(text.encode(), Path("events.ndjson"), is_packed=False)
    check_utf8(UTF8_BOM + text.encode(), Path("events.ndjson"), is_packed=False)


def test_zero_bytes_where_a_log_was_cut_are_no_encoding() -> None:
    check_utf8(bytes(60) + b'{"a"', Path("app.log"), is_packed=False)


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

    with pytest.raises(EventsError, match="compressed data ends in the middle"):
        list(read_lines(file))


def test_a_missing_file_is_a_storage_error_that_names_it(file: Path) -> None:
    with pytest.raises(StorageError, match=r"events\.ndjson: the events cannot be read"):
        list(read_lines(file))


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


def proof_at(file: Path, offset: int) -> str:
    with raw(file) as stream:
        return proof_of(stream, offset)


def is_proven_at(file: Path, proof: str) -> bool:
    with raw(file) as stream:
        return is_proven(stream, proof)


class TestProof:
    @pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
    def test_a_file_that_only_grew_is_still_the_same(self, file: Path, pack: Callable[[bytes], bytes]) -> None:
        file.write_bytes(pack(b"a\nb\n"))
        proof = proof_at(file, 4)
        file.write_bytes(pack(b"a\nb\n") + pack(b"c\n"))

        assert is_proven_at(file, proof)

    @pytest.mark.parametrize("changed", [b"A\nb\nc\n", b"a\nB\nc\n", b"a\n", b""])
    def test_a_file_that_changed_before_the_offset_is_another(self, file: Path, changed: bytes) -> None:
        file.write_bytes(b"a\nb\nc\n")
        proof = proof_at(file, 4)
        file.write_bytes(changed)

        assert not is_proven_at(file, proof)

    def test_nothing_read_proves_any_file(self, file: Path) -> None:
        file.write_bytes(b"a\n")

        assert is_proven_at(file, proof_at(file, 0))


@pytest.mark.parametrize(
    ("there", "added", "now", "then"),
    [
        (b'{"a":1}\n{"b":', b"2}\n", [b'{"a":1}'], [b'{"b":2}']),
        (b'[{"a":1},{"b":', b"2},", [b'{"a":1}'], [b'{"b":2}']),
        (b'[{"a":1},\n{"b":2}', b"\n]\n", [b'{"a":1}'], [b'{"b":2}']),
        (b"[", b'{"b":2}]', [], [b'{"b":2}']),
        (b'[{"a":1}]\n', b'[{"b":2}]', [b'{"a":1}'], [b'{"b":2}']),
    ],
    ids=["line", "element", "last element", "first element", "second array"],
)
def test_an_event_that_is_half_written_waits_for_the_rest(
    file: Path, there: bytes, added: bytes, now: list[bytes], then: list[bytes]
) -> None:
    def read(offset: int, number: int) -> tuple[list[bytes], int, int]:
        events: list[bytes] = []
        with raw(file) as stream:
            for block in blocks_of(stream, file, offset=offset, number=number, whole=False):
                events += [line.raw for line in block.lines]
                offset, number = block.end, block.number
        return events, offset, number

    file.write_bytes(there)
    first, offset, number = read(0, 0)
    file.write_bytes(there + added)
    second, _, _ = read(offset, number)

    assert (first, second) == (now, then)


class TestNames:
    def test_a_folder_is_its_files_and_a_pattern_what_it_matches_in_order(self, tmp_path: Path) -> None:
        make(tmp_path, "b.ndjson", "a.ndjson", "deep/c.ndjson.gz", ".hidden", "deep/.git/x.json")

        assert named(tmp_path) == ["a.ndjson", "b.ndjson", "c.ndjson.gz"]
        assert named(tmp_path / "*.ndjson") == ["a.ndjson", "b.ndjson"]
        assert named(tmp_path / "**" / "*.gz") == ["c.ndjson.gz"]

    def test_a_folder_leaves_out_what_is_not_named_like_events_and_says_so(self, tmp_path: Path) -> None:
        make(tmp_path, "a.JSONL", "b.json.zst", "1496341980.gz", "README.md", "deep/events.csv.gz", "Makefile")

        found = spelled_out([str(tmp_path)])

        assert [path.name for path in found.files] == ["1496341980.gz", "a.JSONL", "b.json.zst"]
        assert [[path.name for path in others] for _, others in found.left_out] == [
            ["Makefile", "README.md", "events.csv.gz"]
        ]

    def test_what_is_named_itself_is_taken_whatever_its_name(self, tmp_path: Path) -> None:
        make(tmp_path, "events.log", "more.log")

        assert named(tmp_path / "events.log") == ["events.log"]
        assert named(tmp_path / "*.log") == ["events.log", "more.log"]
        with pytest.raises(UsageError, match=r"none of its 2 files is one of events by its name, such as events\.log"):
            spelled_out([str(tmp_path)])

    def test_what_names_no_file_is_refused_before_anything_is_read(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="the folder holds no file"):
            spelled_out([str(tmp_path)])
        with pytest.raises(UsageError, match="the pattern matches no file"):
            spelled_out([str(tmp_path / "*.json")])


def make(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def named(path: Path) -> list[str]:
    return [each.name for each in spelled_out([str(path)]).files]


def test_standard_input_is_kept_under_a_name_made_from_its_content(tmp_path: Path) -> None:
    first = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")
    again = spool(io.BytesIO(b'{"a":1}\n'), tmp_path / "spool")

    assert first == again
    assert first.read_bytes() == b'{"a":1}\n'
    assert first.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in first.parent.iterdir()] == [first.name]


def test_standard_input_that_is_cut_short_leaves_nothing(tmp_path: Path) -> None:
    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        spool(Cut(), tmp_path)

    assert list(tmp_path.iterdir()) == []
