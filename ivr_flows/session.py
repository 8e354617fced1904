"""One call's way through a flow: pure data and pure functions, `(session, event) -> (session, commands)`.

A session always waits for one kind of event, named by its phase (table `AWAITS`); anything else is refused and changes
nothing. Between two waits it walks through every node that does not wait (schedule, number, language, goto, an
announcement that is off). What callers press or say is never an illegal event: a key without a meaning is an error of
theirs, which nodes count.

A call ends after a bounded number of events whatever the caller does: nodes bound errors and repeats, and after
`MAX_STEPS` nodes he is not asked anything more, but waits for a person, or hears the closing words if he had one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from cti.calls import CallFact
from ivr_flows import model as m
from ivr_flows.calendar import WorkCalendar
from ivr_flows.errors import FlowStateError
from ivr_flows.meaning import meant, noted, question
from ivr_flows.session_text import session_from_text, session_to_text
from ivr_flows.state import AWAITS, PHASE_OF, Phase, Session
from ivr_flows.ways import passage, passive_end, person_ahead, start_node
from ivr_flows.words import (
    CallerLeft,
    Command,
    Event,
    Gather,
    Gathered,
    HangUp,
    Heard,
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

__all__ = [
    "MAX_STEPS",
    "Phase",
    "Session",
    "begin",
    "overheard",
    "resume",
    "session_from_text",
    "session_to_text",
    "step",
]

MAX_STEPS = 100

Step = tuple[Session, list[Command]]
_Next = tuple[Session, str | None]
"""The node to go on to; None: a command waits."""


def begin(
    flow: m.Flow,
    event: Started,
    calendar: WorkCalendar | None = None,
    *,
    entry: str = "",
    survey_scale: int = 3,
    announcements: Collection[str] = (),
) -> Step:
    """Begins a call at `entry`, or where the flow's rules say.

    `calendar`: the city's, default the national one. `announcements`: prompt ids of the slots switched on.
    FlowStateError if the flow has no node `entry` (the loader checks it when told).
    """
    if entry and entry not in flow.nodes:
        raise FlowStateError(f"flow {flow.name} has no node {entry}; correct the entry in the table of numbers")
    session = Session(
        flow=flow.name,
        version=flow.version,
        dialled=event.dialled,
        mode=event.mode,
        at=event.at,
        day=(calendar or WorkCalendar()).day(event.at.date()).kind,
        language=flow.languages[0],
        scale=survey_scale,
        announcements=tuple(sorted(announcements)),
        short=event.short,
    )
    out: list[Command] = [SetLanguage(session.language)]
    return _go(flow, session, entry or start_node(flow, session), out), out


def step(flow: m.Flow, session: Session, event: Event) -> Step:
    """Takes one event. FlowStateError: it cannot happen in this state, and the session stays good as it was."""
    if flow.version != session.version:
        raise FlowStateError(f"session of flow {session.flow} {session.version} was given version {flow.version}")
    if isinstance(event, CallerLeft) and session.phase is not Phase.ENDED:
        return replace(session, phase=Phase.ENDED, keys="", digits=""), []
    awaited = AWAITS[session.phase]
    if awaited is None or type(event) is not awaited:
        waits = awaited.__name__ if awaited else "CallerLeft" if session.phase is Phase.CLOSING else "nothing"
        raise FlowStateError(
            f"flow {session.flow}, node {session.node}: {type(event).__name__} while {session.phase}; waits for {waits}"
        )
    out: list[Command] = []
    session, target = _hear(flow, session, event, out)
    return (session if target is None else _go(flow, session, target, out)), out


def resume(flow: m.Flow, session: Session) -> Step:
    """After a restart of the daemon: goes on at the beginning of the current node.

    Who has wished for a person is not asked a menu again, but goes to his route.
    """
    if session.phase is Phase.ENDED:
        raise FlowStateError(f"flow {session.flow}: the call has ended; there is nothing to resume")
    target = session.node
    if session.human_asked and not session.served and isinstance(flow.nodes[target], m.ASKING):
        target = session.route
    out: list[Command] = [SetLanguage(session.language)]
    return _go(flow, replace(session, keys="", digits=""), target, out), out


def overheard(flow: m.Flow, session: Session, heard: Heard) -> Mark | None:
    """The milestone of what a caller has said who is an agent's by now, or gone: it leads nowhere any more."""
    node = flow.nodes[session.node]
    asked = node if isinstance(node, m.Listen) else node.ask if isinstance(node, m.Route) else None
    if asked is None or not heard.text:
        return None
    return noted(session.node, session.node, meant(asked.words, asked.min_confidence, heard), heard)


# Going into nodes


def _go(flow: m.Flow, session: Session, target: str, out: list[Command]) -> Session:
    """Enters `target` and walks on until a command waits."""
    next_: str | None = target
    while next_ is not None:
        session, next_ = _enter(flow, session, next_, out)
    return session


def _enter(flow: m.Flow, session: Session, name: str, out: list[Command]) -> _Next:
    """Notes the milestones of a node and does what it begins with."""
    if session.steps >= MAX_STEPS and not isinstance(flow.nodes[name], (m.Route, m.HangUp)):
        name = passive_end(flow, session, name if session.served else flow.person)
    node = flow.nodes[name]
    first_menu = isinstance(node, m.ASKING) and not session.menu_entered
    wish = person_ahead(flow, session, name)
    first_wish = wish != "" and not session.human_asked
    session = replace(
        session,
        node=name,
        phase=PHASE_OF.get(type(node), Phase.PLAYING),
        menu_entered=session.menu_entered or first_menu,
        route=wish or session.route,
        steps=session.steps + 1,
        errors=0,
        repeats=0,
    )
    out.append(
        Mark(
            CallFact.ENTERED,
            {"node": name, "type": node.type, "language": session.language, "session": session_to_text(session)},
        ),
    )
    if first_menu:
        out.append(Mark(CallFact.MENU_ENTERED, {"node": name}))
    if first_wish:
        out.append(Mark(CallFact.HUMAN_ASKED, {"by": session.by}))
    return _begin_node(flow, session, node, out)


def _begin_node(flow: m.Flow, session: Session, node: m.Node, out: list[Command]) -> _Next:
    match node:
        case m.Say() if session.short and node.short is not None:
            if not node.short:
                return session, node.next
            out.append(Play(_prompts(node.short), m.KEYS))
            return session, None
        case m.Say() | m.HangUp():
            out.append(Play(_prompts(node.prompts), m.KEYS))
            return session, None
        case m.Announce():
            if node.prompt not in session.announcements:
                return session, node.next
            out.append(Play(_prompts((node.prompt,)), m.KEYS))
            return session, None
        case m.Menu():
            if session.keys:
                return _menu(flow, replace(session, keys=""), node, session.keys[0], out)
            return _ask(session, node, node.prompts, out)
        case m.Gather():
            if len(session.keys) >= node.max_digits or "*" in session.keys:
                return _gather(flow, replace(session, keys=""), node, session.keys[: node.max_digits], out)
            return _ask(replace(session, keys=""), node, node.prompts, out, session.keys)
        case m.Listen():
            if session.keys:
                return _listen(flow, replace(session, keys=""), node, Heard(None, digit=session.keys[0]), out)
            out.append(question(node))
            return session, None
        case m.Route():
            out.append(_route(flow, session, node))
            return replace(session, keys=""), None
        case m.Message():
            out.append(RecordMessage(_prompts(node.prompts), node.max_s, node.min_s))
            return replace(session, keys=""), None
        case m.Transfer():
            if node.target not in flow.transfers:
                return session, node.otherwise
            if not node.prompts:
                out.append(Transfer(node.target))
                return session, None
            out.append(Play(_prompts(node.prompts), m.KEYS))
            return replace(session, phase=Phase.PLAYING), None
        case m.Survey():
            scale, prompts = _survey(session, node)
            out.append(Survey(_prompts(prompts), scale, node.first_s))
            return replace(session, keys=""), None
        case m.SwitchLanguage():
            out.append(SetLanguage(node.language))
            return replace(session, language=node.language), node.next
        case m.Schedule() | m.ByNumber() | m.Goto():
            return session, passage(session, node)


# Hearing events


def _hear(flow: m.Flow, session: Session, event: Event, out: list[Command]) -> _Next:
    """What an event of the right kind means in the current node."""
    match flow.nodes[session.node], event:
        case m.Say() as node, Played(digit):
            if digit is not None and digit in node.keys:
                return replace(session, by="key"), node.keys[digit]
            return _carry(session, digit), node.next
        case m.Announce() as node, Played(digit):
            return _carry(session, digit), node.next
        case m.Menu() as node, Gathered(digits):
            return _menu(flow, session, node, digits, out)
        case m.Gather() as node, Gathered(digits):
            return _gather(flow, session, node, digits, out)
        case m.Listen() as node, Heard():
            return _listen(flow, session, node, event, out)
        case m.Route() as node, RouteEnded():
            return _route_ended(flow, session, node, event, out)
        case m.Message() as node, MessageTaken():
            return _message(flow, session, node, event, out)
        case m.Transfer() as node, Played():
            out.append(Transfer(node.target))
            return replace(session, phase=Phase.TRANSFERRING), None
        case m.Transfer() as node, TransferEnded(connected):
            if connected:
                return replace(session, served=True), node.after
            return session, node.otherwise
        case m.Survey() as node, Gathered(digits):
            scale, prompts = _survey(session, node)
            valid = len(digits) == 1 and digits in m.KEYS[1 : scale + 1]
            if not digits or valid or session.errors:
                return session, node.next
            out.append(Survey(_prompts(node.again + prompts), scale, node.first_s))
            return replace(session, errors=1), None
        case m.HangUp() as node, Played():
            out.append(HangUp(node.reason))
            return replace(session, phase=Phase.CLOSING), None
        case node, _:
            raise FlowStateError(f"flow {session.flow}, node {session.node}: a {node.type} node does not wait")


def _menu(flow: m.Flow, session: Session, node: m.Menu, digits: str, out: list[Command]) -> _Next:
    if not digits:
        return replace(session, by="silence"), flow.person_of(node)
    target = node.options.get(digits) or node.keys.get(digits) or (flow.person_of(node) if digits == "0" else None)
    if target is not None:
        return replace(session, by="key"), target
    if digits == "*":
        return _repeat(flow, session, node, out)
    return _mistaken(flow, session, node, out)


def _gather(flow: m.Flow, session: Session, node: m.Gather, digits: str, out: list[Command]) -> _Next:
    if not digits:
        return replace(session, by="silence"), flow.person_of(node)
    if digits in node.options:
        return replace(session, by="key", digits=digits), node.options[digits]
    if digits == "0" and node.min_digits > 1:
        return replace(session, by="key"), flow.person_of(node)
    if "*" in digits:
        return _repeat(flow, session, node, out)
    figures = all(digit in "0123456789" for digit in digits)
    if node.next is not None and figures and node.min_digits <= len(digits) <= node.max_digits:
        return replace(session, by="key", digits=digits), node.next
    return _mistaken(flow, session, node, out)


def _listen(flow: m.Flow, session: Session, node: m.Listen, event: Heard, out: list[Command]) -> _Next:
    if event.digit:
        if event.digit == "0":
            return replace(session, by="key"), flow.person_of(node)
        if event.digit in node.keys:
            return replace(session, by="key"), node.keys[event.digit]
        return _carry(replace(session, by="key"), event.digit), node.otherwise
    if not event.text:
        return replace(session, by="silence"), node.otherwise
    rule = meant(node.words, node.min_confidence, event)
    to = node.otherwise if rule is None else rule.to
    out.append(noted(session.node, to, rule, event))
    return replace(session, by="errors" if rule is None else "said"), to


def _route_ended(flow: m.Flow, session: Session, node: m.Route, event: RouteEnded, out: list[Command]) -> _Next:
    asked = _route(flow, session, node)
    match event.outcome:
        case "talked":
            return replace(session, served=True), node.after
        case "left_by_key" if event.digit and event.digit in asked.leave_keys:
            return replace(session, by="key"), node.keys[event.digit]
        case "gave_up" if asked.max_wait_s is not None and node.gave_up is not None:
            return session, node.gave_up
        case "callback" if asked.callback_key and node.called_back is not None:
            return replace(session, by="key", served=True), node.called_back
        case "no_seat" if asked.no_seat and node.no_seat is not None:
            return session, node.no_seat
        case "said" if asked.ask is not None and node.ask is not None and event.heard is not None:
            return _said_waiting(flow, session, node, node.ask, event.heard, out)
        case _:
            raise FlowStateError(
                f"flow {session.flow}, node {session.node}: {event.outcome} where the route offered no such way out"
            )


def _said_waiting(flow: m.Flow, session: Session, node: m.Route, ask: m.Ask, heard: Heard, out: list[Command]) -> _Next:
    """He waits on, or in another route with the place he has."""
    session = replace(session, asked=True)
    rule = meant(ask.words, ask.min_confidence, heard)
    to = session.node if rule is None or rule.to is None else rule.to
    if heard.text:
        out.append(noted(session.node, to, rule, heard))
    if to == session.node:
        out.append(_route(flow, session, node))
        return session, None
    out.append(Mark(CallFact.LEFT_QUEUE, {"reason": "said"}))
    return session, to


def _message(flow: m.Flow, session: Session, node: m.Message, event: MessageTaken, out: list[Command]) -> _Next:
    if event.digit == "0":
        return replace(session, by="key"), flow.person
    if event.seconds >= node.min_s:
        return replace(session, served=True), node.next
    if session.errors:
        return session, node.otherwise
    out.append(RecordMessage(_prompts(node.again + node.prompts), node.max_s, node.min_s))
    return replace(session, errors=1), None


def _repeat(flow: m.Flow, session: Session, node: m.Menu | m.Gather, out: list[Command]) -> _Next:
    if session.repeats >= node.max_repeats:
        return replace(session, by="errors"), flow.person_of(node)
    return _ask(replace(session, repeats=session.repeats + 1), node, node.prompts, out)


def _mistaken(flow: m.Flow, session: Session, node: m.Menu | m.Gather, out: list[Command]) -> _Next:
    if session.errors + 1 >= node.max_errors:
        return replace(session, by="errors"), flow.person_of(node)
    return _ask(replace(session, errors=session.errors + 1), node, node.invalid + node.prompts, out)


# Commands and ways


def _ask(
    session: Session, node: m.Menu | m.Gather, prompts: tuple[str, ...], out: list[Command], already: str = ""
) -> _Next:
    if isinstance(node, m.Menu):
        out.append(Gather(_prompts(prompts), 1, node.first_s, node.first_s, ""))
    else:
        out.append(
            Gather(_prompts(prompts), node.max_digits, node.first_s, node.between_s, node.terminator, already),
        )
    return session, None


def _route(flow: m.Flow, session: Session, node: m.Route) -> Route:
    news = Route(
        node.need,
        node.news_every_s,
        comfort=_prompts(node.comfort),
        language="" if session.language == flow.languages[0] else session.language,
    )
    if session.steps >= MAX_STEPS:  # no way out any more but a person
        return news
    return replace(
        news,
        max_wait_s=node.max_wait_s,
        leave_keys="".join(node.keys),
        callback_key="" if node.called_back is None else node.callback_key,
        no_seat=node.no_seat is not None,
        ask=None if node.ask is None or session.asked else question(node.ask),
    )


def _survey(session: Session, node: m.Survey) -> tuple[int, tuple[str, ...]]:
    """The city's scale, or the first that the node has prompts for."""
    scale = session.scale if session.scale in node.ask else next(iter(node.ask))
    return scale, node.ask[scale]


def _carry(session: Session, digit: str | None) -> Session:
    """Keeps an early key for the next node that asks; `#` only skips the prompt."""
    return session if digit is None or digit not in "0123456789*" else replace(session, keys=session.keys + digit)


def _prompts(ids: tuple[str, ...]) -> tuple[Prompt, ...]:
    return tuple(map(Prompt, ids))
