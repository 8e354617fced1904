"""A guest who speaks SIP by himself instead of by the page: whatever he asks for, and the answer."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class GuestSip:
    """`account` is the answer of POST /api/visit/telephone."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, account: Mapping[str, Any]) -> None:
        self._socket = socket
        self._account = account

    async def ask(self, method: str, to: str, sender: str = "") -> int:
        """The code of the last answer, with our password where it is asked for; 0: the connection was closed."""
        user, realm = sender or self._account["user"], self._account["realm"]
        uri, call_id = f"sip:{to}@{realm}" if to else f"sip:{realm}", secrets.token_hex(8)
        code, answer = await self._say(method, uri, user, call_id, 1, "")
        if code not in (401, 407):
            return code
        nonce = re.search(r'nonce="([^"]+)"', answer)
        opaque = re.search(r'opaque="([^"]*)"', answer)
        assert nonce is not None
        ha1 = _md5(f"{self._account['user']}:{realm}:{self._account['password']}")
        cnonce = secrets.token_hex(4)
        response = _md5(f"{ha1}:{nonce[1]}:00000001:{cnonce}:auth:{_md5(f'{method}:{uri}')}")
        proof = (
            f'Authorization: Digest algorithm=MD5, username="{self._account["user"]}", realm="{realm}", '
            f'nonce="{nonce[1]}", uri="{uri}", response="{response}", qop=auth, cnonce="{cnonce}", nc=00000001'
            + (f', opaque="{opaque[1]}"' if opaque else "")
            + "\r\n"
        )
        code, _ = await self._say(method, uri, user, call_id, 2, proof)
        return code

    async def _say(self, method: str, uri: str, user: str, call_id: str, cseq: int, more: str) -> tuple[int, str]:
        own, body = f"sip:{user}@{self._account['realm']}", _SDP if method == "INVITE" else ""
        branch = f"z9hG4bK{secrets.token_hex(6)}"
        head = (
            f"Via: SIP/2.0/WS {secrets.token_hex(4)}.invalid;branch={branch}\r\nMax-Forwards: 69\r\n"
            f"To: <{own if method == 'REGISTER' else uri}>\r\nFrom: <{own}>;tag={secrets.token_hex(4)}\r\n"
            f"Call-ID: {call_id}\r\n"
        )
        rest = f"Contact: <sip:{secrets.token_hex(4)}@{secrets.token_hex(4)}.invalid;transport=ws>;expires=60\r\n"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        message = f"{method} {uri} SIP/2.0\r\n{head}CSeq: {cseq} {method}\r\n{rest}{more}{kind}"
        try:
            await self._socket.send_str(f"{message}Content-Length: {len(body)}\r\n\r\n{body}")
            async with asyncio.timeout(8):
                async for answer in self._socket:
                    found = re.match(r"SIP/2\.0 (\d{3})", answer.data)
                    if found is None or branch not in answer.data or int(found[1]) < 200:
                        continue
                    if method == "INVITE":
                        tag = re.search(r"^To:.*$", answer.data, re.MULTILINE)
                        ack = re.sub(r"^To:.*$", tag[0].strip() if tag else "", head, flags=re.MULTILINE)
                        await self._socket.send_str(
                            f"ACK {uri} SIP/2.0\r\n{ack}CSeq: {cseq} ACK\r\nContent-Length: 0\r\n\r\n"
                        )
                    return int(found[1]), answer.data
        except (ConnectionError, aiohttp.ClientError):
            pass
        return 0, ""


@asynccontextmanager
async def guest_sip(address: str, token: str, account: Mapping[str, Any]) -> AsyncIterator[GuestSip]:
    """Connected by a ticket of the guest's session."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.ws_connect(f"{address}{account['socket']}", protocols=("sip",)) as socket,
    ):
        yield GuestSip(socket, account)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
