"""Never two who decide, whatever is late, lost, stopped or begun anew; and somebody who does, when there can be one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.lease import MARGIN, NOBODY, Answer, Held, Lease, Look, Renew, Take
from tests.support.lease_world import TTL_S, World

FAULTS = ("kill", "kill_for_long", "stop", "lose", "freeze", "cut_a", "cut_b", "cut_peer", "isolate")


@settings(max_examples=100, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.02, 0.2]),
    st.lists(st.tuples(st.floats(0.0, 3.0), st.sampled_from(FAULTS), st.sampled_from("ab"), st.floats(0.0, 5.0))),
)
def test_two_never_decide(seed: int, late: float, faults: list[tuple[float, str, str, float]]) -> None:
    chance = random.Random(seed)
    world, at = World(chance, late), 0.0
    for after_s, fault, node, for_s in faults:
        at += after_s
        world.run(at)
        if world.decides and chance.random() < 0.7:
            node = world.decides  # most faults are the leader's
        _break(world, fault, node, for_s)
    world.run(at + 10.0)


def test_many_faults_in_a_long_time() -> None:
    takes = 0
    for seed in range(6):
        chance = random.Random(seed)
        world = World(chance, 0.01)
        for _ in range(150):
            world.run(world.now + chance.uniform(0.0, 2.0))
            name, for_s = world.decides or chance.choice("ab"), chance.uniform(0.1, 4)
            _break(world, chance.choice(FAULTS), name, for_s)
        takes += len(world.epochs)
    assert takes > 100, "the world is lively enough to be worth a test"


class TestService:
    """Given a leader and a warm daemon."""

    @pytest.fixture
    def world(self) -> World:
        world = World(random.Random(1), 0.0)
        world.run(5.0)
        assert world.decides
        return world

    def test_the_warm_one_takes_over_from_a_dead_leader(self, world: World) -> None:
        leader = world.decides
        world.kill(leader, None)
        world.run(world.now + TTL_S + 0.25)
        assert world.decides not in ("", leader)

    def test_a_leader_who_is_back_at_once_goes_on(self, world: World) -> None:
        leader = world.decides
        world.kill(leader, 0.3)
        world.run(world.now + 0.6)
        assert world.decides == leader

    def test_a_dead_redis_stops_nobody(self, world: World) -> None:
        leader = world.decides
        world.freeze_redis(60.0)
        for _ in range(500):
            world.run(world.now + 0.1)
            assert world.decides == leader

    def test_a_leader_who_begins_anew_while_redis_is_dead_asks_the_other(self, world: World) -> None:
        leader = world.decides
        world.freeze_redis(60.0)
        world.run(world.now + 3.0)
        world.kill(leader, 0.3)
        world.run(world.now + 1.5)
        assert world.decides == leader

    def test_without_redis_and_without_the_other_the_leader_steps_down_and_comes_back_with_either(
        self, world: World
    ) -> None:
        leader = world.decides
        world.cut("peer", 6.0)
        world.freeze_redis(60.0)
        world.run(world.now + TTL_S)
        assert world.decides == ""
        world.run(world.now + 6.0)
        assert world.decides == leader

    def test_a_leader_cut_from_both_loses_the_city_to_the_other(self, world: World) -> None:
        leader = world.decides
        world.cut(leader, 60.0)
        world.cut("peer", 60.0)
        world.run(world.now + 2 * TTL_S + 0.5)
        assert world.decides not in ("", leader)

    def test_a_redis_that_lost_everything_changes_nothing(self, world: World) -> None:
        leader = world.decides
        for _ in range(100):
            world.lose_redis_data()
            world.run(world.now + 0.17)
            assert world.decides == leader


def test_time_counts_from_the_sending_of_a_request() -> None:
    lease = Lease("a", 1.0)
    _take(lease, sent_at=10.0, now=10.8)
    assert lease.may_decide(10.0 + 1.0 - MARGIN - 0.01)
    assert not lease.may_decide(10.0 + 1.0 - MARGIN)
    assert not lease.may_decide(10.0), "what is over stays over"


def test_an_answer_that_comes_after_the_end_gives_no_time() -> None:
    lease = Lease("a", 1.0)
    _take(lease, sent_at=10.0, now=10.0)
    renew = lease.for_redis(10.3)
    assert isinstance(renew, Renew)
    lease.redis_said(renew, Answer(True, renew.value), 10.3, 10.95)
    assert not lease.may_decide(10.95)


def test_a_renewal_gives_time_from_its_sending_on() -> None:
    lease = Lease("a", 1.0)
    _take(lease, sent_at=10.0, now=10.0)
    renew = lease.for_redis(10.3)
    assert isinstance(renew, Renew)
    lease.redis_said(renew, Answer(True, renew.value), 10.3, 10.8)
    assert lease.may_decide(11.15)
    assert not lease.may_decide(11.25)


def test_a_lease_that_was_ours_when_its_time_was_over_is_not_ours() -> None:
    lease = Lease("a", 1.0)
    _take(lease, sent_at=10.0, now=10.95)
    assert lease.role == "warm"


class TestPromise:
    def test_is_kept(self) -> None:
        lease = _warm(seen=Held(7, 3, "b"), at=10.0)
        assert lease.promise(7, 10.9)
        assert lease.for_redis(11.8) == Look()
        assert isinstance(lease.for_redis(11.9), Take)

    def test_is_not_given_while_a_take_is_under_way(self) -> None:
        lease = _warm(seen=Held(7, 3, "b"), at=10.0)
        take = lease.for_redis(11.0)
        assert not lease.promise(7, 11.0)
        lease.redis_failed(take)
        assert lease.promise(7, 11.0)

    def test_is_not_given_by_who_decides(self) -> None:
        lease = Lease("a", 1.0)
        _take(lease, sent_at=10.0, now=10.0)
        assert not lease.promise(lease.epoch + 1, 10.1)

    def test_is_not_given_to_who_decided_before_somebody_else(self) -> None:
        assert not _warm(seen=Held(7, 3, "c"), at=10.0).promise(6, 10.0)

    def test_binds_also_who_is_promised_something(self) -> None:
        lease = Lease("a", 1.0, last_epoch=7)
        lease.redis_failed(lease.for_redis(9.0))
        assert lease.wants_promise(9.5)
        assert lease.promise(7, 9.5)
        lease.promised(9.5, 9.6, 8)
        assert lease.role == "warm"

    def test_is_not_asked_for_by_who_was_not_the_last_to_decide(self) -> None:
        lease = _warm(seen=Held(7, 3, "b"), at=10.0)
        lease.redis_failed(lease.for_redis(10.1))
        assert not lease.wants_promise(20.0)


def test_a_lease_given_back_is_taken_at_once() -> None:
    lease = Lease("a", 1.0)
    lease.redis_said(Look(), Answer(False, Held(7, 3, NOBODY)), 10.0, 10.0)
    assert lease.for_redis(10.0) == Take(Held(7, 3, NOBODY), "a", 7)


def test_a_lease_is_not_taken_from_under_one_who_says_that_he_decides() -> None:
    lease = _warm(seen=Held(7, 3, "b"), at=10.0)
    lease.other_decides(11.5)
    assert lease.for_redis(11.9) == Look()
    assert isinstance(lease.for_redis(12.0), Take)


def test_a_take_of_ours_that_nobody_heard_of_is_waited_out() -> None:
    lease = Lease("a", 1.0)
    lease.redis_said(Look(), Answer(False, Held(7, 0, "a")), 10.0, 10.0)
    assert lease.for_redis(10.9) == Look()
    assert isinstance(lease.for_redis(11.0), Take)


class TestAlone:
    def test_takes_a_free_lease_at_once_and_keeps_deciding_without_redis(self) -> None:
        lease = Lease("a", 1.0, alone=True)
        _take(lease, sent_at=0.0, now=0.0)
        assert lease.may_decide(1e9)

    def test_decides_without_a_redis(self) -> None:
        lease = Lease("a", 1.0, alone=True)
        lease.redis_failed(lease.for_redis(0.0))
        assert lease.go_alone(5)
        assert lease.may_decide(1e9)
        assert lease.epoch == 5

    def test_yields_to_nobody_but_a_larger_epoch(self) -> None:
        lease = Lease("a", 1.0, alone=True)
        _take(lease, sent_at=0.0, now=0.0)
        lease.redis_said(lease.for_redis(1.0), Answer(False, Held(lease.epoch + 1, 0, "b")), 1.0, 1.0)
        assert not lease.may_decide(1.0)

    def test_sees_that_another_daemon_is_at_work(self) -> None:
        lease = Lease("a", 1.0, alone=True)
        lease.redis_said(Look(), Answer(False, Held(7, 3, "b")), 0.0, 0.0)
        assert lease.rival is None, "it may be one that died"
        lease.redis_said(Look(), Answer(False, Held(7, 4, "b")), 0.5, 0.5)
        assert lease.rival == Held(7, 4, "b")


def _take(lease: Lease, sent_at: float, now: float) -> None:
    lease.redis_said(Look(), Answer(False, Held(1, 5, NOBODY)), sent_at, sent_at)
    take = lease.for_redis(sent_at)
    assert isinstance(take, Take)
    lease.redis_said(take, Answer(True, Held(2, 0, lease.node)), sent_at, now)


def _warm(seen: Held, at: float) -> Lease:
    lease = Lease("a", 1.0)
    lease.redis_said(Look(), Answer(False, seen), at, at)
    return lease


def _break(world: World, fault: str, node: str, for_s: float) -> None:
    match fault:
        case "kill":
            world.kill(node, for_s / 2)
        case "kill_for_long":
            world.kill(node, 20.0)
        case "stop":
            world.stop(node, for_s)
        case "lose":
            world.lose_redis_data()
        case "freeze":
            world.freeze_redis(for_s)
        case "cut_a" | "cut_b" | "cut_peer":
            world.cut(fault.removeprefix("cut_"), for_s)
        case "isolate":
            world.cut(node, for_s)
            world.cut("peer", for_s)
