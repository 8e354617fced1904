"""What becomes of words, over a real database: from an answer to a transcript that goes with its recording."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cti.calls import AgentId, CallFact, CallId
from cti.settings import Settings
from cti.transcriber import Final
from cti.words_house import WordsHouse
from recordings.spoken import LIVE
from recordings.transcript import Transcript, Utterance, Word
from tests.support.ticket_desk import TicketDesk
from tests.support.waiting_async import eventually

C1, A1 = CallId("c1"), AgentId("a1")


class Listener:
    """Understands zh-CN, and every recording as soon as it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()

    def hears(self, language: str) -> bool:
        return language == "zh-CN"

    async def transcribe(self, recording: Path, progress: Callable[[float], object] | None = None) -> Transcript:
        await self.may.wait()
        return Transcript((Utterance(0, (Word("路灯不亮", 0.1, 1.0, 0.9),)),), 2.0, "model")


class House:
    def __init__(self, folder: Path) -> None:
        self.desk = TicketDesk()
        self.settings = Settings(var=folder, documents=folder / "documents")
        self.settings.recordings_dir.mkdir(parents=True)
        self.listener = Listener()
        self.port_taken = False
        self.words = WordsHouse(
            self.settings,
            self.desk.exchange,
            self.listener,  # type: ignore[arg-type]  # nobody opens a session
            lambda: True,
            self.desk.book,
            self.desk.timelines.of,
            self.desk._tell,
            {"water": {"zh": "市供水公司", "en": "Water company"}}.get,
            lambda: self.port_taken,
        )
        durable = self.desk.durable

        def also() -> None:
            batch = list(self.desk.pending)
            durable()
            self.words.heard(batch)

        self.desk.durable = also  # type: ignore[method-assign]
        self.running = asyncio.create_task(self.words.run())

    def record(self, file: str) -> None:
        with wave.open(str(self.settings.recordings_dir / file), "wb") as wav:
            wav.setparams((2, 2, 8000, 0, "NONE", ""))
            wav.writeframes(bytes(3200))
        recorded: dict[str, Any] = {"segment": "1", "n": 1, "file": file, "bytes": 3244, "talk_s": 0.1}
        self.desk.exchange.call(CallFact.RECORDED, C1, {**recorded, "complete": True})

    async def segments(self) -> dict[str, str]:
        found = await self.words._of_call(C1)
        return {one.segment: "".join(line.text for line in one.lines) for one in found or ()}

    async def has(self, **segments: str) -> None:
        wanted = {name.removeprefix("n"): text for name, text in segments.items()}
        for _ in range(500):
            if (found := await self.segments()) == wanted:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{found} and not {wanted}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path)
    yield made
    made.running.cancel()
    await asyncio.gather(made.running, return_exceptions=True)
    await made.desk.stop()


def said(text: str, start_s: float = 1.0) -> Final:
    return Final(tuple(Word(c, start_s + n * 0.2, start_s + n * 0.2 + 0.2, 0.9) for n, c in enumerate(text)))


async def talk(house: House) -> None:
    await house.desk.offered()
    house.desk.answers()
    house.words.calls.begin(C1, "zh-CN")
    house.words.calls.heard(C1, "citizen", said("我要投诉东城街道路灯不亮"), house.desk.now)


def transcripts(told: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [message for message in told["a1"] if message["type"] == "transcript"]


async def test_words_fill_the_draft_and_are_marked_and_read_while_the_call_lives(house: House) -> None:
    await talk(house)
    await eventually(
        lambda: (house.desk.book.known(str(house.desk.book.id_of(C1))) or 0).text("street") == "dongcheng",  # type: ignore[union-attr]
        20.0,
        "the draft is filled",
    )

    def marks() -> list[Any]:
        house.words.show(A1)
        return list(transcripts(house.desk.told)[-1]["lines"][0]["marks"])

    await eventually(lambda: {"from": 4, "to": 8, "kind": "street"} in marks(), 5.0, "its words are marked")
    assert await house.segments() == {LIVE: "我要投诉东城街道路灯不亮"}
    assert await house.words._is_his(C1, "a1")
    assert not await house.words._is_his(C1, "a2")


async def test_what_was_heard_is_kept_until_the_recording_is_transcribed_and_goes_with_it(house: House) -> None:
    await talk(house)
    house.record("a.wav")
    house.desk.talk_ends()
    house.desk.ends()
    house.words.calls.heard(C1, "citizen", said("谢谢", 9.0), house.desk.now)
    house.words.calls.end(C1)
    await house.has(live="我要投诉东城街道路灯不亮谢谢")
    house.listener.may.set()
    await house.has(n1="路灯不亮")
    assert [hit.call_id for hit in await house.words._search("路灯", 0.0, 1e11, 9)] == ["c1"]
    (house.settings.recordings_dir / "a.wav").unlink()
    assert await house.words._transcribing.sweep() == 1
    assert await house.segments() == {}


async def test_a_recording_that_is_made_after_the_call_is_transcribed_when_it_is_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti.words_house._AGAIN_S", 0.05)
    await talk(house)
    house.record("a.wav")
    made = house.settings.recordings_dir / "a.wav"
    sound = made.read_bytes()
    made.unlink()
    house.listener.may.set()
    house.desk.talk_ends()
    house.desk.ends()
    house.words.calls.end(C1)
    await house.has(live="我要投诉东城街道路灯不亮")
    timeline = list(house.desk.timelines.of(C1) or ())
    noted = next(m for m in timeline if m.kind == CallFact.RECORDED)
    late = replace(noted, seq=timeline[-1].seq + 1, kind=CallFact.RECORDED_LATE)
    await asyncio.to_thread(house.words._sql.drain, [*timeline, late])
    made.write_bytes(sound)
    house.desk.now += 600.0
    house.words.heard([late])
    await house.has(n1="路灯不亮")


async def test_what_was_recorded_can_be_played_by_the_name_that_its_words_have(house: House) -> None:
    await talk(house)
    live = await house.words._recorded(C1)
    assert live is not None
    assert (live.ended_at, live.sounds, live.why_no_words) == (None, [], "")
    house.record("a.wav")
    house.desk.talk_ends()
    house.desk.ends()
    ended = await house.words._recorded(C1)
    assert ended is not None
    assert ended.ended_at is not None
    assert [(one.segment, one.file, one.kind, one.who) for one in ended.sounds] == [("1", "a.wav", "agent", "a1")]
    assert await house.words._recorded(CallId("nobody")) is None


async def test_who_was_called_to_the_talk_has_the_name_that_the_directory_has_for_him(house: House) -> None:
    await talk(house)
    exchange = house.desk.exchange
    for p, target in (1, "water"), (2, "gone"):
        party: dict[str, Any] = {"p": p, "kind": "department", "target": target, "mode": "conference", "by": "a1"}
        exchange.call(CallFact.PARTY_ASKED, C1, party)
        exchange.call(CallFact.PARTY_JOINED, C1, {"p": p, "mode": "conference"})
        exchange.call(CallFact.PARTY_LEFT, C1, {"p": p, "side": "party", "talk_s": 1.0})
        recorded: dict[str, Any] = {"segment": f"p{p}", "n": p, "file": f"p{p}.wav", "bytes": 3244, "talk_s": 0.1}
        exchange.call(CallFact.RECORDED, C1, {**recorded, "complete": True})
    house.desk.durable()
    found = await house.words._recorded(C1)
    assert found is not None
    water, gone = found.sounds
    assert (water.who, water.name) == ("water", {"zh": "市供水公司", "en": "Water company"})
    assert (gone.who, gone.name) == ("gone", None), "whom it does not know any more has his id alone"


async def test_a_port_that_is_taken_is_why_no_words_come_and_no_reason_to_have_none_later(house: House) -> None:
    house.port_taken = True
    await talk(house)
    assert transcripts(house.desk.told)[-1]["why"] == "port"
    recorded = await house.words._recorded(C1)
    assert recorded is not None
    assert recorded.why_no_words == ""
    house.port_taken = False
    house.words.calls.begin(C1, "zh-CN")
    assert transcripts(house.desk.told)[-1]["why"] == ""


async def test_of_a_talk_that_was_not_recorded_nothing_is_kept(house: House) -> None:
    await talk(house)
    house.desk.talk_ends()
    house.desk.ends()
    house.words.calls.end(C1)
    house.listener.may.set()
    await house.desk.worker.run(lambda: None)
    assert await house.segments() == {}
    assert await house.words._of_call(CallId("nobody")) is None


async def test_a_talk_in_another_language_is_not_transcribed_and_the_page_says_so(house: House) -> None:
    await house.desk.offered()
    house.desk.answers()
    house.words.calls.begin(C1, "cantonese")
    house.desk.exchange.call(
        CallFact.ENTERED, C1, {"node": "n", "type": "say", "session": "{}", "language": "cantonese"}
    )
    assert transcripts(house.desk.told)[-1]["why"] == "language"
    house.words.calls.end(C1)
    house.record("a.wav")
    house.listener.may.set()
    house.desk.talk_ends()
    house.desk.ends()
    assert await house.segments() == {}
    assert await house.words._transcribing.catch_up(0.0) == 0
