"""Messages to another program: a POST each, signed as Standard Webhooks are (standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

import aiohttp

from cti.settings import SettingsError

ANSWER_S: Final = 10.0
_PREFIX: Final = "whsec_"


class Webhook:
    """Where to, and the key that both sides know."""

    def __init__(self, address: str, secret: str, setting: str, variable: str) -> None:
        """`setting` and `variable` are what an operator has to look at. SettingsError."""
        self._address = address
        self._key = _key(secret)
        if len(self._key) < 24:
            raise SettingsError(
                f"{setting}: ${variable} has to hold the secret that the receiver knows: "
                "whsec_ and at least 24 bytes in base64"
            )

    async def post(self, session: aiohttp.ClientSession, id_: str, at: float, body: bytes) -> str:
        """One try; what was wrong, "" if nothing. `id_` is the same at each try of a message."""
        headers = {"Content-Type": "application/json", **signed(self._key, id_, at, body)}
        try:
            async with session.post(self._address, data=body, headers=headers, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except TimeoutError:
            return "no answer in time"
        except aiohttp.ClientError as error:
            return type(error).__name__


def session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))


def signed(key: bytes, id_: str, at: float, body: bytes) -> dict[str, str]:
    """The headers of Standard Webhooks; receivers find libraries for them."""
    timestamp = str(int(at))
    digest = hmac.new(key, f"{id_}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True) if secret.startswith(_PREFIX) else b""
    except binascii.Error:
        return b""
