"""The daemon as the supervisor sees it: a process that beats on a pipe, and is killed when it falls silent."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from cti.child_process import how_it_ended, kill_child, start_child, stop_child
from cti.daemon_log import DaemonLog

SILENCE_S = 1.5
"""Without a beat for so long the daemon is hung."""
FIRST_BEAT_S = 20.0
"""Allowance for the first beat: imports, opening of stores."""
STOP_S = 5.0


class Daemon:
    """The process of calls, with its heartbeat."""

    def __init__(self, argv: Sequence[str], log: DaemonLog, settings_file: Path | None) -> None:
        self._argv = argv
        self._log = log
        self._environment = dict(os.environ)
        if settings_file is not None:
            self._environment["YIHU_SETTINGS"] = str(settings_file.resolve())
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline = 0.0
        self.beats: int | None = None
        """The pipe's end to wait on; None while there is none."""

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Returns at once; whether it takes calls is told by `ready.json`. OSError."""
        self._close_pipe()
        self._log.forget()
        self.beats, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            environment = self._environment | {"YIHU_HEARTBEAT_FD": str(theirs)}
            self._process = start_child(self._argv, log=self._log.path, env=environment, pass_fds=(theirs,))
        finally:
            os.close(theirs)
        self._deadline = time.monotonic() + FIRST_BEAT_S

    def stop(self) -> None:
        if self._process is not None:
            stop_child(self._process, STOP_S)
        self._close_pipe()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def how_it_ended(self) -> str:
        code = self.exit_code
        return "not started" if code is None else how_it_ended(code)

    def watch(self) -> bool:
        """Reads the beats; kills a hung daemon and says False."""
        if self.beats is None or not self.alive():
            return True
        try:
            while beats := os.read(self.beats, 65536):
                self._deadline = time.monotonic() + SILENCE_S
                del beats
            self._close_pipe()  # it closed its end: it is dying, or is judged by the deadline
        except BlockingIOError:
            pass
        if time.monotonic() < self._deadline:
            return True
        assert self._process is not None
        kill_child(self._process)
        return False

    def _close_pipe(self) -> None:
        if self.beats is not None:
            os.close(self.beats)
            self.beats = None
