"""Heaps in one file: each holds what was put on it, whatever the others do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attio_ctl.delivery import scratch
from attio_ctl.delivery.scratch import Heap, Scratch

deeds = st.lists(st.tuples(st.integers(0, 3), st.none() | st.binary(max_size=40)), max_size=40)


@given(deeds)
def test_a_heap_holds_what_was_put_on_it_since_it_was_freed(some: list[tuple[int, bytes | None]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scratch, "PAGE", 7)
        disk, heaps, expected = Scratch(None), [Heap() for _ in range(4)], [b""] * 4
        for which, content in some:
            if content is None:
                disk.free(heaps[which])
                expected[which] = b""
            else:
                disk.append(heaps[which], content)
                expected[which] += content
        found = [b"".join(disk.read(heap)) for heap in heaps]
        disk.close()

    assert found == expected
    assert [heap.size for heap in heaps] == list(map(len, expected))


def test_what_one_heap_gives_back_another_takes(tmp_path: Path) -> None:
    disk, page = Scratch(tmp_path), bytes(scratch.PAGE)
    for _ in range(100):
        heap = Heap()
        disk.append(heap, page * 3)
        disk.free(heap)
    last = Heap()
    disk.append(last, page)
    disk.close()

    assert max(last.pages) < 3
