"""`yihu up`: starts redis-server, Asterisk and the daemon, starts again what dies, and stops what it started.

Plain synchronous code in one thread: it must go on when everything else hangs. The daemon beats on a pipe; one that is
silent for 1.5 s is killed: callers hear nothing while it hangs, and the dialplan takes over when it dies.

redis-server and the daemon do not outlive this process, even if it is killed. Asterisk does: its conversations go on
and its fallback queue answers until the next start, which finds it by its control socket in `var`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from cti.daemon_log import DaemonLog
from cti.daemon_process import SILENCE_S, Daemon
from cti.preflight import check_flows, check_ports, check_roster, check_space
from cti.settings import Settings
from cti.tls import check_tls

EX_CONFIG = 78
"""Exit code for settings, flows or ports that cannot be used: starting again would not help."""
EX_LEASE_OVER = 75
"""Of a daemon that must not decide any more because another one does; the next one is the warm one."""
_TICK_S = 0.1
_PATIENCE_S = 10.0
"""A daemon that beats and is not ready after so long gets a line on the terminal."""
_CROWD, _CROWD_S = 5, 30.0
"""So many deaths in so many seconds, and the next start waits."""
_LONGEST_PAUSE_S = 2.0


class StartError(Exception):
    """Something cannot be started; the text names the place and the remedy."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Part(Protocol):
    """redis-server, Asterisk, the daemon: what is kept alive."""

    def start(self) -> None:
        """Raises an exception that says why not and what to do; then nothing of it runs."""

    def stop(self) -> None: ...

    def alive(self) -> bool: ...


class Kept:
    """One part with the memory of its deaths."""

    def __init__(self, name: str, part: Part, say: Callable[[str], None]) -> None:
        self.name = name
        self.part = part
        self._say = say
        self._deaths: deque[float] = deque(maxlen=20)
        self._not_before = 0.0
        self._down = False

    def tend(self) -> None:
        """Starts it again if it is dead and its pause is over."""
        if self.part.alive():
            return
        if not self._down:
            self._down = True
            self._note(self._how_it_ended())
        if time.monotonic() < self._not_before:
            return
        try:
            self.part.start()
        except Exception as error:  # noqa: BLE001 (whatever it is, it is said, and the next try follows)
            self._note(f"cannot be started again: {error}")
        else:
            self._down = False

    def _note(self, what: str) -> None:
        now = time.monotonic()
        self._deaths.append(now)
        crowd = sum(now - death < _CROWD_S for death in self._deaths)
        pause = min(_LONGEST_PAUSE_S, 0.1 * 2 ** (crowd - _CROWD + 1)) if crowd >= _CROWD else 0.0
        self._not_before = now + pause
        then = f"its {crowd}th end in {_CROWD_S:.0f} s, starting again in {pause:.1f} s" if pause else "starting again"
        self._say(f"{self.name}: {what}; {then}")

    def _how_it_ended(self) -> str:
        explain = getattr(self.part, "how_it_ended", None)
        return str(explain()) if explain else "ended"


class Supervisor:
    def __init__(
        self,
        settings: Settings,
        *,
        settings_file: Path | None,
        redis: Part | None,
        asterisk: Part | None,
        daemon_argv: Sequence[str] = (sys.executable, "-m", "cti.main"),
        summary: Callable[[dict[str, Any]], str] = lambda ready: "ready",
    ) -> None:
        """`redis`, `asterisk`: None when the city brings its own. `summary`: from the content of ready.json to text."""
        self._settings = settings
        self._log = DaemonLog(settings.log_dir / "daemon.log", self._say)
        self._daemon = Daemon(daemon_argv, self._log, settings_file)
        named = (("redis-server", redis), ("Asterisk", asterisk), ("daemon", self._daemon))
        self._kept = [Kept(name, part, self._say) for name, part in named if part is not None]
        self._summary = summary
        self._ready_file = settings.run_dir / "ready.json"
        self._ready_pid = 0
        self._ready_role = ""
        self._patience_ends = 0.0
        self._asked_to_stop = False

    def run(self) -> int:
        """Until Ctrl-C or SIGTERM; StartError when something does not start. Whatever was started is stopped then."""
        with self._woken_by_signals() as wake:
            self._ready_file.unlink(missing_ok=True)
            try:
                for kept in self._kept:
                    self._start(kept)
                    if self._asked_to_stop:
                        return 0
                self._patience_ends = time.monotonic() + _PATIENCE_S
                while not self._asked_to_stop:
                    self._wait(wake)
                    self._tend()
                self._say("stopping")
            finally:
                self._stop_all()
        return 0

    def _start(self, kept: Kept) -> None:
        try:
            kept.part.start()
        except StartError:
            raise
        except Exception as error:
            raise StartError(f"{kept.name}: {error}") from error

    def _wait(self, wake: int) -> None:
        beats = self._daemon.beats
        for descriptor in select.select([wake] if beats is None else [wake, beats], [], [], _TICK_S)[0]:
            if descriptor == wake:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake, 4096)

    def _tend(self) -> None:
        if not self._daemon.watch():
            self._say(f"daemon: silent for {SILENCE_S} s, killed")
        self._log.look()
        if not self._daemon.alive():
            self._check_daemon_may_start_again()
        for kept in self._kept:
            kept.tend()
        self._notice_ready()

    def _check_daemon_may_start_again(self) -> None:
        code = self._daemon.exit_code
        if code == EX_CONFIG and not self._ready_pid:
            raise StartError(f"the daemon cannot use its settings:\n{self._log.last_words()}", EX_CONFIG)
        if not self._ready_pid and code != EX_LEASE_OVER:
            raise StartError(
                f"the daemon did not start ({self._daemon.how_it_ended()}):\n{self._log.last_words()}\n"
                f"Everything it said is in {self._log.path}; `yihu doctor` checks every part."
            )

    def _notice_ready(self) -> None:
        if self._ready_pid == self._daemon.pid and self._ready_role != "warm":
            return
        if not self._ready_pid and time.monotonic() > self._patience_ends:
            self._patience_ends = float("inf")
            self._say(f"daemon: runs, but takes no calls yet; `yihu doctor` and {self._log.path} tell more")
        try:
            ready = json.loads(self._ready_file.read_bytes())
        except (OSError, ValueError):
            return
        if not isinstance(ready, dict) or ready.get("pid") != self._daemon.pid:
            return
        role = str(ready.get("role") or "active")
        if (self._ready_pid, self._ready_role) == (self._daemon.pid, role):
            return
        if not self._ready_pid:
            with contextlib.suppress(OSError):
                print(self._summary(ready), flush=True)
        elif role == "warm":
            self._say(f"daemon: warm, {ready.get('active')} is active")
        else:
            self._say("daemon: takes calls again" if self._ready_role == role else "daemon: active, takes calls now")
        self._ready_pid, self._ready_role = self._daemon.pid, role
        with contextlib.suppress(OSError):  # a start without it takes longer, no more
            self._daemon.stand_by()

    def _stop_all(self) -> None:
        with contextlib.ExitStack() as last_to_first:
            for kept in self._kept:
                last_to_first.callback(kept.part.stop)
        self._ready_file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _woken_by_signals(self) -> Any:
        """A pipe that can be read as soon as a signal has come: a child's death, or a wish to stop."""
        ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        old_fd = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        wishes = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        old = {number: signal.signal(number, self._on_stop) for number in wishes}
        old[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        try:
            yield ours
        finally:
            signal.set_wakeup_fd(old_fd)
            for number, handler in old.items():
                signal.signal(number, handler)
            os.close(ours)
            os.close(theirs)

    def _on_stop(self, *_: object) -> None:
        self._asked_to_stop = True

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # a closed terminal is no reason to stop the telephones
            print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def start_up(settings: Settings, settings_file: Path | None, summary: Callable[[dict[str, Any]], str]) -> int:
    """Checks everything that can be checked before, then runs. Returns the exit code; StartError says what is wrong."""
    from cti.asterisk.server import AsteriskServer
    from cti.programs import ProgramMissing, find_asterisk
    from cti.redis_server import RedisServer
    from cti.secrets import SecretsError, load_or_create

    if problems := check_space(settings):
        raise StartError("\n".join(problems))
    try:
        settings.run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with lock_of(settings):
            secrets = load_or_create(settings)
            if problems := [
                *check_tls(settings),
                *check_flows(settings),
                *check_roster(settings),
                *check_ports(settings),
            ]:
                raise StartError("\n".join(problems), EX_CONFIG)
            asterisk = redis = None
            if settings.asterisk.embedded:
                asterisk = AsteriskServer(settings, find_asterisk(), secrets.ami_ro, secrets.ami_ctl)
            if not settings.redis.url:
                redis = RedisServer(settings)
            return Supervisor(
                settings, settings_file=settings_file, redis=redis, asterisk=asterisk, summary=summary
            ).run()
    except (ProgramMissing, SecretsError) as error:
        raise StartError(str(error)) from None
    except OSError as error:
        raise StartError(f"{error.filename or settings.var}: {error.strerror}") from None


@contextlib.contextmanager
def lock_of(settings: Settings) -> Any:
    """Holds `var` for this process; StartError with the other's process id when another holds it."""
    path = settings.run_dir / "supervisor.lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = path.read_text(encoding="ascii").strip() or "unknown"
            raise StartError(
                f"{settings.var}: Yihu runs here already (process {pid}); stop it with Ctrl-C or `kill {pid}`, "
                f"or use another var"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
