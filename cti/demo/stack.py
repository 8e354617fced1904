"""A stack of one's own for a demonstration or a measurement: own folder, free ports, started and stopped by us."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from cti.demo.client import Stack
from cti.numbers import Did
from cti.settings import PROJECT, Settings, load_settings

START_LIMIT_S = 60.0
STOP_LIMIT_S = 20.0


class StackFailed(Exception):
    """Our own stack did not start; the text is what it said last."""


@asynccontextmanager
async def own_stack(
    did: Sequence[Did], wrap_up_s: float, offer_timeout_s: float, *more: str
) -> AsyncIterator[Settings]:
    """Starts `yihu up` in a new temporary folder and stops it at the end; the folder goes with it. `more`: lines of its
    settings."""
    folder = Path(tempfile.mkdtemp(prefix="yihu-demo-"))
    try:
        file = folder / "yihu.toml"
        file.write_text("\n".join([_settings_text(wrap_up_s, offer_timeout_s), *more, ""]), encoding="utf-8")
        settings = load_settings(file)
        settings.documents.mkdir(parents=True)
        (settings.documents / "numbers.toml").write_text(_numbers_text(did), encoding="utf-8")
        log = folder / "up.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cti.cli", "--settings", str(file), "up",
                cwd=PROJECT, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        try:
            await _until_healthy(settings, process, log)
            yield settings
        finally:
            await _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _until_healthy(settings: Settings, process: asyncio.subprocess.Process, log: Path) -> None:
    loop = asyncio.get_running_loop()
    ends = loop.time() + START_LIMIT_S
    async with Stack(settings) as stack:
        while True:
            health = await stack.health()
            if health is not None and health.get("ok"):
                return
            if process.returncode is not None or loop.time() > ends:
                why = "ended" if process.returncode is not None else f"is not healthy after {START_LIMIT_S:g} s"
                raise StackFailed(f"the stack for this run {why}:\n{_last_words(log)}")
            await asyncio.sleep(0.1)


def _last_words(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-8:])


async def _stop(process: asyncio.subprocess.Process) -> None:
    """SIGTERM lets it stop its children; a stack that does not is killed with its whole session."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), STOP_LIMIT_S)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _settings_text(wrap_up_s: float, offer_timeout_s: float) -> str:
    ami, sip, http, agi, web = free_ports(5)
    rtp = random.randrange(10000, 29000, 1000)
    lines = [
        'var = "var"',
        f"asterisk = {{ami_port = {ami}, sip_port = {sip}, http_port = {http}, "
        f"rtp_first = {rtp}, rtp_last = {rtp + 999}}}",
        f"agi = {{port = {agi}}}",
        f"web = {{port = {web}}}",
        f"calls = {{wrap_up_s = {wrap_up_s:g}, offer_timeout_s = {offer_timeout_s:g}}}",
    ]
    return "\n".join(lines) + "\n"


def _numbers_text(did: Sequence[Did]) -> str:
    lines = [f'unknown_number = "{did[0].number}"']
    for number in did:
        entry = f'entry = "{number.entry}"\n' if number.entry else ""
        lines += [
            "[[did]]",
            f'number = "{number.number}"',
            f'flow = "{number.flow}"',
            f'mode = "{number.mode}"\n{entry}',
        ]
    return "\n".join(lines) + "\n"


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that were free for TCP and UDP a moment ago, below those the kernel gives out by itself."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(10000, 30000)
        kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
        if port not in found and all(_is_free(kind, port) for kind in kinds):
            found.append(port)
    return found


def _is_free(kind: socket.SocketKind, port: int) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
