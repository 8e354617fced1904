"""Channels of ours that nobody needs any more: of parties whom no talk knows, music that plays to somebody who is with
people again, lines of agents whose citizen is gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import structlog

from cti.asterisk.channels import Channel
from cti.calls import CallFact, CallId, Value
from cti.exchange import Exchange
from cti.live_call import Call, Party
from cti.party_lines import PartyLines
from cti.whereabouts import OURS, Whereabouts

log = structlog.get_logger()

_AGAIN_S: Final = 2.0
_ORPHAN_S: Final = 0.5
"""An agent's leg of a citizen who is gone has so long to end by itself."""


class Leftovers:
    """`sweep` after each look at the talks themselves."""

    def __init__(self, exchange: Exchange, where: Whereabouts, lines: PartyLines) -> None:
        self._exchange = exchange
        self._where = where
        self._lines = lines
        self._orphan_since: dict[str, float] = {}
        self._done_at: dict[str, float] = {}

    def sweep(self, channels: Mapping[str, Channel], ending: Collection[CallId]) -> None:
        """`ending`: talks that everybody on our side is to leave."""
        for channel in channels.values():
            found = OURS.fullmatch(channel.uniqueid)
            if found is None:
                if self._is_orphan(channel, channels):
                    self._cut(channel)
                continue
            call = self._exchange.board.calls.get(CallId(found["call"]))
            citizen = None if call is None else self._where.citizen(call)
            if call is None or citizen is None:
                self._cut(channel)
                continue
            party = call.party(int(found["p"]))
            if found["kind"] == "p":
                if party is None:
                    self._cut(channel)
            elif channel.uniqueid.endswith("x") or call.id in self._lines.preparing:
                continue  # the half that plays ends with the other
            elif call.phase == "talk" and party is None and self._where.agent(call) is None and call.heir() is None:
                # The agent who consulted has hung up, and whom he called is not there either.
                if call.id not in ending:
                    self._send_back(call)
                self._cut(channel)
            elif not self._needs_music(call, citizen, party):
                self._cut(channel)
                self._lines.unmute(call)
            elif party is None:
                self._fetch_back(call)
        now = self._exchange.wall()
        self._done_at = {deed: at for deed, at in self._done_at.items() if now - at < _AGAIN_S}
        self._orphan_since = {i: at for i, at in self._orphan_since.items() if i in channels}

    def _fetch_back(self, call: Call) -> None:
        """The agent is aside, and there is nobody for whom: the last words of a daemon that died are lost."""
        if self._is_time(f"{call.id} back"):
            self._lines.fetch_back(call)

    def _needs_music(self, call: Call, citizen: Channel, party: Party | None) -> bool:
        """Whether the citizen would be alone without it."""
        agent = self._where.agent(call)
        if agent is not None and agent.bridge_id == citizen.bridge_id:
            return False
        return not any(other.state == "joined" for other in call.parties) and (party is not None or agent is not None)

    def _send_back(self, call: Call) -> None:
        """Nobody has said goodbye to him: he goes back to the queue, for the same agent first."""
        if call.moved is None and call.need is not None and call.agent is not None:
            data: dict[str, Value] = {"to": call.agent, "kind": "agent", "by": "system", "agent": call.agent}
            self._exchange.call(CallFact.MOVED, call.id, data)

    def _is_orphan(self, channel: Channel, channels: Mapping[str, Channel]) -> bool:
        """An agent's line to a citizen who is gone: what is left of a three-way call would go on without him."""
        linked = channel.linkedid
        agent = channel.name.removeprefix("PJSIP/").rpartition("-")[0]
        if linked == channel.uniqueid or linked in channels or agent not in self._exchange.board.desks:
            self._orphan_since.pop(channel.uniqueid, None)
            return False
        since = self._orphan_since.setdefault(channel.uniqueid, self._exchange.wall())
        return self._exchange.wall() - since >= _ORPHAN_S

    def _cut(self, channel: Channel) -> None:
        if self._is_time(channel.uniqueid):
            log.info("party_channel_cut", channel=channel.name, call_id=channel.linkedid)
            self._lines.hang_up(channel.uniqueid)

    def _is_time(self, deed: str) -> bool:
        """Whether it was not done a moment ago."""
        now = self._exchange.wall()
        if now - self._done_at.get(deed, 0.0) < _AGAIN_S:
            return False
        self._done_at[deed] = now
        return True
