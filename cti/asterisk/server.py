"""The Asterisk that we start ourselves: rendered, started, asked by its command line, stopped by its own pid.

Plain synchronous calls, for the supervisor's loop. An Asterisk of the city's own is none of this module's business.
"""

from __future__ import annotations

import contextlib
import os
import secrets as chance
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cti.asterisk.names import NONCE_FILE
from cti.asterisk.render import RenderError, render, socket_dir
from cti.child_process import plain_environment
from cti.programs import Program
from cti.settings import Settings

START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0
_BANNER = b"Asterisk Call Manager"
_SHOWN_ERRORS = 8


class AsteriskError(Exception):
    """Asterisk cannot be started or asked; the text says why and what to do."""


class AsteriskServer:
    def __init__(
        self,
        settings: Settings,
        program: Program,
        secrets_ami_ro: str,
        secrets_ami_ctl: str,
        python: Path = Path(sys.executable),
    ) -> None:
        self.nonce = ""
        """`systemname` of the running one: new at each start, in all its events and uniqueids."""
        self._settings = settings
        self._program = program
        self._secrets = (secrets_ami_ro, secrets_ami_ctl)
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process we started, also after its end; None before the first start."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when the dialplan is loaded and AMI and SIP accept. AsteriskError: nothing of it is left running."""
        if self.alive():
            raise AsteriskError(f"Asterisk is running already (pid {self.pid})")
        self._end_leftover()
        self._check_ports()
        self.nonce = "n" + chance.token_hex(6)
        try:
            render(self._settings, *self._secrets, self.nonce, self._program, self._python)
        except (RenderError, OSError) as error:
            raise AsteriskError(f"Asterisk's configuration cannot be written: {error}") from None
        self._write_nonce()
        self._log("messages.log").unlink(missing_ok=True)
        with self._log("console.log").open("wb") as console:
            self._process = subprocess.Popen(
                [*self._command, "-f"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=self._settings.var,
                env=plain_environment(),
                start_new_session=True,  # Ctrl-C in the terminal is for the supervisor, which stops us in order
            )
        try:
            self._wait_until_ready(time.monotonic() + START_LIMIT_S)
        except BaseException:
            self.stop(graceful=False)
            raise

    def stop(self, graceful: bool = True) -> None:
        """Ends the calls in it and the process; after five seconds by SIGKILL. Nothing if it does not run."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        if graceful:
            process.send_signal(signal.SIGTERM)  # Asterisk takes it as `core stop now`: hangs up, writes its database
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                pass
            else:
                return
        process.kill()
        process.wait()

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def cli(self, *args: str, timeout_s: float = 10.0) -> str:
        """What `asterisk -rx` answers to the command made of `args`. AsteriskError if it does not answer in time."""
        try:
            done = subprocess.run(
                [*self._command, "-rx", " ".join(args)],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise AsteriskError(f"Asterisk does not answer `{args[0]}` within {timeout_s:g} s") from None
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode:
            reason = (done.stderr.decode("utf-8", "replace") + output).strip().splitlines()[-1:]
            raise AsteriskError(f"Asterisk does not answer on its control socket: {''.join(reason)}")
        return output

    @property
    def _command(self) -> tuple[str, ...]:
        return (*self._program.argv_prefix, "-C", str(self._settings.asterisk_etc / "asterisk.conf"))

    def _log(self, name: str) -> Path:
        folder = self._settings.log_dir / "asterisk"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def _write_nonce(self) -> None:
        """Before Asterisk starts: a daemon that can log in always finds the nonce of what it is logged in to."""
        path = self._settings.run_dir / NONCE_FILE
        new = path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.nonce + "\n")
        new.replace(path)

    def _check_ports(self) -> None:
        asterisk = self._settings.asterisk
        for kind, host, port, key in (
            (socket.SOCK_STREAM, "127.0.0.1", asterisk.ami_port, "ami_port"),
            (socket.SOCK_STREAM, "127.0.0.1", asterisk.http_port, "http_port"),
            (socket.SOCK_DGRAM, asterisk.host, asterisk.sip_port, "sip_port"),
        ):
            with socket.socket(socket.AF_INET, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((host, port))
                except OSError as error:
                    raise AsteriskError(
                        f"port {port} of {host} cannot be used ({error.strerror}): stop the program that has it, "
                        f"or set asterisk.{key} to a free port"
                    ) from None

    def _wait_until_ready(self, limit: float) -> None:
        """AMI greets before the dialplan is there, so the greeting is followed by `core waitfullybooted`."""
        while not self._ami_greets():
            self._check_waiting(limit)
            time.sleep(0.02)
        while "fully booted" not in self._ask_booted(limit):
            self._check_waiting(limit)
            time.sleep(0.05)

    def _ami_greets(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._settings.asterisk.ami_port), timeout=1) as peer:
                return peer.recv(64).startswith(_BANNER)
        except OSError:
            return False

    def _ask_booted(self, limit: float) -> str:
        try:
            return self.cli("core", "waitfullybooted", timeout_s=max(0.1, limit - time.monotonic())).lower()
        except AsteriskError:
            return ""

    def _check_waiting(self, limit: float) -> None:
        assert self._process is not None
        code = self._process.poll()
        if code is not None:
            raise AsteriskError(f"Asterisk ended while it started (code {code}).\n{self._last_errors()}")
        if time.monotonic() > limit:
            raise AsteriskError(f"Asterisk is not ready after {START_LIMIT_S:g} s.\n{self._last_errors()}")

    def _last_errors(self) -> str:
        lines: list[str] = []
        for name in ("messages.log", "console.log"):
            if self._log(name).is_file():
                lines += self._log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        errors = [line for line in lines if "ERROR" in line] or lines
        return "\n".join(
            [
                *(f"  {line}" for line in errors[-_SHOWN_ERRORS:]),
                f"Everything it said is in {self._log('messages.log')} and {self._log('console.log')}.",
            ]
        )

    def _end_leftover(self) -> None:
        """One that an earlier supervisor left behind when it was killed: nobody looks after it, and it has our ports.
        It is ours because it answers on the control socket of this `var`."""
        control = socket_dir(self._settings) / "asterisk.ctl"
        if not control.exists():
            return
        try:
            self.cli("core", "stop", "now")
        except AsteriskError:
            return  # only the socket's file is left
        limit = time.monotonic() + STOP_LIMIT_S
        while time.monotonic() < limit:  # its socket goes before its ports do
            with contextlib.suppress(AsteriskError):
                self._check_ports()
                return
            time.sleep(0.05)
