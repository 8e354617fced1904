"""The daemon as the supervisor sees it: a process that beats on a pipe, and is killed when it falls silent.

A second process stands by. It has imported everything and waits for its turn, because importing takes longer than
callers should hear nothing: the life of a fresh process up to its first call is 2 s, that of the one standing by 0.3 s.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cti.child_process import how_it_ended, kill_child, start_child, stop_child
from cti.daemon_log import DaemonLog

SILENCE_S = 1.5
"""Without a beat for so long the daemon is hung."""
FIRST_BEAT_S = 20.0
"""Allowance for the first beat: imports, opening of stores."""
STOP_S = 5.0


@dataclass(slots=True)
class _Process:
    popen: subprocess.Popen[bytes]
    beats: int | None
    """Our end of the heartbeat's pipe."""
    go: int | None
    """Our end of the pipe that one byte on tells it to begin; None: told."""

    def alive(self) -> bool:
        return self.popen.poll() is None

    def begin(self) -> None:
        if self.go is not None:
            os.write(self.go, b"!")
            os.close(self.go)
            self.go = None

    def close_beats(self) -> None:
        if self.beats is not None:
            os.close(self.beats)
            self.beats = None

    def close(self) -> None:
        """Closes our ends; one that still stands by ends by itself then."""
        self.close_beats()
        if self.go is not None:
            os.close(self.go)
            self.go = None


class Daemon:
    """The process of calls, and the one that stands by."""

    def __init__(self, argv: Sequence[str], log: DaemonLog, settings_file: Path | None) -> None:
        self._argv = argv
        self._log = log
        self._environment = dict(os.environ)
        if settings_file is not None:
            self._environment["YIHU_SETTINGS"] = str(settings_file.resolve())
        self._process: _Process | None = None
        self._standby: _Process | None = None
        self._deadline = 0.0

    @property
    def beats(self) -> int | None:
        """The pipe's end to wait on; None while there is none."""
        return self._process.beats if self._process else None

    @property
    def pid(self) -> int:
        return self._process.popen.pid if self._process else 0

    @property
    def exit_code(self) -> int | None:
        return self._process.popen.poll() if self._process else None

    def start(self) -> None:
        """Returns at once; whether it takes calls is told by `ready.json`. OSError."""
        if self._process is not None:
            self._process.close()
        self._log.forget()
        standby, self._standby = self._standby, None
        if standby is not None and not standby.alive():
            standby.close()
            standby = None
        self._process = standby or self._spawn()
        self._process.begin()
        self._deadline = time.monotonic() + FIRST_BEAT_S

    def stand_by(self) -> None:
        """Sees to it that a process stands by. OSError."""
        if self._standby is None or not self._standby.alive():
            if self._standby is not None:
                self._standby.close()
            self._standby = self._spawn()

    def stop(self) -> None:
        if self._standby is not None:
            self._standby.close()
            kill_child(self._standby.popen)
        if self._process is not None:
            stop_child(self._process.popen, STOP_S)
            self._process.close()

    def alive(self) -> bool:
        return self._process is not None and self._process.alive()

    def how_it_ended(self) -> str:
        code = self.exit_code
        return "not started" if code is None else how_it_ended(code)

    def watch(self) -> bool:
        """Reads the beats; kills a hung daemon and says False."""
        process = self._process
        if process is None or process.beats is None or not process.alive():
            return True
        try:
            while os.read(process.beats, 65536):
                self._deadline = time.monotonic() + SILENCE_S
            process.close_beats()  # it closed its end: it is dying, or is judged by the deadline
        except BlockingIOError:
            pass
        if time.monotonic() < self._deadline:
            return True
        kill_child(process.popen)
        return False

    def _spawn(self) -> _Process:
        beats, their_beats = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        their_go, go = os.pipe2(os.O_CLOEXEC)
        try:
            environment = self._environment | {"YIHU_HEARTBEAT_FD": str(their_beats), "YIHU_GO_FD": str(their_go)}
            popen = start_child(self._argv, log=self._log.path, env=environment, pass_fds=(their_beats, their_go))
        except OSError:
            os.close(beats)
            os.close(go)
            raise
        finally:
            os.close(their_beats)
            os.close(their_go)
        return _Process(popen, beats, go)
