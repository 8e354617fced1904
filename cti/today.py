"""What each agent has done today, for his own page: kept from milestones as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from agents.status import Status
from cti.calls import AgentFact, AgentId, CallFact, Milestone


@dataclass(slots=True)
class _Day:
    answered: int = 0
    handled_s: float = 0.0
    """Talks and after-call work that are over."""
    rated: int = 0
    satisfied: int = 0
    wrap_up_since: float | None = None
    wrap_up_until: float | None = None

    def end_wrap_up(self, at: float) -> None:
        if self.wrap_up_since is not None:
            ended = at if self.wrap_up_until is None else min(at, self.wrap_up_until)
            self.handled_s += max(0.0, ended - self.wrap_up_since)
            self.wrap_up_since = None

    def rate(self, *, satisfied: bool) -> None:
        self.rated += 1
        self.satisfied += satisfied


class Today:
    """Since midnight, local time. Give it every milestone in order: of before a restart those of the records first."""

    def __init__(self, local_time: Callable[[float], datetime]) -> None:
        self._local_time = local_time
        self._date: date | None = None
        self._days: dict[AgentId, _Day] = {}
        self._last_agent: dict[str, AgentId] = {}
        """Of each live call: whom a rating is of."""

    def add(self, batch: Iterable[Milestone]) -> None:
        for milestone in batch:
            day = self._local_time(milestone.at).date()
            if self._date is None or day > self._date:
                self._date, self._days, self._last_agent = day, {}, {}
            if day == self._date:
                self._take(milestone)
            if milestone.kind == CallFact.ENDED and milestone.stream == "call":
                self._last_agent.pop(milestone.id, None)

    def recall_rating(self, agent_id: AgentId, *, satisfied: bool) -> None:
        """Of a call that was over before the restart; its milestones are given to `add`."""
        self._day(agent_id).rate(satisfied=satisfied)

    def of(self, agent_id: AgentId, now: float) -> dict[str, Any]:
        """`handling_s`: the mean of talk with after-call work; None before there is one."""
        day = self._days.get(agent_id, _Day()) if self._date == self._local_time(now).date() else _Day()
        if day.wrap_up_until is not None and now >= day.wrap_up_until:
            day.end_wrap_up(now)
        handling_s = round(day.handled_s / day.answered, 1) if day.answered else None
        return {"answered": day.answered, "handling_s": handling_s, "satisfied": day.satisfied, "rated": day.rated}

    def _take(self, m: Milestone) -> None:
        if m.stream == "agent":
            self._take_agent(self._day(AgentId(m.id)), m)
            return
        agent_id = AgentId(str(m.data.get("agent") or ""))
        match m.kind:
            case CallFact.OFFERED:
                self._day(agent_id).end_wrap_up(m.at)
            case CallFact.ANSWERED if agent_id:
                self._day(agent_id).answered += 1
                self._last_agent[m.id] = agent_id
            case CallFact.TALK_ENDED if agent_id:
                self._day(agent_id).handled_s += float(m.data.get("talk_s") or 0.0)
            case CallFact.HANDED_OVER:
                self._day(AgentId(str(m.data.get("by")))).handled_s += float(m.data.get("talk_s") or 0.0)
                if agent_id:
                    self._last_agent[m.id] = agent_id
            case CallFact.RATED if (agent := self._last_agent.get(m.id)) is not None:
                self._day(agent).rate(satisfied=bool(m.data.get("satisfied")))
            case _:
                pass

    @staticmethod
    def _take_agent(day: _Day, m: Milestone) -> None:
        until = m.data.get("until")
        match m.kind:
            case AgentFact.WRAP_UP_STARTED:
                day.end_wrap_up(m.at)
                day.wrap_up_since, day.wrap_up_until = m.at, None if until is None else float(until)
            case AgentFact.WRAP_UP_EXTENDED:
                day.wrap_up_until = None if until is None else float(until)
            case AgentFact.WRAP_UP_FINISHED | AgentFact.LOGGED_OUT:
                day.end_wrap_up(m.at)
            case AgentFact.STATUS if m.data.get("status") == Status.READY:
                day.end_wrap_up(m.at)
            case _:
                pass

    def _day(self, agent_id: AgentId) -> _Day:
        return self._days.setdefault(agent_id, _Day())
