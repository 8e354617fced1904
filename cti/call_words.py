"""The words of live calls, line by line, as they are understood: told to the agents who are in them.

Whoever listens to a call says `begin`, what is `heard`, and `end`. Nothing here blocks, and nothing fails: what is
wrong with words costs the words. They are in memory alone until the call is over; after a restart it begins anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.key_words import KeyWords, Span, marks
from cti.live_call import Call
from cti.transcriber import EndReason, Heard, Partial
from cti.transcriber import Final as Said
from recordings.spoken import Line as KeptLine
from recordings.transcript import Word

Side = Literal["citizen", "agent"]
LineSide = Literal["citizen", "agent", "message"]
"""message: what the citizen said before the talk."""
WhyNone = Literal["", "off", "language", "port", "flow", "busy", "lost"]
"""off: there is no model; language: none that understands this one; port: sound cannot come to us; flow: the one he
came through does not allow it; busy: others need the streams more, it is transcribed after the call; lost: it cannot be
listened to any more."""

_KEPT: Final = 2_000
_MOST_LINES: Final = 2_000
_PARTIAL_S: Final = 0.2
"""What is understood so far of a line is told so often at most: quicker than anybody reads, and 700 ms are not far."""
_EACH_S: Final = 0.2
_MESSAGES_AT_S: Final = -100_000.0
"""What was said before the talk is put on its clock long before it, so that the two are never mixed."""
_MESSAGE_S: Final = 1_000.0
_WHY: Final[Mapping[EndReason, WhyNone]] = {
    "finished": "",
    "closed": "",
    "off": "off",
    "put_off": "busy",
    "displaced": "busy",
    "behind": "lost",
    "no_worker": "lost",
    "worker_lost": "lost",
    "refused": "lost",
}


@dataclass(slots=True)
class _Line:
    line: str
    side: LineSide
    at: float
    text: str = ""
    final: bool = False
    words: tuple[Word, ...] = ()
    """Of a final one; seconds since the words of the call began."""
    marks: list[dict[str, Any]] = field(default_factory=list)
    told_at: float = 0.0
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class _Talk:
    """What was said in one call."""

    call_id: CallId
    language: str = ""
    began_at: float = 0.0
    """UTC seconds: the zero of the words' times. 0: nobody listens yet."""
    shift_s: float = 0.0
    """From that to the zero of the words that come now: a call may have a talk after a talk."""
    open: bool = False
    forbidden: bool = False
    over: bool = False
    """The call has ended."""
    lines: list[_Line] = field(default_factory=list)
    count: int = 0
    """Of lines there ever were: a number is not used again."""
    speaking: dict[Side, _Line] = field(default_factory=dict)
    why: dict[Side, WhyNone] = field(default_factory=dict)
    why_told: WhyNone = ""
    """The last reason that pages were given."""
    spans: Mapping[str, Span] = field(default_factory=dict)


class CallWords:
    """`on_words`: a call has new words of the citizen or, once nobody listens, all there are; `on_over`: it has ended
    and all its words are there."""

    def __init__(
        self,
        exchange: Exchange,
        key_words: Callable[[], KeyWords],
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        why_not: Callable[[str], WhyNone],
    ) -> None:
        """`why_not`: why nobody can be listened to who speaks this language; "": he can."""
        self._exchange = exchange
        self._key_words = key_words
        self._tell = tell
        self._why_not = why_not
        self._talks: OrderedDict[CallId, _Talk] = OrderedDict()
        self.on_words: Callable[[CallId], object] = lambda _call: None
        self.on_over: Callable[[CallId], object] = lambda _call: None

    # Who listens

    def begin(self, call_id: CallId, language: str) -> None:
        """This talk is listened to from now on; or nobody can in this language, and that is said; again when that
        changes. Of a call that had a talk before the lines stay."""
        talk = self._talk(call_id)
        talk.language, talk.open = language, True
        call = self._exchange.board.calls.get(call_id)
        answered_at = (call.answered_at if call is not None else None) or self._exchange.wall()
        talk.began_at = talk.began_at or answered_at
        talk.shift_s = max(0.0, answered_at - talk.began_at)
        talk.why.clear()
        if self._why(talk) != talk.why_told:
            self._show(talk)

    def forbidden(self, call_id: CallId) -> None:
        """This talk is not listened to: its flow does not allow it."""
        talk = self._talk(call_id)
        talk.forbidden = True
        if self._why(talk) != talk.why_told:
            self._show(talk)

    def heard(self, call_id: CallId, side: Side, event: Heard, at: float) -> None:
        """`at`: when it came, in UTC seconds. The times of words count from the moment the agent answered. Of a call
        that was not begun, or is over, nothing is taken."""
        talk = self._talks.get(call_id)
        if talk is None or not talk.open:
            return
        match event:
            case Partial(text):
                self._partial(talk, side, text, at)
            case Said(words):
                self._final(talk, side, words, at)
            case _:
                self._ended(talk, side, event.reason)

    def end(self, call_id: CallId) -> None:
        """Nobody listens any more; what was not said to its end stays unsaid."""
        talk = self._talks.get(call_id)
        if talk is None or not talk.open:
            return
        talk.open = False
        for side in tuple(talk.speaking):
            self._drop(talk, side)
        self.on_words(call_id)
        if talk.over:
            self.on_over(call_id)

    # What others ask

    def heard_milestones(self, batch: Sequence[Milestone]) -> None:
        """Durable ones, after the timelines."""
        for milestone in batch:
            call_id = CallId(milestone.id)
            match milestone.kind:
                case CallFact.SAID:
                    self._said_before(call_id, milestone)
                case CallFact.OFFERED if call_id in self._talks:
                    self.show(call_id, AgentId(str(milestone.data.get("agent"))))
                case CallFact.ANSWERED | CallFact.PARTY_JOINED | CallFact.HANDED_OVER if milestone.data.get("agent"):
                    self.show(call_id, AgentId(str(milestone.data["agent"])))
                case CallFact.ENDED if (talk := self._talks.get(call_id)) is not None:
                    talk.over = True
                    if not talk.open:
                        self.on_over(call_id)
                case _:
                    pass

    def show(self, call_id: CallId, agent: AgentId) -> None:
        """All lines so far, to a page that has come, or an agent who has."""
        talk = self._talks.get(call_id)
        why = self._why(talk)
        if talk is not None:
            talk.why_told = why
        self._tell(agent, _whole(call_id, talk.lines if talk is not None else (), why))

    def is_open(self, call_id: CallId) -> bool:
        """Whether somebody listens, and more may be said."""
        talk = self._talks.get(call_id)
        return talk is not None and talk.open

    def words(self, call_id: CallId) -> list[Word]:
        """What the citizen has said, to its end, in its order."""
        talk = self._talks.get(call_id)
        said = [line for line in talk.lines if line.final and line.side != "agent"] if talk is not None else []
        return sorted((word for line in said for word in line.words), key=lambda word: word.start_s)

    def kept(self, call_id: CallId) -> tuple[float, list[KeptLine]]:
        """Since when, and the lines of the talk, to be kept."""
        talk = self._talks.get(call_id)
        if talk is None:
            return 0.0, []
        found = [
            KeptLine(line.side, line.words)
            for line in talk.lines
            if line.words and line.side != "message" and line.final
        ]
        return talk.began_at, sorted(found, key=lambda line: line.start_s)

    def forget(self, call_id: CallId) -> None:
        self._talks.pop(call_id, None)

    def filled_from(self, call_id: CallId, spans: Mapping[str, Span]) -> None:
        """The words that fields were filled from are marked."""
        talk = self._talks.get(call_id)
        if talk is None or talk.spans == spans:
            return
        talk.spans = spans
        for line in talk.lines:
            if line.final and (found := self._marks(talk, line)) != line.marks:
                line.marks = found
                self._tell_line(talk, line)

    # Inside

    def _talk(self, call_id: CallId) -> _Talk:
        if (talk := self._talks.get(call_id)) is None:
            talk = self._talks[call_id] = _Talk(call_id, why_told=self._why(None))
            while len(self._talks) > _KEPT:
                self._talks.popitem(last=False)
        return talk

    def _partial(self, talk: _Talk, side: Side, text: str, at: float) -> None:
        if not text:
            return
        line = self._speaking(talk, side, at)
        if line is None or line.text == text:
            return
        line.text, line.marks = text, marks(text, self._key_words())
        due_s = line.told_at + _PARTIAL_S - self._exchange.wall()
        if due_s <= 0:
            self._tell_line(talk, line)
        elif line.timer is None:
            line.timer = asyncio.get_running_loop().call_later(due_s, self._tell_line, talk, line)

    def _final(self, talk: _Talk, side: Side, words: Sequence[Word], at: float) -> None:
        line = self._speaking(talk, side, at)
        if line is None or not words:
            return
        del talk.speaking[side]
        shift_s = talk.shift_s
        line.words = tuple(replace(w, start_s=w.start_s + shift_s, end_s=w.end_s + shift_s) for w in words)
        line.text, line.final = KeptLine(side, line.words).text, True
        line.marks = self._marks(talk, line)
        self._tell_line(talk, line)
        if side == "citizen":
            self.on_words(talk.call_id)

    def _ended(self, talk: _Talk, side: Side, reason: EndReason) -> None:
        self._drop(talk, side)
        talk.why[side] = _WHY[reason]
        if self._why(talk) != talk.why_told:
            self._show(talk)

    def _drop(self, talk: _Talk, side: Side) -> None:
        """What was understood so far of a line that will have no end is no line."""
        if (line := talk.speaking.pop(side, None)) is not None:
            if line.timer is not None:
                line.timer.cancel()
            talk.lines.remove(line)
            if line.told_at:
                self._show(talk)

    def _speaking(self, talk: _Talk, side: Side, at: float) -> _Line | None:
        line = talk.speaking.get(side)
        if line is None and len(talk.lines) < _MOST_LINES:
            line = talk.speaking[side] = self._new_line(talk, side, at)
            if talk.why.pop(side, ""):
                self._show(talk)
        return line

    def _new_line(self, talk: _Talk, side: LineSide, at: float) -> _Line:
        talk.count += 1
        talk.lines.append(line := _Line(str(talk.count), side, at))
        return line

    def _said_before(self, call_id: CallId, milestone: Milestone) -> None:
        """In the menu, or while he waited: a line of its own kind, before those of the talk."""
        text = str(milestone.data.get("pii_text") or "")[: int(_MESSAGE_S * 0.9 / _EACH_S)]
        if not text:
            return
        talk = self._talk(call_id)
        count = sum(line.side == "message" for line in talk.lines)
        confidence = milestone.data.get("confidence")
        sure = float(confidence) if isinstance(confidence, int | float) else 1.0
        begins_s = _MESSAGES_AT_S + count * _MESSAGE_S
        words = tuple(
            Word(char, begins_s + n * _EACH_S, begins_s + (n + 1) * _EACH_S, sure) for n, char in enumerate(text)
        )
        line = self._new_line(talk, "message", milestone.at)
        line.text, line.final, line.words = text, True, words
        line.marks = self._marks(talk, line)
        self._tell_line(talk, line)
        self.on_words(call_id)

    def _marks(self, talk: _Talk, line: _Line) -> list[dict[str, Any]]:
        return marks(line.text, self._key_words(), line.words, talk.spans)

    def _why(self, talk: _Talk | None) -> WhyNone:
        if talk is not None and talk.forbidden:
            return "flow"
        if talk is None or not talk.language:
            return self._why_not("")
        return self._why_not(talk.language) or talk.why.get("citizen") or talk.why.get("agent") or ""

    def _tell_line(self, talk: _Talk, line: _Line) -> None:
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        line.told_at = self._exchange.wall()
        message = {"type": "words", "call_id": talk.call_id, **_shown(line)}
        for agent in self._agents(talk.call_id):
            self._tell(agent, message)

    def _show(self, talk: _Talk) -> None:
        talk.why_told = self._why(talk)
        for agent in self._agents(talk.call_id):
            self._tell(agent, _whole(talk.call_id, talk.lines, talk.why_told))

    def _agents(self, call_id: CallId) -> set[AgentId]:
        call = self._exchange.board.calls.get(call_id)
        return agents_in(call) if call is not None else set()


def agents_in(call: Call) -> set[AgentId]:
    """Ours who are offered it, or there."""
    there = [party.agent for party in call.parties if party.state != "ringing"]
    return {agent for agent in (call.agent, *there) if agent is not None}


def _whole(call_id: CallId, lines: Sequence[_Line], why: WhyNone) -> dict[str, Any]:
    return {
        "type": "transcript",
        "call_id": call_id,
        "why": why,
        "lines": [_shown(line) for line in lines if line.text],
    }


def _shown(line: _Line) -> dict[str, Any]:
    return {
        "line": line.line,
        "side": line.side,
        "text": line.text,
        "final": line.final,
        "at": line.at,
        "marks": line.marks,
    }
