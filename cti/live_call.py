"""One live call as its milestones tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cti.calls import AgentId, CallFact, CallId, Milestone, Need, Value
from queues.needs import Waiting

Phase = Literal["greeting", "menu", "queue", "ringing", "talk", "after_talk", "fallback", "leaving", "ended"]

CALL_OVER = frozenset({"caller_left", "cut_off"})
"""Outcomes of an offer after which there is no caller any more; after all others he keeps his place."""


@dataclass(slots=True)
class Call:
    id: CallId
    arrived_at: float
    facts: Mapping[str, Value]
    """Data of the `arrived` milestone."""
    seq: int = 0
    phase: Phase = "greeting"
    session: str = ""
    need: Need | None = None
    queued_at: float = 0.0
    since: float = 0.0
    """What his place counts from: `queued_at`, or earlier with a place that was kept."""
    steps_since: float = 0.0
    kept_s: float = 0.0
    step: int = 0
    """Of his need, the one that counts."""
    offers: int = 0
    agent: AgentId | None = None
    answered_at: float | None = None
    ever_answered: bool = False
    survey_offered: bool = False
    gave_way: str = ""
    """callback or message: what the caller took instead of an agent; no_seat: there was none for him."""
    transferred: bool = False
    dialling: tuple[str, float] | None = None
    """The target of a transfer that has not been answered as far as we know, and since when it is dialled."""
    seq_from: int | None = None
    """After a take-over from the other daemon: the last number it is known to have used; `seq` is beyond it."""
    unmeasured: dict[int, float] = field(default_factory=dict)
    """Talks whose recording has not been measured: number of the offer -> seconds."""
    holder: object | None = None
    """The session of ours that holds it. None: it goes on in Asterisk alone (we crashed, or the connection was cut)."""

    @property
    def attached(self) -> bool:
        return self.holder is not None

    def waiting(self) -> Waiting:
        """As the router knows it; for a call that has a need."""
        assert self.need is not None
        return Waiting(self.id, self.need, self.since, self.steps_since, self.kept_s, self.attached)

    def is_news(self, kind: CallFact, data: Mapping[str, Value]) -> bool:
        """Whether this fact can be true of the call as it is; one that comes twice or late cannot.

        Of offers and talks: `data` names the present one by agent and n, or none.
        """
        match kind:
            case CallFact.ARRIVED:
                return False
            case CallFact.MENU_ENTERED:
                return self.phase in ("greeting", "menu", "after_talk")
            case CallFact.QUEUED:
                return self.phase not in ("queue", "ringing", "talk")
            case CallFact.LEFT_QUEUE:
                return self.phase in ("queue", "ringing")
            case CallFact.OFFERED:
                return self.phase == "queue"
            case CallFact.OFFER_FAILED:
                return self.phase == "ringing" and self._is_present(data)
            case CallFact.ANSWERED:
                return self.phase == "fallback" or (self.phase == "ringing" and self._is_present(data))
            case CallFact.TALK_ENDED:
                return self.phase == "talk" and self._is_present(data)
            case CallFact.HELD | CallFact.UNHELD:
                return self.phase == "talk"
            case _:
                return True

    def _is_present(self, data: Mapping[str, Value]) -> bool:
        # Without an agent of ours the fallback queue's talk it is, of which there is one at most.
        return self.agent is None or (
            data.get("agent", self.agent) == self.agent and data.get("n", self.offers) == self.offers
        )

    def fold(self, milestone: Milestone) -> None:
        """What the milestone changes; `agent` is left to who keeps the desks."""
        data, at = milestone.data, milestone.at
        match milestone.kind:
            case CallFact.ENTERED:
                self.session = str(data.get("session") or self.session)
            case CallFact.MENU_ENTERED:
                self.phase = "menu"
            case CallFact.QUEUED:
                self.need, self.queued_at, self.step, self.gave_way = Need.from_text(str(data["need"])), at, 0, ""
                self.since = float(data.get("since") or at)
                self.steps_since = float(data.get("steps_since") or self.since)
                self.kept_s = float(data.get("kept_s") or 0.0)
                if self.phase != "fallback":
                    self.phase = "queue"
            case CallFact.FELL_BACK:
                # Asterisk's own queue serves it: not ours to offer, and the spool tells how it ended.
                self.phase = "fallback"
            case CallFact.RELAXED:
                self.step = int(data.get("step") or 0)
            case CallFact.LEFT_QUEUE:
                self.gave_way = "no_seat" if data.get("reason") == "no_seat" else ""
                self.phase = "after_talk" if self.ever_answered else "menu"
            case CallFact.OFFERED:
                self.phase, self.offers = "ringing", int(data.get("n") or self.offers + 1)
            case CallFact.OFFER_FAILED:
                self.phase = "leaving" if data.get("outcome") in CALL_OVER else "queue"
            case CallFact.ANSWERED:
                self.phase, self.answered_at, self.ever_answered = "talk", at, True
            case CallFact.TALK_ENDED:
                self.phase, self.answered_at = "after_talk", None
                if n := int(data.get("n") or 0):  # 0: the fallback queue's, which is not recorded
                    self.unmeasured[n] = float(data.get("talk_s") or 0.0)
            case CallFact.RECORDED:
                self.unmeasured.pop(int(data.get("n") or 0), None)
            case CallFact.TRANSFERRED:
                self.transferred = True
            case CallFact.CALLBACK_REQUESTED:
                self.gave_way = "callback"
            case CallFact.MESSAGE_LEFT:
                self.gave_way = "message"
            case CallFact.SURVEY_OFFERED:
                self.survey_offered = True
            case CallFact.ENDED:
                self.phase = "ended"
            case _:
                pass  # the other facts are history, not state
