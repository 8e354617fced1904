"""A PostgreSQL of our own for tests: own folder, own Unix socket, stopped by its own pid."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import psycopg

from cti.programs import library_path
from cti.settings import PROJECT


class PostgresMissingError(Exception):
    """No PostgreSQL can be run here; the text says what to do."""


class Postgres:
    """Runs from construction to `stop`. Data as durable as in production: fsync is on."""

    def __init__(self) -> None:
        self._bin, self._env = _find()
        self.folder = Path(tempfile.mkdtemp(prefix="yihu-pg-", dir="/tmp"))
        self._as_user = _ordinary_user(self._bin, self._env, self.folder)
        self._names = count(1)
        self._log = self.folder / "log"
        options = ["--no-sync", "--auth=trust", "--username=yihu", "--encoding=UTF8", "--no-locale"]
        self._run("initdb", "-D", str(self.folder / "data"), *options)
        self.process = self._start()

    def new_database(self) -> str:
        """A fresh one; gives its SQLAlchemy address."""
        name = f"t{next(self._names)}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"postgresql+psycopg://yihu@/{name}?host={self.folder}"

    def suspend(self) -> None:
        """SIGSTOP to the server and every one of its processes: it is there and does not answer."""
        for pid in self._pids():
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        for pid in self._pids():
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL to all of it at once, as when the machine dies."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):  # one of its workers may end by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        self.process.wait(10)

    def start_again(self) -> None:
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.process = self._start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.go_on()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = {"listen_addresses": "", "unix_socket_directories": str(self.folder), "shared_buffers": "16MB"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [*self._as_user, str(self._bin / "postgres"), "-D", str(self.folder / "data"), *options],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self._dsn("postgres"), connect_timeout=5).close()
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise AssertionError(f"PostgreSQL did not start: {self._log.read_text()[-2000:]}") from None
                time.sleep(0.05)
            else:
                return process

    def _dsn(self, database: str) -> str:
        return f"host={self.folder} user=yihu dbname={database}"

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._bin / program), *args],
            env=self._env,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.folder,
        )
        assert done.returncode == 0, done.stderr

    def _pids(self) -> list[int]:
        """The server and its children, the server first."""
        children = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[1] == str(self.process.pid):
                children.append(int(stat.parent.name))
        return [self.process.pid, *children]


def _find() -> tuple[Path, Mapping[str, str]]:
    """The folder of the programs, and the environment they need."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not installed and (found := shutil.which("initdb")):
        installed = [Path(found)]
    if installed:
        return installed[-1].parent, env
    root = PROJECT / ".deps" / "postgres"
    unpacked = sorted(root.glob("usr/lib/postgresql/*/bin/initdb"))
    if not unpacked:
        raise PostgresMissingError(
            f"no PostgreSQL in /usr/lib/postgresql, on PATH or in {root}: `make test` unpacks one"
        )
    return unpacked[-1].parent, {**env, "LD_LIBRARY_PATH": library_path(root)}


def _ordinary_user(programs: Path, env: Mapping[str, str], folder: Path) -> list[str]:
    """PostgreSQL refuses to run as root: the words before its command that make it somebody else, who owns `folder`."""
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    if _starts([*become, str(programs / "postgres")], env):
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        return become
    # `nobody` may not enter the checkout: root under another number may.
    become = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    if _starts([*become, str(programs / "postgres")], env):
        return become
    folder.rmdir()
    raise PostgresMissingError(f"{programs}: PostgreSQL refuses to run as root, and user nobody may not read it there")


def _starts(command: list[str], env: Mapping[str, str]) -> bool:
    return subprocess.run([*command, "--version"], env=env, capture_output=True, check=False).returncode == 0
