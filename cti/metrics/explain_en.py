"""The answer to "why did he wait" in English; as `explain_zh`, line for line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cti.calls import EMERGENCY_S
from cti.metrics.explain import Point, Why
from cti.metrics.words import RUNGS, STATES, Words

CAUSES, STORY = "Causes", "What happened"
_SHOWN = 3

_LOST = {
    "menu": "Nobody answered: the caller left in the menu and never queued",
    "queue": "Nobody answered: after {wait} in the queue {side}{place}",
    "ringing": "Nobody answered: after {wait}, while an agent's telephone rang, {side}",
    "no_seat": "Nobody answered: no agent who could take the call was at work; after {wait} {side}",
    "overflow": "Nobody answered: after the overflow {side}, {wait} in all",
    "fallback": "Nobody answered: during a take-over the fallback queue served the call; {side}",
    "callback": "After {wait} the caller chose to be called back; the place is kept",
    "message": "After {wait} the caller left a message",
    "transferred": "Transferred by the rules; no agent was asked for",
    "self_service": "Served by the voice menu; no person was asked for",
    "waiting": "Waiting in the queue for {wait} so far{place}",
    "ringing_now": "After {wait} an agent's telephone is ringing",
    "live": "The call goes on and has not been queued",
    "no_answer": "Callback failed: the citizen did not answer",
    "busy": "Callback failed: the citizen's line was busy",
    "failed": "Callback failed: the citizen could not be reached",
    "no_agent": "Callback not dialled: no agent confirmed",
    "refused": "Callback not dialled: the rules forbid it (number, hour or how often)",
    "withdrawn": "Callback withdrawn: the citizen has called meanwhile",
    "closed": "The callback task was closed by a person",
    "owed": "A person made a callback task of a lost call",
}
_SIDES = {
    "caller": "the citizen hung up",
    "agent": "the agent hung up",
    "system": "the system ended the call",
    "interrupted": "a fault cut the call off",
}
_OUTCOMES = {
    "no_answer": "did not answer",
    "rejected": "rejected the call",
    "unreachable": "telephone not reachable",
    "interrupted": "cut off by a restart",
    "caller_left": "the citizen hung up while it rang",
    "cut_off": "the line was cut off",
}
_REASONS = {
    "earlier": "{n} who came earlier got an agent first",
    "kept": "{n} who came later got an agent first: a place kept from an earlier call",
    "head_start": "{n} who came later got an agent first: a head start",
    "ringing": "{n} who came later got an agent first: this call was ringing at another desk just then",
    "skills": "{n} with a lower score got an agent first: that agent could not take this call then",
    "unknown": "{n} with a lower score got an agent first; the records do not say why",
}


def headline(why: Why, w: Words) -> str:
    wait = w.seconds(why.wait_s or 0.0)
    if why.status == "answered":
        agent = w.agent(why.agent) if why.agent else "an agent of the fallback queue"
        if why.direction == "callback":
            return f"Callback reached the citizen; agent {agent}."
        if why.wait_s is None:
            return f"Answered by {agent}, {w.seconds(why.total_s)} after arrival."
        return f"Answered by {agent} after {wait} in the queue ({w.seconds(why.total_s)} after arrival)."
    key = "ringing_now" if why.status == "ringing" and why.side is None else why.status
    place = f" (last known place: {why.position})" if why.position else ""
    side = _SIDES.get(why.side or "", "the call ended")
    known = _LOST.get(key)
    return (f"Nobody answered ({key})" if known is None else known.format(wait=wait, side=side, place=place)) + "."


def cause(point: Point, w: Words) -> str:
    facts = point.facts
    match point.kind:
        case "split":
            parts = [
                ("waiting for a free agent ", "waiting_s"),
                ("ringing in vain ", "in_vain_s"),
                ("ringing before the answer ", "rang_s"),
                ("reaching agent and citizen ", "called_s"),
            ]
            said = [name + w.seconds(facts[key]) for name, key in parts if facts.get(key, 0.0) >= 0.05]
            return "Where the time went: " + ", ".join(said) if said else ""
        case "at_once":
            return f"An agent was idle when the call was queued; offered at once to {w.agent(facts['agent'])}"
        case "nobody":
            return "When the call was queued no agent who could take it was at work"
        case "busy":
            agents = w.count(facts["agents"], "agent", "agents")
            return f"When the call was queued {agents} could take it and none was idle: " + w.doing(facts["able"])
        case kind if kind.startswith("others_"):
            return _others(kind.removeprefix("others_"), facts, w)
        case "away":
            rows = [f"{w.agent(r['agent'])} {w.time(r['at'])} {w.of(STATES, r['to'])}" for r in facts["rows"][:_SHOWN]]
            came = f"; {w.count(facts['came'], 'time', 'times')} one came back" if facts["came"] else ""
            times = w.count(facts["times"], "time", "times")
            return f"Agents who could take it went away {times}: {w.listed(rows, facts['times'])}{came}"
        case "in_vain":
            rows = [_rang(r, w) for r in facts["rows"][:_SHOWN]]
            whom = w.listed(rows, facts["times"])
            offers = w.count(facts["times"], "offer", "offers")
            return f"{offers} failed and took {w.seconds(facts['seconds'])}: {whom}; the place was kept"
        case "named":
            agents = w.listed([w.agent(agent) for agent in facts["agents"]])
            return f"For the first {w.seconds(facts['seconds'])} only {agents} would do"
        case "relaxed_to":
            wanted, rule = w.rule(facts["wanted"]), w.rule(facts["rule"])
            agent = w.agent(facts["agent"])
            return f"{agent} could take it only after the need was relaxed from “{wanted}” to “{rule}”"
        case "lent":
            return f"The agent who answered was lent by “{w.skill(facts['skill'])}” (overflow)"
        case "kept":
            return f"Place kept: {w.seconds(facts['seconds'])} waited in an earlier call count"
        case "emergency":
            return "An emergency, before everybody"
        case "after_all":
            return "A call to somebody who was lost: all who call get an agent first"
        case "priority":
            return f"Head start: counts as {w.seconds(facts['seconds'])} more of waiting"
        case "rungs":
            return "Surge measures were on: " + w.listed([w.of(RUNGS, rung) for rung in facts["rungs"]])
        case "agent_lost":
            again = f" and waited another {w.seconds(facts['again_s'])}" if facts["again_s"] else ""
            return f"The line of {w.agent(facts['agent'])} went dead; the caller went back to the queue{again}"
        case "resumed":
            return f"The system was taken over {w.count(facts['times'], 'time', 'times')} meanwhile; the place was kept"
        case "fell_back":
            return "During a take-over the fallback queue served the call"
        case "cut":
            return "Too many calls went on around it; only a part of them was read"
        case other:
            return other


def story(point: Point, w: Words) -> list[str]:
    """One moment: a line, and lines that belong under it."""
    f = point.facts
    agent = w.agent(str(f.get("agent") or "")) or "an unknown agent"
    match point.kind:
        case "arrived" if f.get("direction") == "callback":
            return [f"callback task {f.get('task')}, try {f.get('attempt')}, for call {f.get('of')}"]
        case "arrived":
            return [f"arrived {f.get('dialled') or ''}".rstrip()]
        case "human_asked":
            return ["asked for a person"]
        case "queued":
            return _queued(f, w)
        case "estimated":
            place = f", place {f['position']:.0f}" if f.get("position") else ""
            told = f"told about {f['spoken_min']:.0f} min" if f.get("spoken_min") else "told no time"
            wait_s = f.get("wait_s")
            reckoned = "nobody at work could take it" if wait_s is None else f"reckoned {w.seconds(wait_s)}"
            return [f"{told} ({reckoned}{place})"]
        case "relaxed":
            return [f"need relaxed to: {w.rule(str(f['wants']))}{_able(f['able'], w)}"]
        case "offered":
            return [f"offered to {agent}", *_why(f.get("decision"), w)]
        case "offer_failed":
            rang = f", rang {w.seconds(f['rang_s'])}" if f.get("rang_s") is not None else ""
            return [f"{agent}: {_OUTCOMES.get(str(f.get('outcome')), 'failed')}{rang}"]
        case "confirmed":
            return [f"{agent} confirms: the citizen can be called"]
        case "dialled":
            return ["the citizen is called"]
        case "answered":
            rang = f", rang {w.seconds(f['rang_s'])}" if f.get("rang_s") is not None else ""
            return [f"{'the citizen' if f.get('callback') else agent} answers{rang}"]
        case "talk_ended":
            how = {"agent_lost": "the agent's line went dead, back to the queue", "interrupted": "talk cut off"}
            talk = f", talked {w.seconds(f['talk_s'])}" if f.get("talk_s") is not None else ""
            return [how.get(str(f.get("side")), "talk ended") + talk]
        case "asked":
            return ["asked to say what it is about"]
        case "said":
            matter = f": {f['matter']}" if f.get("matter") else ""
            end = ", hung up before the end of it" if f.get("cut_off") else ""
            return [f"said what it is about{matter}{', urgent' if f.get('urgent') else ''}{end}"]
        case "notice_heard":
            return [f"heard the notice {f.get('notice')}"]
        case "callback_offered":
            return ["offered a callback"]
        case "callback_requested":
            return [f"chose the callback ({f.get('callback')}), place kept"]
        case "message_left":
            return [f"left a message of {w.seconds(f.get('seconds') or 0.0)}"]
        case "left_queue":
            why = {
                "left_by_key": "by key",
                "gave_up": "waits no longer",
                "callback": "for a callback",
                "no_seat": "nobody at work",
                "said": "his words lead to another queue, place kept",
            }
            return [f"left the queue: {why.get(str(f.get('reason')), str(f.get('reason')))}"]
        case "transferred":
            return [f"transferred to {f.get('target')}"]
        case "party_asked" | "party_joined" | "party_failed" | "party_left" | "handed_over":
            return [_party(point.kind, f, w)]
        case "moved" if not f.get("to"):
            return ["was not sent on; the talk goes on"]
        case "moved":
            return [f"{agent} sends the citizen on to {w.party(str(f.get('who')), str(f['to']))}, without announcement"]
        case "resumed":
            return ["goes on after a take-over, place kept"]
        case "fell_back":
            return ["served by the fallback queue"]
        case "rung":
            by = "" if f.get("by") in ("", "rule", None) else f" ({f['by']})"
            return [f"surge measure “{w.of(RUNGS, str(f['rung']))}” {'on' if f['on'] else 'off'}{by}"]
        case "ended":
            return [_SIDES.get(str(f.get("side")), "the call ended")]
        case "left_out":
            return [f"({f['moments']} lines left out)"]
        case other:
            return [other]


_MODES = {
    "conference": "three-way call",
    "consult": "consulted while the citizen hears music",
    "whisper": "whispers to the agent",
    "blind": "transfer without announcement",
}
_NOT_COME = {
    "no_answer": "no answer",
    "rejected": "busy or rejected",
    "unreachable": "not reached",
    "withdrawn": "called off",
    "interrupted": "interrupted",
    "caller_left": "the citizen hung up",
}


def _party(kind: str, f: Mapping[str, Any], w: Words) -> str:
    who = w.party(str(f.get("who") or ""), str(f.get("target") or "")) or "somebody"
    mode = _MODES.get(str(f.get("mode")), "")
    talk = f", talked {w.seconds(f['talk_s'])}" if f.get("talk_s") is not None else ""
    match kind:
        case "party_asked":
            return f"{who} is called: {mode}"
        case "party_joined":
            return f"{who} joins: {mode}"
        case "party_failed":
            return f"{who} did not join: {_NOT_COME.get(str(f.get('outcome')), 'not reached')}"
        case "party_left":
            return f"{who} leaves{talk}"
        case _:
            return f"{w.agent(str(f.get('by') or ''))} leaves{talk}; {who} goes on with the citizen"


def _others(reason: str, facts: Mapping[str, Any], w: Words) -> str:
    said = _REASONS[reason].format(n=w.count(facts["calls"], "caller", "callers"))
    if reason == "skills":
        wants = dict.fromkeys(w.rule(r["wants"]) for r in facts["rows"])
        said += f" (it wanted {w.listed(list(wants))})"
    rows = []
    for r in facts["rows"][:_SHOWN]:
        row = f"{w.time(r['at'])} {w.agent(r['agent'])} took {r['call_id']}"
        if reason == "earlier":
            rows.append(row)
            continue
        row += f" (score {w.seconds(r['score_s'])}, this call {w.seconds(r['ours_s'])}"
        if reason == "head_start":
            row += f"; head start {w.seconds(r['head_start_s'])}"
        if reason == "kept":
            row += f"; kept {w.seconds(r['kept_s'])}"
        rows.append(row + ")")
    return f"{said}: {'; '.join(rows)}{'; …' if facts['calls'] > len(rows) else ''}"


def _rang(row: Mapping[str, Any], w: Words) -> str:
    return f"{w.agent(row['agent'])} {_OUTCOMES.get(row['outcome'], 'failed')} ({w.seconds(row['seconds'])})"


def _queued(f: Mapping[str, Any], w: Words) -> list[str]:
    lines = [f"entered {w.queue(f['queue'])}{_able(f['able'], w)}"]
    steps = []
    for step in f["steps"]:
        for_s = "" if step["for_s"] is None else f" (for {w.seconds(step['for_s'])})"
        steps.append(w.rule(step["rule"]) + for_s)
    if steps:
        open_end = f["steps"][-1]["for_s"] is not None
        lines.append("wants: " + ", then ".join([*steps, w.rule(f"any of {f['queue']}")] if open_end else steps))
    if f["kept_s"]:
        lines.append(f"place kept: {w.seconds(f['kept_s'])}")
    return lines


def _able(able: Mapping[str, int], w: Words) -> str:
    if not able:
        return ""
    return f"; {w.count(sum(able.values()), 'agent', 'agents')} could take it: {w.doing(able)}"


def _why(decision: Mapping[str, Any] | None, w: Words) -> list[str]:
    """A decision in at most five lines."""
    if decision is None:
        return ["(no reason that can be read was kept for this offer)"]
    d = decision
    kept = f" ({w.seconds(d['kept_s'])} of it kept)" if d["kept_s"] else ""
    head = f" + head start {w.seconds(d['head_start_s'])}" if d["head_start_s"] else ""
    score = f"score {w.seconds(d['score_s'])} = waited {w.seconds(d['waited_s'])}{kept}{head}"
    if d["head_start_s"] <= -EMERGENCY_S:
        score = f"after all who call, waited {w.seconds(d['waited_s'])}"
    lent = f"; overflow, the agent is of “{w.skill(str(d['lent_by']))}”" if d["lent_by"] else ""
    idle = "the agent had just become free"
    if d["idle_s"] >= 1:
        idle = f"the agent had been idle for {w.seconds(d['idle_s'])}"
    lines = [
        score,
        f"rule: {w.rule(d['rule'])} (step {d['step'] + 1}){lent}; {idle}",
    ]
    if d["others"]:
        others = [
            f"{w.agent(o['agent_id'])} with {w.count(o['skills'], 'skill', 'skills')}, idle {w.seconds(o['idle_s'])}"
            for o in d["others"][:_SHOWN]
        ]
        said = w.listed(others, d["candidates"] - 1)
        lines.append(f"{d['candidates']} could take it: fewest skills first, then longest idle; not chosen: {said}")
    if d["rejected"]:
        rejected = [f"{w.agent(r['agent_id'])} lacks {w.rule(r['lacks'])}" for r in d["rejected"][:_SHOWN]]
        lines.append(f"{d['idle_rejected']} idle but not able: {w.listed(rejected, d['idle_rejected'])}")
    if d["passed"]:
        passed = [f"{p['call_id']} (wants {w.rule(p['wants'])})" for p in d["passed"][:_SHOWN]]
        lines.append(f"{d['ahead']} with a higher score whom this agent could not take: {w.listed(passed, d['ahead'])}")
    return lines
