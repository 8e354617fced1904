"""Which channels Asterisk has, from its events and from its own list. Pure; events are hints, the list is the truth.

Events may come twice or, within a short time, in another order: what counts is the time that Asterisk wrote on them.
A caller chooses part of an event's text, but not its first headers: an event is applied to a channel only if the
channel name, which stands before any such text, is the one that belongs to the uniqueid.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cti.asterisk.ami_codec import AmiEvent

GONE_KEPT: Final = 10_000
"""Uniqueids remembered after the hang-up, so that a late event does not bring a channel back."""


@dataclass(frozen=True, slots=True)
class Channel:
    uniqueid: str
    linkedid: str
    name: str
    state: int
    """Asterisk's number: 0 down, 4 ring, 5 ringing, 6 up, 7 busy"""
    bridge_id: str
    """"" while in no bridge"""


@dataclass(frozen=True, slots=True)
class Diff:
    """What the list said otherwise than we thought. `changed` holds the channels as the list has them."""

    added: tuple[Channel, ...] = ()
    gone: tuple[Channel, ...] = ()
    changed: tuple[Channel, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.gone or self.changed)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A channel, and how new each part of our knowledge is (Asterisk's time; 0.0: from the list)."""

    channel: Channel
    state_at: float = 0.0
    bridge_at: float = 0.0
    name_at: float = 0.0


class Channels:
    """`doubtful` counts events whose channel name did not fit their uniqueid; they changed nothing."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}
        self._gone: OrderedDict[str, None] = OrderedDict()
        self.doubtful = 0

    @property
    def channels(self) -> Mapping[str, Channel]:
        """By uniqueid; a copy."""
        return MappingProxyType({key: seen.channel for key, seen in self._seen.items()})

    def apply(self, event: AmiEvent) -> bool:
        """Follows one event. One that is not about a channel, or not complete, changes nothing.

        False: its channel name and its uniqueid do not belong together, so nothing in it should be believed.
        """
        fields = event.fields
        uniqueid, name = fields.get("Uniqueid", ""), fields.get("Channel", "")
        if not uniqueid or not name:
            return True
        seen = self._seen.get(uniqueid)
        if seen is not None and name != seen.channel.name:
            self.doubtful += 1
            return False
        if uniqueid in self._gone or event.name not in _FOLLOWED:
            return True
        at = _number(fields.get("Timestamp", ""))
        if event.name == "Hangup":
            self._forget(uniqueid)
        elif event.name == "Rename":
            if seen is not None and at >= seen.name_at:
                self._put(replace(seen, channel=replace(seen.channel, name=fields.get("Newname", name)), name_at=at))
        else:
            self._follow(event.name, fields, seen or _Seen(Channel(uniqueid, "", name, 0, ""), -1.0, -1.0, at), at)
        return True

    def replace(self, events_of_core_show_channels: Iterable[AmiEvent]) -> Diff:
        """Takes over Asterisk's own list and says what was otherwise. Incomplete items are left out."""
        listed: dict[str, Channel] = {}
        for event in events_of_core_show_channels:
            fields = event.fields
            if fields.get("Uniqueid") and fields.get("Channel") and "BridgeId" in fields:
                channel = Channel(
                    uniqueid=fields["Uniqueid"],
                    linkedid=fields.get("Linkedid", ""),
                    name=fields["Channel"],
                    state=int(_number(fields.get("ChannelState", ""))),
                    bridge_id=fields["BridgeId"],
                )
                listed[channel.uniqueid] = channel
        known = {key: seen.channel for key, seen in self._seen.items()}
        diff = Diff(
            added=tuple(channel for key, channel in listed.items() if key not in known),
            gone=tuple(channel for key, channel in known.items() if key not in listed),
            changed=tuple(channel for key, channel in listed.items() if key in known and known[key] != channel),
        )
        self._seen = {key: _Seen(channel) for key, channel in listed.items()}
        for key in listed:
            self._gone.pop(key, None)
        return diff

    def _follow(self, event_name: str, fields: Mapping[str, str], seen: _Seen, at: float) -> None:
        channel = seen.channel
        if at >= seen.state_at:
            state = int(_number(fields.get("ChannelState", ""), float(channel.state)))
            channel = replace(channel, state=state, linkedid=fields.get("Linkedid", channel.linkedid))
            seen = replace(seen, state_at=at)
        if event_name in ("BridgeEnter", "BridgeLeave") and at >= seen.bridge_at:
            bridge_id = fields.get("BridgeUniqueid", "") if event_name == "BridgeEnter" else ""
            channel = replace(channel, bridge_id=bridge_id)
            seen = replace(seen, bridge_at=at)
        self._put(replace(seen, channel=channel))

    def _put(self, seen: _Seen) -> None:
        self._seen[seen.channel.uniqueid] = seen

    def _forget(self, uniqueid: str) -> None:
        self._seen.pop(uniqueid, None)
        self._gone[uniqueid] = None
        if len(self._gone) > GONE_KEPT:
            self._gone.popitem(last=False)


_FOLLOWED: Final = frozenset({"Newchannel", "Newstate", "Rename", "Hangup", "BridgeEnter", "BridgeLeave"})


def _number(text: str, otherwise: float = 0.0) -> float:
    try:
        return float(text)
    except ValueError:
        return otherwise
