"""What is heard fills the draft: given a call and its words, then what stands in its ticket, and what does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from cti.calls import CallId
from cti.draft_filling import DraftFilling
from cti.key_words import Span
from cti.storage.memory_tickets import MemoryTickets
from cti.storage.store import StoreUnavailableError
from cti.tickets.edit import Edited
from cti.tickets.model import Guess, Ticket
from cti.tickets.prefill.city import City, load_city
from cti.tickets.prefill.fill import Filled
from recordings.transcript import Word
from tests.support.ticket_desk import A1, TicketDesk
from tests.support.waiting_async import eventually

pytestmark = pytest.mark.usefixtures("no_blocking_on_the_loop")
C1 = CallId("c1")


class Reader:
    """Reads as it is told."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.before: list[Any] = []
        self.threads: set[str] = set()
        self.finds: dict[str, Guess] = {}
        self.fault: Exception | None = None

    def __call__(self, words: Sequence[Any], known: Any, city: Any, day: Any, before: Any) -> dict[str, Filled]:
        self.before.append(before)
        self.read.append("".join(word.text for word in words))
        self.threads.add(threading.current_thread().name)
        self.known = known
        if self.fault is not None:
            raise self.fault
        return {name: Filled(guess) for name, guess in self.finds.items()}


class Filling:
    def __init__(self, desk: TicketDesk, reads: Any) -> None:
        self.desk = desk
        self.spans: list[Mapping[str, Span]] = []
        self.city: City | None = None
        self.filling = DraftFilling(
            desk.book, desk.timelines.of, lambda call, spans: self.spans.append(spans), self.city_now, reads
        )
        desk.book.on_open = self.filling.opened
        self.running = asyncio.create_task(self.filling.run())

    def city_now(self) -> City:
        if self.city is None:
            self.city = load_city(self.desk.book.rules.form())
        return self.city

    def says(self, text: str, start_s: float = 1.0, *, complete: bool = False) -> None:
        words = [Word(char, start_s + n * 0.2, start_s + n * 0.2 + 0.2, 0.9) for n, char in enumerate(text)]
        self.filling.heard(C1, words, complete=complete)

    async def has(self, **values: object) -> Ticket:
        async def now() -> dict[str, object]:
            if self.desk.book.id_of(C1) is None:
                return {}
            ticket = await self.desk.kept("c1")
            return {name: ticket.field(name).value for name in values}

        for _ in range(500):
            if await now() == values:
                return await self.desk.kept("c1")
            await asyncio.sleep(0.005)
        raise AssertionError(f"{await now()} is in the ticket")

    async def stop(self) -> None:
        self.running.cancel()
        await asyncio.gather(self.running, return_exceptions=True)


@pytest.fixture
async def desk() -> AsyncIterator[TicketDesk]:
    made = TicketDesk()
    yield made
    await made.stop()


@pytest.fixture
async def reader() -> Reader:
    return Reader()


@pytest.fixture
async def filling(desk: TicketDesk, reader: Reader) -> AsyncIterator[Filling]:
    made = Filling(desk, reader)
    yield made
    await made.stop()


def guess(value: str, confidence: float = 0.9, span: tuple[int, int] | None = (1000, 1800)) -> Guess:
    return Guess(value, "speech", confidence, span=span)


async def test_guesses_stand_in_the_draft_with_their_place_in_the_talk(filling: Filling, reader: Reader) -> None:
    await filling.desk.offered()
    filling.desk.answers()
    reader.finds = {"street": guess("dongcheng"), "content": guess("路灯不亮", span=(0, 9000))}
    filling.says("东城路灯不亮")
    ticket = await filling.has(street="dongcheng", content="路灯不亮")
    assert (ticket.field("street").state, ticket.field("street").span) == ("check", (1000, 1800))
    assert reader.threads == {"prefill"}
    assert reader.known.phone == "13800001234"
    assert reader.known.path == ["zero_menu", "general"]
    await eventually(lambda: filling.spans, 5.0, "the words are marked")
    assert filling.spans[-1] == {"street": (1.0, 1.8)}, "what was written from all words marks none"
    assert (await filling.desk.is_told("a1", "ticket"))["ticket"]["fields"]["street"]["value"] == "dongcheng"


async def test_what_a_person_wrote_stays(filling: Filling, reader: Reader) -> None:
    ticket = await filling.desk.offered()
    await filling.desk.write(A1, ticket, street="nancheng", content="他自己写的")
    reader.finds = {"street": guess("dongcheng"), "content": guess("听到的"), "target": guess("烧烤店")}
    filling.says("东城")
    after = await filling.has(target="烧烤店")
    assert (after.text("street"), after.text("content")) == ("nancheng", "他自己写的")
    proposal = after.field("street").proposal
    assert proposal is not None
    assert proposal.value == "dongcheng", "it is proposed"
    assert after.field("content").proposal is None


async def test_nothing_is_written_that_says_nothing_new(filling: Filling, reader: Reader) -> None:
    await filling.desk.offered()
    reader.finds = {"street": guess("dongcheng", 0.8)}
    filling.says("东城")
    before = await filling.has(street="dongcheng")
    reader.finds = {"street": guess("dongcheng", 0.85)}
    filling.says("东城街道")
    await eventually(lambda: len(filling.spans) == 2, 5.0, "it is read again")
    assert (await filling.desk.kept("c1")).version == before.version


async def test_while_he_speaks_what_stands_counts_and_in_the_end_the_whole(filling: Filling, reader: Reader) -> None:
    await filling.desk.offered()
    reader.before.clear()
    reader.finds = {"street": guess("dongcheng")}
    for n, (text, complete) in enumerate((("东", False), ("东城", False), ("东城街", True)), 1):
        filling.says(text, complete=complete)
        await eventually(lambda n=n: len(filling.spans) == n, 5.0, "it is read")
    values = [None if one is None else {name: f.guess.value for name, f in one.items()} for one in reader.before]
    assert values[-3:] == [{}, {"street": "dongcheng"}, None]


async def test_what_was_said_in_the_menu_is_in_the_draft_before_he_answers(filling: Filling, reader: Reader) -> None:
    reader.finds = {"matter": guess("order.city.noise", span=(-90_000_000, -89_999_000))}
    filling.desk.arrives("c1")
    filling.says("噪音", start_s=-90_000.0)
    filling.desk.ready("a1")
    filling.desk.queues("c1")
    ticket = await filling.has(matter="order.city.noise")
    assert ticket.field("matter").span is None, "it has no place in the recording of the talk"
    assert filling.spans[-1] == {"matter": (-90_000.0, -89_999.0)}


async def test_a_submitted_ticket_is_left_alone(filling: Filling, reader: Reader) -> None:
    ticket = await filling.desk.offered()
    values = {
        "type": "complaint",
        "matter": "order.city.noise",
        "street": "dongcheng",
        "title": "噪音",
        "content": "噪音",
    }
    await filling.desk.write(A1, ticket, **values, target="店")
    await filling.desk.desk.submit(A1, ticket.id, "silent", None)
    reader.finds = {"address": guess("旗峰路")}
    filling.says("旗峰路")
    await eventually(lambda: filling.spans, 5.0, "it is read")
    assert (await filling.desk.kept("c1")).text("address") == ""


async def test_a_fault_costs_the_filling_and_says_nothing_of_what_was_said(filling: Filling, reader: Reader) -> None:
    await filling.desk.offered()
    reader.fault = ValueError("我姓王")
    with capture_logs() as logs:
        filling.says("我姓王")
        await eventually(lambda: any(line["event"] == "prefill_failed" for line in logs), 5.0, "it is logged")
    assert "王" not in str(logs)
    reader.fault, reader.finds = None, {"target": guess("烧烤店")}
    filling.says("我姓王烧烤店")
    await filling.has(target="烧烤店")


async def test_a_database_that_is_away_gets_it_when_it_is_back(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cti.draft_filling._AGAIN_S", 0.01)
    down = threading.Event()

    class Down(MemoryTickets):
        def change(self, *args: Any) -> Edited | None:
            if down.is_set():
                raise StoreUnavailableError("down")
            return super().change(*args)

    desk = TicketDesk(Down())
    filling = Filling(desk, reader)
    try:
        await desk.offered()
        down.set()
        reader.finds = {"target": guess("烧烤店")}
        filling.says("烧烤店")
        await eventually(lambda: len(reader.read) > 2, 5.0, "it is tried")
        down.clear()
        await filling.has(target="烧烤店")
    finally:
        await filling.stop()
        await desk.stop()


async def test_with_the_real_rules(desk: TicketDesk) -> None:
    from cti.tickets.prefill.fill import prefill

    filling = Filling(desk, prefill)
    try:
        await desk.offered()
        filling.says("你好我要投诉东城街道楼下有一家烧烤店每天晚上放音乐噪音很大")
        ticket = await filling.has(street="dongcheng", type="complaint", matter="order.city.noise")
        assert ticket.text("department") == "urban_management"
        assert "烧烤店" in ticket.text("content")
        await eventually(lambda: filling.spans, 5.0, "the words are marked")
        assert "street" in filling.spans[-1]
    finally:
        await filling.stop()


@pytest.mark.parametrize(("said", "matter"), [("我要投诉楼下烧烤店晚上太吵了", "order.city.noise"), ("喂喂", "")])
async def test_a_sentence_in_the_menu_is_classified(
    desk: TicketDesk, monkeypatch: pytest.MonkeyPatch, said: str, matter: str
) -> None:
    monkeypatch.setattr("cti.draft_filling._INTENT_S", 30.0)  # the first one reads dictionaries
    filling = Filling(desk, Reader())
    found, sure = await filling.filling.matter_of(said)
    assert (found, sure > 0.5) == (matter, bool(matter))
    filling.running.cancel()


async def test_who_reads_something_long_meanwhile_keeps_no_caller_waiting(
    desk: TicketDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cti.draft_filling._INTENT_S", 0.05)
    begun, goes_on = threading.Event(), threading.Event()

    def reads(*_: object) -> Any:
        begun.set()
        return goes_on.wait(5) and {}

    filling = Filling(desk, reads)
    filling.says("路灯坏了")
    await eventually(begun.is_set, 2, "a reader")
    assert await filling.filling.matter_of("我要投诉楼下烧烤店晚上太吵了") == ("", 0.0)
    goes_on.set()
    filling.running.cancel()


async def test_a_fault_of_the_classifier_is_told_without_a_word_of_what_was_said(
    desk: TicketDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(text: str, city: object) -> None:
        raise ValueError(text)

    monkeypatch.setattr("cti.draft_filling.menu_intent", fails)
    filling = Filling(desk, Reader())
    with capture_logs() as log:
        assert await filling.filling.matter_of("路灯坏了") == ("", 0.0)
    assert [line["event"] for line in log if line["log_level"] == "error"] == ["intent_failed"]
    assert "路灯" not in str(log)
    filling.running.cancel()
