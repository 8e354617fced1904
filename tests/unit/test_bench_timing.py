"""The stop-watch of the bench: which moments of the telephones' accounts count, and how they become figures."""

from __future__ import annotations

import pytest

from cti.bench.routing import APP_QUEUE, OURS, Result, loads
from cti.bench.timing import Samples, figures, measure
from cti.demo.account import Account, AgentLeg, CitizenCall

AGENTS = ["t1", "t2"]


def call(caller: str, answered_at: float, left_at: float = 100.0) -> CitizenCall:
    return CitizenCall(f"sip-{caller}", caller, "19999", 40000, answered_at - 0.002, answered_at, 20000, left_at)


def leg(agent: str, caller: str, offered_at: float, over_at: float | None, side: str = "agent") -> AgentLeg:
    return AgentLeg(f"{agent}-{offered_at}", agent, "", caller, 30000, offered_at, offered_at + 0.1, over_at, side)


def account(calls: list[CitizenCall], legs: list[AgentLeg]) -> Account:
    return Account({one.sip_call_id: one for one in calls}, {one.leg_id: one for one in legs})


def milliseconds(values: list[float]) -> list[float]:
    return [round(value, 3) for value in values]


def test_a_fresh_call_with_an_idle_agent_counts_from_the_ack_to_the_invite() -> None:
    one = account([call("a", 10.0)], [leg("t1", "a", 10.003, 12.0)])
    assert milliseconds(measure(one, AGENTS, {"a"}).idle_to_invite) == [3.0]


def test_an_agent_who_hangs_up_while_callers_wait_counts_to_his_next_invite() -> None:
    calls = [call(caller, 10.0 + n / 10) for n, caller in enumerate("abcd")]
    legs = [
        leg("t1", "a", 10.003, 12.0),
        leg("t2", "b", 10.103, 13.0),
        leg("t1", "c", 12.5, 20.0),
        leg("t2", "d", 13.004, 20.0),
    ]
    found = measure(account(calls, legs), AGENTS, set("abcd"))
    assert milliseconds(found.agent_free_to_invite) == [500.0, 4.0]
    # c and d came when both agents were busy: they are no fresh calls with an idle agent.
    assert milliseconds(found.idle_to_invite) == [3.0, 3.0]


def test_an_agent_who_becomes_free_with_nobody_waiting_does_not_count() -> None:
    calls = [call("a", 10.0), call("b", 15.0)]
    legs = [leg("t1", "a", 10.003, 12.0), leg("t1", "b", 15.002, 16.0)]
    found = measure(account(calls, legs), AGENTS, {"a", "b"})
    assert found.agent_free_to_invite == []
    assert milliseconds(found.idle_to_invite) == [3.0, 2.0]


def test_one_waiting_caller_is_not_waited_for_by_two_idle_agents() -> None:
    # t2 is idle when t1 hangs up: the caller may as well go to t2, so t1's next call says nothing about t1.
    calls = [call("a", 10.0), call("b", 11.999), call("c", 14.0)]
    legs = [leg("t1", "a", 10.003, 12.0), leg("t2", "b", 12.002, 16.0), leg("t1", "c", 14.002, 16.0)]
    assert measure(account(calls, legs), AGENTS, set("abc")).agent_free_to_invite == []


def test_a_talk_that_the_citizen_ended_does_not_count() -> None:
    calls = [call("a", 10.0), call("b", 10.5)]
    legs = [leg("t1", "a", 10.003, 12.0, "system"), leg("t1", "b", 12.004, 16.0)]
    assert measure(account(calls, legs), ["t1"], {"a", "b"}).agent_free_to_invite == []


def test_calls_of_another_turn_do_not_count() -> None:
    both = account([call("a", 10.0), call("z", 50.0)], [leg("t1", "a", 10.003, 12.0), leg("t1", "z", 50.4, 52.0)])
    assert milliseconds(measure(both, AGENTS, {"a"}).idle_to_invite) == [3.0]


def test_figures_are_cases_that_happened() -> None:
    assert figures([float(n) for n in range(1, 101)]) == {"n": 100, "p50": 50, "p95": 95, "p99": 99, "max": 100}
    assert figures([]) == {"n": 0, "p50": None, "p95": None, "p99": None, "max": None}


def test_the_result_says_where_app_queue_is_quicker() -> None:
    samples = {OURS: Samples([4.0], [3.0]), APP_QUEUE: Samples([400.0], [1.0])}
    result = Result(1, 1, 1, 1.0, 1, 1.0, samples, {OURS: 0, APP_QUEUE: 0})
    assert result.ratio("agent_free_to_invite_ms", "p50") == 100
    said = " ".join(result.remarks())
    assert "agent_free_to_invite_ms p50: ours is quicker (4 ms ours, 400 ms app_queue)" in said
    assert "idle_to_invite_ms p50: app_queue is quicker (3 ms ours, 1 ms app_queue)" in said
    json = result.as_json()
    assert json["agent_free_to_invite_ms"]["p95"] == 4
    assert json["app_queue"]["idle_to_invite_ms"]["max"] == 1


@pytest.mark.parametrize(("agents", "rate"), [(5, 2.0), (300, 5.0)])
def test_the_busy_load_is_more_than_the_agents_can_take_and_the_idle_one_much_less(agents: int, rate: float) -> None:
    kinds = loads(agents, rate)
    share = {name: rate * (sum(load.talk_s) / 2 + sum(load.answer_s) / 2) / agents for name, load in kinds.items()}
    assert share["busy"] > 1.2
    assert share["idle"] < 0.5
