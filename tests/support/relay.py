"""A TCP connection that a test can cut: everything goes on as if a cable had been pulled."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes connections on to `target`: a path of a Unix socket, or a port of the loopback."""

    def __init__(self, target: str | int) -> None:
        self._target = target
        self._whole = threading.Event()
        self._whole.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing gets through, and nobody is told."""
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._whole.set()
        for connection in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            self._whole.wait()
            far = socket.socket(socket.AF_INET if isinstance(self._target, int) else socket.AF_UNIX)
            try:
                far.connect(("127.0.0.1", self._target) if isinstance(self._target, int) else self._target)
            except OSError:
                near.close()
                far.close()
                continue
            self._sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(one, other), daemon=True).start()

    def _pump(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self._whole.wait()
                other.sendall(data)
        for connection in (one, other):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
