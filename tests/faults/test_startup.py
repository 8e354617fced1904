"""A start that cannot succeed: one clear message that names the place and the remedy, and nothing left running."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
_SETTINGS = """
var = "var"
[asterisk]
ami_port = {0}
sip_port = {1}
http_port = {4}
[agi]
port = {2}
[web]
port = {3}
"""


@dataclass
class Start:
    code: int
    message: str


class Installation:
    """A settings file with free ports; `up` tries to start it and comes back when that failed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = free_ports(5)
        self.settings = folder / "yihu.toml"
        self.settings.write_text(_SETTINGS.format(*self.ports))

    def up(self, deps: Path | None = None, path: str | None = None) -> Start:
        hide = f"import pathlib, cti.programs; cti.programs.DEPS = pathlib.Path({str(deps)!r}); " if deps else ""
        done = subprocess.run(
            [sys.executable, "-c", f"{hide}from cti.cli import main; main()", "--settings", str(self.settings), "up"],
            cwd=ROOT,
            env=os.environ | ({"PATH": path} if path is not None else {}),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Start(done.returncode, done.stderr)

    def processes(self) -> list[str]:
        """Of every process that was started for this installation: its command line."""
        mark = str(self.folder).encode()
        found = []
        for process in Path("/proc").iterdir():
            try:
                words = (process / "cmdline").read_bytes()
                if process.name.isdigit() and mark in words + (process / "environ").read_bytes():
                    found.append(words.replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    it = Installation(tmp_path)
    yield it
    assert it.processes() == []


def test_settings_with_an_unknown_key(installation: Installation) -> None:
    installation.settings.write_text("[web]\nprot = 8080\n")

    start = installation.up()

    assert start.code == 78
    assert f"{installation.settings}:2: web.prot: unknown key; known here: host, port" in start.message


def test_a_flow_with_a_fault(installation: Installation, tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    shipped = (ROOT / "ivr_flows/flows/city.yaml").read_text()
    (flows / "city.yaml").write_text(shipped + "\n  lost_node:\n    goto: nowhere\n")
    installation.settings.write_text(f'flows = "{flows}"\n' + installation.settings.read_text())

    start = installation.up()

    assert start.code == 78
    assert f"{flows}/city.yaml:" in start.message
    assert "lost_node" in start.message


def test_a_flow_that_is_not_there(installation: Installation, tmp_path: Path) -> None:
    installation.settings.write_text(f'flows = "{tmp_path}"\n' + installation.settings.read_text())

    start = installation.up()

    assert start.code == 78
    assert f"{tmp_path}/city.yaml: cannot be read (No such file or directory); give the file" in start.message


@pytest.mark.parametrize(
    ("index", "kind", "key"),
    [
        (0, socket.SOCK_STREAM, "asterisk.ami_port"),
        (1, socket.SOCK_DGRAM, "asterisk.sip_port"),
        (2, socket.SOCK_STREAM, "agi.port"),
        (3, socket.SOCK_STREAM, "web.port"),
        (4, socket.SOCK_STREAM, "asterisk.http_port"),
    ],
)
def test_a_port_in_use(installation: Installation, index: int, kind: socket.SocketKind, key: str) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", installation.ports[index]))
        if kind == socket.SOCK_STREAM:
            other.listen()

        start = installation.up()

    assert start.code == 78
    assert f"port {installation.ports[index]}/" in start.message
    assert f"(process {os.getpid()})" in start.message
    assert f"set {key} to a free port" in start.message
    assert len(start.message.splitlines()) == 1


def test_two_settings_with_the_same_port(installation: Installation) -> None:
    text = installation.settings.read_text().replace(str(installation.ports[3]), str(installation.ports[2]))
    installation.settings.write_text(text)

    start = installation.up()

    assert start.code == 78
    assert f"web.port and agi.port are both {installation.ports[2]}" in start.message


def test_no_asterisk(installation: Installation, tmp_path: Path) -> None:
    start = installation.up(deps=tmp_path / "none", path=str(tmp_path))

    assert start.code == 1
    assert "no Asterisk 22.10.1 or later: run `make setup`" in start.message


def test_no_redis_server(installation: Installation, tmp_path: Path) -> None:
    text = installation.settings.read_text().replace("[asterisk]", "[asterisk]\nembedded = false")
    installation.settings.write_text(text)

    start = installation.up(deps=tmp_path / "none", path=str(tmp_path))

    assert start.code == 1
    assert "redis-server is neither on PATH nor in" in start.message
    assert "run `make setup`" in start.message


def test_a_full_disk(installation: Installation, tmp_path: Path) -> None:
    var = tmp_path / "var"
    var.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(var)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can be made by root only")
    try:
        start = installation.up()
    finally:
        subprocess.run(["umount", str(var)], check=True)

    assert start.code == 1
    assert f"{var}: 1 MB free, at least 200 are needed" in start.message


def test_a_disk_that_fills_while_it_starts(installation: Installation, tmp_path: Path) -> None:
    """Room enough by the settings, and none left when the secrets are written."""
    var = tmp_path / "var"
    var.mkdir()
    options = "size=2m,nr_inodes=3"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(var)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small disk can be made by root only")
    installation.settings.write_text(installation.settings.read_text() + "[calls]\nmin_free_mb = 1\n")
    try:
        start = installation.up()
    finally:
        subprocess.run(["umount", str(var)], check=True)

    assert start.code == 1
    assert str(var) in start.message
    assert "No space left on device" in start.message


def test_secrets_that_others_can_read(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "secrets.toml").write_text("")
    (tmp_path / "var" / "secrets.toml").chmod(0o644)

    start = installation.up()

    assert start.code == 1
    assert f"{tmp_path}/var/secrets.toml: others can read it" in start.message


def test_a_roster_with_a_fault_is_seen_by_the_daemon_and_stops_asterisk_and_redis_too(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "roster.toml").write_text("this is no roster")

    start = installation.up()

    assert start.code == 78
    assert "roster.toml" in start.message
