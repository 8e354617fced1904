"""A session as a short text in the call's milestones, from which a restarted daemon goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from cti.calls import Value
from ivr_flows import model as m
from ivr_flows.errors import FlowStateError
from ivr_flows.state import PHASE_OF, Phase, Session
from ivr_flows.ways import passive_end


def session_to_text(session: Session) -> str:
    """Short JSON without personal data; enough to go on at the beginning of the current node."""
    facts: dict[str, Value | list[str]] = {
        "f": session.flow,
        "v": session.version,
        "n": session.node,
        "d": session.dialled,
        "m": session.mode,
        "t": session.at.isoformat(),
        "k": session.day,
        "l": session.language,
        "s": session.scale,
        "a": list(session.announcements),
        "p": session.short,
        "e": session.menu_entered,
        "b": session.by,
        "r": session.route,
        "h": session.served,
        "c": session.steps,
    }
    return json.dumps(
        {key: value for key, value in facts.items() if value not in ("", False, [])}, separators=(",", ":")
    )


def session_from_text(flow: m.Flow, text: str) -> Session:
    """Reads what `session_to_text` wrote. FlowStateError if it is not of that form.

    If `flow` is another version without the session's node, the caller goes to the flow's person: better a short way
    than a lost call.
    """
    try:
        facts: dict[str, Any] = json.loads(text)
        session = Session(
            flow=str(facts["f"]),
            version=flow.version,
            dialled=str(facts.get("d", "")),
            mode=facts["m"],
            at=datetime.fromisoformat(facts["t"]),
            day=facts["k"],
            language=str(facts["l"]),
            scale=int(facts["s"]),
            announcements=tuple(map(str, facts.get("a", []))),
            short=bool(facts.get("p", False)),
            node=str(facts["n"]),
            menu_entered=bool(facts.get("e", False)),
            by=facts.get("b", "no_menu"),
            route=str(facts.get("r", "")),
            served=bool(facts.get("h", False)),
            steps=int(facts.get("c", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise FlowStateError(f"flow {flow.name}: not the text of a session") from None
    if session.language not in flow.languages:
        session = replace(session, language=flow.languages[0])
    if session.route and not isinstance(flow.nodes.get(session.route), m.Route):
        session = replace(session, route=passive_end(flow, session, flow.person))
    if session.node not in flow.nodes:
        session = replace(session, node=flow.person)
    return replace(session, phase=PHASE_OF.get(type(flow.nodes[session.node]), Phase.PLAYING))
