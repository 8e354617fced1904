"""A caller who acts by a script: the line of a journey without Asterisk, at any speed the loop's clock allows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from cti.asterisk.agi_codec import AgiEnv, CallerHungUp
from recordings.wav import heading
from tests.support.recorded import silence

PLAY_S = 2.0
"""How long every recording lasts here."""


class ScriptedLine:
    """`keys` are pressed one after the other: (seconds after the last key or the start, key); "hangup" hangs up.

    `dial` decides what a Dial() does: it gets this line and the arguments and returns DIALSTATUS.
    `said` collects what was played and done, in order.
    """

    def __init__(
        self,
        call_id: str = "n1-1.1",
        *,
        keys: list[tuple[float, str]] | None = None,
        dial: Callable[[ScriptedLine, tuple[str, ...]], Awaitable[str]] | None = None,
        caller: str = "13800138000",
        dialled: str = "12345",
        dial_status: str = "",
        arrived_at: str = "",
        lost_at: str = "",
    ) -> None:
        self.env = AgiEnv(
            script="citizen",
            query={},
            uniqueid=call_id,
            channel=f"PJSIP/trunk-{call_id}",
            caller=caller,
            dialled=dialled,
            context="cti-citizen",
            extension="s",
            language="zh-CN",
            args=("sip-" + call_id, dialled, "", dial_status, "", "voice", arrived_at, lost_at),
        )
        self.said: list[str] = []
        self.variables: dict[str, str] = {}
        self.recording = Path()
        """Of the last Dial(), in the folder of recordings."""
        self.says = 0.0
        """Seconds of words when he is asked to leave a message."""
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._how = "hangup"
        self._woken = asyncio.Event()
        self._dial = dial
        self._script = asyncio.ensure_future(self._act(keys or []))

    async def _act(self, keys: list[tuple[float, str]]) -> None:
        for delay_s, key in keys:
            await asyncio.sleep(delay_s)
            if key in ("hangup", "eof"):
                self.leave(key)
                return
            self._keys.put_nowait(key)

    def leave(self, how: str = "hangup") -> None:
        self._how = how
        self._gone.set()

    async def _until(self, job: Awaitable[str]) -> str:
        """The outcome of `job`, unless the caller goes first."""
        task = asyncio.ensure_future(job)
        gone = asyncio.ensure_future(self._gone.wait())
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if self._gone.is_set():
                raise CallerHungUp(self._how)  # type: ignore[arg-type]
            return task.result()
        finally:
            task.cancel()
            gone.cancel()

    def _check(self) -> None:
        if self._gone.is_set():
            raise CallerHungUp(self._how)  # type: ignore[arg-type]

    async def answer(self) -> None:
        self._check()
        self.said.append("answer")

    async def stream_file(self, name: str, escape_digits: str = "") -> str:
        self.said.append(name)
        return await self._until(self._key(PLAY_S, escape_digits))

    async def wait_for_digit(self, timeout_s: float) -> str:
        self._woken.clear()
        waking = asyncio.ensure_future(self._woken.wait())
        key = asyncio.ensure_future(self._until(self._key(timeout_s, "0123456789*#ABCD")))
        await asyncio.wait({waking, key}, return_when=asyncio.FIRST_COMPLETED)
        waking.cancel()
        if key.done():
            return key.result()
        key.cancel()
        return ""

    async def _key(self, within_s: float, wanted: str) -> str:
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        while (left := until - loop.time()) > 0:
            try:
                key = await asyncio.wait_for(self._keys.get(), left)
            except TimeoutError:
                break
            if key in wanted:
                return key
        return ""

    def wake(self) -> None:
        self._woken.set()

    async def set_music(self, on: bool, music_class: str = "default") -> None:
        self._check()
        self.said.append("music" if on else "silence")

    async def record_file(self, name: str, escape_digits: str, max_s: float, silence_s: float) -> str:
        self._check()
        self.said.append("record")
        words = silence(min(self.says, max_s))
        await asyncio.to_thread(Path(name + ".wav").write_bytes, heading(1, len(words)) + words)
        return await self._until(self._key(min(self.says, max_s) + silence_s, escape_digits))

    async def get_variable(self, name: str, *, dead_ok: bool = False) -> str | None:
        if not dead_ok:
            self._check()
        return self.variables.get(name)

    async def set_variable(self, name: str, value: str) -> None:
        self._check()
        self.variables[name] = value

    async def exec(self, application: str, *args: str) -> int:
        self._check()
        self.said.append(" ".join((application, *args[:1])) if application == "Dial" else application)
        if application == "Dial":
            assert self._dial is not None
            found = re.search(r"U\(cti-agent-answered\^(.+?)\)", args[2])
            assert found or "@" in args[0], "an agent's answer starts the recording"
            self.recording = Path(found[1]) if found else Path()
            status = await self._until(self._dial(self, args))
            self.variables["DIALSTATUS"] = status
        return 0

    async def hangup(self) -> None:
        self.said.append("hangup")
        self._gone.set()

    def close(self) -> None:
        self.said.append("closed")
