"""The AGI server against a scripted Asterisk on a real socket: one call's session, and what else may knock."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import pytest
from structlog.testing import capture_logs

from cti.asterisk.agi import (
    AgiBadValue,
    AgiError,
    AgiFailed,
    AgiProtocolError,
    AgiServer,
    AgiSession,
    AgiTimeout,
    CallerHungUp,
    _Connection,
)
from tests.support.fake_asterisk import AgiCaller, agi_call, environment
from tests.support.waiting_async import eventually

Handler = Callable[[AgiSession], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler, **limits: float) -> AsyncIterator[AgiServer]:
    server = AgiServer({"citizen": handler}, **limits)  # type: ignore[arg-type]
    await server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.stop(1)


@contextlib.asynccontextmanager
async def call() -> AsyncIterator[tuple[AgiSession, AgiCaller]]:
    """Both ends of one session; the handler stays until the block is left."""
    sessions: asyncio.Queue[AgiSession] = asyncio.Queue()
    over = asyncio.Event()

    async def handler(session: AgiSession) -> None:
        sessions.put_nowait(session)
        await over.wait()

    async with serving(handler) as server, agi_call(server.port) as caller:
        session = await sessions.get()
        yield session, caller
        over.set()


async def test_the_commands_of_a_call() -> None:
    async with call() as (session, caller):

        async def asterisk() -> None:
            await caller.expect("ANSWER", "200 result=0")
            await caller.expect('STREAM FILE "city/hello" "12#"', "200 result=50 endpos=4000")
            await caller.expect('STREAM FILE "city/hello" ""', "200 result=0 endpos=8000")
            await caller.expect('WAIT FOR DIGIT "1500"', "200 result=35")
            await caller.expect('WAIT FOR DIGIT "0"', "200 result=0")
            await caller.expect('SET MUSIC "ON" "default"', "200 result=0")
            await caller.expect('SET MUSIC "OFF"', "200 result=0")
            await caller.expect('GET VARIABLE "DIALSTATUS"', "200 result=1 (ANSWER)")
            await caller.expect('GET VARIABLE "NONE"', "200 result=0")
            await caller.expect('SET VARIABLE "X" "a \\"b\\" \\\\"', "200 result=1")
            await caller.expect('EXEC "Dial" "PJSIP/a1001,15,g"', "100 result=0 Trying...", "200 result=0")
            await caller.expect('DATABASE PUT "f" "k" "v"', "200 result=1")
            await caller.expect('DATABASE DEL "f" "k"', "200 result=0")
            await caller.expect('DATABASE DELTREE "f"', "200 result=0")
            await caller.expect("CHANNEL STATUS", "200 result=6")
            await caller.expect("HANGUP", "200 result=1")

        peer = asyncio.create_task(asterisk())
        await session.answer()
        assert await session.stream_file("city/hello", "12#") == "2"
        assert await session.stream_file("city/hello") == ""
        assert await session.wait_for_digit(1.5) == "#"
        assert await session.wait_for_digit(0) == ""
        await session.set_music(True)
        await session.set_music(False)
        assert await session.get_variable("DIALSTATUS") == "ANSWER"
        assert await session.get_variable("NONE") is None
        await session.set_variable("X", 'a "b" \\')
        assert await session.exec("Dial", "PJSIP/a1001", "15", "g") == 0
        await session.database_put("f", "k", "v")
        assert await session.database_del("f", "k") is False
        assert await session.database_deltree("f") is True  # Asterisk says 0 when it deleted something
        assert await session.channel_status() == 6
        await session.hangup()
        await peer


Gone = Literal["hangup", "result", "eof"]


@pytest.mark.parametrize(
    ("said", "how"),
    [
        (["HANGUP"], "hangup"),
        (["511 Command Not Permitted on a dead channel or intercept routine"], "hangup"),
        (["200 result=-1", "HANGUP"], "result"),
        (None, "eof"),
    ],
)
@pytest.mark.parametrize("command", ["stream_file", "wait_for_digit", "exec"])
async def test_three_ways_to_be_gone_are_one_exception(command: str, said: list[str] | None, how: Gone) -> None:
    async with call() as (session, caller):
        doing: dict[str, Callable[[], Awaitable[object]]] = {
            "stream_file": lambda: session.stream_file("x"),
            "wait_for_digit": lambda: session.wait_for_digit(5),
            "exec": lambda: session.exec("Dial", "PJSIP/a1001"),
        }
        task = asyncio.ensure_future(doing[command]())
        await caller.command()
        if said is None:
            caller.close()
        else:
            caller.say(*said)
        with pytest.raises(CallerHungUp) as gone:
            await task
        assert gone.value.how == how
        assert session.hung_up
        assert session.on_hangup.is_set()
        with pytest.raises(CallerHungUp):
            await session.answer()


async def test_result_minus_one_then_only_a_dead_channel_is_gone_too() -> None:
    """Given a reply -1 without the HANGUP line yet; then the channel is asked."""
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.wait_for_digit(5))
        await caller.expect('WAIT FOR DIGIT "5000"', "200 result=-1")
        await caller.expect("CHANNEL STATUS", "HANGUP", "511 Command Not Permitted on a dead channel")
        with pytest.raises(CallerHungUp) as gone:
            await task
        assert gone.value.how == "result"


async def test_a_missing_sound_is_no_hang_up() -> None:
    """Asterisk answers -1 as for a caller who left."""
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.stream_file("city/none"))
        await caller.expect('STREAM FILE "city/none" ""', "200 result=-1 endpos=0")
        await caller.expect("CHANNEL STATUS", "200 result=6")
        with pytest.raises(AgiFailed, match="city/none"):
            await task
        assert not session.hung_up


async def test_an_application_may_fail_while_the_caller_is_there() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.exec("AudioSocket", "uuid", "127.0.0.1:9000"))
        await caller.expect('EXEC "AudioSocket" "uuid,127.0.0.1:9000"', "200 result=-1")
        await caller.expect("CHANNEL STATUS", "200 result=6")
        assert await task == -1
        task = asyncio.ensure_future(session.exec("NoSuchApp"))
        await caller.expect('EXEC "NoSuchApp" ""', "200 result=-2")
        with pytest.raises(AgiFailed, match="NoSuchApp"):
            await task


async def test_hangup_while_nothing_is_asked_is_noticed_and_shifts_no_reply() -> None:
    async with call() as (session, caller):
        caller.say("HANGUP")
        await asyncio.wait_for(session.on_hangup.wait(), 1)
        assert not session.peer_gone()
        with pytest.raises(CallerHungUp):
            await session.get_variable("X")
        task = asyncio.ensure_future(session.get_variable("DIALSTATUS", dead_ok=True))
        await caller.expect('GET VARIABLE "DIALSTATUS"', "200 result=1 (ANSWER)")
        assert await task == "ANSWER"


async def test_the_reply_to_a_command_that_crossed_the_hangup_is_dropped() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.stream_file("x"))
        await caller.command()
        caller.say("HANGUP")
        with pytest.raises(CallerHungUp):
            await task
        after = asyncio.ensure_future(session.get_variable("X", dead_ok=True))
        with pytest.raises(TimeoutError):  # of two commands read at once Asterisk would overlook the second
            await caller.command(0.05)
        caller.say("511 Command Not Permitted on a dead channel")
        await caller.expect('GET VARIABLE "X"', "200 result=1 (ours)")
        assert await after == "ours"


async def test_usage_text_is_read_to_its_end() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.command("STREAM FILE"))
        await caller.expect("STREAM FILE", "520-Invalid command syntax.", " usage", " more", "520 End of proper usage.")
        with pytest.raises(AgiProtocolError, match="STREAM FILE"):
            await task
        task = asyncio.ensure_future(session.command("CHANNEL STATUS"))
        await caller.expect("CHANNEL STATUS", "200 result=6")
        assert (await task).result == "6"


async def test_an_application_that_returns_one_gets_usage_text_after_its_result() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.exec("Odd"))
        await caller.expect('EXEC "Odd" ""', "200 result=1", "520-Invalid", "usage", "520 End of proper usage.")
        assert await task == 1
        status = asyncio.ensure_future(session.channel_status())
        await caller.expect("CHANNEL STATUS", "200 result=6")
        assert await status == 6


async def test_one_command_at_a_time() -> None:
    async with call() as (session, caller):
        first = asyncio.ensure_future(session.get_variable("A"))
        second = asyncio.ensure_future(session.get_variable("B"))
        await caller.command()
        with pytest.raises(TimeoutError):
            await caller.command(0.05)
        caller.say("200 result=1 (a)")
        await caller.expect('GET VARIABLE "B"', "200 result=1 (b)")
        assert (await first, await second) == ("a", "b")


async def test_no_reply_within_the_deadline_closes_the_session() -> None:
    async with call() as (session, caller):
        with pytest.raises(AgiTimeout):
            await session.command("NOOP", deadline_s=0.02)
        assert await caller.command() == "NOOP"
        with contextlib.suppress(ConnectionError):
            assert await caller.command() == ""
        await eventually(session.peer_gone, 1, "the connection's end")


async def test_a_bad_value_is_refused_and_the_session_goes_on() -> None:
    async with call() as (session, caller):
        with pytest.raises(AgiBadValue):
            await session.set_variable("X", "1\nEXEC System id")
        task = asyncio.ensure_future(session.channel_status())
        await caller.expect("CHANNEL STATUS", "200 result=6")
        await task


async def test_wake_ends_the_wait_in_hand() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.wait_for_digit(30))
        await caller.command()
        session.wake()
        session.wake()
        await caller.expect('GET FULL VARIABLE "yihu-barrier-1"', "200 result=1")
        assert await asyncio.wait_for(task, 1) == ""
        task = asyncio.ensure_future(session.wait_for_digit(30))
        with pytest.raises(TimeoutError):  # of two commands read at once Asterisk would overlook the second
            await caller.command(0.05)
        caller.say("200 result=1 (yihu-barrier-1)")
        # The two wakes were one: this wait is a real one.
        await caller.expect('WAIT FOR DIGIT "30000"', "200 result=49")
        assert await task == "1"


async def test_a_wake_before_the_wait_is_not_lost_nor_one_that_a_key_overtakes() -> None:
    async with call() as (session, caller):
        session.wake()
        assert await session.wait_for_digit(30) == ""
        task = asyncio.ensure_future(session.wait_for_digit(30))
        await caller.command()
        caller.say("200 result=49")
        session.wake()
        assert await task == "1"
        caller.say("200 result=1 (yihu-barrier-1)")
        assert await session.wait_for_digit(30) == ""


@pytest.mark.parametrize("ended_just_before", [False, True])
async def test_cancelling_a_playback_stops_it_and_shifts_no_reply(ended_just_before: bool) -> None:
    """An interrupted playback has no reply, one that ended just before the interruption has."""
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.stream_file("long"))
        await caller.command()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await caller.command() == 'GET FULL VARIABLE "yihu-barrier-1"'
        follow = asyncio.ensure_future(session.get_variable("X"))
        if ended_just_before:
            caller.say("200 result=0 endpos=8000")
        with pytest.raises(TimeoutError):  # of two commands read at once Asterisk would overlook the second
            await caller.command(0.05)
        caller.say("200 result=1 (yihu-barrier-1)")
        await caller.expect('GET VARIABLE "X"', "200 result=1 (x)")
        assert await follow == "x"


async def test_a_peer_that_talks_nonsense_ends_its_own_session() -> None:
    async with call() as (session, caller):
        task = asyncio.ensure_future(session.channel_status())
        await caller.command()
        caller.say("hello")
        with pytest.raises(AgiProtocolError):
            await task
        await eventually(session.peer_gone, 1, "the end")


async def test_a_reply_that_nobody_asked_for_ends_the_session() -> None:
    async with call() as (session, caller):
        caller.say("200 result=1 (forged)")
        await eventually(session.peer_gone, 1, "the end")
        with pytest.raises(CallerHungUp):
            await session.channel_status()


async def test_a_handler_that_fails_gives_the_call_back_and_says_so() -> None:
    async def handler(session: AgiSession) -> None:
        raise KeyError("13800138000")

    with capture_logs() as logs:
        async with serving(handler) as server, agi_call(server.port) as caller:
            assert await caller.command() == ""
            await eventually(lambda: server.sessions == 0, 1, "its end")
            assert server.counts["failed"] == 1
    (line,) = [line for line in logs if line["event"] == "agi_session_failed"]
    assert [key for key, value in line.items() if "138" in str(value)] == ["pii_detail"]


async def test_stop_cancels_handlers_and_closes_their_calls() -> None:
    cancelled = asyncio.Event()

    async def handler(session: AgiSession) -> None:
        try:
            await session.wait_for_digit(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with serving(handler) as server, agi_call(server.port) as caller, agi_call(server.port, b"agi_net") as half:
        await caller.command()
        await server.stop(1)
        assert cancelled.is_set()
        with contextlib.suppress(ConnectionError):
            assert await caller.command() in ("", 'GET FULL VARIABLE "yihu-barrier-1"')
            assert await half.command() == ""
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_call_taken_while_the_server_stops_is_given_back() -> None:
    """Given a server that has stopped, when a connection becomes known that was accepted before, then it is closed."""
    server = AgiServer({})
    await server.start("127.0.0.1", 0)
    await server.stop(1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        accepted, _ = listener.accept()
        await asyncio.get_running_loop().connect_accepted_socket(lambda: _Connection(server), accepted)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 1) == b""
        writer.close()


async def test_a_port_in_use_names_place_and_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AgiError, match=rf"127\.0\.0\.1 port {port}.*\[agi\] port"):
            await AgiServer({}).start("127.0.0.1", port)


async def test_who_knocks_without_a_call_leaves_a_count() -> None:
    async def handler(session: AgiSession) -> None:
        raise AssertionError("no call came")

    async with serving(handler, header_timeout_s=0.1, max_sessions=3) as server:
        for data in (b"", b"agi_network: yes\n", environment(agi_network_script="none"), b"GET / HTTP/1.1\n\n"):
            async with agi_call(server.port, data):
                await asyncio.sleep(0)
        slow = [agi_call(server.port, b"agi_") for _ in range(5)]
        async with contextlib.AsyncExitStack() as stack:
            for one in slow:
                await stack.enter_async_context(one)
            await eventually(lambda: server.counts.total() == 9, 2, "all counted")
        assert server.counts == {
            "probes": 1,
            "cut_off": 1,
            "unknown_route": 1,
            "bad_environment": 1,
            "crowded_out": 2,
            "slow_environment": 3,
        }
        assert server.sessions == 0


async def test_a_port_probe_does_not_hold_the_loop() -> None:
    async def handler(session: AgiSession) -> None:
        raise AssertionError("no call came")

    async with serving(handler) as server:
        for data in (b"", b"agi_network: yes\n"):
            async with agi_call(server.port, data):
                pass
        began = time.thread_time()
        await asyncio.sleep(0.2)
        assert time.thread_time() - began < 0.05


async def test_commands_leave_at_once() -> None:
    async with call() as (session, _):
        peer = session._transport.get_extra_info("socket")
        assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
