"""A speech worker: one process, one model, many streams; the daemon talks to it over a socket (`frames`).

`python -m cti.speech.worker MODEL WARM_RECORDING CPUS`, the socket as standard input; CPUS as "1,2". It ends
when the daemon closes the socket, and is killed when the daemon dies.

Live streams come before recordings, menu answers before talks. A thread reads what comes, so that a stream that is
dropped is known as such while the model is busy; sound piles up here and not on the way, and the daemon knows how much.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import wave
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cti.speech.frames import Decoder, Frame, FrameError, Kind, encode
from cti.speech.recogniser import Recogniser, Said, SoundRefused, Stream

_NICE = 10
_SLICE_S = 0.2
"""So much sound of one stream is understood before the next one's turn."""
_MEMORY_EVERY = 50
"""Slices from one look at the memory to the next."""
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True, eq=False)
class _Live:
    number: int
    menu: bool
    rate_hz: int
    phrases: list[str] | None
    pending: deque[bytes] = field(default_factory=deque)
    finishing: bool = False
    heard_bytes: int = 0
    stream: Stream | None = None

    @property
    def due(self) -> bool:
        return bool(self.pending) or self.finishing

    def slice(self) -> bytes:
        taken, most = bytearray(), int(self.rate_hz * _SLICE_S) * 2
        while self.pending and len(taken) < most:
            taken += self.pending.popleft()
        return bytes(taken)


class _Recording:
    """A WAV file, a stream for each channel."""

    def __init__(self, number: int, path: str, recogniser: Recogniser) -> None:
        """OSError, EOFError, wave.Error, SoundRefused."""
        self.number = number
        self._sound = wave.open(path)  # noqa: SIM115 - closed at its end
        if self._sound.getsampwidth() != 2 or self._sound.getnchannels() > 2:
            self._sound.close()
            raise wave.Error
        self.rate_hz: int = self._sound.getframerate()
        self.channels: int = self._sound.getnchannels()
        self._frames_done = 0
        self._streams = [recogniser.stream(self.rate_hz, None) for _ in range(self.channels)]
        self._frames: int = self._sound.getnframes()

    @property
    def seconds(self) -> float:
        return self._frames_done / self.rate_hz

    @property
    def part(self) -> float:
        # A file that is still being written, or was cut off, is longer or shorter than it says.
        return min(1.0, self._frames_done / self._frames) if self._frames else 1.0

    def next(self) -> tuple[list[tuple[int, Said]], bool]:
        """What is understood of the next slice, by channel, and whether it was the last."""
        raw = self._sound.readframes(int(self.rate_hz * _SLICE_S))
        said: list[tuple[int, Said]] = []
        if raw:
            samples = np.frombuffer(raw, "<i2").reshape(-1, self.channels)
            self._frames_done += len(samples)
            for channel, stream in enumerate(self._streams):
                said += [(channel, one) for one in stream.hear(samples[:, channel].tobytes())]
            return said, False
        for channel, stream in enumerate(self._streams):
            said += [(channel, one) for one in stream.finish()]
        self._sound.close()
        return said, True


class Worker:
    def __init__(self, recogniser: Recogniser, peer: socket.socket) -> None:
        self._recogniser, self._peer = recogniser, peer
        self._live: dict[int, _Live] = {}
        self._waiting: deque[Frame] = deque()
        """Recordings that were asked for."""
        self._recording: _Recording | None = None
        self._dropped: list[int] = []
        """Streams that are forgotten; it is said at their turn, as a sign that this process gets its turns done."""
        self._change = threading.Condition()
        self._turn = 0
        self._closed = False

    def run(self) -> None:
        """Until the other side closes."""
        threading.Thread(target=self._read, daemon=True).start()
        slices = 0
        while True:
            with self._change:
                while not self._closed and (live := self._next()) is None and not self._has_other():
                    self._change.wait()
                if self._closed:
                    return
                dropped, self._dropped = self._dropped, []
            for number in dropped:
                self._say(Kind.ENDED, number, {"reason": "closed"})
            if live is not None:
                self._hear(live)
            else:
                self._transcribe()
            slices += 1
            if slices % _MEMORY_EVERY == 0:
                self._say(Kind.MEMORY, 0, {"rss_mb": rss_mb()})

    # What comes

    def _read(self) -> None:
        decoder = Decoder()
        try:
            while data := self._peer.recv(1 << 16):
                with self._change:
                    for frame in decoder.feed(data):
                        self._take(frame)
                    self._change.notify()
        except (OSError, FrameError):
            pass
        with self._change:
            self._closed = True
            self._change.notify()

    def _take(self, frame: Frame) -> None:
        live = self._live.get(frame.stream)
        match frame.kind:
            case Kind.OPEN:
                wanted = frame.json()
                self._live[frame.stream] = _Live(
                    frame.stream, bool(wanted["menu"]), int(wanted["rate_hz"]), wanted["phrases"]
                )
            case Kind.SOUND if live is not None:
                live.pending.append(frame.body)
            case Kind.FINISH if live is not None:
                live.finishing = True
            case Kind.DROP:
                self._dropped.append(frame.stream)
                self._live.pop(frame.stream, None)
                if self._recording is not None and self._recording.number == frame.stream:
                    self._recording = None
                self._waiting = deque(other for other in self._waiting if other.stream != frame.stream)
            case Kind.RECORDING:
                self._waiting.append(frame)
            case _:
                pass

    # What is done

    def _next(self) -> _Live | None:
        """Whose turn it is: of those with sound the answers to menus first, and one after the other."""
        due = [live for live in self._live.values() if live.due]
        due = [live for live in due if live.menu] or due
        self._turn += 1
        return due[self._turn % len(due)] if due else None

    def _has_other(self) -> bool:
        return self._recording is not None or bool(self._waiting) or bool(self._dropped)

    def _hear(self, live: _Live) -> None:
        with self._change:
            pcm, last = live.slice(), live.finishing and not live.pending
        try:
            if live.stream is None:
                live.stream = self._recogniser.stream(live.rate_hz, live.phrases)
            for said in live.stream.hear(pcm) if pcm else ():
                self._tell(live.number, 0, said)
            live.heard_bytes += len(pcm)
            self._say(Kind.HEARD, live.number, {"bytes": live.heard_bytes})
            if last:
                for said in live.stream.finish():
                    self._tell(live.number, 0, said)
                self._end(live, "finished")
        except SoundRefused:
            self._end(live, "refused")

    def _end(self, live: _Live, reason: str) -> None:
        with self._change:
            self._live.pop(live.number, None)
        self._say(Kind.ENDED, live.number, {"reason": reason})

    def _transcribe(self) -> None:
        with self._change:
            recording = self._recording
            frame = self._waiting.popleft() if recording is None and self._waiting else None
        if frame is not None:
            try:
                recording = _Recording(frame.stream, frame.json()["path"], self._recogniser)
            except (OSError, EOFError, wave.Error, SoundRefused):
                self._say(Kind.ENDED, frame.stream, {"reason": "no_wav", "seconds": 0.0})
                return
            with self._change:
                self._recording = recording
        if recording is None:
            return
        said, last = recording.next()
        for channel, one in said:
            if one.words:
                self._tell(recording.number, channel, one)
        self._say(Kind.HEARD, recording.number, {"part": recording.part})
        if last:
            with self._change:
                self._recording = None
            self._say(Kind.ENDED, recording.number, {"reason": "finished", "seconds": recording.seconds})

    def _tell(self, number: int, channel: int, said: Said) -> None:
        if said.words:
            words = [[word.text, word.start_s, word.end_s, word.confidence] for word in said.words]
            self._say(Kind.FINAL, number, {"channel": channel, "words": words})
        else:
            self._say(Kind.PARTIAL, number, {"text": said.partial})

    def _say(self, kind: Kind, stream: int, body: dict[str, Any]) -> None:
        self._peer.sendall(encode(kind, stream, body))


def rss_mb() -> float:
    """Memory of this process that is really there."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def main() -> int:
    model, warm_with, cpus = sys.argv[1:4]
    daemon = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != daemon:
        return 1
    # Ctrl-C in the terminal is the daemon's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    # Calls have the core in that moment, not at the next tick of the scheduler; and it counts as idle for them.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    peer = socket.socket(fileno=0)
    recogniser = Recogniser(Path(model))
    real_time = recogniser.warm(Path(warm_with))
    ready = {"rss_mb": rss_mb(), "real_time": real_time, "phrases": recogniser.facts.phrases}
    peer.sendall(encode(Kind.READY, 0, ready))
    try:
        Worker(recogniser, peer).run()
    except (BrokenPipeError, ConnectionResetError):
        return 0  # the daemon is gone
    return 0


if __name__ == "__main__":
    sys.exit(main())
