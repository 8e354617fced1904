"""Two daemons of one city on one Asterisk that belongs to neither, with one Redis and one database, links to be cut."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import redis

from cti.asterisk.server import AsteriskServer
from cti.calls import CallFact, CityFact, Milestone
from cti.programs import find_asterisk
from cti.secrets import load_or_create
from cti.settings import PROJECT, Agi, Asterisk, Settings, load_settings
from cti.storage.journal import read
from tests.support.ports import free_ports
from tests.support.redis import RedisProcess
from tests.support.relay import Relay
from tests.support.stack import FLOW, GREETED, NUMBER, OFFER_TIMEOUT_S, RunningStack, numbers_text
from tests.support.waiting import until


class Node(RunningStack):
    """One of the two: `yihu up` with its own folder."""

    def __init__(self, folder: Path, settings: str) -> None:
        folder.mkdir()
        self.flows = folder / "flows"
        shutil.copytree(PROJECT / "ivr_flows" / "flows", self.flows)
        (self.flows / "quick.yaml").write_text(FLOW, encoding="utf-8")
        self.file = folder / "yihu.toml"
        self.file.write_text(settings, encoding="utf-8")
        self.settings = load_settings(self.file)
        self._output = folder / "up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.redis_link: Relay
        self.peer_link: Relay

    @property
    def role(self) -> str:
        """active or warm; "" while it is neither."""
        try:
            ready = json.loads((self.settings.run_dir / "ready.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return ""
        return str(ready["role"]) if Path(f"/proc/{ready['pid']}").exists() else ""

    @property
    def processes(self) -> list[int]:
        """The supervisor and all that it started."""
        children = Path(f"/proc/{self.supervisor}/task/{self.supervisor}/children").read_text().split()
        return [self.supervisor, *map(int, children)]

    def signal_all(self, number: signal.Signals) -> float:
        """The moment of doing so."""
        at = time.time()
        for pid in self.processes:
            with contextlib.suppress(ProcessLookupError):  # one may end by itself meanwhile
                os.kill(pid, number)
        return at

    def kill(self) -> float:
        """Supervisor and daemon at once, as when a machine dies."""
        at = self.signal_all(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()
        (self.settings.run_dir / "ready.json").unlink(missing_ok=True)
        return at

    def journal(self) -> list[Milestone]:
        return list(read(self.settings.journal_dir, on_damage=lambda damage: None))

    @property
    def journal_id(self) -> str:
        return (self.settings.journal_dir / "id").read_text().strip()


class PairOfNodes:
    def __init__(self, folder: Path) -> None:
        ami, sip, http, agi_a, agi_b, web_a, web_b = free_ports(7)
        rtp = random.randrange(10000, 29000, 1000)
        self.redis = RedisProcess()
        var = folder / "asterisk"
        settings = Settings(
            var=var,
            asterisk=Asterisk(ami_port=ami, sip_port=sip, http_port=http, rtp_first=rtp, rtp_last=rtp + 999),
            agi=Agi(port=agi_a, second=f"127.0.0.1:{agi_b}"),
        )
        secrets = load_or_create(settings)
        self._asterisk = AsteriskServer(settings, find_asterisk(), secrets.ami_ro, secrets.ami_ctl)
        self._asterisk.start()
        settings.recordings_dir.mkdir(exist_ok=True)
        (folder / "documents").mkdir()
        numbers = [
            f'{{number = "{GREETED}", flow = "city", entry = "zero_menu"}}',
            f'{{number = "{NUMBER}", flow = "quick"}}',
        ]
        (folder / "documents" / "numbers.toml").write_text(numbers_text(numbers), encoding="utf-8")
        self.nodes: list[Node] = []
        self.links: list[Relay] = []
        socket, nonce = self.redis.url.removeprefix("unix://"), self._asterisk.nonce
        self._folder = folder
        self._sip = f'system_name = "{nonce}", ami_port = {ami}, sip_port = {sip}, http_port = {http}'
        for name, agi, other_agi, web, other_web in (
            ("a", agi_a, agi_b, web_a, web_b),
            ("b", agi_b, agi_a, web_b, web_a),
        ):
            redis_link, peer_link = Relay(socket), Relay(other_web)
            self.links += [redis_link, peer_link]
            text = f"""
                var = "var"
                flows = "flows"
                recordings = "{settings.recordings_dir}"
                spool = "{settings.spool_dir}"
                asterisk = {{embedded = false, {self._sip}}}
                agi = {{port = {agi}, second = "127.0.0.1:{other_agi}"}}
                web = {{port = {web}}}
                redis = {{url = "redis://127.0.0.1:{redis_link.port}"}}
                sql = {{url = "sqlite:///{folder}/yihu.db"}}
                pair = {{peer = "http://127.0.0.1:{peer_link.port}"}}
                calls = {{wrap_up_s = 0, offer_timeout_s = {OFFER_TIMEOUT_S:g}}}
                speech = {{model = "off"}}
                documents = "{folder}/documents"
                """
            node = Node(folder / name, text)
            node.redis_link, node.peer_link = redis_link, peer_link
            node.settings.var.mkdir(mode=0o700)
            shutil.copy(settings.secrets_file, node.settings.secrets_file)
            self.nodes.append(node)

    def stranger(self) -> Node:
        """A third daemon for the same city on the same Redis, which knows nothing of the other two."""
        agi, web = free_ports(2)
        text = f"""
            var = "var"
            flows = "flows"
            asterisk = {{embedded = false, {self._sip}}}
            agi = {{port = {agi}}}
            web = {{port = {web}}}
            redis = {{url = "{self.redis.url}"}}
            speech = {{model = "off"}}
            """
        return Node(self._folder / "stranger", text)

    def start(self) -> None:
        """One active and one warm, whatever was before."""
        for link in self.links:
            link.mend()
        for node in self.nodes:
            if not node.runs:
                node.start()
        until(lambda: sorted(node.role for node in self.nodes) == ["active", "warm"], 20, "one active and one warm")

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()
        self._asterisk.stop()
        for link in self.links:
            link.close()
        self.redis.stop()

    @property
    def active(self) -> Node:
        (found,) = [node for node in self.nodes if node.role == "active"]
        return found

    def copied(self, call_id: str) -> bool:
        """The copy that the warm one follows has this call in the queue."""
        with redis.Redis.from_url(self.redis.url) as client:
            entries = client.xrange("yihu:dongguan:replica")
        lines = (line for _, fields in entries for line in fields[b"lines"].splitlines())
        return any(call_id.encode() in line and b'"queued"' in line for line in lines)

    def other(self, node: Node) -> Node:
        return self.nodes[1 - self.nodes.index(node)]

    def check_one_decided_at_a_time(self) -> list[tuple[int, str, int]]:
        """Every offer was made under the newest epoch of its moment. Epoch, node and number of offers, in order."""
        reigns: list[tuple[int, str, float, list[float]]] = []
        for node in self.nodes:
            for milestone in node.journal():
                if milestone.kind == CityFact.DECIDES and milestone.id == node.journal_id:
                    reigns.append((int(milestone.data["epoch"] or 0), node.file.parent.name, milestone.at, []))
                elif milestone.kind == CallFact.OFFERED and milestone.at >= reigns[-1][2]:
                    reigns[-1][3].append(milestone.at)
        reigns.sort()
        for (_, _, _, offers), (epoch, name, begun, _) in _pairs(reigns):
            assert all(at < begun for at in offers), (
                f"{name} decided from {begun} on under {epoch}, but offered: {offers}"
            )
        return [(epoch, name, len(offers)) for epoch, name, _, offers in reigns]


def _pairs(
    reigns: list[tuple[int, str, float, list[float]]],
) -> Iterator[tuple[tuple[int, str, float, list[float]], tuple[int, str, float, list[float]]]]:
    """Each reign with every later one."""
    for number, earlier in enumerate(reigns):
        for later in reigns[number + 1 :]:
            yield earlier, later
