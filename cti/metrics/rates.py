"""The named rates. A day can be 25 % or 97 % by definition alone, so no number goes out without name and denominator.

Pure functions over the records of calls that arrived in a period. A call counts in the period in which it arrived.
Calls of ours to citizens may stand among the records: they count in `callback_success` and in nothing else.
Sources: the project's table of definitions; GB/T 33358-2016; the published formulas of Chinese hotlines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cti.metrics.record import CallRecord

Records = Sequence[CallRecord]

INTENT_WINDOW_S = 1800.0
LOSS_PLACES = {
    "menu": "菜单中放弃",
    "queue": "排队中放弃",
    "ringing": "振铃未接",
    "no_seat": "无座席",
    "overflow": "溢出",
    "fallback": "应急队列",
    "callback": "改为回拨",
    "message": "改为留言",
    "none": "自助或转接结束",
}
"""`none`: not answered by a person and not lost either: served by an announcement, or transferred to 110 or 120.
`callback` and `message`: the caller chose it instead of waiting; no person answered this call all the same."""

TRIED = frozenset({"reached", "no_answer", "busy", "failed"})
"""Outcomes of a callback for which the citizen's telephone was called."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` = numerator / denominator, None without a denominator. `unit` is "share" (0 to 1) or "s" (a mean)."""

    name: str
    chinese: str
    formula: str
    numerator: float
    denominator: int
    unit: str = "share"

    @property
    def value(self) -> float | None:
        return self.numerator / self.denominator if self.denominator else None


def connection_rate(records: Records) -> Rate:
    """answered by a person / all calls that arrived

    The headline. Hanging up in the menu and every loss count against it; a transferred call counts once; self-service
    stands beside it (`loss_at`), not inside. Published so by Taizhou and Binzhou (接通率 over all inbound).
    """
    calls = incoming(records)
    return _share(connection_rate, "接通率", _answered(calls), len(calls))


def queue_answer_rate(records: Records) -> Rate:
    """answered by a person / calls that entered a queue

    Blind to callers lost in the menu; the tax hotlines' 人工接通率.
    """
    queued = [r for r in incoming(records) if r.queued_at is not None]
    return _share(queue_answer_rate, "人工接通率", _answered(queued), len(queued))


def asked_answer_rate(records: Records, within_s: float) -> Rate:
    """answered within T s of first asking for a person / calls that asked for a person

    The clock starts at the wish, not at the queue, and callers who gave up before queueing stay in the denominator
    (the carriers' 15秒人工接通率). GB/T 33358-2016 asks for an answer within 15 s.
    """
    asked = [r for r in incoming(records) if r.human_asked_at is not None]
    # To the millisecond: a difference of two epoch seconds carries an error of a few tenths of a microsecond.
    quick = sum(
        r.answered_at is not None
        and r.human_asked_at is not None
        and round(r.answered_at - r.human_asked_at, 3) <= within_s
        for r in asked
    )
    rate = _share(asked_answer_rate, f"{within_s:g}秒人工接通率", quick, len(asked))
    return Rate(
        f"{rate.name}_{within_s:g}s", rate.chinese, rate.formula.replace("T s", f"{within_s:g} s"), quick, len(asked)
    )


def intent_rate(records: Records) -> Rate:
    """citizens answered at least once within 30 min of their first attempt / citizens who tried

    All calls of one number within 30 min of its first are one wish; the next call after that begins a new one.
    A withheld number cannot be told from another: each of its calls is a citizen.
    """
    wishes: list[bool] = []
    by_caller: dict[str, list[CallRecord]] = defaultdict(list)
    for record in incoming(records):
        if record.pii_caller:
            by_caller[record.pii_caller].append(record)
        else:
            wishes.append(_answered_by(record, record.arrived_at + INTENT_WINDOW_S))
    for attempts in by_caller.values():
        until = float("-inf")
        for record in sorted(attempts, key=lambda r: r.arrived_at):
            if record.arrived_at > until:
                until = record.arrived_at + INTENT_WINDOW_S
                wishes.append(False)
            wishes[-1] = wishes[-1] or _answered_by(record, until)
    return _share(intent_rate, "人次接通率", sum(wishes), len(wishes))


def asa(records: Records) -> Rate:
    """seconds from queueing to answer / calls answered out of a queue

    Average speed of answer as call centres count it: the menu is not in it, so it always stands with `wait_total`.
    """
    waits = [r.wait_queue_s for r in incoming(records) if r.answered and r.wait_queue_s is not None]
    return _mean(asa, "平均排队等待", waits)


def wait_total(records: Records) -> Rate:
    """seconds from arrival to answer, menu included / calls answered

    What the citizen feels; the Ministry of Transport counts 12328 so ("含导航语音提示时间").
    """
    waits = [r.wait_total_s for r in incoming(records) if r.answered and r.wait_total_s is not None]
    return _mean(wait_total, "平均等待(含语音导航)", waits)


def satisfaction(records: Records) -> Rate:
    """satisfied / callers who pressed a key

    Always beside `participation`: few and happy voters say little.
    """
    rated = [r for r in incoming(records) if r.satisfied is not None]
    return _share(satisfaction, "满意率", sum(r.satisfied is True for r in rated), len(rated))


def participation(records: Records) -> Rate:
    """callers who pressed a key / callers who were offered the survey"""
    offered = [r for r in incoming(records) if r.survey_offered]
    return _share(participation, "参评率", sum(r.satisfied is not None for r in offered), len(offered))


def callback_success(records: Records) -> Rate:
    """callback tasks whose citizen was reached / callback tasks whose citizen was dialled

    A task counts once, however often it was tried. It never makes a lost call an answered one: it stands beside
    `connection_rate`, not inside.
    """
    tried: dict[str, bool] = {}
    for record in records:
        if not record.incoming and (record.outcome in TRIED or record.dialled_at is not None):
            task = record.task or record.call_id
            tried[task] = tried.get(task, False) or record.outcome == "reached"
    return _share(callback_success, "回拨成功率", sum(tried.values()), len(tried))


def loss_at(records: Records) -> dict[str, int]:
    """Calls that no person answered, by where they ended (呼损位置); with the answered ones they are all calls."""
    counts = dict.fromkeys(LOSS_PLACES, 0)
    for record in incoming(records):
        if not record.answered:
            place = record.lost_at or "none"
            counts[place] = counts.get(place, 0) + 1
    return counts


def all_rates(records: Records) -> tuple[Rate, ...]:
    return (
        connection_rate(records),
        queue_answer_rate(records),
        *(asked_answer_rate(records, within_s) for within_s in (15, 20, 30)),
        intent_rate(records),
        asa(records),
        wait_total(records),
        satisfaction(records),
        participation(records),
        callback_success(records),
    )


def incoming(records: Records) -> list[CallRecord]:
    """The calls of citizens to us."""
    return [record for record in records if record.incoming]


def _answered(records: Records) -> int:
    return sum(record.answered for record in records)


def _answered_by(record: CallRecord, until: float) -> bool:
    return record.answered_at is not None and record.answered_at <= until


def _share(definition: Callable[..., Rate], chinese: str, numerator: int, denominator: int) -> Rate:
    return Rate(definition.__name__, chinese, _formula(definition), numerator, denominator)


def _mean(definition: Callable[..., Rate], chinese: str, values: Sequence[float]) -> Rate:
    return Rate(definition.__name__, chinese, _formula(definition), sum(values), len(values), "s")


def _formula(definition: Callable[..., Rate]) -> str:
    """The first line of a definition's docstring: what is computed and what is printed cannot drift apart unseen."""
    return (definition.__doc__ or "").strip().splitlines()[0]
