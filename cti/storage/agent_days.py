"""What the report of agents needs to be read from a store, and the report."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from agents.schedule import Schedule
from cti.calls import AgentId
from cti.metrics.agents import LOOK_BACK_S, AgentDay, agent_days
from cti.storage.store import Store


def read_agent_days(
    store: Store, schedule: Schedule, since: datetime, until: datetime, only: Collection[AgentId] = ()
) -> list[AgentDay]:
    """As `agent_days`. May raise StoreUnavailableError."""
    begins, ends = since.timestamp() - LOOK_BACK_S, until.timestamp()
    said = store.beside_calls("agent", begins, ends)
    return agent_days(said, store.at_desks(begins, ends), schedule, since, until, only)
