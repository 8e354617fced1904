"""A caller is asked to say in a sentence what he calls about: the question, his answer, and the moment it is over.

He is listened to from the end of the prompts on, so that nothing of these is taken for his words. A key is worth more
than words, whenever he presses it. In a menu he waits for what follows; in a queue (cti.asking) he waits anyway.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from cti.tap import Tap
from cti.transcriber import Ended, Heard, Partial, Purpose
from cti.transcriber import Final as Sentence
from ivr_flows.words import Heard as Answer
from ivr_flows.words import Listen, Prompt
from recordings.transcript import Word, joined

if TYPE_CHECKING:
    from cti.journey import Line

COMES_WITHIN_S: Final = 1.0
"""Nobody is asked who is not listened to: the sound of his line has to be here before the question."""
PAUSE_S: Final = 0.9
"""Who says nothing for so long after a sentence has said it all, if the flow knows what to do with it. The recogniser
has waited half a second by then, and takes another half to notice that he speaks again."""
PONDER_S: Final = 1.6
"""The same, if the flow does not: he may be coming to the point."""
_LAST_WORDS_S: Final = 1.0
"""The recogniser has so long for what it has not understood when the time is over."""
_REST_S: Final = 4.0
"""The same, where nobody waits for them: on a busy machine a recogniser is behind."""
_TONE: Final = "!1000/300"
_TONE_S: Final = 0.3
_KEYS: Final = "0123456789*#"
_NOTHING: Final = Answer(None)

Play = Callable[[tuple[Prompt, ...], str], Awaitable[str]]
MatterOf = Callable[[str], Awaitable[tuple[str, float]]]
"""What a classifier takes a sentence for, and how sure it is; ("", 0.0): it cannot say. It does not fail."""


class Listener(Protocol):
    """cti.tap.Taps"""

    def hears(self, language: str) -> bool: ...

    def tap(self, channel: str, purpose: Purpose, on_heard: Callable[[Heard], object]) -> Tap: ...


class _Said:
    """What is heard of him."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._loop = asyncio.get_running_loop()
        self._waits = self._woken = False
        self.words: list[Word] = []
        self.speaks = False
        """A sentence has begun and is not over."""
        self.at = 0.0
        """When something was heard last, by the loop's clock."""
        self.over = False

    def on_heard(self, event: Heard) -> None:
        match event:
            case Partial(text):
                self.speaks = bool(text) or self.speaks
            case Sentence(words):
                self.words += words
                self.speaks = False
            case Ended():
                self.over = True
        self.at = self._loop.time()
        if self._waits and not isinstance(event, Partial):  # which ends no wait earlier
            self._woken = True
            self._line.wake()

    async def wait(self, for_s: float) -> str:
        """A key, or "" when `for_s` has passed or something was heard."""
        self._waits, self._woken = True, False
        try:
            key = await self._line.wait_for_digit(for_s)
        finally:
            self._waits = False
        if key and self._woken:
            await self._line.wait_for_digit(0)  # takes the wake, which the next question would take for silence
        return key

    def answer(self) -> Answer:
        if not self.words:
            return _NOTHING
        letters = [len(word.text) for word in self.words]
        sure = sum(word.confidence * n for word, n in zip(self.words, letters, strict=True))
        return Answer(joined(word.text for word in self.words), sure / sum(letters))


class Question:
    """One question to one caller: `put` it once, and `close` it. `on_asked`: he begins to hear it."""

    def __init__(
        self,
        line: Line,
        listener: Listener,
        language: str,
        purpose: Purpose,
        command: Listen,
        on_asked: Callable[[], object],
    ) -> None:
        self._line, self._listener, self._language = line, listener, language
        self._purpose, self._command, self._on_asked = purpose, command, on_asked
        self._said = _Said(line)
        self._tap: Tap | None = None
        self._hears = False

    async def put(self, play: Play) -> Answer:
        """Nothing heard, and nothing that could hear him: `Heard(None)`, the latter before he is asked anything.

        CallerHungUp as every use of the line. Cancelling it stops the prompts, or the listening, at once.
        """
        if not self._listener.hears(self._language):
            return _NOTHING
        self._tap = tap = self._listener.tap(self._line.env.channel, self._purpose, self._said.on_heard)
        tap.pause()
        if not await tap.comes(COMES_WITHIN_S):
            return _NOTHING
        self._on_asked()
        if key := await play(self._command.prompts, _KEYS) or await _tone(self._line):
            return Answer(None, digit=key)
        tap.resume()
        self._hears = True
        return await _hear(tap, self._said, self._command)

    async def rest(self) -> Answer:
        """What he had said when it was cut short, half a sentence too; within seconds."""
        if self._tap is None or not self._hears:
            return _NOTHING
        self._tap.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_REST_S):
                await self._tap.over.wait()
        return self._said.answer()

    def close(self) -> None:
        """Nobody is listened to any more."""
        if self._tap is not None:
            self._tap.close()


async def classified(heard: Answer, command: Listen, matter_of: MatterOf) -> Answer:
    """With what a classifier takes it for, where the flow asks for it."""
    if not heard.text or not command.matters:
        return heard
    matter, sure = await matter_of(heard.text)
    return replace(heard, matter=matter, sure=sure)


async def _tone(line: Line) -> str:
    await line.exec("Playtones", _TONE)
    key = await line.wait_for_digit(_TONE_S)
    await line.exec("StopPlaytones")
    return key


async def _hear(tap: Tap, said: _Said, command: Listen) -> Answer:
    loop = asyncio.get_running_loop()
    began = loop.time()
    finishing_at: float | None = None
    while True:
        now = loop.time()
        if said.over:
            return said.answer()
        if finishing_at is not None:
            until = finishing_at + _LAST_WORDS_S
        elif said.speaks:
            until = began + command.max_s
        elif said.words:
            text = joined(word.text for word in said.words)
            pause_s = PAUSE_S if any("".join(p.split()) in text for p in command.phrases) else PONDER_S
            until = min(said.at + pause_s, began + command.max_s)
        else:
            until = began + min(command.first_s, command.max_s)
        if until - now < 0.001:  # shorter than a line can wait
            if finishing_at is not None or not said.speaks:
                return said.answer()
            finishing_at = now
            tap.finish()
            continue
        if key := await said.wait(until - now):
            return Answer(None, digit=key)
