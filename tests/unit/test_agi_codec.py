"""FastAGI bytes: what Asterisk would read of our commands, and what we read of its replies, at every cut point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.asterisk.agi_codec import (
    HANGUP_LINE,
    AgiBadValue,
    AgiProtocolError,
    HangupLine,
    HeaderReader,
    Reply,
    ReplyReader,
    application_data,
    encode_command,
)
from tests.support.fake_asterisk import environment


def words_as_asterisk_reads_them(line: str) -> list[str]:
    """Asterisk's argument parser: quotes group and vanish, a backslash takes the next character as it is."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for char in line:
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif char in " \t" and not quoted and not escaped:
            between = True
        elif char == "\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append("")
                between = False
            words[-1] += char
        escaped = False
    return words


@given(st.lists(st.text(max_size=80), max_size=6))
def test_arguments_arrive_as_they_are_or_nothing_is_sent(args: list[str]) -> None:
    try:
        data = encode_command("SET VARIABLE", *args)
    except AgiBadValue:
        text = "".join(args)
        too_long = len(text.encode(errors="replace")) > 400
        assert too_long or set(text) & set("\r\n\0") or any("\ud800" <= char <= "\udfff" for char in text)
        return
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    assert len(data) <= 1024
    assert words_as_asterisk_reads_them(data.decode()[:-1]) == ["SET", "VARIABLE", *args]


@pytest.mark.parametrize("value", ["x\nEXEC System id", "x\ry", "x\0y", "\ud800", "诉" * 400])
def test_what_would_be_another_command_is_never_sent(value: str) -> None:
    with pytest.raises(AgiBadValue) as refused:
        encode_command("SET VARIABLE", "X", value)
    assert value not in str(refused.value)


def test_the_longest_command_and_the_most_arguments() -> None:
    room = 1024 - len(b'SET VARIABLE "X" ""\n')
    assert len(encode_command("SET VARIABLE", "X", "x" * room)) == 1024
    with pytest.raises(AgiBadValue):
        encode_command("SET VARIABLE", "X", "x" * (room + 1))
    with pytest.raises(AgiBadValue):
        encode_command("NOOP", *["1"] * 121)


def test_an_applications_arguments_cannot_become_more() -> None:
    assert application_data(("PJSIP/a1001", "15", "g")) == "PJSIP/a1001,15,g"
    assert application_data(("PJSIP/a1001", "", "g")) == "PJSIP/a1001,,g"
    with pytest.raises(AgiBadValue):
        application_data(("PJSIP/a1001,15,g",))


REPLIES: list[tuple[bytes, Reply | HangupLine | None]] = [
    (b"200 result=0\n", Reply(200, "0")),
    (b"200 result=-1\n", Reply(200, "-1")),
    (b"200 result=\n", Reply(200, "")),
    (b"200 result= (timeout)\n", Reply(200, "", "timeout")),
    (b"200 result=49 endpos=8000\n", Reply(200, "49", None, 8000)),
    (b"200 result=-1 (hangup) endpos=160\n", Reply(200, "-1", "hangup", 160)),
    ("200 result=1 (东莞 a=b (c) d=e)\n".encode(), Reply(200, "1", "东莞 a=b (c) d=e")),
    (b"200 result=1 ()\n", Reply(200, "1", "")),
    (b"200 result=1 (two\nlines)\n", Reply(200, "1", "two\nlines")),
    (b"200 result=1 (a\nHANGUP\nb)\n", Reply(200, "1", "a\nHANGUP\nb")),
    (b"100 result=0 Trying...\n", None),
    (b"HANGUP\n", HANGUP_LINE),
    (b"510 Invalid or unknown command\n", Reply(510)),
    (b"511 Command Not Permitted on a dead channel or intercept routine\n", Reply(511)),
    (
        b"520-Invalid command syntax.  Proper usage follows:\n Usage: NOOP\nHANGUP\n520 End of proper usage.\n",
        Reply(520),
    ),
    (b"520 Invalid command syntax.  Proper usage not available.\n", Reply(520)),
]


def test_every_kind_of_reply_at_every_cut_point() -> None:
    stream = b"".join(data for data, _ in REPLIES)
    expected = [reply for _, reply in REPLIES if reply is not None]
    assert ReplyReader().feed(stream) == expected
    for cut in range(len(stream) + 1):
        reader = ReplyReader()
        assert reader.feed(stream[:cut]) + reader.feed(stream[cut:]) == expected, cut


@pytest.mark.parametrize(
    "data", [b"hello\n", b"200\n", b"200 result=1 x\n", b"\n", b"200 result=1 (\n" + b"x\n" * 40000]
)
def test_what_is_no_reply_is_refused(data: bytes) -> None:
    with pytest.raises(AgiProtocolError):
        ReplyReader().feed(data)


def test_a_reply_without_end_is_refused() -> None:
    reader = ReplyReader()
    for _ in range(65):
        assert reader.feed(b"x" * 1000) == []
    with pytest.raises(AgiProtocolError):
        reader.feed(b"x" * 1000)


@given(st.binary(max_size=200), st.integers(1, 30))
def test_replies_of_any_bytes_end_in_replies_or_one_kind_of_refusal(data: bytes, step: int) -> None:
    reader = ReplyReader()
    try:
        for at in range(0, len(data), step):
            reader.feed(data[at : at + step])
    except AgiProtocolError:
        pass


def test_the_environment_at_every_cut_point() -> None:
    data = environment(agi_calleridname="东莞市民", agi_network_script="citizen/x?a=1&b=%E4%B8%9C", agi_arg_4="")
    for cut in range(len(data)):
        reader = HeaderReader(8192)
        assert reader.feed(data[:cut]) is None
        found = reader.feed(data[cut:] + b"left")
        assert found is not None
        env, rest = found
        assert rest == b"left"
        assert (env.script, dict(env.query)) == ("citizen", {"a": "1", "b": "东"})
        assert env.args == ("call-id@example", "12345", "", "")
        assert (env.caller, env.dialled) == ("13800138000", "12345")


def test_unknown_numbers_are_empty_and_the_extension_stands_in() -> None:
    found = HeaderReader(8192).feed(environment(agi_callerid="unknown", agi_dnid="unknown", agi_extension="12333"))
    assert found is not None
    assert (found[0].caller, found[0].dialled) == ("", "12333")


def test_bad_utf8_in_a_name_costs_the_name_only() -> None:
    found = HeaderReader(8192).feed(environment(agi_calleridname="??").replace(b"??", b"\xb6\xab\xdd\xb8"))
    assert found is not None
    assert found[0].caller == "13800138000"


@pytest.mark.parametrize(
    "data",
    [
        environment(agi_calleridname="x\nagi_arg_1: forged"),
        environment(agi_calleridname="x\nforged"),
        environment(agi_calleridname="x\ry"),
        environment(agi_calleridname="x\0y"),
        environment(agi_calleridname="x" * 9000),
        environment(agi_uniqueid=""),
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"\n\n",
        b"x" * 10_000_000,
    ],
    ids=["key twice", "no key", "CR", "NUL", "long", "no uniqueid", "http", "empty", "10 MB"],
)
def test_an_environment_that_asterisk_would_not_send_is_refused(data: bytes) -> None:
    with pytest.raises(AgiProtocolError):
        HeaderReader(8192).feed(data)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_environments_of_any_bytes_end_in_one_kind_of_refusal(data: bytes, step: int) -> None:
    reader = HeaderReader(256)
    try:
        for at in range(0, len(data), step):
            reader.feed(data[at : at + step])
    except AgiProtocolError:
        pass
