"""A daemon's AGI side in fifty lines, for tests of the dialplan: each call runs one function in a thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class CallerGoneError(Exception):
    """The session is over: the caller left or the socket closed."""


class Session:
    """One call in the hands of the test."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer
        self._reader = peer.makefile("rb")
        self.env: dict[str, str] = {}
        while line := self._reader.readline().strip():
            key, _, value = line.decode("utf-8", "replace").partition(":")
            self.env[key] = value.strip()

    @property
    def args(self) -> list[str]:
        names = sorted((key for key in self.env if key.startswith("agi_arg_")), key=lambda key: int(key[8:]))
        return [self.env[name] for name in names]

    def command(self, text: str) -> str:
        """The reply to one command ("200 result=0"); CallerGoneError when there is none."""
        self._peer.sendall(text.encode() + b"\n")
        line = self._reader.readline().decode().strip()
        if not line or line == "HANGUP":
            raise CallerGoneError
        return line

    def die(self) -> None:
        """As a daemon that is killed: the connection is gone, nothing is said."""
        _end(self._peer)

    def close(self) -> None:
        _end(self._peer)  # Asterisk keeps the channel until it sees this
        self._reader.close()


def _end(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)


class RawAgi:
    """Listens while the `with` lasts. `sessions` has every session so far, `handler` runs each in a thread."""

    def __init__(self, port: int, handler: Callable[[Session], None]) -> None:
        self.sessions: list[Session] = []
        self._port, self._handler = port, handler
        self._threads: list[threading.Thread] = []
        self._peers: list[socket.socket] = []

    def __enter__(self) -> RawAgi:
        self._listener = socket.create_server(("127.0.0.1", self._port))
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._listener)
        self._listener.close()
        for peer in self._peers:
            _end(peer)
        for thread in self._threads:
            thread.join(5)

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self._peers.append(peer)
            self._start(lambda peer=peer: self._serve(peer))

    def _serve(self, peer: socket.socket) -> None:
        with peer:
            session = Session(peer)
            self.sessions.append(session)
            with contextlib.closing(session), contextlib.suppress(CallerGoneError, OSError):
                self._handler(session)
