"""Who of a talk is on which channel, by Asterisk's own picture. Channels of ours have ids that we choose."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from cti.asterisk.channels import Channel
from cti.leg import UP
from cti.live_call import Call, Party
from cti.metrics.record import CALLBACK

OURS: Final = re.compile(r"(?P<call>.+)\.(?P<kind>[pm])(?P<p>\d{1,4})x?")
"""p: a party's; m: the music of a consult, and with x the half of it that plays."""


class Whereabouts:
    """`channels`: by uniqueid, None while Asterisk is not observed."""

    def __init__(self, channels: Callable[[], Mapping[str, Channel] | None]) -> None:
        self._channels = channels

    def channels(self) -> Mapping[str, Channel] | None:
        return self._channels()

    def citizen(self, call: Call) -> Channel | None:
        channels = self._channels() or {}
        if call.facts.get("direction") != CALLBACK:
            return channels.get(call.id)
        agent = callback_leg(call)
        others = (c for c in channels.values() if c.linkedid == agent and c.uniqueid != agent)
        return next((c for c in others if not OURS.fullmatch(c.uniqueid)), None)

    def agent(self, call: Call) -> Channel | None:
        """The line of the agent who leads the talk."""
        channels = self._channels() or {}
        if call.lead and (leader := call.party(call.lead)) is not None:
            return channels.get(leg_id(call, leader))
        if call.facts.get("direction") == CALLBACK:
            return channels.get(callback_leg(call))
        name = f"PJSIP/{call.agent}-"
        own = [c for c in channels.values() if c.name.startswith(name) and c.linkedid == call.id]
        own = [c for c in own if not OURS.fullmatch(c.uniqueid)]
        return max(own, key=lambda c: (c.state == UP, bool(c.bridge_id)), default=None)

    def is_aside(self, call: Call) -> bool:
        """The agent is there, and not with the citizen."""
        agent, citizen = self.agent(call), self.citizen(call)
        return agent is not None and citizen is not None and agent.bridge_id != citizen.bridge_id

    def music_plays(self, call: Call, party: Party) -> bool:
        music, citizen = (self._channels() or {}).get(music_id(call, party)), self.citizen(call)
        return music is not None and citizen is not None and music.bridge_id == citizen.bridge_id != ""


def leg_id(call: Call, party: Party) -> str:
    """The uniqueid of a party's channel."""
    return f"{call.id}.p{party.p}"


def music_id(call: Call, party: Party) -> str:
    return f"{call.id}.m{party.p}"


def callback_leg(call: Call) -> str:
    """The agent's channel of a callback (cti.callback_call)."""
    return f"{call.id}.{call.offers}"
