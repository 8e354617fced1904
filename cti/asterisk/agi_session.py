"""One FastAGI session: the commands that drive one call, and the one way to learn that its caller is gone."""

from __future__ import annotations

import asyncio
import math
import socket
from collections import deque
from typing import Any, Final, Literal, TypeVar

from cti.asterisk.agi_codec import (
    AgiEnv,
    AgiError,
    AgiFailed,
    AgiProtocolError,
    AgiTimeout,
    CallerHungUp,
    HangupLine,
    Reply,
    ReplyReader,
    application_data,
    encode_command,
)

DEADLINE_S: Final = 5.0
"""For a command that Asterisk answers at once."""
PLAY_DEADLINE_S: Final = 900.0

_INTERRUPTED: Final = Reply(200, "1")
"""Asterisk prints no result for a playback that a new command cut short; WAIT FOR DIGIT says 1."""
_WAIT: Final = "WAIT FOR DIGIT"
_T = TypeVar("_T")


class AgiSession:
    """One call. Commands run one at a time, in the order they were asked for.

    Each raises CallerHungUp once the caller is gone, AgiTimeout after its deadline (the session is then closed) and
    AgiBadValue before anything is sent. Cancelling a command that plays or waits for a key stops it at once.
    """

    def __init__(self, env: AgiEnv, transport: asyncio.Transport) -> None:
        self.env = env
        self.on_hangup = asyncio.Event()
        """Set when the caller is gone, however we learned it, also while no command is running."""
        self.closed = asyncio.Event()
        """Set when the connection has ended."""
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._reader = ReplyReader()
        self._lock = asyncio.Lock()
        self._how: Literal["hangup", "result", "eof"] | None = None
        self._pending: asyncio.Future[Reply] | None = None
        self._pending_verb = ""
        self._pending_dead_ok = False
        self._stale = 0
        """Replies still to come for commands that were under way when HANGUP came."""
        self._barrier = ""
        self._settled: asyncio.Future[None] | None = None
        self._barriers = 0
        self._woken = False
        self._pressed: deque[str] = deque()
        """Keys that came by another way than the line."""
        self._awaited: asyncio.Future[Any] | None = None
        self._awaited_verb = ""
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    @property
    def hung_up(self) -> bool:
        return self._how is not None

    def close(self) -> None:
        """Ends the session: Asterisk goes on in the dialplan."""
        self._transport.close()

    def peer_gone(self) -> bool:
        """The connection is closed: no command can be sent any more, not even one that a dead channel allows."""
        return self.closed.is_set()

    async def answer(self) -> None:
        await self._done(await self.command("ANSWER"), "ANSWER: the channel cannot be answered")

    async def stream_file(self, name: str, escape_digits: str = "", *, deadline_s: float = PLAY_DEADLINE_S) -> str:
        """Plays a sound (name without ending); returns the key among `escape_digits` that cut it short, or ""."""
        reply = await self.command("STREAM FILE", name, escape_digits, deadline_s=deadline_s)
        return _key(await self._done(reply, f"STREAM FILE: no sound {name}, or none in a format the channel takes"))

    async def wait_for_digit(self, timeout_s: float) -> str:
        """The next key, or "" when `timeout_s` has passed or `wake` was called."""
        if self._pressed:
            return self._pressed.popleft()
        data = encode_command(_WAIT, str(max(0, int(timeout_s * 1000))))
        async with self._lock:
            await self._settle(_WAIT, DEADLINE_S, dead_ok=False)
            reply = None if self._woken else await self._ask(_WAIT, data, timeout_s + DEADLINE_S)
        key = _key(await self._done(self._accept(reply, _WAIT), "WAIT FOR DIGIT failed")) if reply else ""
        if not key:
            self._woken = False
        return key or (self._pressed.popleft() if self._pressed else "")

    def press(self, key: str) -> None:
        """A key that the caller pressed on his page: for the `wait_for_digit` under way, else for the next one."""
        self._pressed.append(key)
        self.wake()

    def wake(self) -> None:
        """Lets the `wait_for_digit` under way, else the next one, return "". Costs a round trip; needs no AMI."""
        self._woken = True
        if self._pending is not None and self._pending_verb == _WAIT:
            self._send_barrier()

    async def set_music(self, on: bool, music_class: str = "default") -> None:
        await self.command("SET MUSIC", *(("ON", music_class) if on else ("OFF",)))

    async def get_variable(self, name: str, *, dead_ok: bool = False) -> str | None:
        """None: not set. Functions too: CHANNEL(state). `dead_ok`: also after the hang-up, while Asterisk listens.

        A value with a line break cannot be told from two replies: encode such a one in the dialplan.
        """
        reply = await self.command("GET VARIABLE", name, dead_ok=dead_ok)
        return reply.value if reply.result == "1" else None

    async def set_variable(self, name: str, value: str, *, dead_ok: bool = False) -> None:
        await self.command("SET VARIABLE", name, value, dead_ok=dead_ok)

    async def exec(self, application: str, *args: str, deadline_s: float | None = None) -> int:
        """Runs a dialplan application to its end; returns its result: 0, or -1 if it ended badly with the caller there.

        Each argument is one of the application's: exec("Dial", "PJSIP/a1001", "15", "g"). No deadline unless asked for.
        Cancelling does not end the application, and no other command can be sent until it has ended.
        """
        reply = await self.command("EXEC", application, application_data(args), deadline_s=deadline_s)
        if reply.result == "-2":
            raise AgiFailed(f"EXEC {application}: no such application; is its module loaded?")
        if reply.result == "-1" and not await self._still_there():
            raise CallerHungUp("result")
        return int(reply.result or 0)

    async def record_file(self, name: str, escape_digits: str, max_s: float, silence_s: float) -> str:
        """Records the caller into `name`.wav until one of the keys (returned), `silence_s` without a sound, or `max_s`.

        What he said is in the file even if he hangs up in the middle of it (CallerHungUp).
        """
        args = (name, "wav", escape_digits, str(int(max_s * 1000)), f"s={math.ceil(silence_s)}")
        reply = await self.command("RECORD FILE", *args, deadline_s=max_s + DEADLINE_S)
        return _key(await self._done(reply, "RECORD FILE: cannot be written; is its folder there and writable?"))

    async def database_put(self, family: str, key: str, value: str) -> None:
        if (await self.command("DATABASE PUT", family, key, value)).result != "1":
            raise AgiFailed(f"DATABASE PUT {family}: Asterisk could not write it; is its database folder writable?")

    async def database_del(self, family: str, key: str) -> bool:
        """False: there was no such key."""
        return (await self.command("DATABASE DEL", family, key)).result == "1"

    async def database_deltree(self, family: str) -> bool:
        """False: there was nothing. (Asterisk says 0 when it has deleted something, 1 when not.)"""
        return (await self.command("DATABASE DELTREE", family)).result == "0"

    async def channel_status(self) -> int:
        """Asterisk's channel state: 4 ringing, 6 up."""
        return int((await self.command("CHANNEL STATUS")).result)

    async def hangup(self) -> None:
        await self.command("HANGUP")

    async def command(
        self, verb: str, *args: str, deadline_s: float | None = DEADLINE_S, dead_ok: bool = False
    ) -> Reply:
        """Sends one command and returns its reply 200. `dead_ok`: a command that Asterisk allows after the hang-up."""
        data = encode_command(verb, *args)
        async with self._lock:
            await self._settle(verb, deadline_s, dead_ok=dead_ok)
            reply = await self._ask(verb, data, deadline_s, dead_ok=dead_ok)
        return self._accept(reply, verb)

    async def _settle(self, verb: str, deadline_s: float | None, *, dead_ok: bool) -> None:
        """Waits until Asterisk has read what was sent before: reading two commands at once, it would overlook one."""
        while True:
            if self._how is not None and (not dead_ok or self.closed.is_set()):
                raise CallerHungUp(self._how)
            if not self._barrier and not self._stale:
                return
            self._settled = self._loop.create_future()
            self._limit(self._settled, deadline_s, verb)
            await self._settled

    async def _ask(self, verb: str, data: bytes, deadline_s: float | None, *, dead_ok: bool = False) -> Reply:
        pending: asyncio.Future[Reply] = self._loop.create_future()
        self._pending, self._pending_verb, self._pending_dead_ok = pending, verb, dead_ok
        self._transport.write(data)
        try:
            self._limit(pending, deadline_s, verb)
            return await pending
        except asyncio.CancelledError:
            self._send_barrier()
            raise

    def _limit(self, future: asyncio.Future[Any], deadline_s: float | None, verb: str) -> None:
        """`future` is what the one command of the moment waits for; it fails when `deadline_s` is over.

        One timer a session, which looks when it fires: setting and cancelling one for each command would cost as much
        as the command itself.
        """
        self._awaited, self._awaited_verb = future, verb
        self._due = math.inf if deadline_s is None else self._loop.time() + deadline_s
        if self._timer is not None and self._timer.when() > self._due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and deadline_s is not None:
            self._timer = self._loop.call_at(self._due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if self._awaited is None or self._awaited.done() or self._due == math.inf:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._on_timer)
            return
        _fail(self._awaited, AgiTimeout(f"{self._awaited_verb}: no reply within its deadline; the session is closed"))
        self._transport.abort()

    def _accept(self, reply: Reply, verb: str) -> Reply:
        if reply.code == 511:
            self._gone("hangup")
            raise CallerHungUp("hangup")
        if reply.code != 200:
            raise AgiProtocolError(f"{verb}: Asterisk does not know this command or its form ({reply.code})")
        return reply

    async def _done(self, reply: Reply, otherwise: str) -> Reply:
        """Result -1 is said of a caller who has gone and of a command that failed: the channel tells which it was."""
        if reply.result != "-1":
            return reply
        if await self._still_there():
            raise AgiFailed(otherwise)
        raise CallerHungUp("result")

    async def _still_there(self) -> bool:
        try:
            await self.channel_status()
        except CallerHungUp:
            return False
        return True

    def _send_barrier(self) -> None:
        """Interrupts what plays or waits, and marks the place in the replies from which on they are for later commands.

        Needed because an interrupted playback has no reply, and one that ended just before the interruption has.
        """
        if self._barrier or self._how is not None or self._pending is None:
            return
        self._barriers += 1
        self._barrier = f"yihu-barrier-{self._barriers}"
        self._transport.write(encode_command("GET FULL VARIABLE", self._barrier))

    def data_received(self, data: bytes) -> None:
        """AgiProtocolError: the peer does not speak AGI; the command under way has been failed with it."""
        try:
            for item in self._reader.feed(data):
                if isinstance(item, HangupLine):
                    self._on_hangup_line()
                else:
                    self._on_reply(item)
        except AgiProtocolError as error:
            _fail(self._pending, error)
            raise
        if self._barrier:
            # Asterisk's second reply waits in its kernel until the first is acknowledged, 40 ms later without this.
            self._transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def connection_lost(self) -> None:
        self._gone("eof")
        self.closed.set()
        if self._timer is not None:
            self._timer.cancel()
        for future in (self._pending, self._settled):
            _fail(future, CallerHungUp("eof"))

    def _on_hangup_line(self) -> None:
        self._gone("hangup")
        if self._pending is not None and not self._pending_dead_ok:
            _fail(self._pending, CallerHungUp("hangup"))
            self._pending = None
            self._stale += 1

    def _on_reply(self, reply: Reply) -> None:
        pending = self._pending
        if self._barrier and reply.value == self._barrier:
            self._barrier, self._stale, self._pending = "", 0, None
            _resolve(pending, _INTERRUPTED)
            _resolve(self._settled, None)
        elif self._stale:
            self._stale -= 1
            _resolve(self._settled, None)
        elif pending is not None:
            self._pending = None
            _resolve(pending, reply)
        elif not (reply.code == 520 and self._pending_verb == "EXEC"):
            # (An application that returns 1 gets its result and, after it, the usage text of EXEC.)
            raise AgiProtocolError("a reply that nobody asked for")

    def _gone(self, how: Literal["hangup", "result", "eof"]) -> None:
        if self._how is None:
            self._how = how
            self.on_hangup.set()


def _key(reply: Reply) -> str:
    """Result is the key's character code; 0 none, 1 interrupted by a command of ours."""
    return "" if reply.result in ("", "0", "1") else chr(int(reply.result))


def _fail(future: asyncio.Future[Any] | None, error: AgiError) -> None:
    if future is not None and not future.done():
        future.set_exception(error)
        future.exception()  # seen: the one who waited for it may have been cancelled in this very turn


def _resolve(future: asyncio.Future[_T] | None, result: _T) -> None:
    if future is not None and not future.done():
        future.set_result(result)
