"""Asterisk's side of SIP over WebSocket, as far as a telephone in a page needs it: it registers, is rung, hangs up.

No sound flows: the offer names nobody who would answer to it.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        "a=group:BUNDLE audio-0",
        "m=audio 40000 UDP/TLS/RTP/SAVPF 8 101",
        "a=mid:audio-0",
        "a=setup:actpass",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=rtcp-mux",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=sendrecv",
        "",
    ]
)


@dataclass(slots=True)
class Dialog:
    """A call to the page. `state`: ringing, talking, held, over."""

    call_id: str
    sip_id: str
    tag: str
    ours: str
    contact: str
    state: str = "ringing"
    status: int = 0
    """Of the final answer."""
    cseq: int = 1


@dataclass(slots=True)
class FakeSip:
    """`dialogs` of all connections, the newest last; `said`: first lines of what the page has said."""

    dialogs: list[Dialog] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    registered: bool = False
    connections: int = 0
    away: bool = False
    _socket: web.WebSocketResponse | None = None
    _contact: str = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse(protocols=("sip",))
        await socket.prepare(request)
        self._socket, self.connections = socket, self.connections + 1
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._heard(message.data)
        if self._socket is socket:
            self._socket, self.registered = None, False
        return socket

    async def invite(self, call_id: str, leg: str = "offer") -> Dialog:
        dialog = Dialog(call_id, uuid.uuid4().hex, "", uuid.uuid4().hex[:8], self._contact)
        self.dialogs.append(dialog)
        more = [f"X-CTI-Call: {call_id}", f"X-CTI-Leg: {leg}", "Content-Type: application/sdp"]
        await self._ask("INVITE", dialog, more, OFFER)
        return dialog

    async def hang_up(self, dialog: Dialog) -> None:
        """BYE, or CANCEL if it still rings."""
        ringing = dialog.state == "ringing"
        dialog.state = "over"
        await self._ask("CANCEL" if ringing else "BYE", dialog)

    async def drop(self) -> None:
        """The connection is gone without a word."""
        if self._socket is not None and self._socket._req is not None and self._socket._req.transport is not None:
            self._socket._req.transport.abort()
            await asyncio.sleep(0)

    async def _heard(self, text: str) -> None:
        if not text.strip():
            return
        head, _, body = text.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        self.said.append(first)
        headers = [(line.partition(": ")[0], line.partition(": ")[2]) for line in lines]
        named = {name.lower(): value for name, value in headers}
        if first.startswith("SIP/2.0 "):
            await self._answered(int(first.split()[1]), named, body)
            return
        method = first.split()[0]
        if method == "REGISTER":
            self._contact = named["contact"].partition("<")[2].partition(">")[0]
            self.registered = "expires=0" not in named["contact"]
        dialog = next((one for one in self.dialogs if one.sip_id == named["call-id"]), None)
        if method == "BYE" and dialog is not None:
            dialog.state = "over"
        if method == "ACK":
            return
        sdp = ""
        if method == "INVITE" and dialog is not None:
            dialog.state = "held" if "a=sendonly" in body or "a=inactive" in body else "talking"
            answer = "a=recvonly" if "a=sendonly" in body else "a=sendrecv"
            sdp = OFFER.replace("a=sendrecv", answer).replace("actpass", "passive")
        await self._reply(headers, named, sdp)

    async def _reply(self, headers: list[tuple[str, str]], named: dict[str, str], sdp: str) -> None:
        lines = [f"{name}: {value}" for name, value in headers if name.lower() in ("via", "from", "call-id", "cseq")]
        to = named["to"] if "tag=" in named["to"] else f"{named['to']};tag=fake"
        lines += [
            f"To: {to}",
            "Contact: <sip:fake@127.0.0.1;transport=ws>" if sdp else f"Contact: {named.get('contact', '')}",
        ]
        if sdp:
            lines.append("Content-Type: application/sdp")
        await self._send("SIP/2.0 200 OK", lines, sdp)

    async def _answered(self, status: int, named: dict[str, str], _body: str) -> None:
        dialog = next((one for one in self.dialogs if one.sip_id == named["call-id"]), None)
        if dialog is None or "INVITE" not in named["cseq"] or status < 200:
            return
        dialog.tag = named["to"].partition("tag=")[2]
        dialog.status = status
        if dialog.state == "ringing":
            dialog.state = "talking" if status < 300 else "over"
        await self._ask("ACK", dialog)

    async def _ask(self, method: str, dialog: Dialog, more: list[str] | None = None, body: str = "") -> None:
        if method == "BYE":
            dialog.cseq += 1
        branch = f"z9hG4bK{dialog.sip_id[:10]}" + ("" if method in ("INVITE", "CANCEL") else uuid.uuid4().hex[:8])
        tag = f";tag={dialog.tag}" if dialog.tag else ""
        lines = [
            f"Via: SIP/2.0/WS 127.0.0.1;branch={branch}",
            f"From: <sip:12345@yihu>;tag={dialog.ours}",
            f"To: <{dialog.contact}>{tag}",
            f"Call-ID: {dialog.sip_id}",
            f"CSeq: {dialog.cseq} {method}",
            "Contact: <sip:fake@127.0.0.1;transport=ws>",
            "Max-Forwards: 70",
            *(more or []),
        ]
        await self._send(f"{method} {dialog.contact} SIP/2.0", lines, body)

    async def _send(self, first: str, lines: list[str], body: str) -> None:
        if self._socket is not None:
            await self._socket.send_str("\r\n".join([first, *lines, f"Content-Length: {len(body)}", "", body]))
