"""Asterisk's port for browsers' telephones: on loopback, for SIP over WebSocket, and for nothing else."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.asterisk.conftest import RunningAsterisk

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def ask(asterisk: RunningAsterisk, path: str, headers: dict[str, str]) -> int:
    address = f"http://127.0.0.1:{asterisk.settings.asterisk.http_port}{path}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize(
    "path", ["/", "/httpstatus", "/static/", "/phoneprov/", "/ari/", "/rawman", "/manager", "/metrics"]
)
def test_nothing_else_is_served(asterisk: RunningAsterisk, path: str) -> None:
    assert ask(asterisk, path, {}) == 404


def test_it_speaks_sip(asterisk: RunningAsterisk) -> None:
    assert ask(asterisk, "/ws", UPGRADE | {"Sec-WebSocket-Protocol": "sip"}) == 101
    assert ask(asterisk, "/ws", UPGRADE | {"Sec-WebSocket-Protocol": "chat"}) == 400
    assert ask(asterisk, "/ws", {}) == 426


def test_it_is_on_loopback_alone(asterisk: RunningAsterisk) -> None:
    listed = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    ours = f"{asterisk.settings.asterisk.http_port:04X}"
    hosts = {row[1].partition(":")[0] for row in listed if row[1].endswith(f":{ours}") and row[3] == "0A"}
    assert hosts == {"0100007F"}, "127.0.0.1 as the kernel writes it"


def test_how_much_sound_a_channel_has_heard_can_be_asked_by_who_observes(asterisk: RunningAsterisk) -> None:
    with asterisk.ami_ro() as observer:
        answer = observer.action("Getvar", Channel="PJSIP/none-00000001", Variable="CHANNEL(rtcp,rxcount)")
    assert answer["Message"] == "No such channel"
