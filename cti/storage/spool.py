"""Calls that Asterisk served alone while no daemon answered: read from its spool into milestones, exactly once.

Asterisk's emergency script appends to `emergency.jsonl`. The file is taken by renaming it to `emergency.importing-<n>`;
after the milestones made of it are durable, `finish_import` renames that to `emergency.imported-<n>`. A daemon that
dies between the two reads it again, and what `known` says is journaled already is not made a second time.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson
import structlog

from cti.calls import CallFact, CallId, Milestone, Need, Value

log = structlog.get_logger()

SPOOL_FILE = "emergency.jsonl"
_Fact = tuple[float, CallFact, dict[str, Value]]


@dataclass(frozen=True, slots=True)
class Known:
    """What the journal or SQL has of a call already."""

    last_seq: int = 0
    kinds: frozenset[str] = frozenset()
    answered_at: float | None = None
    """Last answer."""

    def after(self, milestone: Milestone) -> Known:
        answered_at = milestone.at if milestone.kind == CallFact.ANSWERED else self.answered_at
        return Known(max(self.last_seq, milestone.seq), self.kinds | {milestone.kind}, answered_at)


def known_calls(milestones: Iterable[Milestone]) -> dict[CallId, Known]:
    """What `import_spool` needs to know, from everything kept."""
    known: dict[CallId, Known] = {}
    for milestone in milestones:
        if milestone.stream == "call":
            call_id = CallId(milestone.id)
            known[call_id] = known.get(call_id, Known()).after(milestone)
    return known


def import_spool(
    folder: Path,
    known: Mapping[CallId, Known],
    describe: Callable[[str], Mapping[str, Value]] = lambda dialled: {},
) -> list[Milestone]:
    """Milestones for what the spool tells and `known` has not, in the order of the spool; takes the spool file.

    `describe` gives city, mode and statistics of a dialled number. Journal the result, wait for `durable()`, then call
    `finish_import`. Lines that cannot be read are logged with their place and stay in the imported file.
    """
    _take(folder)
    calls: dict[CallId, Known] = {}
    made: list[Milestone] = []
    for path in _taken(folder):
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            try:
                entry = _Entry.parse(line)
            except (ValueError, KeyError, TypeError) as error:
                log.error("spool_line_unreadable", file=str(path), line=number, error=type(error).__name__)
                continue
            state = calls.get(entry.call_id) or known.get(entry.call_id, Known())
            for at, kind, data in entry.facts(state, describe):
                milestone = Milestone("call", entry.call_id, state.last_seq + 1, at, str(kind), data)
                state = state.after(milestone)
                made.append(milestone)
            calls[entry.call_id] = state
    return made


def has_spool(folder: Path) -> bool:
    """Whether there is anything to import."""
    return (folder / SPOOL_FILE).exists() or bool(_taken(folder))


def finish_import(folder: Path) -> None:
    """After the milestones of `import_spool` are durable: its files are done with."""
    for path in _taken(folder):
        path.rename(path.with_name(path.name.replace("importing", "imported")))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the spool (cti/asterisk/emergency.py writes it)."""

    at: float
    phase: Literal["arrived", "ended"]
    call_id: CallId
    arrival: Mapping[str, Value]
    lost_at: float
    """Since when no daemon had the call: its arrival, the loss of the daemon, or the end of a talk that outlived it."""
    queued_at: float | None
    queue_status: str
    agent: str
    answered_at: float | None
    """By the fallback queue."""
    talked_from: float | None
    """Answer to the offer of a daemon that died before the talk was over."""

    @staticmethod
    def parse(line: bytes) -> _Entry:
        raw: dict[str, Any] = orjson.loads(line)
        phase = raw["phase"]
        if phase not in ("arrived", "ended"):
            raise ValueError("phase is neither arrived nor ended")
        uniqueid = raw["uniqueid"]
        if not isinstance(uniqueid, str) or not uniqueid:
            raise ValueError("no uniqueid")
        at, agent = float(raw["at"]), str(raw.get("queue_member") or "").rpartition("/")[2]
        talked_from = _number(raw, "talked_from")
        texts = {
            key: str(raw.get(key) or "") for key in ("pii_caller", "dialled", "original", "sip_call_id", "channel")
        }
        return _Entry(
            at=at,
            phase=phase,
            call_id=CallId(uniqueid),
            arrival={**texts, "medium": str(raw.get("medium") or "voice")},
            lost_at=min(at, _number(raw, "lost_at") or at),
            queued_at=_number(raw, "queued_at"),
            queue_status=str(raw.get("queue_status") or ""),
            agent=agent,
            answered_at=talked_from if agent else None,
            talked_from=talked_from if raw.get("dial_status") == "ANSWER" else None,
        )

    def facts(self, state: Known, describe: Callable[[str], Mapping[str, Value]]) -> Iterator[_Fact]:
        """What this line adds to a call of which `state` is journaled."""
        known = state.kinds
        if CallFact.ENDED in known:
            return
        if not known:
            place = {"city": "", "mode": "", "statistics": "", "flow": "", "flow_version": ""}
            yield self.lost_at, CallFact.ARRIVED, {**place, **self.arrival, **describe(str(self.arrival["dialled"]))}
        if self.queued_at is not None:
            if CallFact.FELL_BACK not in known:
                yield self.queued_at, CallFact.FELL_BACK, {"queue_status": self.queue_status}
            if CallFact.HUMAN_ASKED not in known:
                yield self.queued_at, CallFact.HUMAN_ASKED, {"by": "fallback"}
            if CallFact.QUEUED not in known:
                yield self.queued_at, CallFact.QUEUED, {"queue": "fallback", "need": Need("fallback").to_text()}
        if self.phase == "ended":
            yield from self._end(state)

    def _end(self, state: Known) -> Iterator[_Fact]:
        known = state.kinds
        by_agent = self.queue_status == "CONTINUE"
        answered = CallFact.ANSWERED in known
        if self.answered_at is not None:
            talk_s = max(0.0, self.at - self.answered_at)
            wait_s = max(0.0, self.answered_at - (self.queued_at or self.answered_at))
            side = "agent" if by_agent else "caller"
            if not answered:
                # A call queued by a daemon has waited longer than in this queue: its times say how long.
                measured = None if CallFact.QUEUED in known else wait_s
                yield self.answered_at, CallFact.ANSWERED, {"agent": self.agent, "n": 0, "wait_s": measured}
            yield self.at, CallFact.TALK_ENDED, {"agent": self.agent, "n": 0, "side": side, "talk_s": talk_s}
            answered = True
        elif self.talked_from is not None and CallFact.TALK_ENDED not in known:
            began = state.answered_at or self.talked_from
            if not answered:
                yield began, CallFact.ANSWERED, {"agent": "", "n": 0, "wait_s": None}
            talk_s = max(0.0, self.lost_at - began)
            yield self.lost_at, CallFact.TALK_ENDED, {"agent": "", "n": 0, "side": "interrupted", "talk_s": talk_s}
            answered = True
        side = "agent" if by_agent else "system" if self.queue_status else "caller"
        place = "fallback"
        if known and self.queued_at is None and not answered:  # left the music before the fallback queue began
            place = "queue" if CallFact.QUEUED in known else "menu"
        lost_at = None if answered else place
        yield self.at, CallFact.ENDED, {"side": side, "place": place, "lost_at": lost_at, "estimated": False}


def _number(raw: Mapping[str, Any], key: str) -> float | None:
    return None if raw.get(key) is None else float(raw[key])


def _take(folder: Path) -> None:
    spool = folder / SPOOL_FILE
    numbers = [int(m[1]) for p in folder.glob("emergency.import*") if (m := re.search(r"-(\d+)$", p.name))]
    if spool.exists():
        taken = spool.rename(folder / f"emergency.importing-{max(numbers, default=0) + 1}")
        with taken.open("rb") as file:
            # The script writes under this lock and looks at the name again before: a line begun just now is waited for.
            fcntl.flock(file, fcntl.LOCK_EX)


def _taken(folder: Path) -> list[Path]:
    return sorted(folder.glob("emergency.importing-*"), key=lambda path: int(path.name.rpartition("-")[2]))
