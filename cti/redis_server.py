"""Our own redis-server on a Unix socket in `var`, for an installation that does not bring one.

It carries the live snapshot and the bus, never the only copy of a fact, so it keeps nothing on disk.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from pathlib import Path

from cti.child_process import how_it_ended, plain_environment, start_child, stop_child
from cti.programs import ProgramMissing, find_program
from cti.settings import Settings

_START_S = 5.0
_SOCKET_LIMIT = 100
"""The kernel takes 107 bytes for the path of a Unix socket."""


class RedisError(Exception):
    """redis-server cannot be started; the text says why and what to do."""


class RedisServer:
    """One redis-server, child of this process, which it does not outlive."""

    def __init__(self, settings: Settings) -> None:
        self.socket = Path(settings.redis_url.removeprefix("unix://"))
        self._pidfile = settings.run_dir / "redis.pid"
        self._log = settings.log_dir / "redis.log"
        self._dir = settings.var / "redis"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers; otherwise nothing of it is left running and RedisError says why."""
        if self.alive():
            return
        try:
            program = find_program("redis-server")
        except ProgramMissing as missing:
            raise RedisError(str(missing)) from None
        if len(str(self.socket).encode()) > _SOCKET_LIMIT:
            raise RedisError(f"{self.socket}: too long for a Unix socket; set a shorter `var`, or redis.url")
        if self._answers():
            raise RedisError(f"{self.socket}: another redis-server answers there; stop it, or name it as redis.url")
        try:
            for folder in (self._dir, self.socket.parent, self._pidfile.parent):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._process = start_child(
                [*program.argv_prefix, *self._options()], log=self._log, env=plain_environment()
            )
        except OSError as error:
            raise RedisError(f"redis-server cannot be started: {error.strerror}: {error.filename}") from None
        deadline = time.monotonic() + _START_S
        while not self._answers():
            ended = self._process.poll()
            if ended is not None or time.monotonic() > deadline:
                self.stop()
                reason = f"did not answer in {_START_S:.0f} s" if ended is None else how_it_ended(ended)
                raise RedisError(
                    f"redis-server did not start ({reason}): {self._last_words()}; all of it in {self._log}"
                )
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process is None:
            return
        stop_child(self._process, patience_s=3.0)
        self._process = None
        for left in (self.socket, self._pidfile):
            with contextlib.suppress(OSError):
                left.unlink(missing_ok=True)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def how_it_ended(self) -> str:
        """For the line about its death."""
        code = self._process.poll() if self._process else None
        return "not started" if code is None else how_it_ended(code)

    def _options(self) -> list[str]:
        return [
            *("--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"),
            *("--save", "", "--appendonly", "no", "--dir", str(self._dir)),
            *("--daemonize", "no", "--pidfile", str(self._pidfile)),
        ]

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(1.0)
            try:
                peer.connect(str(self.socket))
                peer.sendall(b"PING\r\n")
                return peer.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def _last_words(self) -> str:
        try:
            lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return lines[-1] if lines else "it said nothing"
