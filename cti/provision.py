"""Agents' telephones in Asterisk: written into its database through a FastAGI session of our own.

A session rather than AMI DBPut, because that action would need the right `system`, which no AMI user of ours has. The
endpoints exist at once, without a reload and without a file (sorcery.conf reads them from the database).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from agents.roster import SIP_REALM
from agents.telephone import Telephone
from cti.asterisk import names
from cti.asterisk.agi import AgiSession
from cti.asterisk.ami import AmiError, AmiEvent

log = structlog.get_logger()


class Actions(Protocol):
    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]: ...


class Lists(Protocol):
    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]: ...


class Provisioner:
    """Keeps Asterisk's telephones equal to those `wanted`, by SIP user. `request` after any change and after each AMI
    connection."""

    def __init__(
        self,
        read: Lists,
        act: Actions,
        wanted: Callable[[], Mapping[str, Telephone]],
        rtp_timeout_s: int = 8,
        codecs: str = "vp8,h264",
    ) -> None:
        self._rtp_timeout_s = rtp_timeout_s
        self._codecs = codecs
        self._read = read
        self._act = act
        self._wanted = wanted
        self._asked = asyncio.Event()
        self._done = asyncio.Condition()
        self._written: dict[str, Telephone | None] = {}
        """What stands in the database as this process wrote it, None where it was found. So a fresh one writes
        everything once, which changes nothing that is right, and takes away who left while none was there."""
        self._looked = False
        self._serving = asyncio.Lock()

    def request(self, forget: bool = False) -> None:
        """Asks for a round; `forget`: Asterisk may have lost what was written (it was started anew)."""
        if forget:
            self._written.clear()
            self._looked = False
        self._asked.set()

    async def settled(self) -> None:
        """Until every telephone is written as it is wanted now."""
        async with self._done:
            await self._done.wait_for(self._is_settled)

    async def written(self, user: str) -> None:
        """Until this one is as it is wanted now; asks for it."""
        wanted = self._wanted().get(user)
        self.request()
        async with self._done:
            await self._done.wait_for(lambda: self._written.get(user) == wanted)

    def _is_settled(self) -> bool:
        return self._wanted() == self._written

    async def run(self) -> None:
        """Until cancelled: opens a session whenever something is to be written."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            if not self._looked:
                await self._look()
            if self._is_settled():
                async with self._done:
                    self._done.notify_all()
                continue
            try:
                await self._act.action(
                    "Originate",
                    ("Channel", names.PROVISION_CHANNEL),
                    ("Context", names.CONTEXT_PROVISION),
                    ("Exten", names.PROVISION_WAIT_EXTEN),
                    ("Priority", "1"),
                    ("Timeout", "10000"),
                    ("Async", "true"),
                )
            except AmiError as error:
                log.warning("provision_postponed", problem=str(error))
                await asyncio.sleep(0.5)
                self._asked.set()

    async def _look(self) -> None:
        """Notes whose telephones stand in the database; without an answer the next request asks again."""
        try:
            listed = await self._read.list_action("DBGetTree", ("Family", names.DB_AUTH))
        except AmiError as error:
            log.info("provision_look_postponed", problem=str(error))
            return
        self._looked = True
        for event in listed:
            if event.name == "DBGetTreeResponse":
                self._written.setdefault(event.fields.get("Key", "").rpartition("/")[2], None)

    async def serve(self, session: AgiSession) -> None:
        """The AGI route `provision`: brings the database up to what is wanted. Of two sessions at once one waits."""
        async with self._serving:
            wanted = self._wanted()
            if _rung(wanted) != _rung(self._written):
                await session.set_variable(names.CTI_RELOAD, "1")
            for user, telephone in wanted.items():
                if self._written.get(user) != telephone:
                    for family, value in objects(user, telephone, self._rtp_timeout_s, self._codecs).items():
                        await session.database_put(family, user, json.dumps(value, separators=(",", ":")))
                    self._written[user] = telephone
            for user in self._written.keys() - wanted.keys():
                for family in (names.DB_ENDPOINT, names.DB_AOR, names.DB_AUTH):
                    await session.database_del(family, user)
                self._written.pop(user, None)
        async with self._done:
            self._done.notify_all()


def _rung(telephones: Mapping[str, Telephone | None]) -> set[str]:
    """Those that Asterisk has to hear of before it rings them: a guest's is never rung."""
    return {user for user, telephone in telephones.items() if telephone is None or not telephone.guest}


def objects(user: str, telephone: Telephone, rtp_timeout_s: int, codecs: str = "vp8,h264") -> dict[str, dict[str, str]]:
    """The PJSIP objects of one telephone by family of the database; the endpoint comes last. `codecs`: of pictures.

    A telephone that has gone without a word is known in at most 7 + 2.5 s, and not rung any more.
    """
    endpoint = {
        "auth": user,
        "aors": user,
        "context": names.CONTEXT_AGENT,
        "direct_media": "no",
        "dtmf_mode": "rfc4733",
        "allow_transfer": "no",
    }
    if telephone.browser:
        endpoint |= _BROWSER
    else:
        endpoint |= {"allow": "!all,alaw,ulaw", "rtp_symmetric": "yes", "force_rport": "yes"}
    if telephone.guest:
        # No address record: he cannot register, and nobody can call him. Opus first: it bears a mobile network best.
        allow = f"!all,opus,alaw,ulaw,{codecs}"
        endpoint |= _BROWSER | {"context": names.CONTEXT_GUEST, "allow": allow, "max_video_streams": "1"}
        del endpoint["aors"]
        return {names.DB_AUTH: _auth(user, telephone), names.DB_ENDPOINT: endpoint}
    if telephone.video:
        # Asterisk takes a talk without a picture for one whose network is gone: whoever can show one is not timed.
        endpoint |= {"allow": f"{_BROWSER['allow']},{codecs}", "max_video_streams": "1"}
    else:
        endpoint["rtp_timeout"] = str(rtp_timeout_s)
    return {
        names.DB_AUTH: _auth(user, telephone),
        names.DB_AOR: {
            "max_contacts": "1",
            "remove_existing": "yes",
            "minimum_expiration": "30",
            "default_expiration": "300",
            "qualify_frequency": "7",
            "qualify_timeout": "2.5",
        },
        names.DB_ENDPOINT: endpoint,
    }


def _auth(user: str, telephone: Telephone) -> dict[str, str]:
    return {"auth_type": "md5", "username": user, "realm": SIP_REALM, "md5_cred": telephone.ha1}


_BROWSER = {
    "webrtc": "yes",
    "dtls_auto_generate_cert": "yes",
    # The trunk's own first: nothing is transcoded, and a browser speaks it too.
    "allow": "!all,alaw,ulaw,opus",
}
