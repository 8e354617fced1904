"""Every metric by its name: what is divided by what, in which words, and by what it can be grouped.

The one place where names and definitions stand: reports, pages, exports and docs/metrics.md take theirs from here. A
number that is shown without its name and its denominator says nothing: one day is at 25 % or at 97 % by definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from cti.metrics.agent_figures import AGENT_WORDS
from cti.metrics.figures import (
    CALLBACK_FIGURES,
    FIGURES,
    LOSS_PLACES,
    LOSS_PLACES_EN,
    PROMISES_S,
    UNDECIDED,
    Words,
)

Source = Literal["calls", "agents", "cases", "windows"]
"""calls: sums of calls; agents: sums of agents' times. Both add up over half hours. cases: several calls of one citizen
or task are looked at together; windows: every stretch of 24 hours is. These need the records themselves."""

DAY_S = 86_400.0
INTENT_WINDOW_S = 1800.0
REPEAT_WINDOW_S = DAY_S
WINDOW_S = DAY_S


@dataclass(frozen=True, slots=True)
class Definition:
    """`numerator` and `denominator` are codes of `WORDS` that are added; unit is "share" (0 to 1) or "s" (a mean)."""

    code: str
    zh: str
    en: str
    numerator: tuple[str, ...]
    denominator: tuple[str, ...]
    unit: Literal["share", "s"] = "share"
    source: Source = "calls"
    remark: Words = ("", "")
    ahead_s: float = 0.0
    """So much later calls can still decide over a period."""
    back_s: float = 0.0
    """So much earlier calls count in it."""

    @property
    def formula(self) -> str:
        """English: answered by a person / all calls that arrived"""
        return self._formula(1)

    @property
    def formula_zh(self) -> str:
        return self._formula(0)

    def _formula(self, language: Literal[0, 1]) -> str:
        parts = (" + ".join(WORDS[code][language] for code in side) for side in (self.numerator, self.denominator))
        return " / ".join(parts)

    @property
    def groups(self) -> tuple[str, ...]:
        """What it can be grouped by."""
        return GROUPS[self.source]


GROUPS: Mapping[Source, tuple[str, ...]] = {
    "calls": ("half_hour", "day", "city", "number", "queue", "skill", "agent"),
    "agents": ("half_hour", "day", "agent"),
    "cases": ("half_hour", "day", "city", "number", "queue", "skill", "agent"),
    "windows": ("city", "number", "queue", "skill"),
}

_CASE_WORDS: Mapping[str, Words] = {
    "wishes_answered": (
        "首次呼入起30分钟内至少接通一次的人次",
        "citizens answered at least once within 30 min of their first attempt",
    ),
    "wishes": ("来电人次", "citizens who tried"),
    "repeated_calls": ("24小时内同一号码再次呼入", "calls of a number that had called within 24 h before"),
    "known_calls": ("号码可识别的呼入", "calls with a number"),
    "repeat_callers": ("同期呼入两次及以上的号码", "numbers that called more than once"),
    "callers": ("呼入号码", "numbers that called"),
    "resolved": ("接听后24小时内未再来电", "answered calls whose number did not call again within 24 h"),
    "resolvable": ("人工接听且号码可识别、已满24小时", "answered calls with a number, once 24 h have passed"),
    "tasks_reached": ("回拨接通的任务", "callback tasks whose citizen was reached"),
    "tasks_dialled": ("已回拨的任务", "callback tasks whose citizen was dialled"),
    "window_answered": ("最差连续24小时内的人工接听", "answered by a person in the worst 24 consecutive hours"),
    "window_calls": ("这24小时内的全部呼入", "all calls that arrived in them"),
}
WORDS: Mapping[str, Words] = {
    **{figure.code: (figure.zh, figure.en) for figure in (*FIGURES, *CALLBACK_FIGURES)},
    UNDECIDED: ("尚未接听且未结束的呼入", "calls that are neither answered nor over"),
    **AGENT_WORDS,
    **_CASE_WORDS,
}
"""Of every figure, and of both sides of every rate."""


def _by_promise(within_s: int) -> Iterator[Definition]:
    promise = f"{within_s}s"
    yield Definition(
        f"asked_answer_rate_{promise}",
        f"{within_s}秒人工接通率",
        f"Answered within {within_s} s of asking",
        (f"asked_answered_{promise}",),
        ("asked",),
        remark=(
            "从提出人工诉求起计时，未进入排队即挂断的也计入分母",
            "the clock starts at the wish, not at the queue; who left before queueing stays in the denominator",
        ),
    )
    yield Definition(
        f"arrival_answer_rate_{promise}",
        f"{within_s}秒接通率（自呼入起）",
        f"Answered within {within_s} s of arrival",
        (f"arrival_answered_{promise}",),
        ("calls",),
        remark=("含语音导航时间，最严口径", "the strictest clock: the menu is in it"),
    )
    yield Definition(
        f"service_level_answered_{promise}",
        f"{within_s}秒服务水平（仅已接）",
        f"Service level {within_s} s, answered only",
        (f"queue_answered_{promise}",),
        ("queue_answered",),
        remark=("放弃的呼入不计，偏乐观（Wazo QoS）", "blind to losses (QoS of Wazo)"),
    )
    yield Definition(
        f"service_level_queued_{promise}",
        f"{within_s}秒服务水平（全部排队）",
        f"Service level {within_s} s, all queued",
        (f"queue_answered_{promise}",),
        ("queued",),
        remark=("任何排队呼损都计入分母", "every call lost in a queue counts against it"),
    )
    yield Definition(
        f"service_level_decided_{promise}",
        f"{within_s}秒服务水平（含快速放弃）",
        f"Service level {within_s} s, abandons in time count as good",
        (f"queue_answered_{promise}", f"abandoned_{promise}"),
        ("queue_answered", "abandoned"),
        remark=("Asterisk 的 SL2 口径", "SL2 of Asterisk"),
    )
    yield Definition(
        f"service_level_removed_{promise}",
        f"{within_s}秒服务水平（离开队列）",
        f"Service level {within_s} s, out of the queue in time",
        (f"queue_answered_{promise}", f"abandoned_{promise}", f"called_back_{promise}"),
        ("queued",),
        remark=("Amazon Connect 的 SL X 口径", "SL X of Amazon Connect"),
    )
    yield Definition(
        f"service_level_patient_{promise}",
        f"{within_s}秒服务水平（剔除速挂）",
        f"Service level {within_s} s, without short abandons",
        (f"queue_answered_{promise}",),
        ("queue_answered", "abandoned_patient"),
        remark=("Genesys 的常用口径", "as Genesys is usually set"),
    )


def _loss(place: str) -> Definition:
    return Definition(
        f"loss_at_{place}",
        f"呼损位置：{LOSS_PLACES[place]}",
        f"Lost {LOSS_PLACES_EN[place]}" if place != "none" else "Neither answered nor lost",
        (f"lost_{place}",),
        ("calls",),
    )


DEFINITIONS: tuple[Definition, ...] = (
    Definition(
        "connection_rate",
        "接通率",
        "Connection rate",
        ("answered",),
        ("calls",),
        remark=(
            "首要指标。语音菜单中挂断及各种呼损均计入分母；转接只计一次",
            "the headline. Hanging up in the menu and every loss count against it; a transferred call counts once",
        ),
    ),
    Definition(
        "queue_answer_rate",
        "人工接通率",
        "Queue answer rate",
        ("queue_answered",),
        ("queued",),
        remark=("看不到语音菜单中的呼损", "blind to callers lost in the menu"),
    ),
    Definition(
        "queue_answer_rate_patient",
        "人工接通率（剔除速挂）",
        "Queue answer rate without short abandons",
        ("queue_answered",),
        ("queued_patient",),
        remark=("最宽口径", "the most lenient one in use"),
    ),
    *(definition for within_s in PROMISES_S for definition in _by_promise(within_s)),
    Definition(
        "rolling_24h",
        "任意连续24小时接通率",
        "Worst connection rate of any 24 hours",
        ("window_answered",),
        ("window_calls",),
        source="windows",
        remark=(
            "GB/T 33358-2016 要求不低于95%；时段不足24小时则未知",
            "GB/T 33358-2016 asks for 95 %; unknown of a period shorter than 24 h",
        ),
    ),
    Definition(
        "intent_rate",
        "人次接通率",
        "Citizens answered",
        ("wishes_answered",),
        ("wishes",),
        source="cases",
        ahead_s=INTENT_WINDOW_S,
        remark=(
            "同一号码30分钟内的呼入为一人次；匿名呼入各计一次",
            "calls of one number within 30 min are one wish; each call of a withheld number is one",
        ),
    ),
    Definition(
        "asa",
        "平均排队等待",
        "Average speed of answer",
        ("queue_wait_ms",),
        ("queue_answered",),
        "s",
        remark=("不含语音导航，须与 wait_total 并列", "the menu is not in it: always beside `wait_total`"),
    ),
    Definition(
        "wait_total",
        "平均等待(含语音导航)",
        "Average wait, menu included",
        ("wait_ms",),
        ("answered",),
        "s",
        remark=("市民的实际感受；交通运输部12328按此公布", "what the citizen feels; published so for 12328"),
    ),
    Definition("abandon_rate", "放弃率", "Abandon rate", ("abandoned",), ("queued",)),
    Definition(
        "abandon_wait", "放弃前平均等待", "Average wait of who abandons", ("abandon_wait_ms",), ("abandoned",), "s"
    ),
    Definition(
        "short_abandon_rate",
        "排队速挂率",
        "Short abandons",
        ("short_abandons",),
        ("queued",),
        remark=("只在名称注明时剔除", "left out only where the name says so"),
    ),
    Definition("short_call_rate", "呼入速挂率", "Short calls", ("short_calls",), ("calls",)),
    *(_loss(place) for place in LOSS_PLACES),
    Definition("talk_time", "平均通话时长", "Average talk", ("talk_ms",), ("talks",), "s"),
    Definition("hold_time", "平均通话等候", "Average hold", ("held_ms",), ("talks",), "s"),
    Definition(
        "transfer_rate",
        "转接率",
        "Transfers",
        ("moved",),
        ("served",),
        remark=("移交或转给他人；一通电话只计一次", "handed over or sent on to somebody else; once a call"),
    ),
    Definition("linkage_rate", "联动转接率", "Transfers to emergency numbers", ("linked",), ("over",)),
    Definition(
        "offer_answer_rate",
        "派话接听率",
        "Offers answered",
        ("offers_taken",),
        ("offers",),
        remark=("主叫挂断的派话也计入分母", "an offer during which the caller left counts against it"),
    ),
    Definition(
        "satisfaction",
        "满意率",
        "Satisfaction",
        ("satisfied",),
        ("rated",),
        remark=("须与参评率并列", "always beside `participation`"),
    ),
    Definition("participation", "参评率", "Participation", ("rated",), ("surveyed",)),
    Definition(
        "repeat_call_rate",
        "重复来电率",
        "Repeated calls",
        ("repeated_calls",),
        ("known_calls",),
        source="cases",
        back_s=REPEAT_WINDOW_S,
    ),
    Definition(
        "repeat_caller_rate",
        "重复来电人占比",
        "Repeat callers",
        ("repeat_callers",),
        ("callers",),
        source="cases",
        remark=("同一统计时段内", "within the period asked for"),
    ),
    Definition(
        "first_call_resolution",
        "首呼解决率（按重复来电）",
        "First-call resolution by repeat",
        ("resolved",),
        ("resolvable",),
        source="cases",
        ahead_s=REPEAT_WINDOW_S,
        remark=(
            "未再来电视为解决；未满24小时的不计",
            "no further call is taken for resolved; not counted before 24 h are over",
        ),
    ),
    Definition(
        "callback_success",
        "回拨成功率",
        "Callback success",
        ("tasks_reached",),
        ("tasks_dialled",),
        source="cases",
        remark=(
            "每个任务只计一次；不使呼损变为接通",
            "a task counts once; never makes a lost call an answered one",
        ),
    ),
    Definition(
        "callback_reach_rate", "回拨单次接通率", "Callbacks reached", ("callback_reached",), ("callback_dialled",)
    ),
    Definition(
        "occupancy",
        "工时利用率",
        "Occupancy",
        ("talking_ms", "on_hold_ms", "wrap_up_ms"),
        ("talking_ms", "on_hold_ms", "wrap_up_ms", "idle_ms"),
        source="agents",
    ),
    Definition(
        "handling_time",
        "平均处理时长",
        "Average handling time",
        ("talking_ms", "on_hold_ms", "wrap_up_ms"),
        ("agent_talks",),
        "s",
        "agents",
        (
            "时间计入所在半小时，通话计入结束时的半小时",
            "time counts where it lies, a talk in the half hour in which it ends",
        ),
    ),
    Definition(
        "after_call_time",
        "平均话后处理时长",
        "Average after-call work",
        ("wrap_up_ms",),
        ("agent_talks",),
        "s",
        "agents",
    ),
    Definition(
        "non_response_rate",
        "座席未应答率",
        "Offers that an agent missed",
        ("agent_missed",),
        ("agent_offers",),
        source="agents",
        remark=("无应答、拒接、话机不可达", "no answer, rejected, or telephone unreachable"),
    ),
)
BY_CODE: Mapping[str, Definition] = {definition.code: definition for definition in DEFINITIONS}


def of_source(source: Source) -> Sequence[Definition]:
    return [definition for definition in DEFINITIONS if definition.source == source]
