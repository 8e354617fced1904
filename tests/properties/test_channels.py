"""The channel model: events are hints in any order, Asterisk's list is the truth."""

from __future__ import annotations

import random
from collections.abc import Iterator

from cti.asterisk.ami_codec import AmiEvent
from cti.asterisk.channels import Channel, Channels


def told(name: str, at: float, uniqueid: str, channel: str = "", **more: str) -> AmiEvent:
    fields = {"Event": name, "Timestamp": f"{at:.6f}", "Channel": channel or f"PJSIP/{uniqueid}", "Uniqueid": uniqueid}
    return AmiEvent(name, fields | {"Linkedid": uniqueid, "ChannelState": "6"} | more)


def listed(uniqueid: str, bridge: str = "", state: str = "6") -> AmiEvent:
    fields = {"Channel": f"PJSIP/{uniqueid}", "Uniqueid": uniqueid, "Linkedid": uniqueid, "ChannelState": state}
    return AmiEvent("CoreShowChannel", fields | {"BridgeId": bridge})


def test_a_channel_lives_from_newchannel_to_hangup() -> None:
    channels = Channels()
    channels.apply(told("Newchannel", 1, "n-1.1", ChannelState="4"))
    channels.apply(told("Newstate", 2, "n-1.1"))
    channels.apply(told("BridgeEnter", 3, "n-1.1", BridgeUniqueid="b1"))
    assert channels.channels["n-1.1"] == Channel("n-1.1", "n-1.1", "PJSIP/n-1.1", 6, "b1")
    channels.apply(told("BridgeLeave", 4, "n-1.1", BridgeUniqueid="b1"))
    assert channels.channels["n-1.1"].bridge_id == ""
    channels.apply(told("Hangup", 5, "n-1.1"))
    assert not channels.channels


def test_an_event_whose_channel_is_another_than_the_uniqueids_changes_nothing() -> None:
    channels = Channels()
    channels.apply(told("Newchannel", 1, "n-1.1"))
    assert not channels.apply(told("Hangup", 2, "n-1.1", channel="PJSIP/trunk-of-the-forger"))
    assert "n-1.1" in channels.channels
    assert channels.doubtful == 1


def test_a_renamed_channel_goes_on_under_its_new_name() -> None:
    channels = Channels()
    channels.apply(told("Newchannel", 1, "n-1.1", channel="PJSIP/a"))
    channels.apply(told("Rename", 2, "n-1.1", channel="PJSIP/a", Newname="PJSIP/b"))
    channels.apply(told("Hangup", 3, "n-1.1", channel="PJSIP/b"))
    assert not channels.channels


def test_the_list_wins_and_says_what_was_otherwise() -> None:
    channels = Channels()
    for uniqueid in ("n-1.1", "n-1.2"):
        channels.apply(told("Newchannel", 1, uniqueid))
    diff = channels.replace(
        [listed("n-1.2", bridge="b"), listed("n-1.3"), AmiEvent("CoreShowChannel", {"Channel": "x"})]
    )
    assert [channel.uniqueid for channel in diff.added] == ["n-1.3"]
    assert [channel.uniqueid for channel in diff.gone] == ["n-1.1"]
    assert [channel.bridge_id for channel in diff.changed] == ["b"]
    assert not channels.replace([listed("n-1.2", bridge="b"), listed("n-1.3")])


def test_events_from_before_the_list_may_come_after_it() -> None:
    channels = Channels()
    channels.replace([listed("n-1.2")])
    for event in (told("Newchannel", 1, "n-1.1"), told("Hangup", 2, "n-1.1"), told("Newchannel", 1, "n-1.2")):
        channels.apply(event)
    assert list(channels.channels) == ["n-1.2"]


def test_doubled_and_shuffled_events_end_in_the_same_state() -> None:
    """10,000 random histories; each event may come twice and late by any time."""
    for seed in range(10_000):
        rng = random.Random(seed)
        history = [event for number in range(rng.randrange(1, 4)) for event in _life(f"n-1.{number}", rng)]
        history.sort(key=lambda event: float(event.fields["Timestamp"]))
        clean, mixed = Channels(), Channels()
        for event in history:
            clean.apply(event)
        doubled = history + rng.sample(history, rng.randrange(len(history) + 1))
        rng.shuffle(doubled)
        for event in doubled:
            mixed.apply(event)
        assert dict(mixed.channels) == dict(clean.channels), seed


def _life(uniqueid: str, rng: random.Random) -> Iterator[AmiEvent]:
    at = rng.random()
    yield told("Newchannel", at, uniqueid, ChannelState="4")
    for _ in range(rng.randrange(5)):
        at += 0.01 + rng.random()
        kind = rng.choice(["Newstate", "BridgeEnter", "BridgeLeave"])
        yield told(kind, at, uniqueid, BridgeUniqueid=f"b{rng.randrange(3)}", ChannelState=rng.choice("456"))
    if rng.random() < 0.5:
        yield told("Hangup", at + 1, uniqueid)
