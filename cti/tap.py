"""Listening to what one line says: Asterisk is asked for its sound, and the sound goes to a recogniser.

The line itself notices nothing: a channel beside it (names.CONTEXT_LISTEN) hears it and brings the sound to our
AudioSocket server. Whatever goes wrong on that way (no model, no stream, no port, Asterisk refuses, the recogniser is
lost, no sound comes) ends the tap and is told as such; it costs the words, and never the call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from cti.asterisk import names
from cti.asterisk.ami import AmiError
from cti.asterisk.audiosocket import AudioSocketServer
from cti.leg import Actions
from cti.transcriber import Ended, Heard, Purpose, Session, Transcriber

log = structlog.get_logger()

COMES_WITHIN_S: Final = 3.0
"""Sound that has not come by then will not."""
PORT_AGAIN_S: Final = 5.0
"""The daemon before this one may still have it."""


class Tap:
    """One line that is listened to, from `Taps.tap` to its end or `close`."""

    def __init__(self, uuid: UUID, session: Session, on_heard: Callable[[Heard], object], forget: Callable[[], object]):
        self.uuid = uuid
        self.over = asyncio.Event()
        """Nothing more will be heard."""
        self._connected = asyncio.Event()
        self._session, self._on_heard, self._forget = session, on_heard, forget
        self._hears = True
        self._began_at: float | None = None

    @property
    def age_s(self) -> float:
        """Since the first sound that was heard."""
        return 0.0 if self._began_at is None else asyncio.get_running_loop().time() - self._began_at

    @property
    def channel(self) -> str:
        """The uniqueid of the channel that brings the sound."""
        return f"{names.LISTEN_ID}{self.uuid}"

    def pause(self) -> None:
        """What is said until `resume` is not heard."""
        self._hears = False

    def resume(self) -> None:
        self._hears = True

    async def comes(self, within_s: float) -> bool:
        """Whether its sound comes, and somebody hears it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._connected.wait()
        return self._connected.is_set() and not self.over.is_set()

    def finish(self) -> None:
        """No more sound is wanted: what was said until now is still told."""
        self._session.finish()
        self._forget()

    def close(self) -> None:
        """Nobody wants to know any more."""
        self._session.close()
        self._forget()

    # Stream

    def on_connected(self) -> None:
        self._connected.set()

    def on_sound(self, pcm: bytes) -> None:
        if self._hears:
            if self._began_at is None:
                self._began_at = asyncio.get_running_loop().time()
            self._session.hear(pcm)

    def on_over(self) -> None:
        self._session.finish()

    async def tell(self) -> None:
        """To the end of the session."""
        try:
            async for event in self._session:
                if isinstance(event, Ended):
                    self.over.set()
                self._on_heard(event)
        finally:
            self.over.set()
            self._connected.set()  # nobody need wait for it
            self._forget()


class Taps:
    """`run` it. Without an AudioSocket server of ours nobody is listened to."""

    def __init__(self, transcriber: Transcriber, act: Actions, host: str, port: int) -> None:
        self._transcriber, self._act = transcriber, act
        self._server = AudioSocketServer(host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self.live: dict[str, Tap] = {}
        """By the uniqueid of their channels."""
        self.port_taken = False
        """Nobody can be heard: somebody else listens where sound should come to."""

    def hears(self, language: str) -> bool:
        """Whether it is any use to listen to somebody who speaks it."""
        return bool(self._server.address) and self._transcriber.hears(language)

    async def run(self) -> None:
        """Until cancelled; nobody is listened to then."""
        try:
            while not self._server.address:
                try:
                    await self._server.start()
                    self.port_taken = False
                except OSError as error:
                    self.port_taken = True
                    log.error("speech_port_not_listened_on", reason=error.strerror or type(error).__name__)
                    await asyncio.sleep(PORT_AGAIN_S)
            await asyncio.Event().wait()
        finally:
            await self._server.stop()
            for task in self._tasks:
                task.cancel()

    def tap(
        self, channel: str, purpose: Purpose, on_heard: Callable[[Heard], object], expected_ticket_s: float = 0.0
    ) -> Tap:
        """Listens to what is said on the channel of this name. The last thing told is `Ended`."""
        session = self._transcriber.open(purpose, expected_ticket_s=expected_ticket_s)
        uuid = uuid4()
        tap = Tap(uuid, session, on_heard, lambda: self._forget(tap))
        self.live[tap.channel] = tap
        self._server.expect(uuid, tap)
        self._spawn(tap.tell())
        self._spawn(self._bring(tap, channel))
        return tap

    def hang_up(self, uniqueid: str) -> None:
        """A channel that brings sound to nobody."""
        self._spawn(self._hang_up(uniqueid))

    async def _bring(self, tap: Tap, channel: str) -> None:
        if tap.over.is_set():
            return  # nobody understands it: Asterisk need not be troubled
        try:
            await self._act.action(
                "Originate",
                ("Channel", f"AudioSocket/{self._server.address}/{tap.uuid}"),
                ("Context", names.CONTEXT_LISTEN),
                ("Exten", "s"),
                ("Priority", "1"),
                ("Timeout", str(round(COMES_WITHIN_S * 1000))),
                ("Variable", f"{names.CTI_HEARD}={channel}"),
                ("ChannelId", tap.channel),
                ("Async", "true"),
            )
        except AmiError as error:
            log.info("tap_refused", channel=channel, problem=str(error))
            tap.close()
        else:
            if not await tap.comes(COMES_WITHIN_S) and not tap.over.is_set():
                log.info("tap_without_sound", channel=channel)
                tap.close()

    async def _hang_up(self, uniqueid: str) -> None:
        try:
            await self._act.action("Hangup", ("Channel", uniqueid), ("Cause", "16"))
        except AmiError as error:
            log.info("tap_not_cut", channel=uniqueid, problem=str(error))

    def _forget(self, tap: Tap) -> None:
        self.live.pop(tap.channel, None)
        self._server.forget(tap.uuid)

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
