"""The words everybody shares: ids, what a call needs, and the milestones that its life is made of.

Imports the standard library alone, so that the pure folders can use it with nothing installed.
Times named `at` are UTC seconds since the epoch (float); durations carry their unit in the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

CallId = NewType("CallId", str)
"""Asterisk's uniqueid with our per-boot system name in front ("n3f9c…-1763750000.12"): unique for ever."""
AgentId = NewType("AgentId", str)
"""An agent's number and the name of his PJSIP endpoint ("a1001"); never all digits, so no caller's number is one."""

Value = str | int | float | bool | None
Stream = Literal["call", "agent", "city"]
GuestEntry = Literal["video", "sign", "text"]
"""What the citizens' page may dial to begin a call: it is the number dialled of that call."""


class CallFact(StrEnum):
    """Milestones of a call. In brackets: the keys of `Milestone.data`; a key starting `pii_` is personal data."""

    ARRIVED = "arrived"
    """[pii_caller, dialled, original, city, mode, statistics, medium, channel, sip_call_id, flow, flow_version,
    direction, again]: direction is "in", or "callback" for a call of ours to a citizen; then `pii_caller` is whom we
    call, and [task, of, attempt] say for which callback task, for which call of his, and the how-manieth try it is.
    again: a daemon before us had him and what it noted has not come to us"""
    ENTERED = "entered"
    """A flow node was entered [node, type, language, session]: `language` is the one he is spoken to in; `session` is
    the flow session as text, enough to go on."""
    MENU_ENTERED = "menu_entered"
    """The first node that asks the caller for a key or a word [node]"""
    ASKED = "asked"
    """He is being asked to say what it is about, in a menu or while he waits [language]; once a call while he waits"""
    SAID = "said"
    """He was asked to say what it is about, and spoke [node, to, matter, urgent, confidence, pii_text, guess, sure,
    cut_off]: matter, urgent: what the flow's rules make of it; to: the node that they lead to; matter None: they found
    nothing, or it was not sure enough; guess, sure: what the classifier took it for, if it was asked; cut_off: he hung
    up before he had said it all"""
    HUMAN_ASKED = "human_asked"
    """First wish for a person: by key, by silence, by error or because the flow has no menu [by]"""
    QUEUED = "queued"
    """[queue, need, since, steps_since, kept_s, able, rungs, reattach]: `need` is `Need.to_text()`; `since` is the
    moment his place counts from, `steps_since` the one the need's steps run from (both UTC seconds; a place that was
    kept makes them earlier than this milestone, by `kept_s`); `able` is how many agents could take him by state, as
    "talking 8, break 1"; `rungs` are the rungs of the surge ladder that are on; `reattach` is the agent whose browser
    was lost in the talk, and whom the first step of the need names"""
    RELAXED = "relaxed"
    """The need's next step counts now [step, wants, able]: `wants` in words of `NeedStep.to_text()`"""
    ESTIMATED = "estimated"
    """[wait_s, position, spoken_min, spoken_position]: the wait from now on as we reckon it, and his place; spoken_min,
    spoken_position: what he was told of them, 0: nothing"""
    NOTICE_HEARD = "notice_heard"
    """[notice]: a topic broadcast was played to him"""
    CALLBACK_OFFERED = "callback_offered"
    """[wait_s]: he was offered to be called back instead of waiting so long"""
    CALLBACK_REQUESTED = "callback_requested"
    """[callback]: he takes it; `callback` is the id of the call that keeps his place"""
    MESSAGE_LEFT = "message_left"
    """[file, seconds]: he spoke a message for the next working hours; or wrote it on his page: then [pii_text,
    pii_phone] too, and no file"""
    LEFT_QUEUE = "left_queue"
    """[reason]: left_by_key, gave_up, callback, no_seat (nobody is at work who could ever take him), or said (his words
    lead to another queue, which he enters at once with the place he has); the caller stays on the line"""
    OFFERED = "offered"
    """[agent, n, why]: n counts the offers of this call from 1; `why` is `Decision.to_text()`"""
    OFFER_FAILED = "offer_failed"
    """[agent, n, outcome]: outcome is no_answer, rejected, unreachable (these pause the agent), interrupted (we crashed
    before it rang), caller_left, or cut_off (Asterisk died)"""
    ANSWERED = "answered"
    """[agent, n, wait_s]"""
    HELD = "held"
    """[agent]: the agent put the citizen on hold"""
    UNHELD = "unheld"
    """[agent]"""
    CONFIRMED = "confirmed"
    """Of a callback: the agent has said that he is ready for the citizen [agent, n]"""
    DIALLED = "dialled"
    """Of a callback: the citizen's telephone is being called [agent, n]"""
    TALK_ENDED = "talk_ended"
    """[agent, n, side, talk_s]: side is agent, caller, interrupted, or agent_lost (his line went dead: the citizen
    goes back to the queue with the place he had)"""
    RECORDED = "recorded"
    """[segment, n, file, bytes, talk_s, complete]: segment is "1", "2" … for the talks of offers, "p1" … for those of
    parties; n is the offer's or the party's number; complete compares the file's length with the talk"""
    RECORDED_LATE = "recorded_late"
    """The call has ended, and a recording that was not whole when it was noted has been made since: as `recorded`, in
    whose place it stands. Nothing else comes after the end"""
    PARTY_ASKED = "party_asked"
    """Somebody is called to the citizen's talk [p, kind, target, mode, by, agent]: p counts from 1; kind is agent,
    department, expert, interpreter, emergency, outside, or supervisor (he takes the citizen over); target is the id in
    the directory, or an agent's or supervisor's; mode is conference, consult (agent and party speak, the citizen hears
    music), whisper (the party hears both and is heard by the agent alone), or blind (the agent has left already, and
    the citizen waits for the party); by is who asked; agent, if it is one of ours: his desk is occupied by this call
    from now on"""
    PARTY_JOINED = "party_joined"
    """[p, agent, mode]: he has answered; again when a consult or whisper becomes a conference"""
    PARTY_FAILED = "party_failed"
    """[p, agent, outcome]: outcome is no_answer, rejected, unreachable, withdrawn (nobody wants him any more),
    interrupted or caller_left"""
    PARTY_LEFT = "party_left"
    """[p, agent, side, talk_s]: side is party (he hung up), agent (dropped by one of ours), caller, agent_lost (his
    line went dead) or interrupted; talk_s since he answered. The last one on our side ends the talk"""
    HANDED_OVER = "handed_over"
    """The agent of the offer has left and others go on with the citizen [p, agent, by, n, side, talk_s]: p is who leads
    now, agent if he is one of ours; by, n, side and talk_s are of the one who left, as in talk_ended"""
    MOVED = "moved"
    """The citizen is sent on without announcement [to, kind, by, agent]: kind is queue, agent, or one of a party; agent
    is the one who lets him go. His journey goes on with the new need as soon as that line is dropped; to None: it does
    not"""
    CHAT = "chat"
    """One line of writing between a citizen's page and the agent [side, agent, pii_text]: side is citizen or agent"""
    CARD_PUSHED = "card_pushed"
    """The agent sent something to keep to the citizen's page [agent, card, pii_card]: card names the template, pii_card
    is what was sent, as JSON text"""
    VIDEO_JOINED = "video_joined"
    """The citizen's page has a second line to the agent, with his picture [agent, reason]: reason is upgrade (his own
    call is by telephone), reload (his page was loaded anew) or crowd (several talk, and only their sound is mixed)"""
    VIDEO_LEFT = "video_left"
    """That line is over [agent, seconds, file, bytes]: file, bytes: its sound, where it had one"""
    VIDEO_RECORDED = "video_recorded"
    """A part of the pictures, recorded by the agent's page, has begun, or is whole [part, file, bytes, agent]; bytes 0:
    it has begun"""
    SUPERVISED = "supervised"
    """A supervisor, or a guest, hears the talk from now on, or takes part in another way or beside another agent
    [supervision, by, agent, mode, via, told]: mode is listen, whisper or barge; via is softphone, the telephone's name
    in the settings, or guest; by is "guest" for a guest, whose schedule is `via`'s number; told: the agent's page is"""
    SUPERVISION_ENDED = "supervision_ended"
    """[supervision, by, side, seconds]: side is supervisor, system (the telephone was lost, or a daemon that died had
    it), talk (the talk is over, the call is not) or take_over; without one it ended with the call"""
    SURVEY_OFFERED = "survey_offered"
    """[scale]"""
    RATED = "rated"
    """[score, satisfied]: score counts from 1 = best"""
    TRANSFERRED = "transferred"
    """[target]: 110, 119, 120 or 122 by policy answered; `at` is when they were dialled"""
    RESUMED = "resumed"
    """A new daemon took the call over [phase]"""
    FELL_BACK = "fell_back"
    """Asterisk's own fallback queue served it while no daemon answered [queue_status]"""
    ENDED = "ended"
    """[side, place, lost_at, estimated]: exactly once, and always the last but for recorded_late. side: caller, agent,
    system, interrupted. lost_at is None for an answered call, else menu, queue, ringing, no_seat, overflow, fallback,
    callback (he chose to be called back) or message (he left one). A callback has [outcome] too: reached, no_answer,
    busy, failed, no_agent, refused (policy), withdrawn (he called himself meanwhile) or closed (by a person).
    estimated: the moment was not seen (no daemon was running), `at` is when it was found out"""


class AgentFact(StrEnum):
    """Milestones of an agent."""

    ADDED = "added"
    """A temporary agent (built-in test agent, demonstration) was added [definition]: JSON text of the roster entry"""
    REMOVED = "removed"
    LOGGED_IN = "logged_in"
    STATUS = "status"
    """[status, reason]: chosen (agents/status.py), or a break that the rules gave him after offers that failed; its
    reason is then the outcome of the last one"""
    HELD_BACK = "held_back"
    """[reason, until, held, misses]: calls are held back from an agent who may be ready. reason: no_answer,
    phone_away, page_away or elsewhere; until: UTC seconds, None: until the cause is gone; `held` is everything that is
    held back from now on (agents.status.held_to_text); misses: offers in a row that failed"""
    RELEASED = "released"
    """[reason, held, misses]: this cause is gone; `held` is what is left. reason answered: only misses are forgotten"""
    PAGE_OPENED = "page_opened"
    """The first desk page of this log-in: from now on it is expected to be there"""
    SOFTPHONE = "softphone"
    """[login]: from now on his telephone is the one in his browser; its password follows from `login`
    (cti.softphones). "": his desk telephone again. The end of his log-in is the end of it too"""
    WRAP_UP_STARTED = "wrap_up_started"
    """[call, kind, until, most_until]: after-call work by the policy `kind`; until None: until he says so"""
    WRAP_UP_EXTENDED = "wrap_up_extended"
    """[until]: the agent asked for more time"""
    WRAP_UP_FINISHED = "wrap_up_finished"
    """The agent ended his after-call work before its time was over"""
    LOGGED_OUT = "logged_out"
    """[reason]: logout, or phone_away or page_away when it was gone for too long"""
    STANDBY_CALLED = "standby_called"
    """He stands by and was to be called in [outcome, n, code]: told, no_answer, busy or failed; no_phone, or
    not_possible because of `code` (queues.dialling.Code). n: calls to his telephone since the rung went on"""
    FORCED = "forced"
    """A supervisor made him ready, sent him on a break or logged him out [status, by, why]; what follows is a milestone
    of its own: `status` before it, or `logged_out` after it, in a call at the end of the call"""
    SKILLS_TODAY = "skills_today"
    """He has these skills, and no other, until a moment [skills, until, by]: skills as "enterprise=2 general=3"; "":
    those of the roster again, from now on"""
    BROADCAST_SEEN = "broadcast_seen"
    """He has read messages of supervisors [seen]: the last ones, as `b3f9c@1763700010.500 b41a0@…`"""


class CityFact(StrEnum):
    """Milestones of the city as a whole."""

    RUNG = "rung"
    """A rung of the surge ladder, whose name is the milestone's id [on, by, saturation, wait_s]: by is rule or the
    name of who did it"""
    NOTICE = "notice"
    """A topic broadcast, named by the milestone's id [on, prompt, queues, until, by]"""
    ALERT = "alert"
    """An alert, named by the milestone's id (`longest_wait:general`) [what, severity, began, raised, value, of, detail,
    by, acknowledged, note, why]: what is raised, worse, reminded, acknowledged or cleared; began, raised, acknowledged:
    UTC seconds; value, of, detail: its last reading (`cti.alerts.model.Kind`); by: who has acknowledged it, and note:
    with which words; why: it was cleared"""
    ALERT_TOLD = "alert_told"
    """The webhook has taken a message of the alert with the milestone's id [message]: its id; none before it is sent"""
    FLOW_MODE = "flow_mode"
    """Calls to the number that is the milestone's id begin in this mode of their flow [mode, until, by]; mode "": as
    the table of numbers says; until: UTC seconds, None: until somebody says otherwise"""
    GUEST_LISTEN = "guest_listen"
    """A guest of the city is to hear talks; the milestone's id is one of a few places, used again [on, guest, pii_name,
    pii_number, begins, ends, queue, by]: on False: cancelled, or over before its time"""
    BROADCAST = "broadcast"
    """A supervisor's message to agents; the milestone's id is one of a few places, used in turn [broadcast, pii_text,
    agents, urgent, by]: broadcast is its id, agents those whom it is for, with spaces between"""
    DECIDES = "decides"
    """Of two daemons this one decides from now on; the milestone's id is its journal's [epoch, anew]: `anew`: it took
    over from the other, and what is live follows in this journal; calls from before are the other's"""


@dataclass(frozen=True, slots=True)
class Milestone:
    """One line of the journal. (stream, id, seq) is its identity: written once, drained into SQL exactly once."""

    stream: Stream
    id: str
    seq: int
    at: float
    kind: str
    data: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SkillNeed:
    """`skill` at `level` (1 to 5) or better."""

    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class NeedStep:
    """All of these skills together, or one of these agents by name, for `expires_s` seconds; None: no end."""

    all_of: tuple[SkillNeed, ...] = ()
    expires_s: float | None = None
    agents: tuple[AgentId, ...] = ()
    """If there are any, they alone count and `all_of` is empty."""

    def to_text(self) -> str:
        """`enterprise>=3&english>=2@20`, or with names `=a1001+a1002@8`."""
        wants = "&".join(f"{n.skill}>={n.level}" for n in self.all_of)
        if self.agents:
            wants = "=" + "+".join(self.agents)
        return wants + ("" if self.expires_s is None else f"@{self.expires_s:g}")

    @staticmethod
    def from_text(text: str) -> NeedStep:
        """Reads what `to_text` wrote; ValueError if it is not of that form."""
        wants, _, expires = text.partition("@")
        expires_s = float(expires) if expires else None
        if wants.startswith("="):
            return NeedStep((), expires_s, tuple(AgentId(name) for name in wants[1:].split("+")))
        pairs = (part.split(">=") for part in wants.split("&") if part)
        return NeedStep(tuple(SkillNeed(skill, int(level)) for skill, level in pairs), expires_s)


@dataclass(frozen=True, slots=True)
class Need:
    """What a caller needs: steps tried in order as time passes, then any agent of the queue."""

    queue: str
    steps: tuple[NeedStep, ...] = ()
    priority_s: float = 0.0
    """Head start in seconds of waiting; `EMERGENCY_S` is before everybody."""

    def to_text(self) -> str:
        """One line that `from_text` reads back: `general|=a1001@8;enterprise>=3@20;enterprise>=1|+30`."""
        return f"{self.queue}|{';'.join(step.to_text() for step in self.steps)}|{self.priority_s:+g}"

    @staticmethod
    def from_text(text: str) -> Need:
        """Reads what `to_text` wrote; ValueError if it is not of that form."""
        queue, steps, priority = text.split("|")
        return Need(queue, tuple(NeedStep.from_text(step) for step in filter(None, steps.split(";"))), float(priority))


EMERGENCY_S = 86_400.0
"""The head start of an emergency: nobody has waited for a day."""
