"""SIPp's own account of a run: what the telephones of citizens and agents saw, told by nobody else.

Pure: log lines go in, calls come out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LogLine:
    """`<log message="kind|[timestamp]|[call_id]|more|more"/>` of one of our scenarios."""

    kind: str
    at: float
    call_id: str
    rest: tuple[str, ...] = ()

    @staticmethod
    def parse(text: str) -> LogLine:
        """ValueError if the line is not one of ours."""
        kind, stamp, call_id, *rest = (part.strip() for part in text.split("|"))
        # SIPp's [timestamp] is date, time and seconds since the epoch, with tabs between.
        return LogLine(kind, float(stamp.split()[-1]), call_id, tuple(rest))


@dataclass(slots=True)
class CitizenCall:
    """One call as the citizen's telephone saw it. The system answers at once; who talks to him, SIP does not tell."""

    sip_call_id: str
    caller: str
    dialled: str
    port: int
    placed_at: float
    answered_at: float | None = None
    media_port: int | None = None
    left_at: float | None = None
    left_side: str | None = None
    """caller, system or refused"""
    keys: list[tuple[float, str]] = field(default_factory=list)


@dataclass(slots=True)
class AgentLeg:
    """One call to an agent as the agent's telephone saw it."""

    leg_id: str
    agent: str
    call: str
    """Our call id from the header X-CTI-Call; "" without the header"""
    caller: str
    media_port: int
    offered_at: float
    confirmed_at: float | None = None
    over_at: float | None = None
    over_side: str | None = None
    """agent, system (the citizen went first, or we cut it), cancelled or refused"""

    @property
    def talk_s(self) -> float | None:
        return None if self.confirmed_at is None or self.over_at is None else self.over_at - self.confirmed_at


@dataclass(slots=True)
class Account:
    calls: dict[str, CitizenCall] = field(default_factory=dict)
    """By SIP Call-ID, in the order in which they were placed"""
    legs: dict[str, AgentLeg] = field(default_factory=dict)
    """By the leg's own SIP Call-ID, in the order in which they rang"""

    def apply_citizen(self, line: LogLine) -> CitizenCall:
        if line.kind == "placed":
            caller, dialled, port = line.rest
            call = CitizenCall(line.call_id, caller, dialled, int(port), line.at)
            self.calls[line.call_id] = call
            return call
        call = self.calls[line.call_id]
        if line.kind == "answered":
            call.answered_at, call.media_port = line.at, int(line.rest[0])
        elif line.kind == "left":
            call.left_at, call.left_side = line.at, line.rest[0]
        elif line.kind == "refused":
            call.left_at, call.left_side = line.at, "refused"
        else:
            raise ValueError(f"unknown line {line.kind} of a citizen")
        return call

    def apply_agent(self, line: LogLine) -> AgentLeg:
        if line.kind == "offered":
            agent, call, caller, port, rang_at = line.rest
            leg = AgentLeg(line.call_id, agent, call, caller, int(port), float(rang_at.split()[-1]))
            self.legs[line.call_id] = leg
            return leg
        leg = self.legs[line.call_id]
        if line.kind == "confirmed":
            leg.confirmed_at = line.at
        elif line.kind == "over":
            leg.over_at, leg.over_side = line.at, line.rest[0]
        elif line.kind in ("cancelled", "refused"):
            leg.over_at, leg.over_side = line.at, line.kind
        else:
            raise ValueError(f"unknown line {line.kind} of an agent")
        return leg

    def legs_of(self, call_id: str) -> list[AgentLeg]:
        """The legs rung for one of our calls, in order."""
        return [leg for leg in self.legs.values() if leg.call == call_id]

    def legs_for(self, caller: str) -> list[AgentLeg]:
        """The same by the caller's number, which is unique in a run."""
        return [leg for leg in self.legs.values() if leg.caller == caller]

    def open_calls(self) -> Iterable[CitizenCall]:
        return (call for call in self.calls.values() if call.left_at is None)
