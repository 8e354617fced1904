"""Runs the real supervisor in a process of its own, with the fake daemon and a process that stands for Asterisk.

`python -m tests.support.supervised VAR`. `Supervised` is the test's hand on it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cti.child_process import start_child, stop_child
from cti.settings import Settings
from cti.supervisor import StartError, Supervisor, lock_of
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]


class SleepingAsterisk:
    """Stands for Asterisk: a process that does nothing, found by the pid in RUN_DIR/asterisk.pid."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if (self._run_dir / "asterisk.broken").exists():
            raise OSError("asterisk is broken: mend it")
        self._process = start_child(["sleep", "600"], log=self._run_dir / "asterisk.log")
        (self._run_dir / "asterisk.pid").write_text(str(self._process.pid))

    def stop(self) -> None:
        if self._process:
            stop_child(self._process, 1.0)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Supervised:
    """A running supervisor. `pids` are those of every daemon it has started so far."""

    def __init__(self, var: Path) -> None:
        self.run_dir = var / "run"
        self.run_dir.mkdir(parents=True, exist_ok=True)
        self._output = var / "output"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.supervised", str(self.run_dir.parent)],
                stdout=output,
                stderr=output,
                cwd=ROOT,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def starts(self) -> list[tuple[int, float]]:
        """Process id and monotonic time of each start of the daemon."""
        try:
            lines = (self.run_dir / "starts").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [(int(pid), float(at)) for pid, at in (line.split() for line in lines)]

    @property
    def asterisk_pid(self) -> int:
        return int((self.run_dir / "asterisk.pid").read_text())

    def wait_ready(self) -> None:
        until(lambda: "it is ready" in self.output, 10, "the summary of a ready system")

    def wait_starts(self, count: int, limit_s: float) -> None:
        until(lambda: len(self.starts) >= count, limit_s, f"{count} starts of the daemon")

    def end(self) -> int:
        """Its exit code after SIGTERM, or the code it ended with by itself."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


def running(pid: int) -> bool:
    """Whether a process is there and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def kill(pid: int, number: signal.Signals) -> float:
    """Sends the signal; the monotonic time of doing so."""
    at = time.monotonic()
    os.kill(pid, number)
    return at


def main() -> int:
    settings = Settings(var=Path(sys.argv[1]))
    supervisor = Supervisor(
        settings,
        settings_file=None,
        redis=None,
        asterisk=SleepingAsterisk(settings.run_dir),
        daemon_argv=[sys.executable, str(ROOT / "tests/support/fake_daemon.py"), str(settings.run_dir)],
        summary=lambda ready: f"it is ready: {ready['pid']}",
    )
    try:
        with lock_of(settings):
            return supervisor.run()
    except StartError as error:
        print(error, flush=True)
        return error.code


if __name__ == "__main__":
    sys.exit(main())
