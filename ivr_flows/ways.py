"""The ways through a flow that need no caller: by number, hour and day, and what lies ahead of one who does nothing."""

from __future__ import annotations

from datetime import time

from ivr_flows import model as m
from ivr_flows.errors import FlowStateError
from ivr_flows.state import Session


def start_node(flow: m.Flow, session: Session) -> str:
    for rule in flow.start:
        if (
            (not rule.dialled or session.dialled in rule.dialled)
            and (not rule.mode or session.mode in rule.mode)
            and is_time(session, rule)
        ):
            return rule.to
    raise FlowStateError(f"flow {flow.name}: no start rule fits")  # the loader wants a last rule without condition


def is_time(session: Session, when: m.Rule | m.Schedule) -> bool:
    now = session.at.time()
    return (
        (not when.hours or any(_inside(now, hours) for hours in when.hours))
        and (not when.weekdays or m.WEEKDAYS[session.at.weekday()] in when.weekdays)
        and (not when.days or session.day in when.days)
    )


def _inside(now: time, hours: m.Hours) -> bool:
    begin, end = hours
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end  # over midnight, or to midnight


def passage(session: Session, node: m.Schedule | m.ByNumber | m.Goto) -> str:
    match node:
        case m.Goto():
            return node.to
        case m.ByNumber():
            return node.options.get(session.dialled, node.otherwise)
        case m.Schedule():
            if node.holiday is not None and session.day == "holiday":
                return node.holiday
            return node.open if is_time(session, node) else node.closed


def person_ahead(flow: m.Flow, session: Session, name: str) -> str:
    """The route that the flow comes to from `name` on without asking the caller anything, or ""."""
    while not isinstance(node := flow.nodes[name], m.Route):
        match node:
            case m.Say() | m.Announce() | m.SwitchLanguage():
                name = node.next
            case m.Schedule() | m.ByNumber() | m.Goto():
                name = passage(session, node)
            case m.Transfer() if node.target not in flow.transfers:
                name = node.otherwise
            case _:
                return ""
    return name


def passive_end(flow: m.Flow, session: Session, name: str) -> str:
    """The route or hang up that a caller who does nothing comes to."""
    while not isinstance(node := flow.nodes[name], (m.Route, m.HangUp)):
        match node:
            case m.Say() | m.Announce() | m.SwitchLanguage() | m.Survey():
                name = node.next
            case m.Schedule() | m.ByNumber() | m.Goto():
                name = passage(session, node)
            case m.Transfer() | m.Listen() | m.Message():
                name = node.otherwise
            case m.Menu() | m.Gather():
                name = flow.person_of(node)
    return name
