"""A call walked through a flow by hand, a step at a time, for a page: what is heard, where, and what can be answered.

Nothing is kept between two steps: the answers so far are given each time, and the walk begins anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ivr_flows.calendar import WorkCalendar
from ivr_flows.errors import FlowStateError
from ivr_flows.model import Flow
from ivr_flows.rehearsal import SPOKEN_A_SECOND
from ivr_flows.session import Phase, begin, step
from ivr_flows.words import (
    CallerLeft,
    Command,
    Event,
    Gather,
    Gathered,
    HangUp,
    Heard,
    Listen,
    Mark,
    MessageTaken,
    Play,
    Played,
    Prompt,
    RecordMessage,
    Route,
    RouteEnded,
    SetLanguage,
    Started,
    Survey,
    Transfer,
    TransferEnded,
)

MOST_ANSWERS = 200

Words = Callable[[Prompt, str], str]
"""The words of a prompt in a language."""


class NoAnswer(Exception):
    """`n`: the number of the answer, from 0, that does not fit what the flow asked."""

    def __init__(self, n: int, why: str) -> None:
        super().__init__(why)
        self.n = n


def walk(
    flow: Flow,
    started: Started,
    answers: Sequence[str],
    words: Words,
    calendar: WorkCalendar,
    *,
    entry: str = "",
    survey_scale: int = 3,
) -> dict[str, Any]:
    """{turns, waits, path, language}. NoAnswer, FlowStateError.

    An answer is "" (he listens, is silent, waits), keys, "say …" (of a queue: where it asks him), "hangup", or of a
    queue "agent", "gave_up", "no_seat", "callback", of a transfer "failed".
    """
    session, commands = begin(flow, started, calendar, entry=entry, survey_scale=survey_scale)
    turns: list[dict[str, Any]] = []
    path: list[str] = []
    for n in range(len(answers) + 1):
        turns.append(_turn(commands, path, words, session.language))
        if session.phase in (Phase.CLOSING, Phase.ENDED):
            return {"turns": turns, "waits": None, "path": path, "language": session.language}
        waits = _waits(commands[-1])
        if n == len(answers):
            return {"turns": turns, "waits": waits, "path": path, "language": session.language}
        event = _event(commands[-1], answers[n], n)
        turns[-1] |= {"answer": answers[n], "waits": waits["kind"]}
        try:
            session, commands = step(flow, session, event)
        except FlowStateError as error:
            raise NoAnswer(n, str(error)) from None
        if session.phase is Phase.ENDED and not commands:
            return {"turns": turns, "waits": None, "path": path, "language": session.language}
    raise AssertionError("unreachable")


def _turn(commands: Sequence[Command], path: list[str], words: Words, language: str) -> dict[str, Any]:
    """The nodes he comes through, what he hears there, and what is done."""
    nodes, hears, does = [], [], list[dict[str, Any]]()
    for command in commands:
        match command:
            case Mark("entered", data):
                nodes.append({"node": data["node"], "type": data["type"]})
                path.append(str(data["node"]))
            case Mark(kind, data):
                does.append({"kind": "mark", "mark": kind, "data": dict(data)})
            case SetLanguage(language):
                does.append({"kind": "language", "language": language})
            case Play() | Gather() | Listen() | RecordMessage() | Survey():
                hears += [{"id": p.id or p.say, "text": words(p, language)} for p in command.prompts]
            case Route():
                does.append({"kind": "queue", "queue": command.need.queue, "need": command.need.to_text()})
                said = (*(command.ask.prompts if command.ask is not None else ()), *command.comfort)
                hears += [{"id": p.id or p.say, "text": words(p, language)} for p in said]
            case Transfer():
                does.append({"kind": "transfer", "target": command.target})
            case HangUp():
                does.append({"kind": "hangup", "reason": command.reason})
    return {"nodes": nodes, "hears": hears, "does": does, "answer": None, "waits": None}


def _waits(command: Command) -> dict[str, Any]:
    """What can be answered."""
    match command:
        case Play():
            return {"kind": "play", "keys": command.barge_in}
        case Gather():
            return {"kind": "keys", "most": command.max_digits, "first_s": command.first_s}
        case Survey():
            return {"kind": "survey", "scale": command.scale}
        case Listen():
            return {"kind": "listen", "phrases": [*command.phrases, *command.matters]}
        case Route():
            return {
                "kind": "queue",
                "queue": command.need.queue,
                "keys": command.leave_keys,
                "callback": command.callback_key,
                "no_seat": command.no_seat,
                "gives_up": command.max_wait_s is not None,
                "asks": command.ask is not None,
            }
        case RecordMessage():
            return {"kind": "message", "keys": command.leave_keys}
        case Transfer():
            return {"kind": "transfer", "target": command.target}
        case _:
            return {"kind": "nothing"}


def _event(command: Command, answer: str, n: int) -> Event:
    if answer == "hangup":
        return CallerLeft()
    said = answer.removeprefix("say ") if answer.startswith("say ") else ""
    keys = answer if answer and set(answer) <= set("0123456789*#") else ""
    match command:
        case Play() if not answer or (len(keys) == 1 and keys in command.barge_in):
            return Played(keys or None)
        case Gather() if not answer or keys:
            return _gathered(command, keys)
        case Survey() if len(answer) <= 1 and answer == keys:
            return Gathered(keys, True)
        case Listen() if said or not answer:
            return Heard(said or None, 1.0 if said else 0.0)
        case Listen() if len(keys) == 1:
            return Heard(None, digit=keys)
        case RecordMessage() if said or not answer:
            return MessageTaken(len(said) / SPOKEN_A_SECOND)
        case RecordMessage() if len(keys) == 1 and keys in command.leave_keys:
            return MessageTaken(0.0, keys)
        case Route() if answer in ("", "agent"):
            return RouteEnded("talked")
        case Route() if said and command.ask is not None:
            return RouteEnded("said", heard=Heard(said, 1.0))
        case Route() if answer == "gave_up" and command.max_wait_s is not None:
            return RouteEnded("gave_up")
        case Route() if answer == "no_seat" and command.no_seat:
            return RouteEnded("no_seat")
        case Route() if command.callback_key and answer in ("callback", command.callback_key):
            return RouteEnded("callback")
        case Route() if len(keys) == 1 and keys in command.leave_keys:
            return RouteEnded("left_by_key", keys)
        case Transfer() if answer in ("", "failed"):
            return TransferEnded(not answer)
        case _:
            raise NoAnswer(n, f"{answer!r} is no answer to what the flow asks here")


def _gathered(command: Gather, keys: str) -> Gathered:
    digits = command.already
    for key in keys:
        if key == command.terminator:
            return Gathered(digits, True)
        digits += key
        if len(digits) == command.max_digits:
            return Gathered(digits, True)
    return Gathered(digits, False)
