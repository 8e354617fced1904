"""Asterisk's state as it is now, read by the observing AMI user: what `on_up` does first."""

from __future__ import annotations

from typing import Final

from cti.asterisk.ami import Ami, AmiEvent, AmiRefused

TIMEOUT_S: Final = 5.0


async def snapshot(ami: Ami) -> list[AmiEvent]:
    """Every channel with the bridge it is in (header BridgeId): what `Channels.replace` takes. AmiError."""
    return await ami.list_action("CoreShowChannels", timeout_s=TIMEOUT_S)


async def variable(ami: Ami, channel: str, name: str) -> str:
    """A channel's variable; "" if it is not set or the channel is gone. AmiError."""
    try:
        reply = await ami.action("Getvar", ("Channel", channel), ("Variable", name), timeout_s=TIMEOUT_S)
    except AmiRefused:
        return ""
    return reply.get("Value", "")


async def device_states(ami: Ami) -> dict[str, str]:
    """Device ("PJSIP/a1001") -> state (NOT_INUSE, INUSE, RINGING, UNAVAILABLE ...). AmiError.

    It tells which telephones are registered too (UNAVAILABLE: not): PJSIPShowContacts would need the right `system`.
    """
    events = await ami.list_action("DeviceStateList", timeout_s=TIMEOUT_S)
    return {event.fields["Device"]: event.fields.get("State", "") for event in events if "Device" in event.fields}
