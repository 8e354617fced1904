"""AMI bytes: every cut point, every text, and nothing believed that a caller could have written."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cti.asterisk.ami_codec import (
    AmiBadValue,
    AmiBroken,
    AmiEvent,
    AmiReader,
    AmiReply,
    Message,
    Refused,
    encode_action,
)
from tests.support.fake_asterisk import GREETING, NONCE, channel_headers, event, frame

OURS = "0123456789abcdef"


def reader(nonce: str = NONCE, limit: int = 4096) -> AmiReader:
    made = AmiReader(nonce, lambda action_id: action_id == OURS, limit)
    assert made.feed(GREETING) == []
    return made


def events(messages: list[Message]) -> list[str]:
    return [message.name for message in messages if isinstance(message, AmiEvent)]


def test_every_cut_point_gives_the_same_messages() -> None:
    stream = (
        GREETING
        + event("Newchannel", ("Channel", "PJSIP/trunk-1"), ("CallerIDName", "东莞市民热线 📞"))
        + frame("Response: Success", f"ActionID: {OURS}", "Ping: Pong", "Message: ")
        + event("VarSet", ("Variable", "x"), ("Value", ""))
        + event("Hangup", ("Channel", "PJSIP/a1-1"), ("ChanVariable", "A=1"), ("ChanVariable", "B=x=y"))
    )
    whole = AmiReader(NONCE, lambda action_id: action_id == OURS).feed(stream)
    assert len(whole) == 4
    assert isinstance(whole[0], AmiEvent)
    assert whole[0].fields["CallerIDName"] == "东莞市民热线 📞"
    for cut in range(len(stream) + 1):
        parts = AmiReader(NONCE, lambda action_id: action_id == OURS)
        assert parts.feed(stream[:cut]) + parts.feed(stream[cut:]) == whole, cut
    single = AmiReader(NONCE, lambda action_id: action_id == OURS)
    assert [message for byte in stream for message in single.feed(bytes([byte]))] == whole


def test_an_empty_last_header_is_kept_and_repeated_variables_are_joined() -> None:
    (message,) = reader().feed(
        event("Hangup", ("ChanVariable", "A=1"), ("ChanVariable", "B=x=y"), ("DestChanVariable", "A=2"), ("Value", ""))
    )
    assert isinstance(message, AmiEvent)
    assert message.fields["Value"] == ""
    assert dict(message.variables) == {"A": "1", "B": "x=y", "Dest.A": "2"}


def test_bad_bytes_are_replaced_and_take_nothing_with_them() -> None:
    (message,) = reader().feed(event("Newchannel", ("CallerIDName", "??")).replace(b"??", b"\xc4\xe3\xff"))
    assert isinstance(message, AmiEvent)
    assert message.fields["CallerIDName"].endswith("�")


@pytest.mark.parametrize(
    "data",
    [
        event("Hangup", ("Uniqueid", "1.1"), nonce="nguessed00000"),
        frame("Event: Hangup", "Uniqueid: 1.1"),
        event("Hangup", ("Uniqueid", "1.1"), ("Uniqueid", "1.2")),
        event("Hangup", ("Uniqueid", "1.1\nLinkedid: 2.2")),
        event("Hangup", ("Uniqueid", "1.1\0")),
        event("Hangup", ("Uniqueid", "1.1")).replace(b": 1.1", b""),
        frame("Uniqueid: 1.1", f"SystemName: {NONCE}"),
        frame("Response: Success", "ActionID: 7", "Message: forged"),
        frame("Response: Success", "Message: forged"),
        frame("Event: FullyBooted", "Status: Fully Booted"),
        b"\r\n\r\n",
    ],
    ids=lambda data: data[:40].decode(errors="replace"),
)
def test_what_could_be_forged_is_refused(data: bytes) -> None:
    (message,) = reader().feed(data)
    assert isinstance(message, Refused)


def test_an_event_that_a_caller_ended_early_is_refused_with_its_torn_off_end() -> None:
    """Given a caller whose number ends his event and completes it as another's; then neither half is believed."""
    forged = "1\r\nCallerIDName: x\r\nUniqueid: victim\r\nLinkedid: victim\r\nCause: 16\r\n\r\nCallerIDNum: 2"
    stream = event("Newstate", ("Uniqueid", "good")) + event(
        "Hangup", *channel_headers("own", "PJSIP/t-1", caller=forged)
    )
    messages = reader().feed(stream)
    assert events(messages) == ["Newstate"]
    assert [message.reason for message in messages[1:] if isinstance(message, Refused)] == [
        "cut short",
        "neither event nor reply",
    ]


@pytest.mark.parametrize("tail", ["Event: X\r\nFoo: bar", f"Response: Success\r\nActionID: {OURS[:-1]}", "\r\n"])
def test_the_torn_off_end_may_be_dressed_as_anything(tail: str) -> None:
    forged = f"1\r\nUniqueid: victim\r\n\r\n{tail}"
    messages = reader().feed(event("Hangup", ("Channel", "PJSIP/t-1"), ("CallerIDNum", forged), ("Uniqueid", "own")))
    assert events(messages) == []


def test_a_refused_list_item_says_so_since_reading_the_list_again_would_not_help() -> None:
    item = frame("Event: CoreShowChannel", f"ActionID: {OURS}", "Channel: a", "Channel: b")
    (message,) = reader().feed(item)
    assert message == Refused("a header twice", in_list=True)


def test_a_caller_cannot_make_his_neighbours_event_refused() -> None:
    """Given a malformed event that Asterisk began; then it alone is refused, not the event before it."""
    good = event("Newchannel", *channel_headers("good", "PJSIP/t-1"))
    for number in ("1\r\nUniqueid: x", "1\r2", "1\r\nx"):
        messages = reader().feed(good + event("Newchannel", *channel_headers("bad", "PJSIP/t-2", caller=number)))
        assert events(messages) == ["Newchannel"]
        assert len(messages) == 2


def test_list_items_and_replies_are_known_by_their_action() -> None:
    messages = reader().feed(
        frame("Response: Error", f"ActionID: {OURS}", "Message: no")
        + frame("Event: CoreShowChannel", f"ActionID: {OURS}", "Channel: a")
    )
    assert isinstance(messages[0], AmiReply)
    assert not messages[0].ok
    assert events(messages) == ["CoreShowChannel"]


def test_a_message_without_end_and_a_stranger_are_broken_streams() -> None:
    endless = reader(limit=1000)
    assert endless.feed(b"Event: X\r\n" + b"x" * 900) == []
    with pytest.raises(AmiBroken, match="1000 bytes"):
        endless.feed(b"x" * 200)
    with pytest.raises(AmiBroken, match="not Asterisk"):
        AmiReader(NONCE, lambda _: False).feed(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(AmiBroken, match="not Asterisk"):
        AmiReader(NONCE, lambda _: False).feed(b"Asterisk Call Manager/" + b"9" * 500)


def test_a_long_message_in_small_pieces_costs_no_more_than_its_length() -> None:
    began = time.thread_time()
    endless = reader(limit=4 * 1024 * 1024)
    endless.feed(b"Event: X\r\nValue: ")
    for _ in range(4000):
        endless.feed(b"x" * 1000)
    assert time.thread_time() - began < 0.5


@given(st.binary(max_size=300), st.integers(1, 40))
@example(b"\r\n\r\n\r\n", 1)
def test_no_bytes_raise_anything_else_and_cut_points_never_matter(data: bytes, step: int) -> None:
    whole, pieces = reader(), reader()
    expected = whole.feed(data)
    got = [message for at in range(0, len(data), step) for message in pieces.feed(data[at : at + step])]
    # The one thing that may differ: an event already given cannot be taken back when its torn-off end comes later.
    assert len(got) == len(expected)


@given(st.lists(st.tuples(st.from_regex(r"[A-Z][a-z]{2,8}", fullmatch=True), st.text(max_size=60)), max_size=6))
def test_an_action_arrives_as_it_was_meant_or_is_refused(headers: list[tuple[str, str]]) -> None:
    try:
        data = encode_action("Originate", OURS, tuple(headers))
    except AmiBadValue:
        assert any(set(value) & set("\r\n\0") or any("\ud800" <= c <= "\udfff" for c in value) for _, value in headers)
        return
    assert data.endswith(b"\r\n\r\n")
    assert data.count(b"\r\n\r\n") == 1
    lines = data.decode().removesuffix("\r\n\r\n").split("\r\n")
    assert [tuple(line.split(": ", 1)) for line in lines] == [("Action", "Originate"), ("ActionID", OURS), *headers]


@pytest.mark.parametrize(
    "headers",
    [
        (("Value", "x\r\n\r\nAction: Command"),),
        (("Value", "x\ny"),),
        (("Value", "x\ry"),),
        (("Value", "x\0"),),
        (("Value", "\ud800"),),
        (("Value", "诉" * 340),),
        (("Value: 1\r\nX", "y"),),
        (("ActionID", "another"),),
        (("action", "Command"),),
        tuple((f"Variable{n}", "1") for n in range(127)),
    ],
)
def test_what_asterisk_would_read_otherwise_is_never_sent(headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(AmiBadValue) as refused:
        encode_action("Setvar", OURS, headers)
    assert "诉" not in str(refused.value)


def test_the_longest_line_and_the_most_headers_still_go() -> None:
    longest = "x" * (1024 - len("Value: \r\n"))
    assert encode_action("Setvar", OURS, (("Value", longest),))
    assert encode_action("Setvar", OURS, tuple((f"Variable{n}", "1") for n in range(126)))
