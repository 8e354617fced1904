"""The AudioSocket server: frames to the byte, only streams that were announced, and an end for everything else."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from cti.asterisk import audiosocket
from cti.asterisk.audiosocket import END, ERROR, ID, KEY, SOUND, AudioSocketServer, FrameReader, NotAudioSocket
from tests.support.waiting_async import eventually


def frame(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack("!BH", kind, len(payload)) + payload


class Heard:
    def __init__(self) -> None:
        self.connected = 0
        self.pcm = b""
        self.over = 0

    def on_connected(self) -> None:
        self.connected += 1

    def on_sound(self, pcm: bytes) -> None:
        self.pcm += pcm

    def on_over(self) -> None:
        self.over += 1


def test_frames_come_out_whole_wherever_the_stream_is_cut() -> None:
    said = frame(ID, bytes(16)) + frame(SOUND, b"ab" * 160) + frame(KEY, b"5") + frame(SOUND) + frame(END)
    expected = [(ID, bytes(16)), (SOUND, b"ab" * 160), (KEY, b"5"), (SOUND, b""), (END, b"")]
    for cut in range(len(said)):
        reader = FrameReader()
        assert [tuple(f) for part in (said[:cut], said[cut:]) for f in reader.feed(part)] == expected


@pytest.mark.parametrize(
    "wrong",
    [
        frame(0x02),
        frame(0x20, b"x"),
        frame(ID, bytes(15)),
        frame(END, b"x"),
        frame(KEY),
        frame(SOUND, b"odd"),
        struct.pack("!BH", SOUND, 0xFFFF),
        frame(ERROR, b"xx"),
        b"GET / HTTP/1.1\r\n",
    ],
)
def test_anything_else_is_refused_before_it_is_waited_for(wrong: bytes) -> None:
    with pytest.raises(NotAudioSocket):
        list(FrameReader().feed(wrong))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[AudioSocketServer]:
    it = AudioSocketServer("127.0.0.1", 0)
    await it.start()
    yield it
    await it.stop()


class Peer:
    """Asterisk's side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, *frames: bytes) -> None:
        self._writer.write(b"".join(frames))

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def hears(self) -> bytes:
        """Everything to the end of the connection."""
        async with asyncio.timeout(3):
            said = await self._reader.read()
            self._writer.close()
            await self._writer.wait_closed()
            return said


async def peer(server: AudioSocketServer) -> Peer:
    host, port = server.address.split(":")
    return Peer(*await asyncio.open_connection(host, int(port)))


async def brings(server: AudioSocketServer, uuid: UUID) -> Peer:
    there = await peer(server)
    there.say(frame(ID, uuid.bytes))
    return there


async def test_a_stream_that_was_announced_is_heard_to_its_end(server: AudioSocketServer) -> None:
    uuid, heard = uuid4(), Heard()
    server.expect(uuid, heard)
    there = await brings(server, uuid)
    there.say(frame(SOUND, b"12"), frame(KEY, b"5"), frame(SOUND, b"34"), frame(END))
    assert await there.hears() == frame(END)
    await eventually(lambda: heard.over, 2, "the end")
    assert (heard.connected, heard.pcm, heard.over, server.refused) == (1, b"1234", 1, 0)


async def test_who_closes_or_fails_has_ended(server: AudioSocketServer) -> None:
    for last in (b"", frame(ERROR, b"\1"), frame(SOUND, b"x")):
        uuid, heard = uuid4(), Heard()
        server.expect(uuid, heard)
        there = await brings(server, uuid)
        await eventually(lambda heard=heard: heard.connected, 2, "the connection")
        there.say(last)
        await there.close()
        await eventually(lambda heard=heard: heard.over, 2, "the end")


async def test_nobody_brings_what_is_not_expected_or_expected_no_more(server: AudioSocketServer) -> None:
    uuid, forgotten, heard = uuid4(), uuid4(), Heard()
    server.expect(uuid, heard)
    server.expect(forgotten, heard)
    server.forget(forgotten)
    first = await brings(server, uuid)
    await eventually(lambda: heard.connected, 2, "the connection")
    for other in (await brings(server, uuid), await brings(server, uuid4()), await brings(server, forgotten)):
        assert await other.hears() == frame(END)
    assert (heard.connected, heard.over, server.refused) == (1, 0, 3)
    await first.close()


async def test_sound_before_an_id_and_a_second_id_are_refused(server: AudioSocketServer) -> None:
    uuid, heard = uuid4(), Heard()
    early = await peer(server)
    early.say(frame(SOUND, b"12"))
    assert await early.hears() == frame(END)
    server.expect(uuid, heard)
    twice = await brings(server, uuid)
    twice.say(frame(ID, uuid.bytes), frame(SOUND, b"12"))
    assert await twice.hears() == frame(END)
    assert heard.pcm == b""


async def test_who_does_not_say_what_he_brings_is_hung_up_on(
    server: AudioSocketServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audiosocket, "ID_WITHIN_S", 0.05)
    assert await (await peer(server)).hears() == frame(END)


async def test_what_is_forgotten_is_hung_up(server: AudioSocketServer) -> None:
    uuid, heard = uuid4(), Heard()
    server.expect(uuid, heard)
    there = await brings(server, uuid)
    await eventually(lambda: heard.connected, 2, "the connection")
    server.forget(uuid)
    assert await there.hears() == frame(END)
    await eventually(lambda: heard.over, 2, "the end")


async def test_its_stop_ends_every_stream(server: AudioSocketServer) -> None:
    uuid, heard = uuid4(), Heard()
    server.expect(uuid, heard)
    there = await brings(server, uuid)
    silent = await peer(server)
    await eventually(lambda: heard.connected, 2, "the connection")
    await server.stop()
    assert await there.hears() == await silent.hears() == frame(END)
    assert server.address == ""
