"""What agents did in a period: times by state, occupancy, adherence to the schedule. Pure; `yihu report --agents`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agents.schedule import Schedule
from agents.times import Times, adherence, agents_named, half_hours, intervals, totals
from cti.calls import AgentId, CallFact, Milestone
from cti.metrics.agent_figures import MISSED, ends_talk

LOOK_BACK_S = 2 * 86_400.0
"""So much older milestones tell what an agent was at the beginning; who has said nothing for so long is offline."""


@dataclass(frozen=True, slots=True)
class AgentDay:
    """One agent in one period."""

    agent: AgentId
    times: Times
    talks: int
    """That ended in the period."""
    failed_offers: dict[str, int]
    """Outcome -> how often; of offers that his telephone did not take."""
    planned_s: float
    """Seconds that he was to work by the schedule."""
    kept_s: float
    """Of those: logged in and not on a break."""
    by_half_hour: tuple[tuple[float, Times], ...]

    @property
    def adherence(self) -> float | None:
        """kept_s / planned_s; None if nothing was planned."""
        return self.kept_s / self.planned_s if self.planned_s else None

    def as_json(self) -> dict[str, Any]:
        """Seconds; shares from 0 to 1."""
        return {
            "agent": self.agent,
            **_times_json(self.times),
            "talks": self.talks,
            "failed_offers": self.failed_offers,
            "planned_s": self.planned_s,
            "adherence": self.adherence,
            "half_hours": [{"at": at, **_times_json(times)} for at, times in self.by_half_hour],
        }


def agent_days(
    said: Sequence[Milestone],
    at_desks: Sequence[Milestone],
    schedule: Schedule,
    since: datetime,
    until: datetime,
    only: Collection[AgentId] = (),
) -> list[AgentDay]:
    """Every agent of whom anything is known in this time, or who was to work; `only` these if any are named.

    `said`: milestones of agents, `at_desks`: of calls (`Store.beside_calls`, `Store.at_desks`), from LOOK_BACK_S before
    `since` on. `since` and `until` are local times with their zone.
    """
    begins, ends = since.timestamp(), until.timestamp()
    own: dict[AgentId, list[Milestone]] = {}
    for milestone in (*said, *at_desks):
        for named in agents_named(milestone):
            own.setdefault(named, []).append(milestone)
    duties: dict[AgentId, list[tuple[float, float]]] = {}
    for duty in schedule.duties(since, until):
        span = (max(begins, duty.begins.timestamp()), min(ends, duty.ends.timestamp()))
        duties.setdefault(duty.agent, []).append(span)
    wanted = sorted(set(only) or own.keys() | duties.keys())
    days = [_day(agent_id, own.get(agent_id, []), duties.get(agent_id, []), begins, ends) for agent_id in wanted]
    return [day for day in days if only or day.planned_s or day.times.logged_in]


def _day(
    agent_id: AgentId, own: Sequence[Milestone], duties: Sequence[tuple[float, float]], begins: float, ends: float
) -> AgentDay:
    found = intervals(agent_id, own, begins, ends)
    calls = [m for m in own if m.stream == "call" and begins <= m.at < ends]
    failed = Counter(
        str(m.data.get("outcome")) for m in calls if m.kind in (CallFact.OFFER_FAILED, CallFact.PARTY_FAILED)
    )
    planned_s, kept_s = adherence(found, duties)
    return AgentDay(
        agent=agent_id,
        times=totals(found),
        talks=sum(ends_talk(m, agent_id) for m in calls),
        failed_offers={outcome: n for outcome, n in sorted(failed.items()) if outcome in MISSED},
        planned_s=planned_s,
        kept_s=kept_s,
        by_half_hour=tuple((at, times) for at, times in half_hours(found, begins, ends) if times.logged_in),
    )


def _times_json(times: Times) -> dict[str, Any]:
    seconds: Mapping[str, Any] = asdict(times)
    return {
        **{f"{name}_s": round(value, 3) for name, value in seconds.items() if name != "not_ready"},
        "not_ready_s": {reason: round(value, 3) for reason, value in sorted(times.not_ready.items())},
        "occupancy": times.occupancy,
    }
