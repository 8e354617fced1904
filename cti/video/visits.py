"""Visits by the citizens' page: each may make one call, or join the one that it was invited to, and nothing else.

A visit is kept in the store of sessions, so that it outlives a daemon. Its telephone's password stands nowhere: it
follows from a key of the installation and the visit, and Asterisk knows it for minutes, or as long as the call lives.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import orjson
import structlog

from agents.roster import SIP_REALM, sip_ha1
from agents.telephone import Telephone
from cti.accounts.sessions import Keeper, KeeperAway
from cti.calls import CallFact, CallId, Milestone
from cti.exchange import Exchange
from cti.live_call import Call
from cti.video.invitations import Invitation, NoInvitation

log = structlog.get_logger()

LASTS_S = 4 * 3600.0
"""Of a visit with a call; the call itself goes on."""
TELEPHONE_S = 120.0
"""From its making to the call; then the password is worth nothing any more."""
AFTER_S = 600.0
"""After the call its page can still read what was written."""
_PREFIX = "visit:"


class TooManyVisits(Exception):
    """As many as the settings allow are here already."""


@dataclass(slots=True)
class Visit:
    id: str
    """24 hex figures; "g" before it is the SIP user."""
    began_at: float
    until: float
    """The end of his time on the page; a live call goes on."""
    records: bool
    """He agreed that the picture is recorded."""
    call: str = ""
    """His own call once it has arrived; of an invitation to a voice call, that one."""
    invited_to_call: bool = False
    link_until: float = 0.0
    """Until then his invitation is good, and its visit must be remembered; 0: he came without one."""
    phone: str = ""
    """As whoever invited him knew it; "" else."""
    telephone_until: float = 0.0
    camera: bool = True
    """Whether he shows his picture."""
    agents_camera: bool = True
    """Whether the agent shows his."""
    tried: str = ""
    """The last way that he chose, if there was nobody for it."""
    over: bool = False
    """Nothing begins by it any more."""

    @property
    def user(self) -> str:
        return f"g{self.id}"


@dataclass(frozen=True, slots=True)
class Account:
    """What the page signs its calls with; it does not register."""

    uri: str
    user: str
    password: str = field(repr=False)
    realm: str = SIP_REALM


class Visits:
    """`key`: of the installation. `on_change(visit)` when something in it has changed, `on_telephones()` when Asterisk
    is to be told."""

    def __init__(
        self,
        exchange: Exchange,
        keeper: Keeper,
        key: str,
        page_s: float,
        most: int,
        on_telephones: Callable[[], object],
    ) -> None:
        self._exchange = exchange
        self._keeper = keeper
        self._key = key.encode()
        self._page_s = page_s
        self._most = most
        self._on_telephones = on_telephones
        self._visits: dict[str, Visit] = {}
        self._of_call: dict[str, set[str]] = {}
        self._untold: dict[str, None] = {}
        self.on_change: list[Callable[[Visit], object]] = []

    # Beginning

    def begin(self, records: bool, invitation: Invitation | None = None) -> Visit:
        """The visit of this invitation, the same each time; without one a new one. NoInvitation: its visit is over.

        TooManyVisits.
        """
        now = self._wall()
        id_ = secrets.token_hex(12) if invitation is None else _id_of(invitation)
        if (visit := self._visits.get(id_)) is not None:
            if visit.over or not self._lives(visit):
                raise NoInvitation
            visit.records = records
            self._keep(visit)
            return visit
        if invitation is not None and invitation.call and CallId(invitation.call) not in self._exchange.board.calls:
            raise NoInvitation
        if sum(not visit.over for visit in self._visits.values()) >= self._most:
            raise TooManyVisits
        visit = Visit(id_, now, now + self._page_s, records)
        if invitation is not None:
            visit.call, visit.invited_to_call, visit.phone = invitation.call, bool(invitation.call), invitation.phone
            visit.link_until = invitation.until
        self._put(visit)
        self._keep(visit)
        log.info("visit_began", visit=visit.id, invited=invitation is not None, beside=visit.invited_to_call)
        return visit

    async def load(self) -> None:
        """What the store has. KeeperAway."""
        for kept in (await self._keeper.all(_PREFIX)).values():
            visit = Visit(**orjson.loads(kept))
            if visit.id not in self._visits:
                self._put(visit)
        for call in self._exchange.board.calls.values():
            visit_or_none = self._visits.get(visit_id_of(str(call.facts.get("channel"))))
            if visit_or_none is not None and visit_or_none.call != call.id:
                self._bind(visit_or_none, call.id)
        self._on_telephones()

    # Looking

    def find(self, visit_id: str) -> Visit | None:
        return self._visits.get(visit_id)

    def all(self) -> list[Visit]:
        return list(self._visits.values())

    def of_call(self, call_id: CallId) -> Visit | None:
        """The latest visit to this call."""
        found = [self._visits[id_] for id_ in self._of_call.get(call_id, ())]
        return max(found, key=lambda visit: visit.began_at, default=None)

    def call_of(self, visit: Visit) -> Call | None:
        """His call, as long as it is live."""
        return self._exchange.board.calls.get(CallId(visit.call)) if visit.call else None

    # Telephones

    def open_telephone(self, visit: Visit) -> Account:
        """For the call that he is about to make, or the second line of the one he has. NoInvitation: it is over."""
        if visit.over or not self._lives(visit):
            raise NoInvitation
        visit.telephone_until = self._wall() + TELEPHONE_S
        self._keep(visit)
        self._on_telephones()
        return Account(f"sip:{visit.user}@{SIP_REALM}", visit.user, self._password(visit))

    def may_connect(self, user: str) -> bool:
        """Whether a page may speak SIP as this user now."""
        visit = self._visits.get(user[1:]) if user.startswith("g") else None
        return visit is not None and self._has_telephone(visit)

    def telephones(self) -> Mapping[str, Telephone]:
        """What Asterisk is to know, by SIP user."""
        return {
            visit.user: Telephone(sip_ha1(visit.user, self._password(visit)), browser=True, video=True, guest=True)
            for visit in self._visits.values()
            if self._has_telephone(visit)
        }

    # What happens

    def arrives(self, channel: str, call_id: CallId, choice: str) -> Visit | None:
        """A guest's call has come by this channel: his visit, if it may have it; None: it is to be ended."""
        visit = self._visits.get(visit_id_of(channel))
        if visit is None or visit.over or visit.invited_to_call or visit.call not in ("", call_id):
            log.warning("guest_call_refused", channel=channel)
            return None
        if visit.call != call_id:
            visit.tried = choice
            self._bind(visit, call_id)
        return visit

    def show_camera(self, visit: Visit, on: bool) -> None:
        visit.camera = on
        self._keep(visit)
        self._tell(visit)

    def show_agents_camera(self, visit: Visit, on: bool) -> None:
        visit.agents_camera = on
        self._keep(visit)
        self._tell(visit)

    def close(self, visit: Visit) -> None:
        """Nothing begins by it any more."""
        if not visit.over:
            visit.over, visit.until = True, max(self._wall() + AFTER_S, visit.link_until)
            self._keep(visit)
            self._on_telephones()
            self._tell(visit)
            log.info("visit_over", visit=visit.id)

    def heard(self, batch: Sequence[Milestone]) -> None:
        """Durable milestones: whose picture is another, and whose call is over."""
        for milestone in batch:
            for id_ in list(self._of_call.get(milestone.id, ())) if milestone.stream == "call" else ():
                visit = self._visits[id_]
                if milestone.kind == CallFact.ENDED and milestone.data.get("lost_at") == "no_seat":
                    self._free(visit)
                elif milestone.kind == CallFact.ENDED:
                    self.close(visit)
                else:
                    self._tell(visit)

    async def sweep(self) -> None:
        """To be called about once a second: forgets who is gone, and tells the store what it was not told."""
        now = self._wall()
        for visit in list(self._visits.values()):
            live = self._lives(visit)
            if not live and not visit.over:
                self.close(visit)
            elif visit.over and now >= visit.until:
                self._forget(visit)
            elif 0 < visit.telephone_until <= now and self.call_of(visit) is None:
                visit.telephone_until = 0.0
                self._on_telephones()
        try:
            while self._untold:
                await self._tell_store(next(iter(self._untold)))
        except KeeperAway:
            pass

    # Inside

    def _wall(self) -> float:
        return self._exchange.wall()

    def _password(self, visit: Visit) -> str:
        made = hmac.digest(self._key, f"guest {visit.id}".encode(), hashlib.sha256)
        return base64.b32encode(made[:20]).decode().lower()

    def _has_telephone(self, visit: Visit) -> bool:
        if visit.over:
            return False
        return visit.telephone_until > self._wall() or (visit.telephone_until > 0 and self.call_of(visit) is not None)

    def _lives(self, visit: Visit) -> bool:
        call = self.call_of(visit)
        return (call is not None) if visit.call else self._wall() < visit.until

    def _put(self, visit: Visit) -> None:
        self._visits[visit.id] = visit
        if visit.call:
            self._of_call.setdefault(visit.call, set()).add(visit.id)

    def _bind(self, visit: Visit, call_id: CallId) -> None:
        visit.call, visit.until = call_id, self._wall() + LASTS_S
        self._of_call.setdefault(call_id, set()).add(visit.id)
        self._keep(visit)
        self._tell(visit)

    def _free(self, visit: Visit) -> None:
        """There was nobody for him: he may try another way, or leave a message."""
        self._unbind(visit)
        visit.call, visit.until = "", self._wall() + self._page_s
        self._keep(visit)
        self._tell(visit)

    def _forget(self, visit: Visit) -> None:
        del self._visits[visit.id]
        self._unbind(visit)

    def _unbind(self, visit: Visit) -> None:
        of_call = self._of_call.get(visit.call)
        if of_call is not None:
            of_call.discard(visit.id)
            if not of_call:
                del self._of_call[visit.call]

    def _tell(self, visit: Visit) -> None:
        for tell in self.on_change:
            tell(visit)

    def _keep(self, visit: Visit) -> None:
        self._untold[visit.id] = None

    async def _tell_store(self, id_: str) -> None:
        visit = self._visits.get(id_)
        if visit is not None:
            await self._keeper.put(_PREFIX + id_, orjson.dumps(asdict(visit)), LASTS_S + AFTER_S)
        self._untold.pop(id_, None)


def visit_id_of(channel: str) -> str:
    """Of a channel's name, PJSIP/g<visit>-<number>; "" for another's."""
    user = channel.removeprefix("PJSIP/").rpartition("-")[0]
    return user[1:] if user.startswith("g") and len(user) == 25 else ""


def _id_of(invitation: Invitation) -> str:
    return hashlib.sha256(f"visit {invitation.id}".encode()).hexdigest()[:24]
