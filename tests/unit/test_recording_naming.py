"""Names and completeness of recordings."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest

from recordings.naming import is_complete, recording_of, segment_path, sides_of


def test_the_name_is_made_of_day_call_and_segment() -> None:
    path = segment_path("n1a2b-1763.7", "p2", datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert str(path) == "2026-11-23/n1a2b-1763.7-p2.wav"


@pytest.mark.parametrize("call_id", ["../etc", "a/b", "a b", "", "a,b", "a..b"])
def test_an_unsafe_call_id_never_becomes_a_path(call_id: str) -> None:
    with pytest.raises(ValueError):
        segment_path(call_id, "1", datetime(2026, 11, 23, tzinfo=UTC))


def test_until_there_is_a_recording_its_sides_lie_apart_from_those_of_the_day() -> None:
    recording = PurePosixPath("2026-11-23/n1-1763.7-p2.wav")
    citizen, agent = sides_of(recording)
    assert str(citizen) == "unfinished/2026-11-23/n1-1763.7-p2.wav.citizen.wav"
    assert str(agent) == "unfinished/2026-11-23/n1-1763.7-p2.wav.agent.wav"
    assert recording_of(citizen) == recording_of("/var" / agent) == ("n1-1763.7", recording)


@pytest.mark.parametrize("name", ["n1-1-1.wav", "n1-1-1.wav.agent", "notes.agent.wav", "agent.wav", ".citizen.wav"])
def test_a_file_of_somebody_else_is_no_side_of_a_talk(name: str) -> None:
    assert recording_of(PurePosixPath("unfinished/2026-11-23") / name) is None


def test_a_file_cut_short_by_a_full_disk_is_not_complete() -> None:
    assert is_complete(10.0, 10.0)
    assert not is_complete(0.25, 10.0)
    assert is_complete(0.0, 0.3)
