"""The journal survives being cut off anywhere, and refuses to be damaged in the middle."""

from __future__ import annotations

from pathlib import Path

import pytest

from attio_ctl.apply.journal import Journal, read_journal
from attio_ctl.errors import StorageError


def write(path: Path) -> bytes:
    with Journal(path) as journal:
        journal.append("begin", run="r_1", changes=["object.a"])
        journal.append("intent", address="object.a", action="create")
        journal.append("result", address="object.a", action="create", adopted=False)
    return path.read_bytes()


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "r_1.journal"
    write(path)

    entries = read_journal(path)

    assert [entry.event for entry in entries] == ["begin", "intent", "result"]
    assert entries[1].data == {"address": "object.a", "action": "create"}


def test_a_journal_cut_at_any_byte_loses_at_most_the_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "whole.journal"
    data = write(path)
    whole = read_journal(path)
    cut = tmp_path / "cut.journal"
    for length in range(len(data)):
        cut.write_bytes(data[:length])

        entries = read_journal(cut)

        assert entries == whole[: len(entries)]
        assert len(entries) >= data[:length].count(b"\n")


def test_a_journal_cut_at_any_byte_is_gone_on_with(tmp_path: Path) -> None:
    """As a resume does after a crash, and another one after that: the torn line is gone, and nothing else."""
    path = tmp_path / "r.journal"
    data = write(path)
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        before = read_journal(path)
        for attempt in range(2):
            with Journal(path) as journal:
                journal.append("begin", run="r_1", attempt=attempt)

        after = read_journal(path)

        assert after[:-2] == before
        assert [entry.data["attempt"] for entry in after[-2:]] == [0, 1]


def test_a_damaged_journal_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "r.journal"
    damaged = write(path).replace(b"intent", b"result")
    path.write_bytes(damaged)

    with pytest.raises(StorageError, match=r"r\.journal:2: the journal is damaged"):
        Journal(path)

    assert path.read_bytes() == damaged


def test_damage_before_the_last_line_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "r.journal"
    lines = write(path).split(b"\n")
    lines[1] = lines[1].replace(b"create", b"delete")
    path.write_bytes(b"\n".join(lines))

    with pytest.raises(StorageError, match=r"r\.journal:2: the journal is damaged"):
        read_journal(path)


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="cannot write the journal"):
        Journal(tmp_path / "file" / "r.journal")
