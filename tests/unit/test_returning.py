"""Citizens who call again: their place, their last agent, and what a call adds to its need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cti.calls import EMERGENCY_S, AgentId, Need, NeedStep, SkillNeed
from queues.needs import current_step, lacks
from queues.returning import Citizens, KeptPlace, PastCall, Wishes, shaped, taken_back

NUMBER = "13800000000"
ANNA, BORIS = AgentId("anna"), AgentId("boris")
HERE = {ANNA: {"general": 3}, BORIS: {"enterprise": 3}}


def cut_off(ended_at: float, queued_at: float, number: str = NUMBER, queue: str = "general") -> PastCall:
    return PastCall(number, ended_at, queue, queued_at, cut_off=True)


def citizens(*calls: PastCall, limit: int = 100) -> Citizens:
    memory = Citizens(300.0, 7.0, limit)
    for call in calls:
        memory.ended(call)
    return memory


# The place


def test_who_was_cut_off_waits_since_he_began_to() -> None:
    memory = citizens(cut_off(ended_at=160.0, queued_at=100.0))
    assert memory.place(NUMBER, "general", 200.0) == KeptPlace(since=100.0, steps_since=100.0, kept_s=100.0)


def test_a_place_is_given_back_once_and_only_in_time() -> None:
    memory = citizens(cut_off(160.0, 100.0))
    assert memory.place("13900000000", "general", 200.0) is None
    assert memory.place(NUMBER, "general", 200.0) is not None
    assert memory.place(NUMBER, "general", 201.0) is None
    assert citizens(cut_off(160.0, 100.0)).place(NUMBER, "general", 460.1) is None


def test_what_was_inherited_is_not_handed_on() -> None:
    memory = citizens(cut_off(160.0, 100.0))
    memory.place(NUMBER, "general", 200.0)
    memory.ended(cut_off(ended_at=230.0, queued_at=200.0))
    again = memory.place(NUMBER, "general", 250.0)
    assert again is not None
    assert again.since == 200.0


def test_after_a_restart_the_records_say_the_same() -> None:
    """The call that got the place back ended too: it is void however the two are fed."""
    memory = citizens(cut_off(160.0, 100.0), PastCall(NUMBER, 260.0, "general", 200.0, agent=ANNA))
    assert memory.place(NUMBER, "general", 270.0) is None


def test_calls_may_be_told_a_little_out_of_order() -> None:
    earlier, served = cut_off(160.0, 100.0), PastCall(NUMBER, 260.0, "general", 200.0, agent=ANNA)
    before = PastCall(NUMBER, 90.0, "general", 50.0, agent=BORIS)
    memory = citizens(served, before, earlier)
    assert memory.place(NUMBER, "general", 270.0) is None
    assert memory.last_agent(NUMBER, "general", 270.0, HERE) == ANNA
    assert citizens(earlier, before).place(NUMBER, "general", 200.0) is not None


def test_a_call_that_only_reached_the_menu_leaves_the_place_alone() -> None:
    memory = citizens(cut_off(160.0, 100.0), PastCall(NUMBER, 190.0))
    assert memory.place(NUMBER, "general", 200.0) is not None


def test_in_another_queue_the_waiting_counts_and_the_steps_begin_anew() -> None:
    memory = citizens(cut_off(160.0, 100.0, queue="enterprise"))
    assert memory.place(NUMBER, "general", 200.0) == KeptPlace(since=100.0, steps_since=200.0, kept_s=100.0)


def test_who_was_interrupted_in_talk_has_his_place_and_begins_with_his_last_agent() -> None:
    memory = citizens(PastCall(NUMBER, 400.0, "general", 100.0, cut_off=True, agent=ANNA))
    assert memory.place(NUMBER, "general", 420.0) == KeptPlace(since=100.0, steps_since=420.0, kept_s=320.0)
    assert memory.last_agent(NUMBER, "general", 420.0, HERE) == ANNA


def test_a_served_call_and_a_withheld_number_keep_nothing() -> None:
    assert citizens(PastCall(NUMBER, 160.0, "general", 100.0)).place(NUMBER, "general", 200.0) is None
    assert citizens(cut_off(160.0, 100.0, number="")).place("", "general", 200.0) is None


# The last agent


def test_the_last_agent_is_preferred_while_he_is_here_and_has_the_skill() -> None:
    memory = citizens(PastCall(NUMBER, 100.0, "general", 10.0, agent=BORIS))
    memory.ended(PastCall(NUMBER, 200.0, "general", 110.0, agent=ANNA))
    assert memory.last_agent(NUMBER, "general", 300.0, HERE) == ANNA
    assert memory.last_agent(NUMBER, "enterprise", 300.0, HERE) is None
    assert memory.last_agent(NUMBER, "general", 300.0, {BORIS: {"general": 1}}) is None
    assert memory.last_agent(NUMBER, "general", 200.0 + 7 * 86_400 + 1, HERE) is None


def test_memory_is_bounded_and_the_latest_stay() -> None:
    numbers = [f"138{n:08}" for n in range(50)]
    memory = citizens(
        *(PastCall(n, float(at), "general", at - 1.0, agent=ANNA) for at, n in enumerate(numbers)), limit=9
    )
    known = [n for n in numbers if memory.last_agent(n, "general", 60.0, HERE)]
    assert known == numbers[-9:]


# The need

STEPS = st.lists(
    st.builds(
        NeedStep,
        st.lists(st.builds(SkillNeed, st.sampled_from("gxd"), st.integers(1, 5)), max_size=2).map(tuple),
        st.integers(1, 60).map(float),
    ),
    max_size=3,
)
NEEDS = st.builds(
    lambda steps, last: Need("g", (*steps, *last)),
    STEPS,
    st.sampled_from([(), (NeedStep((SkillNeed("x", 2),)),), (NeedStep(agents=(BORIS,)),)]),
)
WISHES = st.builds(
    Wishes,
    st.sampled_from([None, ANNA]),
    st.integers(0, 30).map(float),
    st.sampled_from(["", "l"]),
    st.integers(0, 150).map(float),
    st.sampled_from(["", "d"]),
    st.integers(0, 90).map(float),
)
SKILLS = st.dictionaries(st.sampled_from("gxdl"), st.integers(1, 5))


def takes(need: Need, at_s: float, agent: AgentId, skills: dict[str, int]) -> bool:
    return not lacks(agent, skills, need, current_step(need, at_s))


@given(NEEDS, WISHES, SKILLS, st.integers(0, 400).map(lambda n: n / 2))
def test_wishes_lie_over_the_need_and_then_it_is_what_the_flow_wrote(
    need: Need, wishes: Wishes, skills: dict[str, int], at_s: float
) -> None:
    new = shaped(need, wishes)
    assert Need.from_text(new.to_text()) == new
    if wishes.last_agent and at_s < wishes.last_agent_s and not current(need, at_s).agents:
        assert takes(new, at_s, AgentId("x"), skills) is False
        assert takes(new, at_s, ANNA, skills) is True
        return
    wished = {
        s for s, for_s in ((wishes.language_skill, wishes.language_s), (wishes.did_skill, wishes.did_s)) if at_s < for_s
    }
    all_wished = bool(current(need, at_s).agents) or wished - {""} <= skills.keys()
    for agent in (AgentId("x"), BORIS):
        assert takes(new, at_s, agent, skills) == (takes(need, at_s, agent, skills) and all_wished)


def current(need: Need, at_s: float) -> NeedStep:
    step = current_step(need, at_s)
    return need.steps[step] if step < len(need.steps) else NeedStep()


def test_a_shaped_need_reads_well() -> None:
    need = Need("enterprise", (NeedStep((SkillNeed("enterprise", 3),), 20.0),))
    wishes = Wishes(ANNA, 8.0, "cantonese", 120.0, "dongguan", 60.0)
    assert shaped(need, wishes).to_text() == (
        "enterprise|=anna@8;enterprise>=3&cantonese>=1&dongguan>=1@12;"
        "enterprise>=1&cantonese>=1&dongguan>=1@40;enterprise>=1&cantonese>=1@60|+0"
    )
    assert shaped(need, Wishes(language_skill="", language_s=120.0, last_agent_s=8.0)) == need


def test_an_emergency_is_not_delayed_by_anything() -> None:
    need = Need("general", (NeedStep((SkillNeed("urgent"),), 10.0),), EMERGENCY_S)
    assert shaped(need, Wishes(ANNA, 8.0, "cantonese", 120.0)) == need


@pytest.mark.parametrize(
    ("steps", "elapsed_s", "then"),
    [
        ("", 100.0, "=a1@8"),
        ("enterprise>=3@20;enterprise>=1", 5.0, "=a1@8;enterprise>=3@7;enterprise>=1"),
        ("enterprise>=3@20;enterprise>=1", 15.0, "=a1@8;enterprise>=1"),
        ("enterprise>=3@20;enterprise>=1@30", 15.0, "=a1@8;enterprise>=1@27"),
        ("=a1@8;enterprise>=3@20", 300.0, "=a1@8"),
    ],
)
def test_who_loses_his_agent_in_the_talk_waits_for_him_and_then_as_if_he_had_waited_on(
    steps: str, elapsed_s: float, then: str
) -> None:
    need = Need.from_text(f"enterprise|{steps}|+30")
    assert taken_back(need, AgentId("a1"), 8.0, elapsed_s).to_text() == f"enterprise|{then}|+30"
