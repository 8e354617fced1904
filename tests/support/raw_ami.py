"""The plainest AMI client, for tests of rights and events: no reconnect, no queue, blocking."""

from __future__ import annotations

import socket
import time

Frame = dict[str, str]


class RawAmi:
    def __init__(self, port: int, user: str, secret: str) -> None:
        self._peer = socket.create_connection(("127.0.0.1", port), timeout=5)
        self._reader = self._peer.makefile("rb")
        self._reader.readline()
        self._next = 0
        self.events: list[Frame] = []
        self.login = self.action("Login", Username=user, Secret=secret)

    def __enter__(self) -> RawAmi:
        return self

    def __exit__(self, *_: object) -> None:
        self._reader.close()
        self._peer.close()

    def action(self, name: str, **headers: str) -> Frame:
        """The response; events that come meanwhile are kept in `events`."""
        self._next += 1
        wanted = str(self._next)
        lines = [f"Action: {name}", f"ActionID: {wanted}", *(f"{key}: {value}" for key, value in headers.items())]
        self._peer.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while True:
            frame = self._frame()
            if frame.get("ActionID") == wanted and "Response" in frame:
                return frame
            self.events.append(frame)

    def event(self, name: str, limit_s: float = 5.0) -> Frame:
        """The first event of this name, among those seen or to come."""
        end = time.monotonic() + limit_s
        seen = 0
        while True:
            for frame in self.events[seen:]:
                if frame.get("Event") == name:
                    return frame
            seen = len(self.events)
            assert time.monotonic() < end, f"no event {name} within {limit_s:g} s"
            self.events.append(self._frame())

    def _frame(self) -> Frame:
        frame: Frame = {}
        while line := self._reader.readline().decode("utf-8", "replace").strip():
            key, _, value = line.partition(":")
            frame[key] = value.strip()
        return frame
