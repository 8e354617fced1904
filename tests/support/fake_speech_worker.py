"""A speech worker without a model, that does on request what a real one must not.

`python -m tests.support.fake_speech_worker STARTS FAIL_FIRST`: notes each start as a line in the file STARTS, and dies
before it is ready the first FAIL_FIRST times. A stream's first phrase says what it does: crash, deaf (takes sound and
never understands it), babble (no frames), grow (says that its memory has grown). A recording's name says it too: crash,
crash_once, hang.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from cti.speech.frames import Decoder, Frame, Kind, encode


class FakeWorker:
    def __init__(self, peer: socket.socket, starts: int) -> None:
        self._peer, self._starts = peer, starts
        self._bytes: dict[int, int] = {}
        self._deaf: set[int] = set()

    def take(self, frame: Frame) -> None:
        stream = frame.stream
        match frame.kind:
            case Kind.OPEN:
                self._bytes[stream] = 0
                if phrases := frame.json()["phrases"]:
                    self._misbehave(phrases[0], stream)
            case Kind.SOUND if stream not in self._deaf:
                self._bytes[stream] += len(frame.body)
                self._say(Kind.PARTIAL, stream, {"text": f"{self._bytes[stream]}"})
                self._say(Kind.HEARD, stream, {"bytes": self._bytes[stream]})
            case Kind.FINISH:
                heard_s = self._bytes[stream] / 16000
                self._say(
                    Kind.FINAL, stream, {"channel": 0, "words": [["路灯", 0.1, 0.4, 0.9], ["坏了", 0.4, heard_s, 1]]}
                )
                self._say(Kind.ENDED, stream, {"reason": "finished"})
            case Kind.DROP:
                self._say(Kind.ENDED, stream, {"reason": "closed"})
            case Kind.RECORDING:
                self._record(stream, Path(frame.json()["path"]).stem)
            case _:
                pass

    def _misbehave(self, how: str, stream: int) -> None:
        match how:
            case "crash":
                os._exit(3)
            case "deaf":
                self._deaf.add(stream)
            case "babble":
                self._peer.sendall(b"Traceback (most recent call last):")
            case "grow":
                self._say(Kind.MEMORY, 0, {"rss_mb": 10_000.0})
            case _:
                pass

    def _record(self, stream: int, name: str) -> None:
        if name == "crash" or (name == "crash_once" and self._starts == 1):
            os._exit(3)
        if name == "hang":
            return
        self._say(Kind.HEARD, stream, {"part": 0.5})
        for channel, at in ((1, 2.0), (0, 1.0)):
            self._say(Kind.FINAL, stream, {"channel": channel, "words": [["好", at, at + 0.2, 1]]})
        self._say(Kind.ENDED, stream, {"reason": "finished", "seconds": 3.0})

    def _say(self, kind: Kind, stream: int, body: dict[str, object]) -> None:
        self._peer.sendall(encode(kind, stream, body))


def main() -> None:
    with Path(sys.argv[1]).open("a+", encoding="utf-8") as file:
        file.write("started\n")
        file.seek(0)
        starts = len(file.readlines())
    if starts <= int(sys.argv[2]):
        os._exit(3)
    peer = socket.socket(fileno=0)
    peer.sendall(encode(Kind.READY, 0, {"rss_mb": 50.0, "real_time": 0.3, "phrases": True}))
    worker, decoder = FakeWorker(peer, starts), Decoder()
    while data := peer.recv(65536):
        for frame in decoder.feed(data):
            worker.take(frame)


if __name__ == "__main__":
    main()
