"""What an explanation of one call needs to be read from a store, and the explanation."""

from __future__ import annotations

from collections.abc import Mapping

from agents.roster import Agent
from cti.calls import AgentId
from cti.metrics.around import Around
from cti.metrics.explain import Why, explain, window
from cti.storage.store import Store

_MOST = 5_000
"""Milestones of each kind around one wait; a long wait on a surge day has more."""


def why(store: Store, call: str, roster: Mapping[AgentId, Agent], now: float) -> Why | None:
    """`call`: what `Store.find` takes; None if there is no such call. May raise StoreUnavailableError."""
    call_id = store.find(call)
    if call_id is None:
        return None
    timeline = store.milestones(call_id)
    span = window(timeline, now)
    if span is None:
        return explain(timeline, Around(), roster, now)
    desks = store.at_desks(*span, limit=_MOST + 1)
    agents = store.beside_calls("agent", *span, limit=_MOST + 1)
    city = store.beside_calls("city", *span, limit=_MOST + 1)
    cut = max(len(desks), len(agents), len(city)) > _MOST
    return explain(timeline, Around(desks[:_MOST], agents[:_MOST], city[:_MOST], cut), roster, now)
