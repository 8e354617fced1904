"""`yihu transcribe` and `yihu prefill export`: real recordings, the demo model, a real database."""

from __future__ import annotations

import json
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cti.calls import CallFact, Milestone
from cti.cli import main
from cti.demo.audio import decode, load, sample_names
from cti.secrets import load_or_create
from cti.settings import load_settings
from cti.storage.sql import SqlStore
from cti.storage.sql_tickets import SqlTickets
from cti.storage.sql_transcripts import SqlTranscripts
from cti.tickets.edit import Change, Edited, Editing
from cti.tickets.model import Guess, Ticket
from recordings.spoken import LIVE, Line, Spoken
from recordings.transcript import Word
from tests.support.calls import answered_call

ARRIVED_AT = 1_000_000.0


class Installation:
    """One call with a recording of which there are no words yet."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.file = folder / "yihu.toml"
        self.file.write_text('var = "var"\n[speech]\nworkers = 1\n', encoding="utf-8")
        self.settings = load_settings(self.file)
        self.settings.log_dir.mkdir(parents=True)
        monkeypatch.setattr("time.time", lambda: ARRIVED_AT + 3600.0)
        self.sql = SqlStore.open(self.settings.sql_url)
        self.transcripts = SqlTranscripts(self.sql)
        call = answered_call("c1", ARRIVED_AT)
        recorded = next(m for m in call if m.kind == CallFact.RECORDED)
        self.path = self.settings.recordings_dir / str(recorded.data["file"])
        self.sql.drain([self._larger(m) for m in call])

    @staticmethod
    def _larger(milestone: Milestone) -> Milestone:
        if milestone.kind != CallFact.RECORDED:
            return milestone
        return replace(milestone, data={**milestone.data, "bytes": 90_000, "segment": "1"})

    def record(self, name: str) -> None:
        """The citizen says it, the agent is silent."""
        pcm = decode(load(name))
        frames = b"".join(pcm[n : n + 2] + b"\0\0" for n in range(0, len(pcm), 2))
        self.path.parent.mkdir(parents=True)
        with wave.open(str(self.path), "wb") as wav:
            wav.setparams((2, 2, 8000, 0, "NONE", ""))
            wav.writeframes(frames)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--settings", str(self.file), *words])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    return Installation(tmp_path, monkeypatch)


def test_the_backlog_becomes_words_once(here: Installation) -> None:
    here.record(sample_names()[0])
    live = Line("citizen", (Word("听到的", 0.0, 1.0, 0.5),))
    here.transcripts.put(Spoken("c1", LIVE, "live", "x.wav", ARRIVED_AT, 1.0, "", ARRIVED_AT, (live,)))

    assert "1 recordings" in here.run("transcribe", "--backlog", "--dry-run").output
    done = here.run("transcribe", "--backlog")
    assert done.exit_code == 0, done.output

    (spoken,) = here.transcripts.of_call("c1")
    assert (spoken.segment, spoken.source) == ("1", "recording"), "in the place of what was heard live"
    assert {line.side for line in spoken.lines} == {"citizen"}
    assert len("".join(line.text for line in spoken.lines)) > 5
    assert spoken.began_at == here.sql.call("c1").answered_at  # type: ignore[arg-type,union-attr]
    assert "0 recordings" in here.run("transcribe", "--backlog").output
    assert "1 recordings" in here.run("transcribe", "c1", "--dry-run").output, "anew if it is asked for"


def test_a_recording_that_is_not_there_is_told(here: Installation) -> None:
    failed = here.run("transcribe", "--backlog")
    assert failed.exit_code == 1
    assert "1 not transcribed: no_wav" in failed.output
    assert here.run("transcribe", "nobody").exit_code == 1
    assert here.run("transcribe").exit_code == 2


def test_corrections_of_drafts_are_examples(here: Installation, tmp_path: Path) -> None:
    tickets = SqlTickets(here.sql, load_or_create(here.settings).numbers.encode())

    def make(ticket_id: str) -> Edited:
        editing = Editing(Ticket(ticket_id, "c1", ARRIVED_AT, agent="a1"), ARRIVED_AT)
        for name, value in (("street", "nancheng"), ("target", "烧烤店"), ("address", "旗峰路")):
            editing.guess(name, Guess(value, "speech", 0.8))
        editing.change(Change("street", "dongcheng", 1), "a1", lambda field, version: [])
        editing.change(Change("target", "烧烤店", 1, "confirmed"), "a1", lambda field, version: [])
        edited = editing.done()
        return replace(edited, ticket=replace(edited.ticket, state="sent", finish="dispatch"))

    ticket = tickets.open("c1", "19700112", make)
    words = (Word("东城", 0.0, 0.4, 0.9), Word("有家烧烤店", 0.4, 1.4, 0.9))
    lines = (Line("agent", (Word("您好", 0.0, 0.4, 0.9),)), Line("citizen", words))
    file = tmp_path / "examples.jsonl"
    assert "0 examples" in here.run("prefill", "export", str(file)).output, "nobody knows what was said"
    here.transcripts.put(Spoken("c1", "1", "recording", "a.wav", ARRIVED_AT, 9.0, "m", ARRIVED_AT, lines))

    said = here.run("prefill", "export", str(file))
    assert "1 examples; of 2 fields that were filled and then settled 1 stayed as they were" in said.output
    (row,) = map(json.loads, file.read_text().splitlines())
    assert row == {
        "id": ticket.id,
        "pii_text": "东城有家烧烤店",
        "fields": {"street": "dongcheng", "target": "烧烤店"},
        "made": {"street": "nancheng", "target": "烧烤店"},
    }
    assert file.stat().st_mode & 0o777 == 0o600


def test_talks_of_a_day_are_inspected(here: Installation) -> None:
    lines = (
        Line("agent", (Word("这个不归我管", 1.0, 4.0, 0.9),)),
        Line("citizen", (Word("那我找谁", 30.0, 34.0, 0.9),)),
    )
    answered_at = here.sql.call("c1").answered_at  # type: ignore[arg-type,union-attr]
    assert answered_at is not None
    here.transcripts.put(Spoken("c1", "2", "recording", "a.wav", answered_at, 60.0, "m", ARRIVED_AT, lines))
    day = "1970-01-12"
    shown = here.run("quality", day).output
    assert "1 talks inspected, 1 with findings" in shown
    assert "a1002" in shown
    talks = json.loads(here.run("quality", day, "--json").output)["talks"]
    kinds = [(one["kind"], one["what"]) for one in talks[0]["findings"]]
    assert ("forbidden", "不归我管") in kinds
    assert ("silence", "26") in kinds
    assert ("missing", "greeting") in kinds
    assert "0 talks inspected" in here.run("quality", "1970-01-11").output
