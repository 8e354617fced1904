"""A carrier that wants us to register: its calls are the trunk's by the mark of the registration, from any address."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cti.asterisk.server import AsteriskError, AsteriskServer
from cti.programs import Program
from tests.asterisk.conftest import settings_for

CARRIER = "127.0.0.3"
NUMBER = "076912345"


class Registrar:
    """The carrier's SIP server: one UDP socket, whose address is not among the trunk's."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((CARRIER, 0))
        self._socket.settimeout(10)
        self.port = self._socket.getsockname()[1]

    def receive(self, wanted: str) -> tuple[str, tuple[str, int]]:
        """The next message that begins with `wanted`; others are passed over."""
        while True:
            data, peer = self._socket.recvfrom(65536)
            text = data.decode()
            if text.startswith(wanted):
                return text, peer

    def answer(self, request: str, peer: tuple[str, int], status: str, *headers: str) -> None:
        kept = [line for line in request.split("\r\n") if re.match(r"(Via|From|To|Call-ID|CSeq):", line)]
        kept = [f"{line};tag=carrier" if line.startswith("To:") else line for line in kept]
        text = "\r\n".join([f"SIP/2.0 {status}", *kept, *headers, "Content-Length: 0", "", ""])
        self._socket.sendto(text.encode(), peer)

    def invite(self, uri: str, peer: tuple[str, int], name: str) -> str:
        """Status of the first answer but 100 to a call for `uri`."""
        here = f"{CARRIER}:{self.port}"
        sdp = f"v=0\r\no=- 1 1 IN IP4 {CARRIER}\r\ns=-\r\nc=IN IP4 {CARRIER}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n"
        lines = [
            f"INVITE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{name}",
            f"From: <sip:13800138000@{here}>;tag={name}",
            f"To: <{uri}>",
            f"Call-ID: {name}@{CARRIER}",
            "CSeq: 1 INVITE",
            f"Contact: <sip:{here}>",
            "Max-Forwards: 70",
            "Content-Type: application/sdp",
            f"Content-Length: {len(sdp)}",
        ]
        self._socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + sdp).encode(), peer)
        while True:
            text, _ = self.receive("SIP/2.0 ")
            if f"Call-ID: {name}@" in text and not text.startswith("SIP/2.0 100"):
                return text.split(" ", 2)[1]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def registrar() -> Iterator[Registrar]:
    registrar = Registrar()
    yield registrar
    registrar.close()


def test_calls_of_a_carrier_that_knows_us_by_registration_are_let_in(
    asterisk_program: Program, tmp_path: Path, registrar: Registrar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YIHU_TRUNK_PASSWORD", "known-to-the-carrier")
    settings = settings_for(tmp_path / "var")
    carrier = {"registrar": f"{CARRIER}:{registrar.port}", "registrar_user": NUMBER}
    settings = replace(settings, asterisk=replace(settings.asterisk, **carrier))
    server = AsteriskServer(settings, asterisk_program, "observer-of-the-tests", "actor-of-the-tests")
    server.start()
    try:
        request, peer = registrar.receive("REGISTER")
        registrar.answer(request, peer, "401 Unauthorized", 'WWW-Authenticate: Digest realm="carrier",nonce="n1"')
        request, peer = registrar.receive("REGISTER")
        while "Authorization:" not in request:  # the first may have been sent twice
            request, peer = registrar.receive("REGISTER")
        assert f'username="{NUMBER}"' in request
        contact = re.search(r"Contact: <(.+?)>", request)
        assert contact
        registrar.answer(request, peer, "200 OK", f"Contact: <{contact[1]}>;expires=300")

        assert registrar.invite(contact[1], peer, "marked") == "180"
        without_mark = re.sub(r";line=[^;>]+", "", contact[1])
        assert without_mark != contact[1]
        assert registrar.invite(without_mark, peer, "stranger") == "401"
    finally:
        server.stop(graceful=False)


def test_a_registrar_without_its_password_is_refused_before_anything_starts(
    asterisk_program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("YIHU_TRUNK_PASSWORD", raising=False)
    settings = settings_for(tmp_path / "var")
    settings = replace(
        settings, asterisk=replace(settings.asterisk, registrar="carrier.example", registrar_user=NUMBER)
    )
    with pytest.raises(AsteriskError, match="YIHU_TRUNK_PASSWORD"):
        AsteriskServer(settings, asterisk_program, "observer-of-the-tests", "actor-of-the-tests").start()
