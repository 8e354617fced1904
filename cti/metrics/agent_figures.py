"""What is counted of an agent: seconds by state where they lie, talks and offers where they happen. Pure.

Milliseconds are differences of rounded moments, so the parts of a stretch that crosses a half hour add up to the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from agents.status import State
from agents.times import Interval, agents_named
from cti.calls import AgentId, CallFact, Milestone
from cti.metrics.figures import Sums, Words, ms
from cti.metrics.groups import AgentKey, half_hour_of
from cti.metrics.half_hours import HALF_HOUR_S

_TIMES: Mapping[State, tuple[str, str, str]] = {
    State.IDLE: ("idle_ms", "空闲秒数", "seconds idle"),
    State.OFFERED: ("ringing_ms", "振铃秒数", "seconds rung"),
    State.TALKING: ("talking_ms", "通话秒数", "seconds talking"),
    State.HELD: ("on_hold_ms", "通话保持秒数", "seconds with the citizen on hold"),
    State.WRAP_UP: ("wrap_up_ms", "话后处理秒数", "seconds of after-call work"),
    State.NOT_ANSWERING: ("not_answering_ms", "未应答暂停秒数", "seconds paused after no answer"),
    State.NOT_READY: ("not_ready_ms", "示忙秒数", "seconds not ready"),
}
"""Together they are the time logged in."""
AGENT_WORDS: Mapping[str, Words] = {
    **{code: (zh, en) for code, zh, en in _TIMES.values()},
    "agent_talks": ("座席通话次数", "talks of agents"),
    "agent_offers": ("派给座席的次数", "offers to the agent"),
    "agent_missed": ("座席未应答次数", "offers that he missed"),
}
MISSED = frozenset({"no_answer", "rejected", "unreachable"})
"""Outcomes of an offer that his telephone did not take."""


def of_intervals(agent: AgentId, found: Iterable[Interval]) -> dict[AgentKey, Sums]:
    rollup: dict[AgentKey, Sums] = {}
    for one in found:
        if one.state not in _TIMES:
            continue
        code = _TIMES[one.state][0]
        begins = one.begins
        while begins < one.ends:
            half_hour = half_hour_of(begins)
            ends = min(one.ends, half_hour + HALF_HOUR_S)
            rollup.setdefault(AgentKey(half_hour, agent), Counter())[code] += ms(ends) - ms(begins)
            begins = ends
    return rollup


def of_milestone(milestone: Milestone) -> list[tuple[AgentKey, Sums]]:
    """The talks and offers that a call's milestone counts for agents."""
    if milestone.stream != "call":
        return []
    half_hour = half_hour_of(milestone.at)
    found = []
    for agent in agents_named(milestone):
        sums = Sums()
        match milestone.kind:
            case CallFact.OFFERED | CallFact.PARTY_ASKED:
                sums["agent_offers"] = 1
            case CallFact.OFFER_FAILED | CallFact.PARTY_FAILED if milestone.data.get("outcome") in MISSED:
                sums["agent_missed"] = 1
            case _ if ends_talk(milestone, agent):
                sums["agent_talks"] = 1
            case _:
                continue
        found.append((AgentKey(half_hour, agent), sums))
    return found


def ends_talk(m: Milestone, agent: AgentId) -> bool:
    """Whether a talk of this agent ends with this milestone, which names him."""
    if m.kind == CallFact.HANDED_OVER:
        return m.data.get("by") == agent
    return m.kind in (CallFact.TALK_ENDED, CallFact.PARTY_LEFT)
