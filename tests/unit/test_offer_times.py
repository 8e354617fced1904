"""From "both are there" to the offer, and from the offer to the ring."""

from __future__ import annotations

import pytest

from cti.asterisk.ami import AmiEvent
from cti.calls import AgentFact, CallFact, Need, NeedStep, SkillNeed
from cti.offer_times import OfferTimes
from cti.spread import Spread
from queues.needs import Overflow
from tests.support.floor import Floor

AGENTS = {"a1": ("林小燕", {"general": 3}), "a2": ("李静", {"enterprise": 1})}


class Watched:
    def __init__(self, overflow: tuple[Overflow, ...] = ()) -> None:
        self.floor = Floor(AGENTS, overflow)
        self.times = OfferTimes(self.floor.board, lambda: self.floor.now)
        self.told = 0

    def tell(self) -> None:
        new = self.floor.journal[self.told :]
        self.told = len(self.floor.journal)
        self.times.heard(new)

    def rings(self, channel: str, name: str = "Newchannel") -> None:
        self.times.on_event(AmiEvent(name, {"Channel": channel, "Uniqueid": "n1-1.2"}))


def taken(spread: Spread) -> tuple[int, float]:
    """How often, and seconds in all."""
    return spread.up_to()[-1], spread.sum_s


def test_a_caller_who_waited_for_an_agent_cost_no_time_once_there_was_one() -> None:
    """Given both agents in talks, when one is free after 30 s, then the offer comes at once: 0 s, not 30."""
    watched = Watched()
    floor = watched.floor
    floor.queues("c1", Need("general"))
    floor.answers("c1")
    floor.at(1)
    floor.queues("c2", Need("general"))
    watched.tell()
    assert taken(watched.times.to_offer) == (1, 0.0)
    floor.at(31)
    floor.talk_ends("c1")
    watched.tell()
    assert taken(watched.times.to_offer) == (2, 0.0)


def test_an_offer_that_was_late_shows_by_how_much() -> None:
    """Given a board that is not asked for 0.2 s after an agent's wrap-up is over, then that offer took 0.2 s."""
    watched = Watched()
    floor = watched.floor
    floor.board.wrap_up_s = 20.0
    floor.queues("c1", Need("general"))
    watched.tell()
    floor.answers("c1")
    floor.at(10)
    floor.talk_ends("c1")
    floor.queues("c2", Need("general"))
    watched.tell()
    floor.now += 20.2
    floor._keep(floor.board.tick(floor.now))
    watched.tell()
    count, total_s = taken(watched.times.to_offer)
    assert count == 2
    assert total_s == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("need", "overflow"),
    [
        (Need("general", (NeedStep((SkillNeed("cantonese"),), 30.0), NeedStep((SkillNeed("enterprise"),)))), ()),
        (Need("urgent", ()), (Overflow("urgent", "enterprise", 30.0),)),
    ],
)
def test_time_in_which_the_rules_forbid_that_agent_does_not_count(need: Need, overflow: tuple[Overflow, ...]) -> None:
    """Given an idle agent whom the caller may have only after 30 s, when he is offered then, it took no time."""
    watched = Watched(overflow)
    watched.floor.agent(AgentFact.STATUS, "a1", status="break", reason="lunch")
    watched.floor.queues("c1", need)
    watched.floor.at(31)
    watched.tell()
    count, total_s = taken(watched.times.to_offer)
    assert watched.floor.board.calls["c1"].agent == "a2"  # type: ignore[index]
    assert count == 1
    assert total_s == pytest.approx(0.0, abs=1e-6)


def test_a_caller_who_goes_back_to_the_queue_waits_from_then_on() -> None:
    watched = Watched()
    floor = watched.floor
    floor.queues("c1", Need("general"))
    watched.tell()
    floor.at(15)
    floor.rings_in_vain("c1")
    watched.tell()
    floor.at(40)
    floor.agent(AgentFact.STATUS, "a1", status="ready")
    watched.tell()
    count, total_s = taken(watched.times.to_offer)
    assert count == 2
    assert total_s < 1.0, "not the 25 s in which nobody was there"


def test_what_began_before_us_is_left_out() -> None:
    watched = Watched()
    watched.floor.queues("c1", Need("general"))
    watched.times.heard([m for m in watched.floor.journal if m.kind != CallFact.QUEUED])
    assert taken(watched.times.to_offer) == (0, 0.0)


def test_the_first_channel_to_the_agent_is_his_ring() -> None:
    watched = Watched()
    watched.floor.queues("c1", Need("general"))
    watched.floor.now += 0.05
    watched.rings("PJSIP/trunk-00000001")
    watched.rings("PJSIP/a2-00000002")
    watched.rings("PJSIP/a1-00000003", "Newstate")
    assert taken(watched.times.to_ring) == (0, 0.0)
    watched.rings("PJSIP/a1-00000003")
    watched.floor.now += 5
    watched.rings("PJSIP/a1-00000004")
    count, total_s = taken(watched.times.to_ring)
    assert count == 1
    assert total_s == pytest.approx(0.05)
