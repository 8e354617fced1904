"""What is counted of a call, each figure with its words: whole numbers that add up, so sums are exact in any order.

Pure. A call counts in the half hour in which it arrived, with all that came of it, however long it lasted. It counts as
soon as it is decided, that is answered or over; what only its end can show counts from its end on. Until then it is
`undecided`. Calls of ours to citizens count in the figures named `callback_…` and in no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from cti.metrics.record import CallRecord

Sums = Counter[str]
"""Figures by code, added up over calls; what is not in it is 0."""
Words = tuple[str, str]
"""Chinese, English"""

PROMISES_S = (15, 20, 30)
"""Seconds in which an answer is promised: 15 by GB/T 33358-2016, the others are published too."""
SHORT_S = 5.0
"""Who hangs up within so long did not mean to wait (速挂)."""

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
LOSS_PLACES_EN = {
    "menu": "in the menu",
    "queue": "waiting",
    "ringing": "while an agent was rung",
    "no_seat": "waiting with no agent there",
    "overflow": "after leaving a queue",
    "fallback": "in the fallback queue",
    "callback": "by choosing a callback",
    "message": "by leaving a message",
    "none": "by self-service or transfer",
}
_WAITING = frozenset({"queue", "ringing", "no_seat", "fallback"})
TRIED = frozenset({"reached", "no_answer", "busy", "failed"})
"""Outcomes of a callback for which the citizen's telephone was called."""


@dataclass(frozen=True, slots=True)
class Figure:
    """`of` may be asked of every incoming call that is decided, or that is over if `known_at` is the end."""

    code: str
    zh: str
    en: str
    of: Callable[[CallRecord], int]
    known_at: Literal["answer", "end"] = "answer"
    unit: Literal["count", "ms"] = "count"


def ms(seconds: float) -> int:
    """To the millisecond: a difference of two epoch seconds carries an error of a few tenths of a microsecond."""
    return round(seconds * 1000)


def of_call(record: CallRecord) -> Sums:
    """What one call adds to the sums; without zeros."""
    if not record.incoming:
        figures = CALLBACK_FIGURES if record.ended_at is not None else ()
    elif record.ended_at is not None:
        figures = FIGURES
    elif record.answered:
        figures = _AT_ANSWER
    else:
        return Sums({UNDECIDED: 1})
    return Sums({figure.code: int(value) for figure in figures if (value := figure.of(record))})


def incoming(records: Iterable[CallRecord]) -> list[CallRecord]:
    """The calls of citizens to us."""
    return [record for record in records if record.incoming]


def dialled(callback: CallRecord) -> bool:
    """Whether the citizen's telephone was called."""
    return callback.outcome in TRIED or callback.dialled_at is not None


def short_abandon(record: CallRecord) -> bool:
    return abandoned(record) and _waited_at_most(record, SHORT_S)


def abandoned(record: CallRecord) -> bool:
    """He was queued and hung up himself before anybody answered, without having chosen anything else."""
    return (
        record.queued_at is not None
        and not record.answered
        and record.ended_side == "caller"
        and record.lost_at in _WAITING
    )


def _waited_at_most(record: CallRecord, within_s: float) -> bool:
    return record.wait_queue_s is not None and ms(record.wait_queue_s) <= ms(within_s)


def _queue_answered(record: CallRecord) -> bool:
    return record.queued_at is not None and record.answered


def _hung_up_at_once(record: CallRecord) -> bool:
    return (
        not record.answered
        and record.lost_at is not None
        and record.ended_side == "caller"
        and record.wait_total_s is not None
        and ms(record.wait_total_s) <= ms(SHORT_S)
    )


def _talk_seen(record: CallRecord) -> bool:
    """Answered and over, and no moment of it was missed."""
    return record.answered and record.ended_at is not None and not record.estimated


def _promised(within_s: int) -> Iterator[Figure]:
    def quick(record: CallRecord, since: float | None) -> bool:
        return (
            since is not None and record.answered_at is not None and ms(record.answered_at - since) <= within_s * 1000
        )

    yield Figure(
        f"arrival_answered_{within_s}s",
        f"呼入后{within_s}秒内接听",
        f"answered within {within_s} s of arrival",
        lambda r: quick(r, r.arrived_at),
    )
    yield Figure(
        f"asked_answered_{within_s}s",
        f"提出人工诉求后{within_s}秒内接听",
        f"answered within {within_s} s of first asking for a person",
        lambda r: quick(r, r.human_asked_at),
    )
    yield Figure(
        f"queue_answered_{within_s}s",
        f"排队后{within_s}秒内接听",
        f"answered within {within_s} s of queueing",
        lambda r: _queue_answered(r) and _waited_at_most(r, within_s),
    )
    yield Figure(
        f"abandoned_{within_s}s",
        f"排队后{within_s}秒内放弃",
        f"abandoned within {within_s} s of queueing",
        lambda r: abandoned(r) and _waited_at_most(r, within_s),
        "end",
    )
    yield Figure(
        f"called_back_{within_s}s",
        f"排队后{within_s}秒内改为回拨",
        f"over by a chosen callback within {within_s} s of queueing",
        lambda r: r.queued_at is not None and r.lost_at == "callback" and _waited_at_most(r, within_s),
        "end",
    )


def _lost(place: str) -> Figure:
    return Figure(
        f"lost_{place}",
        f"未经人工接听：{LOSS_PLACES[place]}",
        f"not answered by a person: over {LOSS_PLACES_EN[place]}",
        lambda r: not r.answered and (r.lost_at or "none") == place,
        "end",
    )


UNDECIDED = "undecided"
FIGURES: tuple[Figure, ...] = (
    Figure("calls", "全部呼入", "all calls that arrived", lambda r: 1),
    Figure("answered", "人工接听", "answered by a person", lambda r: r.answered),
    Figure("asked", "提出人工诉求的呼入", "calls that asked for a person", lambda r: r.human_asked_at is not None),
    Figure("queued", "进入排队的呼入", "calls that entered a queue", lambda r: r.queued_at is not None),
    Figure("queue_answered", "排队后人工接听", "calls answered out of a queue", _queue_answered),
    Figure(
        "queue_wait_ms",
        "排队至接听的秒数",
        "seconds from queueing to answer",
        lambda r: ms(r.wait_queue_s) if _queue_answered(r) and r.wait_queue_s is not None else 0,
        unit="ms",
    ),
    Figure(
        "wait_ms",
        "呼入至接听的秒数（含语音导航）",
        "seconds from arrival to answer, menu included",
        lambda r: ms(r.wait_total_s) if r.answered and r.wait_total_s is not None else 0,
        unit="ms",
    ),
    *(figure for within_s in PROMISES_S for figure in _promised(within_s)),
    *(_lost(place) for place in LOSS_PLACES),
    Figure("abandoned", "排队中主动放弃", "calls abandoned while waiting", abandoned, "end"),
    Figure(
        "abandon_wait_ms",
        "排队至放弃的秒数",
        "seconds from queueing to hanging up",
        lambda r: ms(r.wait_queue_s) if abandoned(r) and r.wait_queue_s is not None else 0,
        "end",
        "ms",
    ),
    Figure("short_calls", "呼入5秒内速挂", "lost by hanging up within 5 s of arrival", _hung_up_at_once, "end"),
    Figure("short_abandons", "排队5秒内速挂", "abandoned within 5 s of queueing", short_abandon, "end"),
    Figure(
        "queued_patient",
        "进入排队且未速挂的呼入",
        "calls that entered a queue, short abandons left out",
        lambda r: r.queued_at is not None and not short_abandon(r),
    ),
    Figure(
        "abandoned_patient",
        "排队超过5秒后放弃",
        "calls abandoned after more than 5 s",
        lambda r: abandoned(r) and not short_abandon(r),
        "end",
    ),
    Figure("talks", "已结束且时长可知的通话", "answered calls that are over, their length seen", _talk_seen, "end"),
    Figure(
        "talk_ms",
        "通话秒数",
        "seconds of talk",
        lambda r: ms(r.talk_s) if _talk_seen(r) else 0,
        "end",
        "ms",
    ),
    Figure(
        "held_ms",
        "通话中等候的秒数",
        "seconds on hold in the talk",
        lambda r: ms(r.held_s) if _talk_seen(r) else 0,
        "end",
        "ms",
    ),
    Figure("served", "人工接听且已结束", "answered calls that are over", lambda r: r.answered, "end"),
    Figure(
        "moved",
        "转给他人的通话",
        "answered calls handed on to somebody else",
        lambda r: r.answered and r.moves > 0,
        "end",
    ),
    Figure("over", "已结束的呼入", "calls that are over", lambda r: 1, "end"),
    Figure(
        "linked",
        "转接110等的呼入",
        "calls transferred to 110, 119, 120 or 122",
        lambda r: r.transferred_to is not None,
        "end",
    ),
    Figure("offers", "派话次数", "offers to agents", lambda r: r.offers, "end"),
    Figure(
        "offers_taken",
        "派话被接听次数",
        "offers answered",
        lambda r: sum(segment.mode == "offer" and segment.who != "" for segment in r.segments),
        "end",
    ),
    Figure("surveyed", "获邀评价", "callers who were offered the survey", lambda r: r.survey_offered, "end"),
    Figure("rated", "按键评价", "callers who pressed a key", lambda r: r.satisfied is not None, "end"),
    Figure("satisfied", "满意", "satisfied", lambda r: r.satisfied is True, "end"),
    Figure(
        "callbacks_asked",
        "要求回拨",
        "callers who chose to be called back",
        lambda r: r.callback_requested is not None,
        "end",
    ),
    Figure("messages", "留言", "callers who left a message", lambda r: r.message_file is not None, "end"),
    Figure("estimated", "有时刻为估计", "calls with a moment that nobody saw", lambda r: r.estimated, "end"),
    Figure("incomplete", "记录不完整", "calls with missing milestones", lambda r: r.missing > 0, "end"),
)
CALLBACK_FIGURES: tuple[Figure, ...] = (
    Figure("callback_dialled", "回拨次数", "callbacks for which the citizen was dialled", dialled, "end"),
    Figure(
        "callback_reached",
        "回拨接通次数",
        "callbacks that reached him",
        lambda r: dialled(r) and r.outcome == "reached",
        "end",
    ),
)
_AT_ANSWER = tuple(figure for figure in FIGURES if figure.known_at == "answer")
