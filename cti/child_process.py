"""Starting and ending processes of our own; each leads a process group, so Ctrl-C in the terminal is ours to handle."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def plain_environment() -> dict[str, str]:
    """Of this process, without what is ours alone: secrets come by variables named YIHU_…"""
    return {name: value for name, value in os.environ.items() if not name.startswith("YIHU_")}


def start_child(
    argv: Sequence[str], *, log: Path, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Starts `argv` with its output appended to `log`. It is killed when the calling thread ends, even by SIGKILL.

    OSError when it cannot be started or the log cannot be written.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    parent = os.getpid()

    def before_exec() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # gone between fork and prctl: no signal will come
            os._exit(1)

    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=env,
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=before_exec,
        )
    finally:
        os.close(descriptor)


def stop_child(process: subprocess.Popen[bytes], patience_s: float) -> None:
    """SIGTERM, then SIGKILL to it and its process group after `patience_s`. It is gone when this returns."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)
    kill_child(process)


def kill_child(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL to what is left of it and of its process group."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def how_it_ended(returncode: int) -> str:
    """`killed by SIGKILL`, `exit code 3`."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
