"""Words of live calls: given who is in a talk and what is understood, then what stands on which desk page.

Time is virtual (looptime).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from agents.roster import Agent
from cti.call_words import CallWords, WhyNone
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need, Value
from cti.exchange import Exchange
from cti.key_words import KeyWords, marks
from cti.switchboard import Switchboard
from cti.transcriber import Ended, Final, Partial
from recordings.transcript import Word

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

A1, A2, C1 = AgentId("a1"), AgentId("a2"), CallId("c1")
KEY_WORDS = KeyWords(0.5, {"risk": ("漏气",), "urgency": ("马上",)})


class Talk:
    """A citizen who talks to a1. What pages are told stands in `told`."""

    def __init__(self) -> None:
        self.told: dict[str, list[Mapping[str, Any]]] = {}
        self.pending: list[Milestone] = []
        self.understood = {"zh-CN": True}
        self.model = True
        self.over: list[CallId] = []
        self.board = Switchboard(20.0)
        self.board.set_roster({a: Agent(a, a, {"general": 3}) for a in (A1, A2)})
        self.exchange = Exchange(self.board, self, lambda: 1_763_700_000.0 + asyncio.get_running_loop().time())
        self.words = CallWords(self.exchange, lambda: KEY_WORDS, self._tell, self._why_not)
        self.words.on_over = self.over.append
        for agent in (A1, A2):
            self.exchange.agent(AgentFact.LOGGED_IN, agent)
        self.ready(A1)
        self.fact(CallFact.ARRIVED, pii_caller="13800001234", direction="in")
        self.exchange.attach(C1, self)

    def answered(self, agent: AgentId = A1, n: int = 1) -> Talk:
        self.fact(CallFact.QUEUED, queue="general", need=Need("general").to_text())
        self.fact(CallFact.ANSWERED, agent=agent, n=n, wait_s=1.0)
        return self

    def ready(self, agent: AgentId) -> None:
        self.exchange.agent(AgentFact.STATUS, agent, {"status": "ready", "reason": ""})

    def append(self, milestone: Milestone) -> None:
        self.pending.append(milestone)

    def fact(self, kind: CallFact, /, **data: Value) -> None:
        self.exchange.call(kind, C1, data)
        batch, self.pending = self.pending, []
        self.words.heard_milestones(batch)

    def now(self) -> float:
        return self.exchange.wall()

    def hears(self, text: str, side: str = "citizen") -> None:
        self.words.heard(C1, "citizen" if side == "citizen" else "agent", Partial(text), self.now())

    def understands(self, *words: Word, side: str = "citizen") -> None:
        self.words.heard(C1, "citizen" if side == "citizen" else "agent", Final(words), self.now())

    def ends(self, reason: Any, side: str = "citizen") -> None:
        self.words.heard(C1, "citizen" if side == "citizen" else "agent", Ended(reason), self.now())

    def lines(self, agent: AgentId = A1) -> list[str]:
        """As the page shows them: its own rules, without marks."""
        shown: dict[str, str] = {}
        for message in self.told.get(agent, []):
            if message["type"] == "transcript":
                shown.clear()
            for line in message["lines"] if message["type"] == "transcript" else [message]:
                shown[line["line"]] = f"{line['side']}: {line['text']}{'' if line['final'] else ' …'}"
        return list(shown.values())

    def why(self, agent: AgentId = A1) -> str:
        return str([m["why"] for m in self.told[agent] if m["type"] == "transcript"][-1])

    def _tell(self, agent: AgentId, message: Mapping[str, Any]) -> None:
        self.told.setdefault(agent, []).append(message)

    def _why_not(self, language: str) -> WhyNone:
        if not self.model:
            return "off"
        return "" if not language or self.understood.get(language) else "language"


@pytest.fixture
async def talk() -> Any:
    made = Talk()
    yield made
    made.exchange.stop()


def word(text: str, start_s: float, confidence: float = 0.9) -> Word:
    return Word(text, start_s, start_s + 0.2 * len(text), confidence)


async def test_a_line_grows_while_it_is_spoken_and_then_stands(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.hears("路灯")
    await asyncio.sleep(1.0)
    talk.hears("路灯不亮")
    talk.hears("您好", side="agent")
    assert talk.lines() == ["citizen: 路灯不亮 …", "agent: 您好 …"]
    talk.understands(word("路灯", 0.2), word("不", 0.7), word("亮了", 1.0))
    assert talk.lines() == ["citizen: 路灯不亮了", "agent: 您好 …"]
    talk.hears("三天")
    assert talk.lines()[-1] == "citizen: 三天 …"
    assert talk.lines(A2) == [], "who is not in the talk reads nothing"


async def test_what_is_understood_so_far_is_not_told_more_often_than_it_can_be_read(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    for n in range(1, 11):
        talk.hears("路灯不亮了三天没人修"[:n])
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)
    told = [m["text"] for m in talk.told[A1] if m["type"] == "words"]
    assert 2 <= len(told) <= 4
    assert told[-1] == "路灯不亮了三天没人修", "the newest is told all the same"


async def test_a_final_line_is_not_followed_by_its_partial(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.hears("路")
    talk.hears("路灯")
    talk.understands(word("路灯", 0.2))
    count = len(talk.told[A1])
    await asyncio.sleep(1.0)
    assert len(talk.told[A1]) == count


async def test_a_page_that_comes_anew_and_an_agent_who_joins_get_all_lines(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.understands(word("路灯不亮", 0.2))
    talk.understands(word("在哪里", 2.0), side="agent")
    talk.told.clear()
    talk.words.show(C1, A1)
    assert talk.lines() == ["citizen: 路灯不亮", "agent: 在哪里"]

    data: dict[str, Value] = {"p": 1, "kind": "agent", "target": A2, "mode": "conference", "by": A1, "agent": A2}
    talk.fact(CallFact.PARTY_ASKED, **data)
    talk.hears("东城")
    assert talk.lines(A2) == [], "he is only being called"
    talk.fact(CallFact.PARTY_JOINED, p=1, agent=A2, mode="conference")
    talk.understands(word("东城街道", 5.0))
    assert talk.lines(A2) == ["citizen: 路灯不亮", "agent: 在哪里", "citizen: 东城街道"]


async def test_why_there_are_no_words_is_told_with_the_answer(talk: Talk) -> None:
    talk.model = False
    talk.answered()
    assert talk.why() == "off"
    talk.model = True
    talk.words.begin(C1, "cantonese")
    talk.words.show(C1, A1)
    assert talk.why() == "language"


async def test_that_a_flow_does_not_allow_it_is_told_to_everybody_who_comes_to_the_talk(talk: Talk) -> None:
    talk.fact(CallFact.SAID, pii_text="路灯", confidence=0.9)
    talk.answered()
    talk.words.forbidden(C1)
    assert talk.why() == "flow"
    count = len(talk.told[A1])
    talk.words.forbidden(C1)
    assert len(talk.told[A1]) == count
    talk.words.show(C1, A2)
    assert talk.why(A2) == "flow"
    assert talk.lines(A2) == ["message: 路灯"], "what he was asked for is there"
    talk.fact(CallFact.TALK_ENDED, agent=A1, n=1, side="agent", talk_s=1.0)
    talk.fact(CallFact.ENDED, side="caller", place="talk", lost_at=None)
    assert talk.over == [C1]


async def test_a_language_that_is_not_understood_is_told_until_it_is(talk: Talk) -> None:
    talk.answered()
    assert talk.why() == "", "nobody has said which language it is"
    talk.words.begin(C1, "yue")
    assert talk.why() == "language"
    talk.understood["yue"] = True
    talk.words.begin(C1, "yue")
    assert talk.why() == ""
    count = len(talk.told[A1])
    talk.words.begin(C1, "yue")
    assert len(talk.told[A1]) == count, "what is known is not told again"


async def test_what_was_said_while_he_waited_is_there_before_he_is_answered_and_what_comes_later_too(
    talk: Talk,
) -> None:
    talk.fact(CallFact.SAID, node="general", pii_text="路灯", confidence=0.8)
    talk.fact(CallFact.QUEUED, queue="general", need=Need("general").to_text())
    assert talk.board.calls[C1].phase == "ringing"
    assert talk.lines() == ["message: 路灯"]
    talk.fact(CallFact.SAID, node="general", pii_text="不亮了", confidence=0.8)
    assert talk.lines() == ["message: 路灯", "message: 不亮了"]


@pytest.mark.parametrize(("reason", "why"), [("worker_lost", "lost"), ("behind", "lost"), ("displaced", "busy")])
async def test_a_lost_stream_is_told_and_its_unfinished_line_goes(talk: Talk, reason: str, why: str) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    assert talk.why() == ""
    talk.understands(word("路灯不亮", 0.2))
    talk.hears("在")
    talk.ends(reason)
    assert talk.why() == why
    assert talk.lines() == ["citizen: 路灯不亮"]
    talk.understands(word("东城", 0.1))
    assert talk.why() == "", "another session has begun"


async def test_who_hangs_up_ends_no_stream_in_a_bad_way(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.hears("再")
    talk.ends("finished")
    talk.ends("closed", side="agent")
    talk.words.end(C1)
    assert talk.why() == ""
    talk.understands(word("见", 0.1))
    assert talk.lines() == []


async def test_the_words_of_a_second_talk_come_after_those_of_the_first(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    await asyncio.sleep(3.0)
    talk.understands(word("路灯", 2.0))
    talk.words.end(C1)
    talk.fact(CallFact.TALK_ENDED, agent=A1, n=1, side="agent_lost", talk_s=3.0)
    await asyncio.sleep(17.0)
    talk.ready(A2)
    talk.answered(A2, 2)
    await asyncio.sleep(1.0)
    talk.words.begin(C1, "zh-CN")
    talk.understands(word("东城", 1.5))
    assert [(w.text, w.start_s) for w in talk.words.words(C1)] == [("路灯", 2.0), ("东城", pytest.approx(21.5))]
    assert talk.lines(A2) == ["citizen: 路灯", "citizen: 东城"]


async def test_what_was_said_in_the_menu_stands_before_the_talk(talk: Talk) -> None:
    talk.fact(CallFact.SAID, node="listen", pii_text="小区漏气了", confidence=0.8)
    talk.answered()
    assert talk.lines() == ["message: 小区漏气了"], "told with the offer"
    (message,) = [m for m in talk.told[A1] if m["type"] == "transcript"][-1]["lines"]
    assert message["marks"] == [{"from": 2, "to": 4, "kind": "risk"}]
    talk.words.begin(C1, "zh-CN")
    talk.understands(word("马上来", 0.2))
    assert "".join(w.text for w in talk.words.words(C1)) == "小区漏气了马上来"


async def test_the_words_that_a_field_was_filled_from_are_marked_afterwards(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.understands(word("东城街道", 0.0), word("路灯", 1.0, 0.3))
    talk.words.filled_from(C1, {"street": (0.0, 0.8)})
    last = talk.told[A1][-1]
    assert last["marks"] == [{"from": 0, "to": 4, "kind": "street"}, {"from": 4, "to": 6, "kind": "low"}]
    count = len(talk.told[A1])
    talk.words.filled_from(C1, {"street": (0.0, 0.8)})
    assert len(talk.told[A1]) == count


async def test_the_end_of_a_call_waits_for_its_last_words(talk: Talk) -> None:
    talk.answered()
    talk.words.begin(C1, "zh-CN")
    talk.fact(CallFact.TALK_ENDED, agent=A1, n=1, side="agent", talk_s=5.0)
    talk.fact(CallFact.ENDED, side="caller", place="after_talk", lost_at=None, estimated=False)
    assert talk.over == []
    talk.understands(word("谢谢", 4.0))
    open_: list[bool] = []
    talk.words.on_words = lambda call_id: open_.append(talk.words.is_open(call_id))
    talk.words.end(C1)
    assert open_ == [False], "the words are complete"
    assert talk.over == [C1]
    assert [line.text for line in talk.words.kept(C1)[1]] == ["谢谢"]
    talk.words.forget(C1)
    assert talk.words.kept(C1) == (0.0, [])


def test_key_words_win_over_fields_and_fields_over_what_was_hardly_understood() -> None:
    words = (Word("煤气", 0.0, 0.4, 0.2), Word("漏气", 0.4, 0.8, 0.2), Word("马上 来", 0.8, 1.4, 0.9))
    found = marks("煤气漏气马上 来", KEY_WORDS, words, {"content": (5.0, 6.0), "matter": (0.2, 0.8)})
    assert [(m["from"], m["to"], m["kind"]) for m in found] == [
        (0, 1, "low"),
        (1, 2, "matter"),
        (2, 4, "risk"),
        (4, 6, "urgency"),
    ]
    assert marks("", KEY_WORDS) == []
