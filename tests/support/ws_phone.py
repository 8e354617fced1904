"""A browser's telephone without a browser, and without sound: SIP over the daemon's WebSocket, as far as signing in."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from cti.settings import Settings


class WsPhone:
    """`account` is the answer of POST /api/agents/{id}/softphone. It answers when Asterisk asks whether it is there."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, account: Mapping[str, Any]) -> None:
        self._socket = socket
        self._account = account
        self._call_id = secrets.token_hex(8)
        self._cseq = 0
        self._contact = f"<sip:{secrets.token_hex(4)}@{secrets.token_hex(4)}.invalid;transport=ws>"
        self._answers: asyncio.Queue[str] = asyncio.Queue()
        self.closed: int | None = None
        """The close code"""

    async def register(self, password: str = "") -> list[int]:
        """The answers' codes: one without a password, and the one with it. Empty: the connection is gone."""
        first, challenge = await self._say("")
        realm = re.search(r'realm="([^"]+)"', challenge)
        nonce = re.search(r'nonce="([^"]+)"', challenge)
        if first != 401 or realm is None or nonce is None:
            return [first] if first else []
        user, uri = self._account["user"], f"sip:{self._account['realm']}"
        ha1 = _md5(f"{user}:{realm[1]}:{password or self._account['password']}")
        ha2, cnonce = _md5(f"REGISTER:{uri}"), secrets.token_hex(4)
        response = _md5(f"{ha1}:{nonce[1]}:00000001:{cnonce}:auth:{ha2}")
        opaque = re.search(r'opaque="([^"]*)"', challenge)
        second, _ = await self._say(
            f'Authorization: Digest algorithm=MD5, username="{user}", realm="{realm[1]}", nonce="{nonce[1]}", '
            f'uri="{uri}", response="{response}", qop=auth, cnonce="{cnonce}", nc=00000001'
            + (f', opaque="{opaque[1]}"' if opaque else "")
            + "\r\n"
        )
        return [first, second]

    async def _say(self, more: str) -> tuple[int, str]:
        """(0, "") if the connection is gone."""
        self._cseq += 1
        uri = self._account["uri"]
        await self._socket.send_str(
            f"REGISTER sip:{self._account['realm']} SIP/2.0\r\n"
            f"Via: SIP/2.0/WS {secrets.token_hex(4)}.invalid;branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 69\r\nTo: <{uri}>\r\nFrom: <{uri}>;tag={secrets.token_hex(4)}\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {self._cseq} REGISTER\r\n{more}"
            f"Contact: {self._contact};expires={self._account['expires_s']}\r\nContent-Length: 0\r\n\r\n"
        )
        async with asyncio.timeout(5):
            while answer := await self._answers.get():
                if f"CSeq: {self._cseq} " in answer:
                    return int(answer.split()[1]), answer
        return 0, ""

    async def live(self) -> None:
        """Until the connection ends."""
        async for message in self._socket:
            if message.data.startswith("SIP/2.0 "):
                self._answers.put_nowait(message.data)
            elif message.data.startswith("OPTIONS "):
                kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", message.data, re.MULTILINE)
                await self._socket.send_str(f"SIP/2.0 200 OK\r\n{''.join(kept)}Content-Length: 0\r\n\r\n")
        self.closed = self._socket.close_code
        self._answers.put_nowait("")


@asynccontextmanager
async def ws_phone(
    settings: Settings, account: Mapping[str, Any], headers: Mapping[str, str]
) -> AsyncIterator[WsPhone]:
    """Connected, not signed in. `headers`: of the session, as a program sends them."""
    address = f"http://{settings.web.host}:{settings.web.port}{account['socket']}"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.ws_connect(address, protocols=("sip",)) as socket,
    ):
        phone = WsPhone(socket, account)
        living = asyncio.create_task(phone.live())
        try:
            yield phone
        finally:
            await socket.close()
            await living


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
