"""Names and completeness of recordings."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recordings.naming import is_complete, segment_path


def test_the_name_is_made_of_day_call_and_segment() -> None:
    path = segment_path("n1a2b-1763.7", "p2", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert str(path) == "2026-11-23/n1a2b-1763.7-p2.wav"


@pytest.mark.parametrize("call_id", ["../etc", "a/b", "a b", "", "a,b", "a..b"])
def test_an_unsafe_call_id_never_becomes_a_path(call_id: str) -> None:
    with pytest.raises(ValueError):
        segment_path(call_id, "1", datetime(2026, 11, 23, tzinfo=UTC))


def test_a_file_cut_short_by_a_full_disk_is_not_complete() -> None:
    assert is_complete(44 + 16_000 * 10, 10.0)
    assert not is_complete(4_096, 10.0)
    assert is_complete(44, 0.3)
