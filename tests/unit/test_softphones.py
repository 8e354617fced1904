"""The telephone in an agent's browser: one for each log-in, with a password that stands nowhere and is found again."""

from __future__ import annotations

import pytest

from agents.roster import Agent, RosterError, agent_from, agent_to, sip_ha1
from agents.status import Status, StatusRefused
from agents.telephone import Telephone
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Need
from cti.exchange import Exchange
from cti.softphones import Softphones
from cti.switchboard import Switchboard

A1, CALL = AgentId("a1"), CallId("n1-1.1")
DESK = Agent(A1, "林小燕", {"general": 3}, sip_ha1="digest of the desk telephone")


class House:
    """A switchboard with one agent, and its journal."""

    def __init__(self, agent: Agent = DESK, journal: list[Milestone] | None = None) -> None:
        self.now = 1_763_700_000.0
        self.journal: list[Milestone] = list(journal or ())
        self.board = Switchboard(0.0)
        self.board.set_roster({A1: agent})
        self.board.recover(self.journal, self.now)
        self.exchange = Exchange(self.board, self, lambda: self.now)
        self.softphones = Softphones(self.exchange, "key of the installation", None)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    def logs_in(self) -> None:
        self.exchange.agent(AgentFact.LOGGED_IN, A1)

    def logs_out(self) -> None:
        self.exchange.agent(AgentFact.LOGGED_OUT, A1, {"reason": "logout"})

    @property
    def telephone(self) -> Telephone:
        return self.softphones.telephones()[A1]


async def test_a_page_that_is_loaded_again_gets_the_same_account_and_asterisk_knows_its_password() -> None:
    house = House()
    house.logs_in()
    first, again = house.softphones.open(A1), house.softphones.open(A1)

    assert first == again
    assert (first.uri, first.user, first.realm) == ("sip:a1@yihu", "a1", "yihu")
    assert house.telephone == Telephone(sip_ha1("a1", first.password), browser=True)
    assert house.softphones.may_connect("a1")
    assert first.password not in repr(first)


async def test_no_password_is_in_the_journal_and_a_daemon_that_takes_over_finds_it() -> None:
    house = House()
    house.logs_in()
    account = house.softphones.open(A1)

    assert account.password not in repr(house.journal)
    other = House(journal=house.journal)
    assert other.softphones.open(A1) == account
    assert other.journal == house.journal, "nothing had to be said again"


async def test_another_log_in_and_another_installation_have_other_passwords() -> None:
    house = House()
    house.logs_in()
    first = house.softphones.open(A1)
    elsewhere = Softphones(house.exchange, "another key", None).open(A1)
    house.logs_out()
    house.logs_in()
    second = house.softphones.open(A1)

    assert len({first.password, second.password, elsewhere.password}) == 3


async def test_the_desk_telephone_is_back_at_the_log_out_and_when_he_says_so() -> None:
    house = House()
    house.logs_in()
    house.softphones.open(A1)
    house.softphones.close(A1)
    assert house.telephone == Telephone("digest of the desk telephone")

    house.softphones.open(A1)
    house.logs_out()
    assert house.telephone == Telephone("digest of the desk telephone")
    assert not house.softphones.may_connect("a1")
    assert not house.softphones.may_connect("nobody")
    with pytest.raises(StatusRefused, match="log in first"):
        house.softphones.open(A1)


async def test_who_is_logged_out_in_a_talk_keeps_his_telephone_to_its_end() -> None:
    house = House()
    house.logs_in()
    house.softphones.open(A1)
    house.exchange.agent(AgentFact.STATUS, A1, {"status": "ready"})
    house.exchange.call(CallFact.ARRIVED, CALL, {"channel": "PJSIP/trunk-1"})
    house.exchange.attach(CALL, house)
    house.exchange.call(CallFact.QUEUED, CALL, {"queue": "general", "need": Need("general").to_text()})
    house.exchange.call(CallFact.ANSWERED, CALL, {"agent": A1, "n": 1})
    house.logs_out()
    assert house.board.desks[A1].status is Status.OFFLINE
    assert house.softphones.may_connect("a1")

    house.exchange.call(CallFact.TALK_ENDED, CALL, {"agent": A1, "n": 1, "side": "agent", "talk_s": 5.0})
    assert house.softphones.changed_by(house.journal[-1])
    assert not house.softphones.may_connect("a1")
    assert house.telephone == Telephone("digest of the desk telephone")


async def test_who_has_no_telephone_on_his_desk_is_known_to_asterisk_all_the_same() -> None:
    house = House(Agent(A1, "林小燕", {"general": 3}))
    assert house.telephone.ha1
    assert not house.telephone.browser
    house.logs_in()
    account = house.softphones.open(A1)
    assert house.telephone.ha1 == sip_ha1("a1", account.password)


async def test_a_picture_is_for_agents_with_the_skill() -> None:
    house = House(Agent(A1, "林小燕", {"video": 3}))
    house.logs_in()
    assert house.softphones.open(A1).video
    assert house.telephone.video


@pytest.mark.parametrize(
    ("for_all", "own", "then"),
    [(None, None, None), (2.0, None, 2.0), (2.0, 0.5, 0.5), (None, 1, 1.0), (2.0, "never", None)],
)
async def test_it_answers_by_itself_by_his_own_rule_or_the_one_for_all(
    for_all: float | None, own: object, then: float | None
) -> None:
    entry = {"name": "林小燕", "skills": {"general": 3}} | ({} if own is None else {"auto_answer_s": own})
    agent = agent_from("a1", entry)
    assert agent_from("a1", agent_to(agent)) == agent
    house = House(agent)
    house.logs_in()
    assert Softphones(house.exchange, "key", for_all).open(A1).auto_answer_s == then


@pytest.mark.parametrize("wrong", [True, -1, "always"])
def test_a_rule_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(RosterError, match="auto_answer_s"):
        agent_from("a1", {"skills": {"general": 3}, "auto_answer_s": wrong})
