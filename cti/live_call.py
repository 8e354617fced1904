"""One live call as its milestones tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from cti.calls import AgentId, CallFact, CallId, Milestone, Need, Value
from queues.needs import Waiting

Phase = Literal["greeting", "menu", "queue", "ringing", "talk", "party", "after_talk", "fallback", "leaving", "ended"]
"""talk: with an agent of ours; party: with others alone."""

CALL_OVER = frozenset({"caller_left", "cut_off"})
"""Outcomes of an offer after which there is no caller any more; after all others he keeps his place."""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody whom an agent called to the talk. Times are UTC seconds."""

    p: int
    kind: str
    """agent, department, expert, interpreter, emergency, outside or supervisor"""
    target: str
    """Id in the directory, or an agent's."""
    mode: str
    """conference, consult, whisper or blind"""
    state: Literal["ringing", "joined", "consult", "whisper"]
    since: float
    """Of the state."""
    agent: AgentId | None = None
    """If he is one of ours."""
    answered_at: float | None = None

    @property
    def stays(self) -> bool:
        """Whether the citizen is not alone with him there, should the agent leave."""
        return self.state in ("joined", "consult")


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
    asked: bool = False
    """He was asked what he calls about, or has said so."""
    place_since: float = 0.0
    """What his place counts from, while his words take him from one queue to another; 0: they do not."""
    waits_since: float = 0.0
    """When he was first queued since he last talked to an agent; 0: not since then."""
    gave_way: str = ""
    """callback or message: what the caller took instead of an agent; no_seat: there was none for him."""
    transferred: bool = False
    dialling: tuple[str, float] | None = None
    """The target of a transfer that has not been answered as far as we know, and since when it is dialled."""
    seq_from: int | None = None
    """After a take-over from the other daemon: the last number it is known to have used; `seq` is beyond it."""
    unmeasured: dict[str, float] = field(default_factory=dict)
    """Talks whose recording has not been measured: segment ("1" of the first offer, "p1" of the first party) -> s."""
    parties: tuple[Party, ...] = ()
    """Who rings or is there beside the agent, in the order in which they were asked."""
    party_count: int = 0
    """The number of the last one."""
    lead: int = 0
    """Who is `agent`: 0 the agent of the offer; else the party who has taken over, who need not be one of ours."""
    reattach: AgentId | None = None
    """Whose line went dead in the talk: until somebody answers, or it is known that nobody waits for him."""
    moved: tuple[str, str] | None = None
    """Kind and target, while the citizen is being sent on without announcement."""
    talked: bool = False
    """His talk is over, and his flow has not gone on since."""
    sent_by: AgentId | None = None
    """The agent who has sent him on last."""
    waited_s: float = 0.0
    """What he had waited, kept place included, when the last agent answered."""
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
                return self.phase not in ("queue", "ringing", "talk", "party")
            case CallFact.LEFT_QUEUE:
                return self.phase in ("queue", "ringing")
            case CallFact.OFFERED:
                return self.phase == "queue"
            case CallFact.OFFER_FAILED:
                return self.phase == "ringing" and self._is_present(data)
            case CallFact.ANSWERED:
                return self.phase == "fallback" or (self.phase == "ringing" and self._is_present(data))
            case CallFact.TALK_ENDED:
                return self.phase == "talk" and self.lead == 0 and self._is_present(data)
            case CallFact.HELD | CallFact.UNHELD | CallFact.MOVED:
                return self.phase == "talk"
            case CallFact.PARTY_ASKED:
                phases = ("after_talk",) if data.get("mode") == "blind" else ("talk", "party")
                return self.phase in phases and data.get("p") == self.party_count + 1
            case CallFact.PARTY_JOINED | CallFact.PARTY_FAILED | CallFact.PARTY_LEFT:
                return self._is_party_news(kind, data)
            case CallFact.HANDED_OVER:
                heir = self.party(data.get("p"))
                return (
                    self.phase == "talk"
                    and self.lead == 0
                    and (data.get("by"), data.get("n")) == (self.agent, self.offers)
                    and heir is not None
                    and heir.stays
                    and data.get("agent") == heir.agent
                )
            case _:
                return True

    def _is_present(self, data: Mapping[str, Value]) -> bool:
        # Without an agent of ours the fallback queue's talk it is, of which there is one at most.
        return self.agent is None or (
            data.get("agent", self.agent) == self.agent and data.get("n", self.offers) == self.offers
        )

    def _is_party_news(self, kind: CallFact, data: Mapping[str, Value]) -> bool:
        party = self.party(data.get("p"))
        if party is None:
            return False
        if kind is CallFact.PARTY_JOINED:
            return party.state == "ringing" or (party.state != "joined" and data.get("mode") == "conference")
        return (party.state == "ringing") == (kind is CallFact.PARTY_FAILED)

    def party(self, p: Value) -> Party | None:
        """The one of this number, as long as he rings or is there."""
        return next((party for party in self.parties if party.p == p), None)

    def heir(self) -> Party | None:
        """Who leads the talk when the one who does leaves: the first agent of ours who is there, else the first."""
        staying = [party for party in self.parties if party.stays and party.p != self.lead]
        return next((party for party in staying if party.agent is not None), staying[0] if staying else None)

    def fold(self, milestone: Milestone) -> None:
        """What the milestone changes; `agent` is left to who keeps the desks."""
        data, at = milestone.data, milestone.at
        match milestone.kind:
            case CallFact.ENTERED:
                self.session, self.talked = str(data.get("session") or self.session), False
            case CallFact.MENU_ENTERED:
                self.phase = "menu"
            case CallFact.ASKED | CallFact.SAID:
                self.asked = True
            case CallFact.QUEUED:
                self.waits_since = self.waits_since or at
                self.need, self.queued_at, self.step, self.gave_way = Need.from_text(str(data["need"])), at, 0, ""
                self.since = float(data.get("since") or at)
                self.steps_since = float(data.get("steps_since") or self.since)
                self.kept_s = float(data.get("kept_s") or 0.0)
                self.moved, self.talked = None, False
                self.reattach = AgentId(str(agent)) if (agent := data.get("reattach")) else None
                if self.phase != "fallback":
                    self.phase = "queue"
            case CallFact.FELL_BACK:
                # Asterisk's own queue serves it: not ours to offer, and the spool tells how it ended.
                self.phase, self.parties, self.lead, self.moved = "fallback", (), 0, None
            case CallFact.RELAXED:
                self.step = int(data.get("step") or 0)
            case CallFact.LEFT_QUEUE:
                reason = data.get("reason")
                self.gave_way = "no_seat" if reason == "no_seat" else ""
                # Where nobody is at work who could take him there, he goes on with it to the next.
                self.place_since = self.since if reason == "said" else self.place_since if reason == "no_seat" else 0.0
                self.phase = "after_talk" if self.ever_answered else "menu"
            case CallFact.OFFERED:
                self.phase, self.offers = "ringing", int(data.get("n") or self.offers + 1)
            case CallFact.OFFER_FAILED:
                self.phase = "leaving" if data.get("outcome") in CALL_OVER else "queue"
            case CallFact.ANSWERED:
                self.phase, self.answered_at, self.ever_answered, self.lead = "talk", at, True, 0
                self.waited_s, self.reattach, self.waits_since = max(0.0, at - self.since), None, 0.0
            case CallFact.TALK_ENDED:
                self.phase, self.answered_at, self.parties, self.lead = "after_talk", None, (), 0
                self.talked = data.get("side") != "agent_lost"
                self.reattach = AgentId(str(data.get("agent"))) if data.get("side") == "agent_lost" else None
                self._to_measure(data)
            case CallFact.RECORDED:
                self.unmeasured.pop(str(data.get("segment") or data.get("n")), None)
            case (
                CallFact.PARTY_ASKED
                | CallFact.PARTY_JOINED
                | CallFact.PARTY_FAILED
                | CallFact.PARTY_LEFT
                | CallFact.HANDED_OVER
            ):
                self._fold_party(CallFact(milestone.kind), data, at)
            case CallFact.MOVED:
                to = data.get("to")
                self.moved = None if to is None else (str(data.get("kind")), str(to))
                self.sent_by = AgentId(str(agent)) if (agent := data.get("agent")) else None
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

    def _fold_party(self, kind: CallFact, data: Mapping[str, Value], at: float) -> None:
        if kind is CallFact.PARTY_ASKED:
            name = data.get("agent")
            agent = None if name is None else AgentId(str(name))
            p, mode = int(data.get("p") or 0), str(data.get("mode"))
            party = Party(p, str(data.get("kind")), str(data.get("target")), mode, "ringing", at, agent)
            self.parties, self.party_count = (*self.parties, party), p
            if mode == "blind":
                self.phase, self.lead, self.moved = "party", p, None
            return
        party_or_none = self.party(data.get("p"))
        if party_or_none is None:
            return
        party = party_or_none
        if kind is CallFact.PARTY_JOINED:
            mode = str(data.get("mode"))
            state: Literal["joined", "consult", "whisper"] = (
                "consult" if mode == "consult" else "whisper" if mode == "whisper" else "joined"
            )
            party = replace(party, state=state, since=at, answered_at=party.answered_at or at)
            self._put_party(party)
            if self.phase == "party" and party.agent is not None and state == "joined":
                self._led_by(party)
            return
        if kind is CallFact.HANDED_OVER:
            self._to_measure(data)
            self._led_by(party)
            return
        if kind is CallFact.PARTY_LEFT:
            self.unmeasured[f"p{party.p}"] = float(data.get("talk_s") or 0.0)
        heir = self.heir()
        self.parties = tuple(other for other in self.parties if other.p != party.p)
        if self.lead == party.p:
            self._led_by(heir)
            self.talked = heir is None and kind is CallFact.PARTY_LEFT

    def _led_by(self, heir: Party | None) -> None:
        """`agent` is left to who keeps the desks."""
        if heir is None:
            self.phase, self.lead, self.answered_at, self.parties = "after_talk", 0, None, ()
        else:
            self._put_party(replace(heir, state="joined"))
            self.phase, self.lead = ("party" if heir.agent is None else "talk"), heir.p

    def _put_party(self, party: Party) -> None:
        self.parties = tuple(party if other.p == party.p else other for other in self.parties)

    def _to_measure(self, data: Mapping[str, Value]) -> None:
        if n := int(data.get("n") or 0):  # 0: the fallback queue's, which is not recorded
            self.unmeasured[str(n)] = float(data.get("talk_s") or 0.0)
