"""What a talk was like, by its words: what should have been said and was not, what should not have been and was,
silence, talking over one another, shares and speed. Pure.

It is as good as the recogniser: a finding says where to listen, and judges nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from recordings.spoken import Line, Side, Spoken

FindingKind = Literal["forbidden", "missing", "silence", "overlap", "share", "speed"]


@dataclass(frozen=True, slots=True)
class Required:
    """One of `phrases` has to be said by the agent: `within_s` of the beginning, or in the last `last_s`."""

    name: str
    phrases: tuple[str, ...]
    within_s: float | None = None
    last_s: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    required: tuple[Required, ...] = ()
    forbidden: tuple[str, ...] = ()
    """An agent must not say these."""
    silence_s: float = 15.0
    """Nobody speaks for so long."""
    overlap_s: float = 3.0
    """Both speak at once, at a stretch."""
    agent_share: tuple[float, float] = (0.15, 0.85)
    """Of all speaking."""
    agent_speed: tuple[float, float] = (2.0, 6.5)
    """Characters a second."""
    shortest_s: float = 20.0
    """Of a shorter talk share, speed and what is missing say nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    kind: FindingKind
    what: str
    """The phrase, the name of what is missing, or the figure."""
    at_s: float
    """In the recording."""


@dataclass(frozen=True, slots=True)
class Quality:
    seconds: float
    agent_s: float
    citizen_s: float
    silence_s: float
    """All pauses of two seconds and more together."""
    longest_silence_s: float
    overlap_s: float
    agent_speed: float | None
    findings: tuple[Finding, ...]

    @property
    def agent_share(self) -> float | None:
        spoken_s = self.agent_s + self.citizen_s
        return self.agent_s / spoken_s if spoken_s else None


@dataclass(frozen=True, slots=True)
class Inspected:
    """One talk; `agent`: whose part of the call it is, "" where that is not known."""

    call_id: str
    segment: str
    began_at: float
    agent: str
    quality: Quality

    def as_json(self) -> dict[str, Any]:
        head = {"call_id": self.call_id, "segment": self.segment, "began_at": self.began_at, "agent": self.agent}
        return {**head, "agent_share": self.quality.agent_share, **asdict(self.quality)}


_PAUSE_S = 2.0


def inspect(spoken: Spoken, rules: Rules, *, begins: bool = True, ends: bool = True) -> Quality | None:
    """None where sides cannot be told apart, or nothing was understood. `begins`, `ends`: the call's talks do with this
    one; who takes one over need not greet, and who hands it over need not say goodbye."""
    if not spoken.lines or any(line.side == "both" for line in spoken.lines):
        return None
    agent, citizen = _spans(spoken.lines, "agent"), _spans(spoken.lines, "citizen")
    agent_s, citizen_s = _total(agent), _total(citizen)
    pauses = _pauses(sorted([*agent, *citizen]), spoken.seconds)
    overlaps = _overlaps(agent, citizen)
    said = [line for line in spoken.lines if line.side == "agent"]
    letters = sum(len(word.text) for line in said for word in line.words)
    speed = letters / agent_s if agent_s else None
    findings = [
        Finding("forbidden", phrase, line.start_s) for line in said for phrase in rules.forbidden if phrase in line.text
    ]
    findings += [
        Finding("silence", f"{end - start:.0f}", start) for start, end in pauses if end - start >= rules.silence_s
    ]
    findings += [
        Finding("overlap", f"{end - start:.0f}", start) for start, end in overlaps if end - start >= rules.overlap_s
    ]
    if spoken.seconds >= rules.shortest_s:
        findings += [
            Finding("missing", one.name, spoken.seconds if one.last_s is not None else 0.0)
            for one in rules.required
            if (begins or one.within_s is None) and (ends or one.last_s is None)
            if not _is_said(one, said, spoken.seconds)
        ]
        share = agent_s / (agent_s + citizen_s) if agent_s + citizen_s else None
        if share is not None and not rules.agent_share[0] <= share <= rules.agent_share[1]:
            findings.append(Finding("share", f"{share:.2f}", 0.0))
        if speed is not None and not rules.agent_speed[0] <= speed <= rules.agent_speed[1]:
            findings.append(Finding("speed", f"{speed:.1f}", 0.0))
    return Quality(
        spoken.seconds,
        round(agent_s, 2),
        round(citizen_s, 2),
        round(_total(pauses), 2),
        round(max((end - start for start, end in pauses), default=0.0), 2),
        round(_total(overlaps), 2),
        round(speed, 2) if speed is not None else None,
        tuple(sorted(findings, key=lambda one: one.at_s)),
    )


_Span = tuple[float, float]


def _is_said(one: Required, said: Sequence[Line], seconds: float) -> bool:
    since = seconds - one.last_s if one.last_s is not None else 0.0
    until = one.within_s if one.within_s is not None else seconds
    text = "".join(line.text for line in said if line.end_s >= since and line.start_s <= until)
    return any(phrase in text for phrase in one.phrases)


def _spans(lines: Sequence[Line], side: Side) -> list[_Span]:
    """When he speaks: from the first word of a line to its last."""
    return sorted((line.start_s, line.end_s) for line in lines if line.side == side)


def _total(spans: Sequence[_Span]) -> float:
    return sum(end - start for start, end in spans)


def _pauses(spans: Sequence[_Span], seconds: float) -> list[_Span]:
    """Before the first word and after the last one too."""
    found, quiet_since = [], 0.0
    for start, end in [*spans, (seconds, seconds)]:
        if start - quiet_since >= _PAUSE_S:
            found.append((quiet_since, start))
        quiet_since = max(quiet_since, end)
    return found


def _overlaps(one: Sequence[_Span], other: Sequence[_Span]) -> list[_Span]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return sorted((start, end) for start, end in pairs if end > start)
