"""Which agents' telephones are registered, as Asterisk sees them: shown beside the agent, so a dead one is noticed."""

from __future__ import annotations

from collections.abc import Mapping

from cti.asterisk.ami_codec import AmiEvent
from cti.calls import AgentId

_TECH = "PJSIP/"


class Phones:
    """Device states of Asterisk (NOT_INUSE, INUSE, RINGING, UNAVAILABLE…) by agent."""

    def __init__(self) -> None:
        self._states: dict[AgentId, str] = {}

    def replace(self, states: Mapping[str, str]) -> None:
        """The complete list of devices with their states."""
        self._states = {AgentId(d.removeprefix(_TECH)): s for d, s in states.items() if d.startswith(_TECH)}

    def apply(self, event: AmiEvent) -> None:
        if event.name == "DeviceStateChange" and (device := event.fields.get("Device", "")).startswith(_TECH):
            self._states[AgentId(device.removeprefix(_TECH))] = event.fields.get("State", "")

    def state(self, agent_id: AgentId) -> str:
        """registered, in_use, away (not registered), or unknown."""
        match self._states.get(agent_id, ""):
            case "NOT_INUSE":
                return "registered"
            case "INUSE" | "BUSY" | "RINGING" | "RINGINUSE" | "ONHOLD":
                return "in_use"
            case "UNAVAILABLE" | "INVALID":
                return "away"
            case _:
                return "unknown"
