"""Visits: links, codes, one call each, telephones that die with it; nothing of it needs a browser or Asterisk."""

from __future__ import annotations

import pytest

from agents.roster import Agent, sip_ha1
from cti.accounts.sessions import KeeperAway
from cti.calls import AgentId, CallFact, CallId, Milestone, Value
from cti.exchange import Exchange
from cti.storage.expiring import MemoryExpiring
from cti.switchboard import Switchboard
from cti.video.gate import Gate
from cti.video.invitations import Invitations, NoInvitation
from cti.video.view import picture, seats
from cti.video.visits import AFTER_S, TELEPHONE_S, TooManyVisits, Visit, Visits, visit_id_of
from queues.estimate import Estimate

CALL, VOICE = CallId("n1-1.1"), CallId("n1-1.2")
KEY = "key of the installation"
LINK_S, PAGE_S = 900.0, 1200.0


class House:
    """A switchboard with a signing agent, a store, and visits over them."""

    def __init__(self, keeper: MemoryExpiring | None = None, board: Switchboard | None = None, most: int = 3) -> None:
        self.now = 1_763_700_000.0
        self.journal: list[Milestone] = []
        self.board = board or Switchboard(0.0)
        self.board.set_roster({AgentId("a1"): Agent(AgentId("a1"), "林", {"sign": 3, "video": 3})})
        self.keeper = keeper or MemoryExpiring(self.wall)
        self.exchange = Exchange(self.board, self, self.wall)
        self.changes = 0
        self.visits = Visits(self.exchange, self.keeper, KEY, PAGE_S, most, self.telephones_changed)
        self.invitations = Invitations(KEY, self.keeper, self.wall, LINK_S)

    def wall(self) -> float:
        return self.now

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)
        self.visits.heard([milestone])

    def telephones_changed(self) -> None:
        self.changes += 1

    def arrives(self, call: CallId = CALL, channel: str = "PJSIP/trunk-00000001", **more: Value) -> None:
        facts: dict[str, Value] = {"dialled": "sign", "medium": "video", "channel": channel, "direction": "in"}
        self.exchange.call(CallFact.ARRIVED, call, facts | more)

    def calls(self, visit: Visit) -> None:
        channel = f"PJSIP/{visit.user}-00000001"
        assert self.visits.arrives(channel, CALL, "sign") is visit
        self.arrives(channel=channel)

    def ends(self, lost_at: str | None = None, call: CallId = CALL) -> None:
        data: dict[str, Value] = {"side": "caller", "place": "queue", "lost_at": lost_at, "estimated": False}
        self.exchange.call(CallFact.ENDED, call, data)


@pytest.fixture
async def house() -> House:
    return House()


# Invitations


async def test_a_link_leads_to_one_visit_however_often_it_is_opened(house: House) -> None:
    _, link, _ = await house.invitations.make(phone="13800001234")
    first = house.visits.begin(True, await house.invitations.by_link(link))
    again = house.visits.begin(False, await house.invitations.by_link(link))

    assert first is again
    assert (first.phone, first.records) == ("13800001234", False)
    assert "13800001234" not in link


@pytest.mark.parametrize(
    "spoil",
    [
        lambda link: link[:-1] + ("A" if link[-1] != "A" else "B"),
        lambda link: link[:-1] + chr(ord(link[-1]) + 1),  # the same bytes: it is other in bits that say nothing
        lambda link: ("A" if link[0] != "A" else "B") + link[1:],
        lambda link: link + "A",
        lambda link: link[:-1],
        lambda link: "",
        lambda link: "链" * len(link),
        lambda link: "=" * len(link),
    ],
)
async def test_a_link_that_we_did_not_sign_leads_nowhere(house: House, spoil: object) -> None:
    _, link, _ = await house.invitations.make()
    with pytest.raises(NoInvitation):
        await house.invitations.by_link(spoil(link))  # type: ignore[operator]
    other = Invitations("another key", house.keeper, house.wall, LINK_S)
    with pytest.raises(NoInvitation):
        await other.by_link(link)


async def test_a_link_and_its_code_end_with_their_time(house: House) -> None:
    _, link, code = await house.invitations.make()
    house.now += LINK_S - 1
    await house.invitations.by_link(link)
    house.now += 2
    for late in (house.invitations.by_link(link), house.invitations.by_code(code)):
        with pytest.raises(NoInvitation):
            await late


async def test_a_code_is_good_once_also_at_the_other_daemon(house: House) -> None:
    invitation, _, code = await house.invitations.make(call=VOICE)
    other = Invitations(KEY, house.keeper, house.wall, LINK_S)

    assert (await other.by_code(code)) == invitation
    for again in (other, Invitations(KEY, house.keeper, house.wall, LINK_S)):
        with pytest.raises(NoInvitation):
            await again.by_code(code)
    for wrong in ("", "12345", "1234567", "abcdef", "１２３４５６"):
        with pytest.raises(NoInvitation):
            await house.invitations.by_code(wrong)


async def test_what_was_made_here_counts_while_the_store_is_away(house: House) -> None:
    house.keeper.away = True
    _, link, code = await house.invitations.make()

    assert (await house.invitations.by_link(link)) == (await house.invitations.by_code(code))
    other = Invitations(KEY, house.keeper, house.wall, LINK_S)
    with pytest.raises(KeeperAway):
        await other.by_link(link)


def test_a_gate_opens_again_with_time_and_for_each_on_its_own() -> None:
    now = 0.0
    gate = Gate(2, 60.0, lambda: now)
    for _ in range(2):
        assert gate.open("a")
        gate.count("a")
    assert not gate.open("a")
    assert gate.wait_s("a") == 60.0
    assert gate.open("b")
    now = 60.0
    assert gate.open("a")


# One call each


async def test_a_visit_has_one_call_and_its_link_is_spent_with_it(house: House) -> None:
    _, link, _ = await house.invitations.make()
    invitation = await house.invitations.by_link(link)
    visit = house.visits.begin(True, invitation)
    house.calls(visit)

    assert house.visits.arrives(f"PJSIP/{visit.user}-00000002", VOICE, "sign") is None, "a second one beside the first"
    house.ends()
    assert visit.over
    assert house.visits.arrives(f"PJSIP/{visit.user}-00000003", VOICE, "sign") is None
    with pytest.raises(NoInvitation):
        house.visits.begin(True, invitation)


async def test_a_link_that_was_spent_stays_spent_as_long_as_it_is_good(house: House) -> None:
    """Given a link whose call was over at once, when it is opened again in its last second, then it leads nowhere."""
    _, link, _ = await house.invitations.make()
    visit = house.visits.begin(True, await house.invitations.by_link(link))
    house.calls(visit)
    house.ends()
    house.now += LINK_S - 1
    await house.visits.sweep()
    with pytest.raises(NoInvitation):
        house.visits.begin(True, await house.invitations.by_link(link))


async def test_a_channel_of_nobody_has_no_call(house: House) -> None:
    for channel in ("PJSIP/g" + "0" * 24 + "-00000001", "PJSIP/a1-00000001", "PJSIP/trunk-1", "Local/s@x-1", ""):
        assert house.visits.arrives(channel, CALL, "sign") is None
    assert visit_id_of("PJSIP/g" + "f" * 24 + "-0000000a") == "f" * 24


async def test_who_was_invited_to_a_voice_call_has_no_call_of_his_own_and_ends_with_that_one(house: House) -> None:
    house.arrives(VOICE, medium="voice", dialled="12345")
    _, link, _ = await house.invitations.make(call=VOICE)
    invitation = await house.invitations.by_link(link)
    visit = house.visits.begin(True, invitation)

    assert house.visits.call_of(visit) is house.board.calls[VOICE]
    assert house.visits.arrives(f"PJSIP/{visit.user}-00000001", CALL, "sign") is None
    house.ends(call=VOICE)
    assert visit.over
    late = House(house.keeper)
    with pytest.raises(NoInvitation):
        late.visits.begin(True, invitation)  # the call it was for is over


async def test_who_found_nobody_may_try_another_way(house: House) -> None:
    visit = house.visits.begin(True)
    house.calls(visit)
    house.ends("no_seat")

    assert not visit.over
    assert picture(visit, None, [], (0, None), {"sign": False}, 3)["state"] == "no_seat"
    assert house.visits.arrives(f"PJSIP/{visit.user}-00000002", VOICE, "sign") is visit


async def test_no_more_visits_than_the_settings_allow(house: House) -> None:
    for _ in range(3):
        house.visits.begin(True)
    with pytest.raises(TooManyVisits):
        house.visits.begin(True)
    house.now += PAGE_S
    await house.visits.sweep()
    house.visits.begin(True)


# Telephones


async def test_a_telephone_dies_after_two_minutes_or_with_the_call(house: House) -> None:
    idle, calling = house.visits.begin(True), house.visits.begin(True)
    assert house.visits.telephones() == {}
    accounts = [house.visits.open_telephone(visit) for visit in (idle, calling)]
    house.calls(calling)

    (of_idle, of_calling) = (house.visits.telephones()[account.user] for account in accounts)
    assert of_idle.guest
    assert of_idle.ha1 == sip_ha1(accounts[0].user, accounts[0].password) != of_calling.ha1
    house.now += TELEPHONE_S
    await house.visits.sweep()
    assert list(house.visits.telephones()) == [calling.user]
    assert (house.visits.may_connect(idle.user), house.visits.may_connect(calling.user)) == (False, True)
    house.ends()
    assert house.visits.telephones() == {}
    assert not house.visits.may_connect(calling.user)
    assert house.changes >= 4, "Asterisk was told each time"


async def test_no_password_is_kept_and_the_next_daemon_knows_the_visit_and_its_call(house: House) -> None:
    visit = house.visits.begin(True)
    account = house.visits.open_telephone(visit)
    house.calls(visit)
    await house.visits.sweep()
    kept = b"".join((await house.keeper.all("")).values())
    assert account.password.encode() not in kept

    after = House(house.keeper, house.board)
    await after.visits.load()
    found = after.visits.find(visit.id)
    assert found is not None
    assert after.visits.call_of(found) is house.board.calls[CALL]
    assert after.visits.telephones()[visit.user].ha1 == sip_ha1(visit.user, account.password)
    assert account.password not in repr(account)


async def test_a_visit_that_is_over_is_forgotten_in_the_end(house: House) -> None:
    visit = house.visits.begin(True)
    house.visits.close(visit)
    house.now += AFTER_S
    await house.visits.sweep()
    assert house.visits.find(visit.id) is None


# The picture


async def test_the_page_is_told_where_the_call_is(house: House) -> None:
    visit = house.visits.begin(True)

    def state(place: tuple[int, Estimate | None] = (0, None)) -> dict[str, object]:
        timeline = [m for m in house.journal if m.id == visit.call]
        call = house.visits.call_of(visit)
        return picture(visit, call, timeline, place, {"sign": True}, 3)

    assert state()["state"] == "ready"
    house.calls(visit)
    house.exchange.call(CallFact.QUEUED, CALL, {"queue": "sign", "need": "sign||+0"})
    shown = state((3, Estimate(95.0, 1, 2.0, 60.0, 300.0)))
    assert (shown["state"], shown["place"], shown["minutes"], shown["choice"]) == ("waiting", 3, 2, "sign")
    house.exchange.call(CallFact.MESSAGE_LEFT, CALL, {"file": "", "seconds": 0.0, "pii_text": "…"})
    house.ends()
    assert state()["state"] == "ended"


def test_seats_tell_which_ways_are_open() -> None:
    board = Switchboard(0.0)
    board.set_roster({AgentId("a1"): Agent(AgentId("a1"), "林", {"general": 3})})
    assert seats(board.desks.values()) == {"sign": False, "video": True, "text": True}
    assert seats([]) == {"sign": False, "video": False, "text": False}
