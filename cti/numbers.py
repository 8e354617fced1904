"""The numbers that can be dialled: what is known of a call by its number alone."""

from __future__ import annotations

from typing import Protocol

from cti.calls import Need, Value
from cti.settings import Did, Settings, SettingsError
from ivr_flows.model import Flow, Route


class Flows(Protocol):
    def current(self, name: str) -> Flow: ...


class Numbers:
    """SettingsError if the number that stands for unknown ones is not in the table."""

    def __init__(self, settings: Settings, flows: Flows) -> None:
        self._dids = {did.number: did for did in settings.did}
        self._flows = flows
        self._city = settings.city.code
        unknown = self._dids.get(settings.unknown_number)
        if unknown is None:
            raise SettingsError(f"unknown_number {settings.unknown_number}: there is no [[did]] with this number")
        self._unknown = unknown

    def did(self, dialled: str) -> Did:
        return self._dids.get(dialled, self._unknown)

    def place(self, dialled: str) -> dict[str, Value]:
        """City, mode and statistics of a number, for a call that no daemon saw arrive."""
        did = self.did(dialled)
        return {
            "city": did.city or self._city,
            "mode": did.mode,
            "statistics": did.statistics or did.number,
            "flow": did.flow,
        }

    def need(self, dialled: str) -> Need:
        """What somebody needs who calls this number and says nothing: its flow's person, else its first queue."""
        flow = self._flows.current(self.did(dialled).flow)
        nodes = (flow.nodes[flow.person], *flow.nodes.values())
        return next(node.need for node in nodes if isinstance(node, Route))
