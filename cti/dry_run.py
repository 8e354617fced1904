"""What a change would have touched yesterday, in calls, from the records of that day. Pure.

It counts what the records can tell and says so where they cannot: nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from agents.roster import Agent
from cti.calls import AgentId, CallFact, Value
from cti.metrics.record import CallRecord
from cti.numbers import NumberTable
from cti.rules import Overflow, Rules
from ivr_flows.calendar import WorkCalendar
from ivr_flows.graph import prompts_of
from ivr_flows.model import Flow
from ivr_flows.prompts import Wording
from ivr_flows.session import begin
from ivr_flows.words import Mark, Started


@dataclass(frozen=True, slots=True)
class Part:
    """One change. `code` is stable: pages and the command have words for it."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)
    calls: int | None = None
    """Calls of that day that it touches; None: the records cannot tell."""


@dataclass(frozen=True, slots=True)
class Touched:
    calls: int
    """Calls that came in on that day."""
    touched: int | None
    """Those that at least one change touches, each counted once; None: nothing of it can be counted."""
    parts: Sequence[Part]


_MODES: Mapping[str, Literal["merged", "dual", "subcentre"]] = {"dual": "dual", "subcentre": "subcentre"}
Change = tuple[str, Mapping[str, Value], Callable[[CallRecord], bool] | None]


def _counted(calls: Iterable[CallRecord], changes: Sequence[Change]) -> Touched:
    """Each call is looked at by every change; what cannot be counted has no test."""
    counts, any_, total = [0] * len(changes), 0, 0
    for call in calls:
        if call.direction == "callback":
            continue
        total += 1
        hit = False
        for n, (_, _, test) in enumerate(changes):
            if test is not None and test(call):
                counts[n] += 1
                hit = True
        any_ += hit
    parts = [
        Part(code, values, None if test is None else count)
        for (code, values, test), count in zip(changes, counts, strict=True)
    ]
    countable = not changes or any(test is not None for _, _, test in changes)
    return Touched(total, any_ if countable else None, parts)


def numbers(old: NumberTable, new: NumberTable, calls: Iterable[CallRecord]) -> Touched:
    before, after = ({did.number: did for did in table.did} for table in (old, new))
    changes: list[Change] = []
    for number in sorted({*before, *after}):
        was, is_ = before.get(number), after.get(number)
        if was == is_:
            continue
        code = "number_added" if was is None else "number_removed" if is_ is None else "number_changed"
        changes.append((code, {"number": number}, _dialled({number})))
    if old.find(old.unknown_number) != new.find(new.unknown_number):
        values: dict[str, Value] = {"from": old.unknown_number, "to": new.unknown_number}
        unknown = {*before, *after}
        changes.append(("unknown_number_changed", values, lambda call: call.dialled not in unknown))
    return _counted(calls, changes)


def _dialled(numbers_: Collection[str]) -> Callable[[CallRecord], bool]:
    return lambda call: call.dialled in numbers_


def rules(old: Rules, new: Rules, calls: Iterable[CallRecord]) -> Touched:
    changes: list[Change] = []
    for code, these, others in (
        ("overflow_removed", old.overflow, new.overflow),
        ("overflow_added", new.overflow, old.overflow),
    ):
        for rule in these:
            if rule not in others:
                values: dict[str, Value] = {"queue": rule.queue, "to": rule.to, "after_s": rule.after_s}
                changes.append((code, values, _waited_so_long(rule)))
    for key in old.waiting.__dataclass_fields__:
        was, is_ = getattr(old.waiting, key), getattr(new.waiting, key)
        if was != is_:
            changes.append((f"waiting.{key}", {"from": was, "to": is_}, _waiting_test(key, was, is_)))
    if old.surge != new.surge:
        # What a rung does follows from the forecast of each moment, which records do not keep.
        changes.append(("surge", {}, None))
    return _counted(calls, changes)


def _waited_so_long(rule: Overflow) -> Callable[[CallRecord], bool]:
    def test(call: CallRecord) -> bool:
        if call.queue != rule.queue or call.wait_queue_s is None:
            return False
        return "borrow" in call.rungs if rule.after_s is None else call.wait_queue_s >= rule.after_s

    return test


def _waiting_test(key: str, was: float, is_: float) -> Callable[[CallRecord], bool] | None:
    if key == "callback_from_s":
        low, high = sorted((was, is_))
        return lambda call: call.estimate_s is not None and low < call.estimate_s <= high
    if key == "kept_place_s" and is_ < was:
        return lambda call: call.kept_s > 0  # at most these lose it
    return None


def flow(
    old: Flow,
    new: Flow,
    calls: Iterable[CallRecord],
    entry_of: Callable[[str], str],
    calendar: WorkCalendar,
    local_time: Callable[[float], datetime],
) -> Touched:
    """Who would begin on another way, and who came through a node that is another now, or gone."""
    changed = {name for name, node in old.nodes.items() if new.nodes.get(name) != node}
    if old.person != new.person:
        changed |= {name for name, node in old.nodes.items() if node.type in ("menu", "gather", "listen", "message")}

    def begins(one: Flow, call: CallRecord) -> list[str]:
        started = Started(call.dialled, _MODES.get(call.mode, "merged"), local_time(call.arrived_at))
        entry = entry_of(call.dialled)
        _, commands = begin(one, started, calendar, entry=entry if entry in one.nodes else "")
        return [str(mark.data["node"]) for mark in commands if isinstance(mark, Mark) and mark.kind == CallFact.ENTERED]

    def elsewhere(call: CallRecord) -> bool:
        return call.flow == old.name and begins(old, call) != begins(new, call)

    changes: list[Change] = [("begins_elsewhere", {}, elsewhere)] if old.start != new.start or changed else []
    for name in sorted(changed):
        code = "node_changed" if name in new.nodes else "node_removed"
        changes.append((code, {"node": name}, _came_through(old.name, {name})))
    for name in sorted(new.nodes.keys() - old.nodes.keys()):
        changes.append(("node_added", {"node": name}, None))
    return _counted(calls, changes)


def _came_through(flow_name: str, nodes: Collection[str]) -> Callable[[CallRecord], bool]:
    return lambda call: call.flow == flow_name and any(node in nodes for node in call.path)


def roster(old: Mapping[AgentId, Agent], new: Mapping[AgentId, Agent], calls: Iterable[CallRecord]) -> Touched:
    """Calls that an agent answered in a queue that he is to leave, and calls of a queue that he is to take too."""
    changes: list[Change] = []
    for agent_id in sorted({*old, *new}):
        was, is_ = old.get(agent_id), new.get(agent_id)
        if was is None or is_ is None:
            code = "agent_added" if was is None else "agent_removed"
            changes.append((code, {"agent": agent_id}, _answered_by(agent_id, "") if is_ is None else None))
            continue
        for skill in sorted({*was.skills, *is_.skills}):
            before, after = was.skills.get(skill, 0), is_.skills.get(skill, 0)
            if before != after:
                values: dict[str, Value] = {"agent": agent_id, "skill": skill, "from": before, "to": after}
                test = _queued_for(skill) if not before else _answered_by(agent_id, skill)
                changes.append(("agent_skill", values, test))
    return _counted(calls, changes)


def _answered_by(agent_id: AgentId, queue: str) -> Callable[[CallRecord], bool]:
    return lambda call: agent_id in call.agents and queue in ("", call.queue)


def _queued_for(skill: str) -> Callable[[CallRecord], bool]:
    return lambda call: call.queue == skill


def prompts(
    old: Mapping[str, Wording], new: Mapping[str, Wording], flows: Iterable[Flow], calls: Iterable[CallRecord]
) -> Touched:
    """Calls that came through a node which plays a prompt whose text is another. What they hear is its recording."""
    nodes: dict[str, set[tuple[str, str]]] = {}
    for one in flows:
        for name, node in one.nodes.items():
            for prompt, _ in prompts_of(node):
                nodes.setdefault(prompt, set()).add((one.name, name))
    changes: list[Change] = []
    for id_ in sorted({*old, *new}):
        if old.get(id_) != new.get(id_):
            changes.append(("prompt_text", {"prompt": id_}, _heard(nodes.get(id_, set()))))
    return _counted(calls, changes)


def _heard(nodes: Collection[tuple[str, str]]) -> Callable[[CallRecord], bool]:
    return lambda call: any((call.flow, node) in nodes for node in call.path)


def calendar(old: WorkCalendar, new: WorkCalendar, day: date, calls: Iterable[CallRecord]) -> Touched:
    """A day that was another kind of day yesterday; what is to come cannot be counted."""
    before, after = old.day(day).kind, new.day(day).kind
    changes: list[Change] = []
    if before != after:
        changes.append(("day_changed", {"day": day.isoformat(), "from": before, "to": after}, lambda _: True))
    else:
        changes.append(("day_same", {"day": day.isoformat(), "kind": after}, lambda _: False))
    return _counted(calls, changes)


def names_only(calls: Iterable[CallRecord]) -> Touched:
    """Nothing that a caller would notice."""
    return _counted(calls, [("names_only", {}, lambda _: False)])


def not_counted(calls: Iterable[CallRecord]) -> Touched:
    return _counted(calls, [("not_counted", {}, None)])
