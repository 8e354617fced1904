"""What every store of transcripts promises, over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import pytest

from cti.storage.memory_transcripts import MemoryTranscripts
from cti.storage.sql import SqlStore
from cti.storage.sql_transcripts import SqlTranscripts
from cti.storage.store import Store
from cti.storage.transcript_store import TranscriptStore
from recordings.spoken import LIVE, Line, Side, Spoken
from recordings.transcript import Word


@pytest.fixture
def transcripts(store: Store) -> TranscriptStore:
    """An empty one of each kind."""
    return SqlTranscripts(store) if isinstance(store, SqlStore) else MemoryTranscripts()


def line(side: Side, start_s: float, *texts: str) -> Line:
    return Line(
        side, tuple(Word(text, start_s + n * 0.5, start_s + n * 0.5 + 0.4, 0.9) for n, text in enumerate(texts))
    )


def spoken(
    call_id: str, segment: str = "1", began_at: float = 1000.0, *lines: Line, file: str = "d/c1-1.wav"
) -> Spoken:
    return Spoken(
        call_id, segment, "live" if segment == LIVE else "recording", file, began_at, 60.0, "m", 2000.0, lines
    )


def test_what_was_said_comes_back_as_it_went_in(transcripts: TranscriptStore) -> None:
    first = spoken("c1", "1", 1000.0, line("citizen", 0.5, "路灯", "不亮"), line("agent", 3.0, "请", "稍等"))
    second = spoken("c1", "p1", 1100.0, line("both", 0.0, "喂"))
    transcripts.put(second)
    transcripts.put(first)
    transcripts.put(spoken("c2"))
    assert transcripts.of_call("c1") == [first, second]
    assert transcripts.of_call("c2") == [spoken("c2")], "in which nothing was understood"
    assert transcripts.of_call("c3") == []
    assert transcripts.segments(["c1", "c3"]) == {("c1", "1"), ("c1", "p1")}


def test_a_segment_that_is_put_again_stands_in_the_place_of_the_other(transcripts: TranscriptStore) -> None:
    transcripts.put(spoken("c1", LIVE, 1000.0, line("citizen", 0.5, "露灯")))
    better = spoken("c1", "1", 1000.0, line("citizen", 0.5, "路灯"))
    transcripts.put(better, instead=[LIVE])
    transcripts.put(better, instead=[LIVE])
    assert transcripts.of_call("c1") == [better]


def test_lines_are_found_by_what_stands_in_them_the_newest_first(transcripts: TranscriptStore) -> None:
    transcripts.put(spoken("c1", "1", 1000.0, line("citizen", 1.0, "路灯", "不亮"), line("agent", 5.0, "好的")))
    transcripts.put(spoken("c2", "1", 5000.0, line("agent", 2.0, "哪里的", "路灯"), line("both", 9.0, "WiFi 100%")))

    def found(text: str, since: float = 0.0, until: float = 9999.0, limit: int = 10) -> list[tuple[str, int, float]]:
        return [(hit.call_id, hit.n, hit.at) for hit in transcripts.search(text, since, until, limit)]

    assert found("路灯") == [("c2", 0, 5002.0), ("c1", 0, 1001.0)]
    assert found("灯不") == [("c1", 0, 1001.0)], "words are no borders"
    assert found("路灯", limit=1) == [("c2", 0, 5002.0)]
    assert found("路灯", since=1001.0, until=5002.0) == [("c1", 0, 1001.0)]
    assert found("wifi") == [("c2", 1, 5009.0)]
    assert found("0%") == [("c2", 1, 5009.0)]
    assert found("_") == found("%好") == []
    hit = transcripts.search("好的", 0, 9999, 1)[0]
    assert (hit.segment, hit.side, hit.pii_text) == ("1", "agent", "好的")


def test_recordings_of_a_time_are_read_whole_the_newest_first(transcripts: TranscriptStore) -> None:
    for n in range(4):
        transcripts.put(spoken(f"c{n}", "1", 1000.0 * n, line("citizen", 0.0, "路灯"), line("agent", 2.0, "好的")))
    transcripts.put(spoken("c1", LIVE, 1000.0, line("citizen", 0.0, "露灯")))
    found = transcripts.between(1000.0, 3000.0, 10)
    assert found == [*transcripts.of_call("c2"), *(one for one in transcripts.of_call("c1") if one.segment == "1")]
    assert [one.call_id for one in transcripts.between(0.0, 9999.0, 2)] == ["c3", "c2"]


def test_what_is_forgotten_is_found_by_nothing(transcripts: TranscriptStore) -> None:
    for call_id, segment, at in (("c1", "1", 3000.0), ("c1", "2", 3100.0), ("c2", "1", 1000.0)):
        transcripts.put(spoken(call_id, segment, at, line("citizen", 0.0, "路灯"), file=f"{call_id}-{segment}.wav"))
    assert transcripts.oldest(2) == [("c2", "1", "c2-1.wav"), ("c1", "1", "c1-1.wav")]
    transcripts.forget("c1", "1")
    assert transcripts.segments(["c1", "c2"]) == {("c1", "2"), ("c2", "1")}
    transcripts.forget("c2")
    assert [hit.segment for hit in transcripts.search("路灯", 0, 9999, 9)] == ["2"]
    transcripts.forget("c2")


def test_a_text_with_nul_is_kept_too(transcripts: TranscriptStore) -> None:
    transcripts.put(spoken("c1", "1", 1000.0, line("citizen", 0.0, "路\0灯")))
    assert len(transcripts.of_call("c1")[0].lines) == 1
