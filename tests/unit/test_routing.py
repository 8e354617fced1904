"""Who talks to whom: given who waits and who is idle, when routing decides, then."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cti.calls import EMERGENCY_S, AgentId, CallId, Need, NeedStep, SkillNeed
from queues.needs import changes, current_step, lacks, rule_of
from queues.pools import Pools
from queues.routing import Ahead, Candidate, Decision, Idle, Overflow, Rejected, Router, Waiting

GENERAL = Need("general", (NeedStep((SkillNeed("general"),)),))
ENTERPRISE = Need(
    "enterprise",
    (NeedStep((SkillNeed("enterprise", 3),), expires_s=20), NeedStep((SkillNeed("enterprise", 1),))),
)
LENT = Overflow("enterprise", "general", after_s=40)
BORROWED = Overflow("enterprise", "general")


def caller(name: str, since: float, need: Need = GENERAL, *, reachable: bool = True) -> Waiting:
    return Waiting(CallId(name), need, since, reachable=reachable)


def agent(name: str, since: float = 0.0, **skills: int) -> Idle:
    return Idle(AgentId(name), skills or {"general": 3}, since)


def router(*known: Waiting | Idle, overflow: tuple[Overflow, ...] = ()) -> Router:
    made = Router(overflow)
    for one in known:
        if isinstance(one, Waiting):
            made.wait(one)
        else:
            made.free(one)
    return made


def pairs(decisions: list[Decision]) -> list[tuple[str, str]]:
    return [(d.call_id, d.agent_id) for d in decisions]


def test_longest_waiting_caller_gets_longest_idle_agent() -> None:
    city = router(caller("second", 20.0), caller("first", 10.0), caller("third", 30.0), agent("a1", 5), agent("a2", 1))
    assert pairs(city.decide(40.0)) == [("first", "a2"), ("second", "a1")]
    assert [call.call_id for call in city.waiting()] == ["third"]
    assert len(city.waiting()) == 1


def test_the_agent_with_the_fewest_skills_is_taken_so_that_the_others_stay_free() -> None:
    city = router(agent("all_round", 0, general=3, enterprise=3), agent("plain", 50, general=1))
    city.wait(caller("c", 60.0))
    assert pairs(city.decide(61.0)) == [("c", "plain")]


def test_agents_idle_since_the_same_instant_are_taken_by_id() -> None:
    city = router(agent("b", 5), agent("a", 5), caller("y", 9.0), caller("x", 9.0))
    assert pairs(city.decide(10.0)) == [("x", "a"), ("y", "b")]


def test_who_cannot_be_taken_does_not_hold_up_those_behind_him() -> None:
    city = router(caller("enterprise", 0.0, ENTERPRISE), caller("general", 5.0), agent("a1"))
    decisions = city.decide(10.0)
    assert pairs(decisions) == [("general", "a1")]
    assert decisions[0].ahead == 1
    assert decisions[0].passed == (Ahead(CallId("enterprise"), 10.0, "enterprise>=3"),)


def test_a_decision_says_who_else_could_and_who_could_not_and_why() -> None:
    city = router(
        agent("expert", 50, enterprise=4, general=2),
        agent("spare", 90, enterprise=3, general=2),
        agent("novice", 10, enterprise=1),
        agent("general", 20, general=5),
    )
    city.wait(Waiting(CallId("c"), Need("enterprise", ENTERPRISE.steps, 30.0), 95.0, steps_since=98.0, kept_s=2.5))
    assert city.decide(100.0) == [
        Decision(
            call_id=CallId("c"),
            agent_id=AgentId("expert"),
            step=0,
            rule="enterprise>=3",
            lent_by="",
            score_s=35.0,
            waited_s=5.0,
            kept_s=2.5,
            head_start_s=30.0,
            idle_s=50.0,
            candidates=2,
            others=(Candidate(AgentId("spare"), 2, 10.0),),
            idle_rejected=2,
            rejected=(
                Rejected(AgentId("novice"), "enterprise>=3"),
                Rejected(AgentId("general"), "enterprise>=3"),
            ),
            ahead=0,
            passed=(),
        )
    ]


def test_the_next_best_five_are_listed_and_the_rest_are_counted() -> None:
    city = router(*(agent(f"plain{n}", 10 - n, general=n) for n in range(1, 10)), agent("rare", 0, general=1, video=1))
    city.wait(caller("c", 20.0))
    (decision,) = city.decide(20.0)
    assert decision.agent_id == "plain9"
    assert [other.agent_id for other in decision.others] == ["plain8", "plain7", "plain6", "plain5", "plain4"]
    assert decision.candidates == 10


def test_a_need_relaxes_when_its_step_expires() -> None:
    city = router(caller("c", 100.0, ENTERPRISE), agent("novice", enterprise=1))
    assert city.decide(119.9) == []
    assert city.next_at(119.9) == 120.0
    decisions = city.decide(120.0)
    assert pairs(decisions) == [("c", "novice")]
    assert (decisions[0].step, decisions[0].rule) == (1, "enterprise>=1")
    assert city.next_at(120.0) is None


def test_a_caller_who_was_passed_over_is_served_by_the_rule_that_counts_then() -> None:
    city = router(caller("c", 100.0, ENTERPRISE), caller("d", 101.0), agent("a"))
    assert city.decide(110.0)[0].passed == (Ahead(CallId("c"), 10.0, "enterprise>=3"),)
    city.free(agent("novice", enterprise=1))
    assert city.decide(120.0)[0].rule == "enterprise>=1"


def test_steps_may_begin_later_than_the_waiting() -> None:
    city = router(agent("novice", enterprise=1))
    city.wait(Waiting(CallId("kept"), ENTERPRISE, 0.0, steps_since=100.0))
    assert city.decide(119.0) == []
    assert pairs(city.decide(120.0)) == [("kept", "novice")]


@given(st.floats(1e9, 3e9), st.floats(0.001, 1e5), st.floats(0.001, 1e5))
@settings(max_examples=40, deadline=None)
def test_whoever_is_woken_by_next_at_sees_the_change_and_nobody_sees_it_before(
    since: float, first_s: float, second_s: float
) -> None:
    steps = (NeedStep((SkillNeed("video", 3),), first_s), NeedStep((SkillNeed("video", 2),), second_s))
    city = router(caller("c", since, Need("video", steps)), agent("novice", video=1))
    assert city.decide(since) == []
    at = since
    for left in (2, 1):
        following = city.next_at(at)
        assert following is not None
        assert following == since + first_s if left == 2 else following > at
        assert city.decide(math.nextafter(following, 0.0)) == []
        at = following
        decisions = city.decide(at)
        assert pairs(decisions) == ([("c", "novice")] if left == 1 else [])
    assert city.next_at(at) is None


@given(st.floats(1e9, 3e9), st.floats(0.001, 1e5))
@settings(max_examples=40, deadline=None)
def test_agents_are_lent_from_the_very_instant_that_next_at_names(since: float, after_s: float) -> None:
    city = router(caller("c", since, ENTERPRISE), agent("g"), overflow=(Overflow("enterprise", "general", after_s),))
    times = {since + 20, since + after_s}
    for at in sorted(times):
        assert city.next_at(math.nextafter(at, 0.0)) == at
        assert city.decide(math.nextafter(at, 0.0)) == []
        assert pairs(city.decide(at)) == ([("c", "g")] if at == since + after_s else [])
        if at == since + after_s:
            break


def test_past_all_steps_any_agent_of_the_queue_will_do() -> None:
    need = Need("video", (NeedStep((SkillNeed("video", 5), SkillNeed("english", 3)), expires_s=10),))
    city = router(caller("c", 0.0, need), agent("other", general=5))
    assert city.decide(10.0) == []
    city.free(agent("a", video=1))
    decisions = city.decide(10.0)
    assert pairs(decisions) == [("c", "a")]
    assert (decisions[0].step, decisions[0].rule) == (1, "any of video")


def test_the_last_agent_is_waited_for_a_few_seconds_even_if_he_lacks_the_skill() -> None:
    again = Need("general", (NeedStep((), 8.0, (AgentId("friend"),)), *GENERAL.steps))
    city = router(caller("c", 100.0, again), agent("stranger"))
    assert city.decide(100.0) == []
    city.free(agent("friend", 103.0, video=1))
    decisions = city.decide(103.0)
    assert pairs(decisions) == [("c", "friend")]
    assert decisions[0].rejected == (Rejected(AgentId("stranger"), "=friend"),)
    city.wait(caller("d", 110.0, again))
    assert pairs(city.decide(117.9)) == []
    assert pairs(city.decide(118.0)) == [("d", "stranger")]


def test_a_head_start_counts_as_seconds_of_waiting() -> None:
    urgent = Need("general", GENERAL.steps, priority_s=60)
    reluctant = Need("general", GENERAL.steps, priority_s=-60)
    emergency = Need("general", GENERAL.steps, priority_s=EMERGENCY_S)
    city = router(
        caller("patient", 0.0), caller("urgent", 50.0, urgent), caller("emergency", 54.0, emergency),
        caller("reluctant", -20.0, reluctant),
    )  # fmt: skip
    assert [call.call_id for call in city.waiting()] == ["emergency", "urgent", "patient", "reluctant"]
    for name in "abc":
        city.free(agent(name))
    assert [d.call_id for d in city.decide(55.0)] == ["emergency", "urgent", "patient"]


def test_an_overflow_rule_lends_agents_after_its_time() -> None:
    city = router(caller("c", 100.0, ENTERPRISE), agent("g"), overflow=(LENT,))
    assert city.decide(100.0) == []
    assert city.next_at(130.0) == 140.0
    decisions = city.decide(140.0)
    assert pairs(decisions) == [("c", "g")]
    assert (decisions[0].lent_by, decisions[0].rule) == ("general", "enterprise>=1")


def test_an_agent_known_by_name_who_is_lent_too_is_one_candidate() -> None:
    again = Need("enterprise", (NeedStep((), 99.0, (AgentId("friend"),)),))
    city = router(caller("c", 100.0, again), caller("d", 100.5, again), overflow=(LENT,))
    assert city.decide(139.0) == []
    city.free(agent("friend"))
    city.free(agent("other"))
    decisions = city.decide(140.5)
    assert pairs(decisions) == [("c", "friend"), ("d", "other")]
    assert [(d.candidates, d.idle_rejected, d.lent_by) for d in decisions] == [(2, 0, ""), (1, 0, "general")]


def test_a_rule_without_a_time_lends_while_borrowing_is_on() -> None:
    city = router(caller("c", 100.0, ENTERPRISE), overflow=(BORROWED,))
    city.borrow(True)
    assert city.could_take(AgentId("g"), {"general": 1}, city.waiting()[0], 101.0)
    assert city.decide(101.0) == []
    city.borrow(False)
    city.free(agent("g"))
    assert city.decide(102.0) == []
    city.borrow(True)
    assert pairs(city.decide(103.0)) == [("c", "g")]


def test_who_has_not_come_back_after_a_restart_is_not_overtaken() -> None:
    city = router(caller("first", 1.0, reachable=False), caller("second", 2.0), agent("a"))
    assert city.decide(5.0) == []
    city.free(agent("b"))
    decisions = city.decide(5.0)
    assert pairs(decisions) == [("second", "b")]
    assert (decisions[0].ahead, decisions[0].passed) == (0, ())
    assert city.position(CallId("first")) == 1
    city.wait(caller("first", 1.0))
    assert pairs(city.decide(6.0)) == [("first", "a")]


def test_one_agent_and_no_more_is_kept_for_who_has_not_come_back() -> None:
    city = router(caller("first", 1.0, reachable=False), caller("second", 2.0), agent("a", 1), agent("b", 2))
    assert pairs(city.decide(5.0)) == [("second", "b")]
    assert city.decide(6.0) == []


def test_what_was_kept_for_a_caller_who_is_gone_is_free_for_the_next() -> None:
    city = router(caller("first", 1.0, reachable=False), caller("second", 2.0), agent("a"))
    assert city.decide(5.0) == []
    city.leave(CallId("first"))
    assert pairs(city.decide(5.0)) == [("second", "a")]


def test_a_supervisor_changes_the_skills_of_an_idle_agent() -> None:
    city = router(caller("c", 0.0, ENTERPRISE), agent("a"))
    assert city.decide(1.0) == []
    city.free(agent("a", enterprise=3))
    assert pairs(city.decide(1.0)) == [("c", "a")]
    city.free(agent("a", enterprise=3))
    city.free(agent("a", general=1))
    city.wait(caller("d", 2.0, ENTERPRISE))
    assert city.decide(2.0) == []


def test_a_caller_s_need_changes_while_he_waits() -> None:
    city = router(caller("c", 0.0, ENTERPRISE), agent("a"))
    assert city.decide(1.0) == []
    city.wait(caller("c", 0.0, GENERAL))
    assert pairs(city.decide(1.0)) == [("c", "a")]
    assert city.next_at(1.0) is None


@pytest.mark.parametrize("steps", [GENERAL.steps, (NeedStep((), 60.0, (AgentId("a"),)),)])
def test_a_caller_whose_place_gets_worse_is_not_served_by_his_old_one(steps: tuple[NeedStep, ...]) -> None:
    city = router(caller("c", 0.0, Need("general", steps)))
    assert city.next_at(9.0) is None or steps != GENERAL.steps
    city.wait(caller("c", 5.0))
    city.wait(caller("d", 3.0))
    city.free(agent("a"))
    assert pairs(city.decide(9.0)) == [("d", "a")]


def test_who_is_unknown_may_leave_and_be_busy() -> None:
    city = router(caller("c", 0.0), agent("a"))
    city.leave(CallId("nobody"))
    city.busy(AgentId("nobody"))
    assert pairs(city.decide(0.0)) == [("c", "a")]
    city.leave(CallId("c"))
    city.busy(AgentId("a"))
    assert city.decide(1.0) == []


def test_a_clock_that_is_set_back_makes_a_step_count_again() -> None:
    city = router(caller("c", 100.0, ENTERPRISE))
    assert city.decide(125.0) == []
    city.free(agent("novice", enterprise=1))
    assert city.decide(110.0) == []
    assert city.next_at(110.0) == 120.0
    assert pairs(city.decide(120.0)) == [("c", "novice")]


def test_position_counts_the_own_queue_only() -> None:
    city = router(caller("e", 0.0, ENTERPRISE), caller("g1", 1.0), caller("g2", 2.0))
    assert [city.position(CallId(c)) for c in ("e", "g1", "g2")] == [1, 1, 2]
    with pytest.raises(KeyError):
        city.position(CallId("gone"))


def test_steps_run_one_after_the_other_and_each_ends_at_its_very_instant() -> None:
    need = Need("q", (NeedStep((), 10.0), NeedStep((), 0.0), NeedStep((), 5.0), NeedStep((SkillNeed("q"),))))
    assert [current_step(need, 100.0 + s, 100.0) for s in (0, 9.9, 10, 14.9, 15, 1e6)] == [0, 0, 2, 2, 3, 3]
    call = caller("c", 100.0, need)
    assert changes(call, (Overflow("q", "x", 12.0), Overflow("q", "y"), Overflow("z", "x", 1.0))) == [
        110.0, 110.0, 112.0, 115.0,
    ]  # fmt: skip


def test_what_an_agent_lacks_is_the_first_thing_in_the_words_of_the_need() -> None:
    need = Need("video", (NeedStep((SkillNeed("video", 3), SkillNeed("english", 2))),))
    skills = ({"video": 3, "english": 2}, {"video": 3}, {"english": 5, "video": 2})
    assert [lacks(AgentId("a"), s, need, 0) for s in skills] == ["", "english>=2", "video>=3"]
    assert [lacks(AgentId("a"), s, need, 1) for s in ({"video": 1}, {})] == ["", "video>=1"]
    assert rule_of(need, 0) == "video>=3&english>=2"


def test_a_rule_with_many_names_is_cut() -> None:
    many = Need("q", (NeedStep((), 8.0, tuple(AgentId(f"a{n}") for n in range(1000, 1100))),))
    assert rule_of(many, 0).startswith("=a1000+a1001+")
    assert len(rule_of(many, 0)) == 100


_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
_amounts = st.floats(-1e6, 1e6).map(lambda s: round(s, 3))
_counts = st.integers(0, 5000)
_decisions = st.builds(
    Decision,
    call_id=_ids, agent_id=_ids, step=st.integers(0, 9), rule=st.text(max_size=100),
    lent_by=st.text("abc_", max_size=40),
    score_s=_amounts, waited_s=_amounts, kept_s=_amounts, head_start_s=_amounts, idle_s=_amounts,
    candidates=_counts, idle_rejected=_counts, ahead=_counts,
    others=st.lists(st.builds(Candidate, _ids, st.integers(0, 40), _amounts), max_size=5).map(tuple),
    rejected=st.lists(st.builds(Rejected, _ids, st.text("abc_>=3", max_size=43)), max_size=5).map(tuple),
    passed=st.lists(st.builds(Ahead, _ids, _amounts, st.text("abc_>=3&", max_size=100)), max_size=5).map(tuple),
)  # fmt: skip


@given(_decisions)
@settings(max_examples=40, deadline=None)
def test_a_decision_reads_back_from_its_text_which_is_never_long(decision: Decision) -> None:
    text = decision.to_text()
    assert len(text) < 2000
    read = Decision.from_text(text, decision.call_id, decision.agent_id)
    for name in Decision.__slots__:
        whole, kept = getattr(decision, name), getattr(read, name)
        assert kept == (whole[: len(kept)] if isinstance(whole, tuple) else whole)


def test_with_the_ids_of_a_city_nothing_of_a_decision_is_left_out() -> None:
    call, seat = CallId("20261122-1769912345.123456"), AgentId("a10001")
    decision = Decision(
        call, seat, 1, "enterprise>=3&english>=2", "general", 1234.567, 1204.567, 300.0, 30.0, 12.345,
        900, (Candidate(seat, 12, 1234.567),) * 5, 99, (Rejected(seat, "social_security>=3"),) * 5,
        500, (Ahead(call, 86512.345, "social_security>=3&cantonese>=2"),) * 5,
    )  # fmt: skip
    assert Decision.from_text(decision.to_text(), call, seat) == decision


def test_very_long_ids_shorten_the_lists_and_leave_the_numbers() -> None:
    call, seat = CallId("c" * 60), AgentId("a" * 60)
    decision = Decision(
        call, seat, 1, "r" * 100, "s" * 40, 1234.567, 1204.567, 300.0, 30.0, 12.345,
        900, (Candidate(seat, 12, 1234.567),) * 5, 99, (Rejected(seat, "s" * 43),) * 5,
        500, (Ahead(call, 86512.345, "w" * 100),) * 5,
    )  # fmt: skip
    text = decision.to_text()
    assert 1700 < len(text) < 2000
    read = Decision.from_text(text, call, seat)
    assert (read.candidates, read.idle_rejected, read.ahead) == (900, 99, 500)
    assert min(len(read.others), len(read.rejected), len(read.passed)) >= 2


@pytest.mark.parametrize("text", ["", "no", "[]", "{}", '"x"', "null", '{"others":3}', '{"others":[{"x":1}]}'])
def test_what_is_no_decision_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Decision.from_text(text, CallId("c"), AgentId("a"))


@given(
    st.text("abc_", min_size=1),
    st.lists(
        st.builds(
            NeedStep,
            st.lists(st.builds(SkillNeed, st.text("xyz_", min_size=1), st.integers(1, 5)), max_size=3).map(tuple),
            st.none() | st.integers(1, 999).map(float),
        ),
        max_size=3,
    ).map(tuple),
    st.integers(-100, 100).map(float),
)
@settings(max_examples=30, deadline=None)
def test_a_need_reads_back_from_its_text(queue: str, steps: tuple[NeedStep, ...], priority_s: float) -> None:
    need = Need(queue, tuple(s for s in steps if s.all_of), priority_s)
    assert Need.from_text(need.to_text()) == need


def test_what_nobody_has_or_wants_any_more_is_forgotten() -> None:
    pools = Pools(forget_above=10)
    kept = pools.profile({"general": 1})
    kept.add((1, 0.0, AgentId("a")))
    wanted = pools.pool((SkillNeed("general", 1),), ())
    wanted.callers.append((0.0, CallId("c")))
    for level in range(2, 100):
        pools.profile({"general": level})
        pools.pool((SkillNeed("general", level),), ())
    assert len(pools) <= 10
    assert pools.profile({"general": 1}) is kept
    assert pools.pool((SkillNeed("general", 1),), ()) is wanted
    kept.add((1, 1.0, AgentId("b")))
    assert wanted.idle == 2
