"""A citizen whom an agent sends on without announcement: whole calls on a scripted line, and a daemon that dies in each
of their parts. Nobody is dropped, and what he has waited is his."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from cti.asterisk import names
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone
from cti.live_call import Call
from cti.metrics.record import fold
from cti.talk import Forward
from tests.support.scripted_line import ScriptedLine
from tests.support.town import Town, talks

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

FLOW = """
flow: city
person: general
start: general
nodes:
  general: {type: route, queue: general, after: survey}
  survey: {type: survey, ask: {3: survey_ask_3}, next: bye}
  bye: {type: hangup, prompts: goodbye}
"""
CALL = CallId("n1-1.1")
EXPERT = Forward("PJSIP/076900000001@trunk", "12345", 20.0)


class House(Town):
    """Agents a1 and a2 for `general`, a3 for `enterprise`; a1 is ready."""

    def __init__(self, folder: Path, journal: list[Milestone] | None = None) -> None:
        super().__init__(folder, "a1", "a2", flow=FLOW, journal=journal)
        self.forwards = {"water": EXPERT}

    @property
    def call(self) -> Call:
        return self.board.calls[CALL]

    def send_on(self, kind: str, to: str, seconds: float) -> Callable[..., object]:
        """A Dial() that a1 answers, and in which he sends the citizen on after so long."""
        speaks = talks(self, seconds)

        async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
            status = await speaks(line, args)
            if args[0] == "PJSIP/a1" and self.call.moved is None and not self.call.sent_by:
                data = {"to": to, "kind": kind, "by": "a1", "agent": "a1"}
                self.exchange.call(CallFact.MOVED, CALL, data)
            return str(status)

        return dial

    def caller(self, dial: Callable[..., object], **more: object) -> asyncio.Task[ScriptedLine]:
        line = ScriptedLine(CALL, dial=dial, **more)  # type: ignore[arg-type]
        return asyncio.ensure_future(self.run(line))

    def all(self, *kinds: CallFact) -> list[Milestone]:
        """Milestones of the call; without kinds every one."""
        return [m for m in self.journal if m.id == CALL and (not kinds or m.kind in kinds)]


async def test_to_a_queue_what_he_waited_counts_there(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.come_to_work("a1", "a2")
    calling = town.caller(town.send_on("queue", "enterprise", 30.0))
    await asyncio.sleep(50)  # he waits
    town.ready("a1")
    await asyncio.sleep(40)

    first, again = town.all(CallFact.QUEUED)
    answered = town.all(CallFact.ANSWERED)[0]
    assert again.data["queue"] == "enterprise"
    assert again.at - float(again.data["since"] or 0) == pytest.approx(answered.at - first.at, abs=0.1)
    assert again.data["kept_s"] == pytest.approx(52, abs=0.5)
    town.ready("a2")
    await calling
    record = fold(town.all())
    assert (record.answered, record.lost_at, record.survey_offered) == (True, None, True)
    assert set(record.agents) <= {"a1", "a2"}


async def test_to_an_agent_he_waits_for_him_alone_and_then_for_anybody(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.ready("a1")
    town.come_to_work("a2")
    calling = town.caller(town.send_on("agent", "a2", 10.0))
    await asyncio.sleep(20)
    assert town.call.phase == "queue"
    assert town.call.waiting().need.steps[0].agents == ("a2",)
    await asyncio.sleep(15)
    assert town.call.phase == "queue", "a1 is idle, and is not offered whom he has sent on"
    await asyncio.sleep(10)  # half a minute is over: anybody will do
    assert town.all(CallFact.OFFERED)[-1].data["agent"] == "a1"
    await calling


@pytest.mark.parametrize(
    ("status", "outcome"), [("NOANSWER", "no_answer"), ("BUSY", "rejected"), ("CHANUNAVAIL", "unreachable")]
)
async def test_a_number_that_does_not_answer_costs_him_nothing(tmp_path: Path, status: str, outcome: str) -> None:
    town = House(tmp_path)
    town.ready("a1")
    sends = town.send_on("department", "water", 10.0)
    dialled: list[tuple[str, ...]] = []

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        if args[0] == EXPERT.dial:
            dialled.append(args)
            assert town.call.phase == "party"
            await asyncio.sleep(5)
            return status
        return str(await sends(line, args))  # type: ignore[misc]

    await town.caller(dial)

    assert dialled[0][1] == "20"
    assert "f(12345)" in dialled[0][2]
    assert town.all(CallFact.PARTY_FAILED)[0].data["outcome"] == outcome
    first, again = town.all(CallFact.QUEUED)
    assert again.data["since"] == first.at, "the place that he had"
    assert "=a1@" in str(again.data["need"]), "and first the agent who knows of him"
    assert len(town.all(CallFact.ANSWERED)) == 2
    assert town.all(CallFact.ENDED)[0].data["lost_at"] is None


async def test_a_number_that_answers_talks_to_him_and_then_the_survey_comes(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.ready("a1")
    sends = town.send_on("department", "water", 10.0)

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        if args[0] != EXPERT.dial:
            return str(await sends(line, args))  # type: ignore[misc]
        await asyncio.sleep(3)
        line.variables[names.CTI_ANSWERED_AT] = f"{town.exchange.wall():.3f}"
        await asyncio.sleep(25)
        await asyncio.to_thread(town.record, line, 25.0)
        return "ANSWER"

    line = await town.caller(dial)

    left = town.all(CallFact.PARTY_LEFT)[0]
    assert left.data["talk_s"] == pytest.approx(25, abs=0.1)
    assert {m.data["segment"]: m.data["complete"] for m in town.all(CallFact.RECORDED)} == {"1": True, "p1": True}
    assert "survey_ask_3" in line.said
    assert town.board.calls == {}


async def test_who_is_not_in_the_list_any_more_is_not_dialled(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.ready("a1")
    await town.caller(town.send_on("department", "gone", 10.0))
    assert not town.all(CallFact.PARTY_ASKED)
    assert len(town.all(CallFact.ANSWERED)) == 2


@pytest.mark.parametrize("target", ["queue", "agent", "department"])
async def test_a_daemon_that_dies_after_he_was_sent_on_does_not_forget_where(tmp_path: Path, target: str) -> None:
    """The agent's line is dropped while no daemon runs; the next one is told of the end of the talk by the dialplan."""
    town = House(tmp_path)
    town.ready("a1")
    to = {"queue": "enterprise", "agent": "a2", "department": "water"}[target]
    line = ScriptedLine(CALL, dial=talks(town, 60.0))
    dying = asyncio.ensure_future(town.run(line))
    await asyncio.sleep(20)
    town.exchange.call(CallFact.MOVED, CALL, {"to": to, "kind": target, "by": "a1", "agent": "a1"})
    line.leave("eof")
    await dying

    other = House(tmp_path, town.journal)
    other.board.recover(list(town.journal), other.exchange.wall())
    other.exchange.agent(AgentFact.LOGGED_OUT, AgentId("a1"))
    other.ready("a2")
    dialled: list[str] = []

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        dialled.append(args[0])
        if args[0] == EXPERT.dial:
            return "NOANSWER"
        return str(await talks(other, 5.0)(line, args))

    await other.caller(dial, dial_status="ANSWER", lost_at=f"{other.exchange.wall() - 0.5:.3f}")

    assert dialled == ([EXPERT.dial, "PJSIP/a2"] if target == "department" else ["PJSIP/a2"])
    assert fold(other.all()).lost_at is None


async def test_a_daemon_that_dies_while_an_outside_number_talks_to_him_completes_the_record(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.ready("a1")
    sends = town.send_on("department", "water", 10.0)
    talking = asyncio.Event()

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        if args[0] != EXPERT.dial:
            return str(await sends(line, args))  # type: ignore[misc]
        talking.set()
        await asyncio.sleep(60)
        return "ANSWER"

    line = ScriptedLine(CALL, dial=dial)
    dying = asyncio.ensure_future(town.run(line))
    await talking.wait()
    answered_at = town.exchange.wall() + 2
    await asyncio.sleep(10)
    line.leave("eof")
    await dying

    other = House(tmp_path, town.journal)
    other.board.recover(list(town.journal), other.exchange.wall())
    back = ScriptedLine(CALL, dial_status="ANSWER", lost_at=f"{other.exchange.wall():.3f}")
    back.variables[names.CTI_ANSWERED_AT] = f"{answered_at:.3f}"
    await other.run(back)

    assert "survey_ask_3" in back.said
    assert other.all(CallFact.PARTY_LEFT)[0].data["talk_s"] == pytest.approx(8, abs=0.5)
    assert other.all(CallFact.PARTY_JOINED)[0].at == pytest.approx(answered_at, abs=0.01)


@pytest.mark.parametrize(("status", "talked"), [("ANSWER", True), ("NOANSWER", False)])
async def test_a_forward_of_which_the_journal_knows_nothing_is_not_dialled_again(
    tmp_path: Path, status: str, talked: bool
) -> None:
    """Its milestones were the last, and died with the daemon."""
    town = House(tmp_path)
    town.ready("a1")
    sends = town.send_on("department", "water", 10.0)
    ringing = asyncio.Event()

    async def dial(line: ScriptedLine, args: tuple[str, ...]) -> str:
        if args[0] != EXPERT.dial:
            return str(await sends(line, args))  # type: ignore[misc]
        ringing.set()
        await asyncio.sleep(60)
        return "ANSWER"

    line = ScriptedLine(CALL, dial=dial)
    dying = asyncio.ensure_future(town.run(line))
    await ringing.wait()
    asked = next(n for n, m in enumerate(town.journal) if m.kind == CallFact.PARTY_ASKED)
    await asyncio.sleep(20)
    line.leave("eof")
    await dying

    other = House(tmp_path, town.journal[:asked])
    other.board.recover(list(other.journal), other.exchange.wall())
    back = ScriptedLine(CALL, dial=talks(other, 5.0), dial_status=status, lost_at=f"{other.exchange.wall():.3f}")
    back.variables[names.CTI_ANSWERED_AT] = f"{other.exchange.wall() - 15:.3f}" if talked else ""
    back.variables[names.DIALLED_AGENT] = "trunk/sip:1" if talked else ""
    await other.run(back)

    assert EXPERT.dial not in " ".join(back.said)
    record = fold(other.all())
    assert [s.who for s in record.segments] == (["a1", "water"] if talked else ["a1", "a1"])
    assert record.survey_offered
    if talked:
        assert other.all(CallFact.PARTY_LEFT)[0].data["talk_s"] == pytest.approx(15, abs=0.1)


async def test_a_talk_whose_end_was_noted_before_the_daemon_died_is_not_queued_again(tmp_path: Path) -> None:
    town = House(tmp_path)
    town.ready("a1")
    await town.caller(talks(town, 10.0))
    ended = next(n for n, m in enumerate(town.journal) if m.kind == CallFact.TALK_ENDED)

    other = House(tmp_path, town.journal[: ended + 1])
    other.board.recover(list(other.journal), other.exchange.wall())
    back = ScriptedLine(CALL, dial_status="ANSWER", lost_at=f"{other.exchange.wall():.3f}")
    await other.run(back)
    assert "survey_ask_3" in back.said
    assert len(other.all(CallFact.QUEUED)) == 1
