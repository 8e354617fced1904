"""What an agent's own page shows of him and of his call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from agents.roster import Agent
from agents.status import Desk
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.live_call import Call, Party
from cti.live_view import desk_row
from cti.metrics.words import SKILLS
from cti.pop import pop
from cti.today import Today

SpeechWord = Literal["ok", "demo", "lost", "none"]
"""demo: by the model that does not understand real callers; lost: no worker is up, or no sound can come; none: there is
no model."""


class DeskView:
    """`timeline`: a call's milestones as far as they are on disk; `offers` tells of newer ones."""

    def __init__(
        self,
        phone: Callable[[AgentId], str],
        today: Today,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        roster: Callable[[], Mapping[AgentId, Agent]],
        offer_timeout_s: float,
        auto_answer_s: Callable[[Desk], float | None],
        target_name: Callable[[str], Mapping[str, str] | None],
    ) -> None:
        """`target_name`: of an entry of the directory, in both languages; None: there is none."""
        self._phone = phone
        self._today = today
        self._timeline = timeline
        self._roster = roster
        self._offer_timeout_s = offer_timeout_s
        self._auto_answer_s = auto_answer_s
        self._target_name = target_name
        self.ticket_of: Callable[[CallId], str | None] = lambda _call: None
        """The number of a live call's ticket, as soon as it is there."""
        self.skills: Callable[[], Mapping[str, tuple[str, str]]] = lambda: SKILLS
        """The names of skills and queues in both languages."""
        self.speech: Callable[[], SpeechWord] = lambda: "none"
        """Whether words come."""
        self.user_name: Callable[[str], str] = str
        """The name of somebody who is no agent."""
        self._offered: dict[CallId, Milestone] = {}

    def offers(self, batch: Sequence[Milestone]) -> None:
        """Milestones that are not on disk yet."""
        self._offered |= {CallId(m.id): m for m in batch if m.kind == CallFact.OFFERED}

    def forget(self, batch: Sequence[Milestone]) -> None:
        """Milestones that are on disk now."""
        for milestone in batch:
            if milestone.kind == CallFact.OFFERED:
                self._offered.pop(CallId(milestone.id), None)

    def desk(self, desk: Desk, now: float) -> dict[str, Any]:
        today = self._today.of(desk.agent.id, now)
        row = desk_row(desk, now)
        if row["forced"] is not None:
            row["forced"]["by_name"] = self.user_name(row["forced"]["by"])
        return {**row, "phone": self._phone(desk.agent.id), "today": today}

    def call(self, call: Call, desk: Desk, his: bool) -> dict[str, Any]:
        timeline = list(self._timeline(call.id) or ())
        newest = self._offered.get(call.id)
        if newest is not None and (not timeline or timeline[-1].seq < newest.seq):
            timeline.append(newest)
        shown = pop(
            call,
            timeline,
            self._roster(),
            self._party_name,
            full_number=his,
            offer_timeout_s=self._offer_timeout_s,
            auto_answer_s=self._auto_answer_s(desk),
            skills=self.skills(),
        )
        return {**shown, "ticket": self.ticket_of(call.id)}

    def _party_name(self, party: Party) -> Mapping[str, str]:
        if party.agent is not None:
            agent = self._roster().get(party.agent)
            name = agent.name if agent is not None else party.agent
            return {"zh": name, "en": name}
        if party.kind == "supervisor":
            name = self.user_name(party.target)
            return {"zh": name, "en": name}
        return self._target_name(party.target) or {"zh": party.target, "en": party.target}
