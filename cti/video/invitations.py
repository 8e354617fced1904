"""Invitations to the page: a signed link that is good for one visit within a quarter of an hour, and a code of six
figures that stands for it where somebody has to read it out.

The link carries nothing of whom it is for: that is kept by the link's id.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import asdict, dataclass

import orjson

from cti.accounts.sessions import Keeper, KeeperAway

_ID_BYTES, _SIGN_BYTES = 12, 16
_UNTIL = struct.Struct(">I")
_TEXT_LENGTH = -(-(_ID_BYTES + _UNTIL.size + _SIGN_BYTES) * 4 // 3)
_CODE_FIGURES = 6


class NoInvitation(Exception):
    """The link or code is none of ours, is too old, or has been used."""


@dataclass(frozen=True, slots=True)
class Invitation:
    id: str
    """Hex; the visit that it leads to follows from it."""
    until: float
    call: str = ""
    """The voice call that gets a picture; "": a call of its own."""
    phone: str = ""
    """Of the citizen, if whoever invited him knew it."""
    by: str = ""


class Invitations:
    """`key`: of the installation, equal on both daemons of a pair. What was made here counts while the store is
    away."""

    def __init__(self, key: str, keeper: Keeper, wall: Callable[[], float], lasts_s: float) -> None:
        self._key = key.encode()
        self._keeper = keeper
        self._wall = wall
        self._lasts_s = lasts_s
        self._mine: dict[str, Invitation] = {}
        self._codes: dict[str, str] = {}
        self._used: set[str] = set()

    async def make(self, *, call: str = "", phone: str = "", by: str = "") -> tuple[Invitation, str, str]:
        """A new one, the text of its link, and its code."""
        now = self._wall()
        self._mine = {id_: one for id_, one in self._mine.items() if one.until > now}
        self._codes = {code: id_ for code, id_ in self._codes.items() if id_ in self._mine}
        one = Invitation(secrets.token_hex(_ID_BYTES), now + self._lasts_s, call, phone, by)
        self._mine[one.id] = one
        code = await self._new_code()
        self._codes[code] = one.id
        try:
            await self._keeper.put(_by_id(one.id), orjson.dumps(asdict(one)), self._lasts_s)
            await self._keeper.put(_by_code(code), one.id.encode(), self._lasts_s)
        except KeeperAway:
            pass
        return one, self._sign(one), code

    async def by_link(self, text: str) -> Invitation:
        """NoInvitation; KeeperAway: it is signed by us, and cannot be looked up."""
        return await self._find(self._read(text))

    async def by_code(self, code: str) -> Invitation:
        """As `by_link`. A code is good once."""
        if not (len(code) == _CODE_FIGURES and code.isascii() and code.isdigit()):
            raise NoInvitation
        if code in self._used:
            raise NoInvitation
        id_ = self._codes.get(code)
        if id_ is None:
            kept = await self._keeper.get(_by_code(code))
            if kept is None:
                raise NoInvitation
            id_ = kept.decode()
        found = await self._find(id_)
        if code in self._used:
            raise NoInvitation
        self._used.add(code)
        self._codes.pop(code, None)
        await self._drop(_by_code(code))
        return found

    async def _find(self, id_: str) -> Invitation:
        one = self._mine.get(id_)
        if one is None:
            kept = await self._keeper.get(_by_id(id_))
            if kept is None:
                raise NoInvitation
            one = self._mine[id_] = Invitation(**orjson.loads(kept))
        if one.until <= self._wall():
            raise NoInvitation
        return one

    async def _new_code(self) -> str:
        while True:
            code = f"{secrets.randbelow(10**_CODE_FIGURES):0{_CODE_FIGURES}}"
            try:
                taken = code in self._codes or await self._keeper.get(_by_code(code)) is not None
            except KeeperAway:
                taken = False
            if not taken:
                self._used.discard(code)
                return code

    async def _drop(self, key: str) -> None:
        with contextlib.suppress(KeeperAway):  # it goes by itself when its time is over
            await self._keeper.drop(key)

    def _sign(self, one: Invitation) -> str:
        said = bytes.fromhex(one.id) + _UNTIL.pack(int(one.until) + 1)
        return _text(said + self._signature(said))

    def _read(self, text: str) -> str:
        """The id of a link that we signed and whose time is not over."""
        if len(text) != _TEXT_LENGTH or not text.isascii():
            raise NoInvitation
        try:
            data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise NoInvitation from None
        said, signature = data[:-_SIGN_BYTES], data[-_SIGN_BYTES:]
        if not hmac.compare_digest(signature, self._signature(said)) or _text(data) != text:
            raise NoInvitation  # two bits of the last letter stand for nothing: another letter is another link
        if _UNTIL.unpack(said[_ID_BYTES:])[0] <= self._wall():
            raise NoInvitation
        return said[:_ID_BYTES].hex()

    def _signature(self, said: bytes) -> bytes:
        return hmac.digest(self._key, b"invitation " + said, hashlib.sha256)[:_SIGN_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _by_id(id_: str) -> str:
    return f"invitation:{id_}"


def _by_code(code: str) -> str:
    return f"invitation-code:{code}"
