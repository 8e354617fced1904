"""A tap on a line: its sound goes to the recogniser, and every fault on the way ends the tap and nothing else."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from cti import tap as tap_module
from cti.asterisk import names
from cti.asterisk.ami import AmiDown, AmiRefused
from cti.tap import Taps
from cti.transcriber import Ended, Final, Heard
from tests.support.fake_taps import FakeTranscriber
from tests.support.waiting_async import eventually


class FakeAsterisk:
    """Does what an Originate of AudioSocket asks for, as `how` says."""

    def __init__(self, how: str = "brings") -> None:
        self.how = how
        self.asked: list[dict[str, str]] = []
        self.hung_up: list[str] = []
        self.writers: list[asyncio.StreamWriter] = []

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        fields = dict(headers)
        if name == "Hangup":
            self.hung_up.append(fields["Channel"])
            return {}
        self.asked.append(fields)
        if self.how == "refuses":
            raise AmiRefused(name, "Permission denied")
        if self.how == "away":
            raise AmiDown("no connection")
        if self.how == "brings":
            _, address, uuid = fields["Channel"].split("/")
            host, port = address.split(":")
            _, writer = await asyncio.open_connection(host, int(port))
            self.writers.append(writer)
            writer.write(struct.pack("!BH", 0x01, 16) + bytes.fromhex(uuid.replace("-", "")))
        return {}

    def says(self, pcm: bytes) -> None:
        self.writers[-1].write(struct.pack("!BH", 0x10, len(pcm)) + pcm)

    async def close(self) -> None:
        for writer in self.writers:
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def listening(asterisk: FakeAsterisk, transcriber: FakeTranscriber, port: int = 0) -> AsyncIterator[Taps]:
    taps = Taps(transcriber, asterisk, "127.0.0.1", port)
    running = asyncio.create_task(taps.run())
    await asyncio.sleep(0)
    try:
        if port == 0:
            await eventually(lambda: taps.hears("zh-CN"), 2, "a server")
        yield taps
    finally:
        await asterisk.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_is_said_on_a_line_is_heard() -> None:
    asterisk, transcriber, heard = FakeAsterisk(), FakeTranscriber(), list[Heard]()
    async with listening(asterisk, transcriber) as taps:
        tap = taps.tap("PJSIP/trunk-1", "talk", heard.append)
        assert await tap.comes(2.0)
        (asked,) = asterisk.asked
        assert (asked["Context"], asked["ChannelId"]) == (names.CONTEXT_LISTEN, tap.channel)
        assert asked["Variable"] == f"{names.CTI_HEARD}=PJSIP/trunk-1"
        assert set(taps.live) == {tap.channel}
        tap.pause()
        asterisk.says(b"no")
        asterisk.says(b"nono")
        await asyncio.sleep(0.05)
        tap.resume()
        asterisk.says(b"yesyes")
        (session,) = transcriber.sessions
        await eventually(lambda: session.pcm == b"yesyes", 2, "the sound")
        session.says("路灯")
        await eventually(lambda: heard, 2, "the words")
        tap.close()
        await eventually(tap.over.is_set, 2, "the end")
        assert not taps.live
    assert isinstance(heard[0], Final)
    assert heard[1:] == [Ended("closed")]


async def test_a_line_that_ends_has_its_last_words_told() -> None:
    asterisk, transcriber, heard = FakeAsterisk(), FakeTranscriber(), list[Heard]()
    async with listening(asterisk, transcriber) as taps:
        tap = taps.tap("PJSIP/trunk-1", "talk", heard.append)
        assert await tap.comes(2.0)
        await asterisk.close()
        await eventually(lambda: heard == [Ended("finished")], 2, "the end")
        assert not taps.live


@pytest.mark.parametrize("how", ["refuses", "away", "does nothing"])
async def test_asterisk_that_brings_nothing_ends_the_tap(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "COMES_WITHIN_S", 0.1)
    heard = list[Heard]()
    async with listening(FakeAsterisk(how), FakeTranscriber()) as taps:
        tap = taps.tap("PJSIP/trunk-1", "talk", heard.append)
        assert not await tap.comes(0.5)
        assert heard == [Ended("closed")]
        assert not taps.live


@pytest.mark.parametrize("why", ["off", "no_worker", "put_off"])
async def test_where_nobody_understands_asterisk_is_not_troubled(why: str) -> None:
    asterisk, transcriber, heard = FakeAsterisk(), FakeTranscriber(), list[Heard]()
    transcriber.refuses = why  # type: ignore[assignment]
    async with listening(asterisk, transcriber) as taps:
        tap = taps.tap("PJSIP/trunk-1", "talk", heard.append)
        assert not await tap.comes(1.0)
        assert asterisk.asked == []
    assert heard == [Ended(why)]  # type: ignore[arg-type]


async def test_while_the_port_is_taken_nobody_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tap_module, "PORT_AGAIN_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with listening(FakeAsterisk(), FakeTranscriber(), taken.getsockname()[1]) as taps:
            await asyncio.sleep(0.1)
            assert (taps.hears("zh-CN"), taps.port_taken) == (False, True)
            taken.close()
            await eventually(lambda: taps.hears("zh-CN"), 2, "the port")
            assert not taps.port_taken


async def test_a_language_without_a_model_is_not_heard() -> None:
    async with listening(FakeAsterisk(), FakeTranscriber("zh-CN")) as taps:
        assert not taps.hears("yue")


async def test_who_forgets_a_channel_can_have_it_hung_up() -> None:
    asterisk = FakeAsterisk()
    async with listening(asterisk, FakeTranscriber()) as taps:
        taps.hang_up("listen-1")
        await eventually(lambda: asterisk.hung_up == ["listen-1"], 2, "the hang-up")
