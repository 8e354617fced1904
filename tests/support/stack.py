"""A whole running system of a test's own: `yihu up` in its own folder, on free ports, found and hit by process id."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from cti.asterisk.server import AsteriskServer
from cti.calls import Milestone
from cti.demo.client import Stack
from cti.programs import find_asterisk
from cti.settings import PROJECT, load_settings
from tests.support.ports import free_ports
from tests.support.waiting import until

NUMBER = "19999"
"""Leads straight to the queue, and to the survey after the talk"""
GREETED = "12345"
"""Begins with the greeting of the shipped flow"""
FLOW = """\
flow: quick
person: general
start: general
nodes:
  general: {type: route, queue: general, after: survey}
  survey: {type: survey, ask: {3: survey_ask_3, 5: survey_ask_5}, next: goodbye}
  goodbye: {type: hangup, prompts: goodbye}
"""
OFFER_TIMEOUT_S = 3.0
START_LIMIT_S = 40.0


def numbers_text(rows: Iterable[str]) -> str:
    """numbers.toml with these rows, each an inline table; any other is treated like GREETED."""
    return f'unknown_number = "{GREETED}"\ndid = [\n' + "".join(f"  {row},\n" for row in rows) + "]\n"


class RunningStack:
    """`start` returns when calls are served; `stop` leaves nothing behind."""

    def __init__(self, folder: Path) -> None:
        ami, sip, http, agi, web = free_ports(5)
        rtp = random.randrange(10000, 29000, 1000)
        ports = f"ami_port = {ami}, sip_port = {sip}, http_port = {http}, rtp_first = {rtp}, rtp_last = {rtp + 999}"
        self.flows = folder / "flows"
        shutil.copytree(PROJECT / "ivr_flows" / "flows", self.flows)
        (self.flows / "quick.yaml").write_text(FLOW, encoding="utf-8")
        self.file = folder / "yihu.toml"
        self.file.write_text(
            f"""
            var = "var"
            flows = "flows"
            asterisk = {{{ports}}}
            agi = {{port = {agi}}}
            web = {{port = {web}}}
            calls = {{wrap_up_s = 0, offer_timeout_s = {OFFER_TIMEOUT_S:g}}}
            speech = {{model = "off"}}
            """,
            encoding="utf-8",
        )
        self.settings = load_settings(self.file)
        self.numbers = [
            f'{{number = "{GREETED}", flow = "city", entry = "zero_menu"}}',
            f'{{number = "{NUMBER}", flow = "quick"}}',
        ]
        self.write("numbers.toml", numbers_text(self.numbers))
        self._output = folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, document: str, text: str) -> None:
        """A document as an administrator has it."""
        self.settings.documents.mkdir(parents=True, exist_ok=True)
        (self.settings.documents / document).write_text(text, encoding="utf-8")

    def start(self) -> None:
        argv = [sys.executable, "-m", "cti.cli", "--settings", str(self.file), "up"]
        with self._output.open("wb") as out:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=PROJECT, start_new_session=True
            )
        until(lambda: "is ready" in self.output or self._ended(), START_LIMIT_S, "a running system")
        assert not self._ended(), self.output

    def stop(self) -> None:
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    @property
    def supervisor(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def ready(self) -> tuple[int, float]:
        """Process id of the daemon that takes calls and the moment (UTC seconds) when it did; 0 while there is none."""
        path = self.settings.run_dir / "ready.json"
        try:
            return int(json.loads(path.read_bytes())["pid"]), path.stat().st_mtime
        except FileNotFoundError:
            return 0, 0.0

    @property
    def asterisk(self) -> int:
        """Its process id; 0 while there is none."""
        wanted = f"{self.settings.asterisk_etc / 'asterisk.conf'}\0-f".encode()
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and wanted in _command_line(process):
                return int(process.name)
        return 0

    def asterisk_cli(self, *command: str) -> str:
        return AsteriskServer(self.settings, find_asterisk(), "", "").cli(*command)

    def asterisk_channels(self) -> dict[str, str]:
        """Uniqueid -> name of every channel, by Asterisk's own list."""
        rows = (line.split("!") for line in self.asterisk_cli("core", "show", "channels", "concise").splitlines())
        return {row[-1]: row[0] for row in rows if len(row) > 10}

    def log(self, event: str) -> Iterator[dict[str, Any]]:
        """The daemons' log lines of this event, oldest first."""
        for line in (self.settings.log_dir / "daemon.log").read_bytes().splitlines():
            if line.startswith(b"{") and (row := orjson.loads(line)).get("event") == event:
                yield row

    def kill_daemon(self, number: signal.Signals) -> tuple[int, float]:
        """Its process id, and the moment of the signal."""
        pid, _ = self.ready
        at = time.time()
        os.kill(pid, number)
        return pid, at

    def _ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


class Api(Stack):
    """The daemon's REST API with what only tests ask for. StackAway while there is no daemon."""

    async def live(self) -> dict[str, Any]:
        picture: dict[str, Any] = await self._ask("GET", "/api/live")
        return picture

    async def positions(self) -> list[str]:
        """Ids of the waiting calls in their order."""
        rows = [row for row in (await self.live())["calls"] if row["position"] is not None]
        return [row["call_id"] for row in sorted(rows, key=lambda row: int(row["position"]))]

    async def channels(self) -> dict[str, str]:
        """Uniqueid -> name of every channel, as the daemon believes."""
        return {row["uniqueid"]: row["name"] for row in await self._ask("GET", "/api/channels")}

    async def milestones(self, call_id: str) -> list[Milestone]:
        rows = (await self._ask("GET", f"/api/calls/{call_id}"))["milestones"]
        return [Milestone("call", call_id, row["seq"], row["at"], row["kind"], row["data"]) for row in rows]


def _command_line(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""
