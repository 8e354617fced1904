"""Which agents' telephones are there, as Asterisk sees them: device states, and whether they answer when it asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agents.lease import Beat
from cti.asterisk.ami_codec import AmiEvent
from cti.calls import AgentId

_TECH = "PJSIP/"


class Phones:
    """Device states of Asterisk (NOT_INUSE, RINGING, UNAVAILABLE…) and contacts, by agent. `wall`: UTC seconds."""

    def __init__(self, wall: Callable[[], float]) -> None:
        self._wall = wall
        self._states: dict[AgentId, str] = {}
        self._contacts: dict[AgentId, dict[str, str]] = {}
        """Address of a registration -> its last status; a device state hides that the contact of one in use is gone."""
        self._beats: dict[AgentId, Beat] = {}

    def replace(self, states: Mapping[str, str]) -> None:
        """The complete list of devices with their states; of contacts, events may have been missed."""
        self._states = {AgentId(d.removeprefix(_TECH)): s for d, s in states.items() if d.startswith(_TECH)}
        for agent_id, state in self._states.items():
            says = {"NOT_INUSE": True, "UNAVAILABLE": False}.get(state)
            contacts = self._contacts.get(agent_id)
            if contacts is not None and says is not None and says != self._answers(contacts):
                del self._contacts[agent_id]
            self._judge_by_device(agent_id)

    def apply(self, event: AmiEvent) -> AgentId | None:
        """Follows one event; whose telephone has come or gone by it, if any."""
        fields = event.fields
        if event.name == "DeviceStateChange" and (device := fields.get("Device", "")).startswith(_TECH):
            agent_id = AgentId(device.removeprefix(_TECH))
            self._states[agent_id] = fields.get("State", "")
            return agent_id if self._judge_by_device(agent_id) else None
        if event.name == "ContactStatus" and (endpoint := fields.get("EndpointName")):
            contacts = self._contacts.setdefault(AgentId(endpoint), {})
            status = fields.get("ContactStatus", "")
            if status == "Removed":
                contacts.pop(fields.get("URI", ""), None)
            else:
                contacts[fields.get("URI", "")] = status
            return AgentId(endpoint) if self._judge(AgentId(endpoint), self._answers(contacts)) else None
        return None

    def state(self, agent_id: AgentId) -> str:
        """registered, in_use, away (not registered, or does not answer), or unknown."""
        beat = self._beats.get(agent_id)
        if beat is not None and not beat.alive:
            return "away"
        match self._states.get(agent_id, ""):
            case "NOT_INUSE":
                return "registered"
            case "INUSE" | "BUSY" | "RINGING" | "RINGINUSE" | "ONHOLD":
                return "in_use"
            case _:
                return "unknown"

    def contact(self, agent_id: AgentId) -> Beat | None:
        """The heartbeat of his telephone; None: Asterisk has not said anything yet."""
        return self._beats.get(agent_id)

    @staticmethod
    def _answers(contacts: Mapping[str, str]) -> bool:
        return any(status != "Unreachable" for status in contacts.values())

    def _judge_by_device(self, agent_id: AgentId) -> bool:
        """A device state is made from contacts and comes after them: where they are known, it says nothing new."""
        state, contacts = self._states[agent_id], self._contacts.get(agent_id)
        if contacts is not None:
            return self._judge(agent_id, self._answers(contacts))
        if state in ("", "UNKNOWN"):
            return False
        return self._judge(agent_id, state not in ("UNAVAILABLE", "INVALID"))

    def _judge(self, agent_id: AgentId, alive: bool) -> bool:
        """Whether the telephone has come or gone by this."""
        beat = self._beats.get(agent_id)
        if beat is not None and beat.alive == alive:
            return False
        self._beats[agent_id] = Beat(alive, self._wall())
        return True
