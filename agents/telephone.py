"""Which telephone an agent has: the one in his browser while his log-in uses it, else the one on his desk.

The password of a browser's telephone stands nowhere. It follows from a key of the installation and the log-in, so a
page that is loaded again, and a daemon that takes over, find the same; with the log-in it is worth nothing any more.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass

from agents.roster import sip_ha1
from agents.status import Desk
from cti.calls import AgentId

VIDEO_SKILLS = {"video", "sign"}


@dataclass(frozen=True, slots=True)
class Telephone:
    """What Asterisk is to know of one."""

    ha1: str
    """Digest of user, realm and password (agents.roster.sip_ha1)."""
    browser: bool = False
    video: bool = False
    guest: bool = False
    """A citizen's, for one call: it is never rung, and can dial nothing but the video entries."""


def softphone_password(key: str, agent_id: AgentId, login: str) -> str:
    """Of the log-in that `Desk.softphone` names."""
    made = hmac.digest(key.encode(), f"{agent_id} {login}".encode(), "sha256")
    return base64.b32encode(made[:20]).decode().lower()


def telephone_of(desk: Desk, key: str) -> Telephone:
    """Who has none on his desk gets one with a password that nobody is told: Asterisk knows him before he logs in."""
    agent = desk.agent
    if desk.softphone or not agent.sip_ha1:
        ha1 = sip_ha1(agent.id, softphone_password(key, agent.id, desk.softphone))
        return Telephone(ha1, browser=bool(desk.softphone), video=shows_pictures(desk))
    return Telephone(agent.sip_ha1)


def shows_pictures(desk: Desk) -> bool:
    return bool(desk.softphone) and not VIDEO_SKILLS.isdisjoint(desk.agent.skills)
