"""Timelines of made-up calls, as the daemon would journal them."""

from __future__ import annotations

from collections.abc import Iterator

from cti.calls import CallFact, Milestone, Need, Value


def milestone(call_id: str, seq: int, kind: str, at: float, /, **data: Value) -> Milestone:
    return Milestone("call", call_id, seq, at, str(kind), data)


def answered_call(
    call_id: str, arrived_at: float, *, need: Need | None = None, caller: str = "13800138000", score: int | None = 1
) -> list[Milestone]:
    """Menu, queue, one ring no answer, talk of 60 s from second 20 on, survey, caller hangs up at second 90."""
    need = need or Need("general")

    def lines() -> Iterator[tuple[float, str, dict[str, Value]]]:
        yield from _arrival(caller)
        yield 5.0, CallFact.HUMAN_ASKED, {"by": "key"}
        yield 5.0, CallFact.ENTERED, {"node": "route", "type": "route", "session": "{}"}
        queued: dict[str, Value] = {"queue": need.queue, "need": need.to_text()}
        yield 6.0, CallFact.QUEUED, queued
        yield 10.0, CallFact.OFFERED, {"agent": "a1001", "n": 1, "why": "longest idle"}
        yield 14.0, CallFact.OFFER_FAILED, {"agent": "a1001", "n": 1, "outcome": "no_answer"}
        yield 15.0, CallFact.OFFERED, {"agent": "a1002", "n": 2, "why": "longest idle"}
        yield 20.0, CallFact.ANSWERED, {"agent": "a1002", "n": 2, "wait_s": 14.0}
        yield 80.0, CallFact.TALK_ENDED, {"agent": "a1002", "n": 2, "side": "agent", "talk_s": 60.0}
        recorded: dict[str, Value] = {"file": f"2026/{call_id}.wav", "bytes": 960044, "talk_s": 60.0, "complete": True}
        yield 80.5, CallFact.RECORDED, recorded
        yield 81.0, CallFact.SURVEY_OFFERED, {"scale": 3}
        if score is not None:
            yield 85.0, CallFact.RATED, {"score": score, "satisfied": score < 3}
        yield 90.0, CallFact.ENDED, {"side": "caller", "place": "survey", "lost_at": None, "estimated": False}

    return _numbered(call_id, arrived_at, lines())


def lost_call(
    call_id: str, arrived_at: float, *, place: str = "queue", after_s: float = 40.0, caller: str = "13900139000"
) -> list[Milestone]:
    """The caller leaves in the menu, or (`place` anything else) 34 s after he was queued."""

    def lines() -> Iterator[tuple[float, str, dict[str, Value]]]:
        yield from _arrival(caller)
        if place != "menu":
            yield 5.0, CallFact.HUMAN_ASKED, {"by": "silence"}
            queued: dict[str, Value] = {"queue": "general", "need": Need("general").to_text(), "position": 4}
            yield 6.0, CallFact.QUEUED, queued
        yield after_s, CallFact.ENDED, {"side": "caller", "place": place, "lost_at": place, "estimated": False}

    return _numbered(call_id, arrived_at, lines())


def _arrival(caller: str) -> Iterator[tuple[float, str, dict[str, Value]]]:
    arrived: dict[str, Value] = {"pii_caller": caller, "dialled": "12333", "original": "", "city": "dongguan"}
    arrived |= {"mode": "dual", "statistics": "12333", "medium": "voice", "channel": "PJSIP/trunk-00000001"}
    arrived |= {"sip_call_id": "1-77@127.0.0.2", "flow": "city", "flow_version": "4f1a"}
    yield 0.0, CallFact.ARRIVED, arrived
    yield 0.1, CallFact.ENTERED, {"node": "greeting", "type": "say", "session": "{}"}
    yield 2.0, CallFact.ENTERED, {"node": "menu", "type": "menu", "session": "{}"}
    yield 2.0, CallFact.MENU_ENTERED, {"node": "menu"}


def _numbered(call_id: str, start: float, lines: Iterator[tuple[float, str, dict[str, Value]]]) -> list[Milestone]:
    return [milestone(call_id, seq, kind, start + after, **data) for seq, (after, kind, data) in enumerate(lines, 1)]
