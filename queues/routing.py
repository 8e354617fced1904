"""Who talks to whom next: callers and agents go in, decisions that explain themselves come out.

Deterministic: the same arguments in the same order give the same decisions. The live switchboard, a replay of yesterday
and a simulation drive this one class. Nothing here knows a clock: `now` is an argument, UTC seconds.

The rules. Callers are served by score, in seconds: how long they have waited (a kept place included) and their head
start. A caller takes an agent who meets the step of his need that counts by then; of several the one with the fewest
skills, so that those who can do more stay free for callers who need it; of those the longest idle. While any caller
waits whom an idle agent could take, there is a decision for him.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from cti.calls import AgentId, CallId, Need, NeedStep


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in the queue; times are UTC seconds."""

    call_id: CallId
    need: Need
    since: float
    """When his waiting began: what his place counts from."""
    steps_since: float | None = None
    """When the steps of his need began to run; None: at `since`."""
    kept_s: float = 0.0
    """How much of his waiting is a place that was kept from an earlier call (for the explanation)."""
    reachable: bool = True
    """False for a moment after a restart of the daemon: his channel has not come back to us yet, his place counts."""


@dataclass(frozen=True, slots=True)
class Idle:
    """An agent who can be offered a call now. `since` is when he became idle (UTC seconds)."""

    agent_id: AgentId
    skills: Mapping[str, int]
    since: float


@dataclass(frozen=True, slots=True)
class Overflow:
    """Agents with the skill `to` may take callers of `queue` too."""

    queue: str
    to: str
    after_s: float | None = None
    """So long after the steps began; None: only while borrowing is on (`Router.borrow`)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idle agent who could take the call."""

    agent_id: AgentId
    skills: int
    idle_s: float


@dataclass(frozen=True, slots=True)
class Rejected:
    """An idle agent who could not, and the first thing that he lacks, as "enterprise>=3"."""

    agent_id: AgentId
    lacks: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """A caller with a higher score whom the chosen agent could not take, and what that caller wants."""

    call_id: CallId
    score_s: float
    wants: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Offer `call_id` to `agent_id`. The rest says why, and is kept with the call; lists hold at most five."""

    call_id: CallId
    agent_id: AgentId
    step: int
    """Index of the need's step that counts; len(steps): any agent of the queue."""
    rule: str
    """What that asks for, in the words of `NeedStep.to_text()` without its time, or "any of general"."""
    lent_by: str
    """The skill by which an overflow rule let this agent take the call; "": he meets the need himself."""
    score_s: float
    """waited_s + head_start_s"""
    waited_s: float
    kept_s: float
    """The part of waited_s that comes from an earlier call."""
    head_start_s: float
    idle_s: float
    candidates: int
    others: tuple[Candidate, ...]
    """The next best candidates."""
    idle_rejected: int
    rejected: tuple[Rejected, ...]
    ahead: int
    """Callers with a higher score whom this agent could not take."""
    passed: tuple[Ahead, ...]
    """The first of them."""

    def to_text(self) -> str:
        """JSON of less than 2,000 characters, which `from_text` reads back."""
        kept = {k: v for k, v in asdict(self).items() if k not in ("call_id", "agent_id")}
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))

    @staticmethod
    def from_text(text: str, call_id: CallId, agent_id: AgentId) -> Decision:
        """ValueError if the text is not of that form."""
        try:
            raw = json.loads(text)
            raw["others"] = tuple(Candidate(**row) for row in raw["others"])
            raw["rejected"] = tuple(Rejected(**row) for row in raw["rejected"])
            raw["passed"] = tuple(Ahead(**row) for row in raw["passed"])
            return Decision(call_id=call_id, agent_id=agent_id, **raw)
        except (TypeError, KeyError) as error:
            raise ValueError(f"no decision: {error}") from None


_LISTED = 5


def place(call: Waiting) -> tuple[float, str]:
    """Sort key: the higher score comes first; ties by call id, so that chance has no part."""
    return (call.since - call.need.priority_s, call.call_id)


def current_step(need: Need, waited_s: float) -> int:
    """Index of the step that counts after `waited_s`: steps run one after the other, each for its `expires_s`."""
    for index, step in enumerate(need.steps):
        if step.expires_s is None or waited_s < step.expires_s:
            return index
        waited_s -= step.expires_s
    return len(need.steps)


def lacks(agent_id: AgentId, skills: Mapping[str, int], need: Need, step: int) -> str:
    """The first thing of that step which the agent does not have; "": he meets it."""
    if step >= len(need.steps):
        return "" if skills.get(need.queue, 0) >= 1 else f"{need.queue}>=1"
    wanted = need.steps[step]
    if wanted.agents:
        return "" if agent_id in wanted.agents else NeedStep(agents=wanted.agents).to_text()
    return next((f"{n.skill}>={n.level}" for n in wanted.all_of if skills.get(n.skill, 0) < n.level), "")


def rule_of(need: Need, step: int) -> str:
    if step >= len(need.steps):
        return f"any of {need.queue}"
    return NeedStep(need.steps[step].all_of, None, need.steps[step].agents).to_text()


class Router:
    """Callers who wait and agents who are idle. Between two `decide` nothing is matched."""

    def __init__(self, overflow: Sequence[Overflow] = ()) -> None:
        self._overflow = tuple(overflow)
        self._borrowing = False
        self._waiting: dict[CallId, Waiting] = {}
        self._idle: dict[AgentId, Idle] = {}

    def wait(self, call: Waiting) -> None:
        """He waits from now on; a call that waits already is replaced."""
        self._waiting[call.call_id] = call

    def leave(self, call_id: CallId) -> None:
        """He does not wait any more; no matter if he did."""
        self._waiting.pop(call_id, None)

    def free(self, agent: Idle) -> None:
        """The agent is idle; one who is already is replaced."""
        self._idle[agent.agent_id] = agent

    def busy(self, agent_id: AgentId) -> None:
        """The agent cannot be offered anything any more; no matter if he could."""
        self._idle.pop(agent_id, None)

    def borrow(self, on: bool) -> None:
        """Overflow rules without a time of their own count while this is on."""
        self._borrowing = on

    def waiting(self) -> list[Waiting]:
        """All who wait, first the one with the highest score."""
        return sorted(self._waiting.values(), key=place)

    def position(self, call_id: CallId) -> int:
        """Place among those who wait for the same queue, from 1. KeyError if the call does not wait."""
        mine = self._waiting[call_id]
        same = (call for call in self._waiting.values() if call.need.queue == mine.need.queue)
        return 1 + sum(1 for call in same if place(call) < place(mine))

    def could_take(self, agent_id: AgentId, skills: Mapping[str, int], call: Waiting, now: float) -> bool:
        """Whether this agent may take this caller by the step, and the overflow rules, that count by now."""
        step = current_step(call.need, now - _steps_since(call))
        return not lacks(agent_id, skills, call.need, step) or self._lender(skills, call, now) != ""

    def decide(self, now: float) -> list[Decision]:
        """The offers to make now, first the highest score; whoever is matched is taken out.

        A caller who is not reachable yet keeps his turn: nobody behind him takes an agent that he could have.
        """
        decisions: list[Decision] = []
        reserved: list[Idle] = []
        for call in self.waiting():
            able = [a for a in self._idle.values() if self.could_take(a.agent_id, a.skills, call, now)]
            if not able:
                continue
            able.sort(key=lambda agent: (len(agent.skills), agent.since, agent.agent_id))
            chosen = able[0]
            if call.reachable:
                decisions.append(self._explain(call, able, now))
                del self._waiting[call.call_id]
            else:
                reserved.append(chosen)
            del self._idle[chosen.agent_id]
        for agent in reserved:
            self._idle[agent.agent_id] = agent
        return decisions

    def next_at(self, now: float) -> float | None:
        """When a need relaxes or an overflow rule begins to count next (UTC seconds); None: never."""
        times = [at for call in self._waiting.values() for at in self._changes(call) if at > now]
        return min(times, default=None)

    def _changes(self, call: Waiting) -> list[float]:
        at, times = _steps_since(call), []
        for step in call.need.steps:
            if step.expires_s is None:
                break
            at += step.expires_s
            times.append(at)
        rules = (rule.after_s for rule in self._overflow if rule.queue == call.need.queue)
        return times + [_steps_since(call) + after_s for after_s in rules if after_s is not None]

    def _lender(self, skills: Mapping[str, int], call: Waiting, now: float) -> str:
        for rule in self._overflow:
            if rule.queue == call.need.queue and skills.get(rule.to, 0) >= 1:
                counts = self._borrowing if rule.after_s is None else now - _steps_since(call) >= rule.after_s
                if counts:
                    return rule.to
        return ""

    def _explain(self, call: Waiting, able: Sequence[Idle], now: float) -> Decision:
        chosen = able[0]
        step = current_step(call.need, now - _steps_since(call))
        missing = lacks(chosen.agent_id, chosen.skills, call.need, step)
        unable = [a for a in self._idle.values() if a not in able]
        unable.sort(key=lambda agent: (agent.since, agent.agent_id))
        before = [w for w in self.waiting() if place(w) < place(call)]
        before = [w for w in before if not self.could_take(chosen.agent_id, chosen.skills, w, now)]
        return Decision(
            call_id=call.call_id,
            agent_id=chosen.agent_id,
            step=step,
            rule=rule_of(call.need, step),
            lent_by=self._lender(chosen.skills, call, now) if missing else "",
            score_s=round(now - call.since + call.need.priority_s, 3),
            waited_s=round(now - call.since, 3),
            kept_s=round(call.kept_s, 3),
            head_start_s=call.need.priority_s,
            idle_s=round(now - chosen.since, 3),
            candidates=len(able),
            others=tuple(Candidate(a.agent_id, len(a.skills), round(now - a.since, 3)) for a in able[1 : _LISTED + 1]),
            idle_rejected=len(unable),
            rejected=tuple(
                Rejected(a.agent_id, lacks(a.agent_id, a.skills, call.need, step)) for a in unable[:_LISTED]
            ),
            ahead=len(before),
            passed=tuple(
                Ahead(
                    w.call_id,
                    round(now - w.since + w.need.priority_s, 3),
                    rule_of(w.need, current_step(w.need, now - _steps_since(w))),
                )
                for w in before[:_LISTED]
            ),
        )


def _steps_since(call: Waiting) -> float:
    return call.since if call.steps_since is None else call.steps_since
