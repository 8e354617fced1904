"""What live pages are told of seats, queues and calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cti.calls import AgentFact, AgentId, Need
from cti.seats_view import SeatsView
from cti.skills import Skill
from tests.support.floor import TEN, Floor

SKILLS = {
    "general": Skill("综合", "general", True),
    "enterprise": Skill("企业", "enterprise", True),
    "care": Skill("爱心", "care"),
}
AGENTS = {
    "a1": ("林小燕", {"general": 3}),
    "a2": ("李静", {"general": 2, "enterprise": 1}),
    "a3": ("王强", {"care": 1}),
}


def view_of(floor: Floor) -> SeatsView:
    return SeatsView(floor.board, lambda agent: "registered", lambda: SKILLS)


def agents(state: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {agent: row["state"] for agent, row in state["agents"].items()}


def test_a_call_is_seen_at_its_agent_with_its_number_in_stars() -> None:
    floor = Floor(AGENTS)
    view = view_of(floor)
    floor.queues("c1", Need("enterprise"))
    floor.at(5)
    floor.answers("c1")
    state = view.state(floor.now)
    row = state["agents"]["a2"]
    assert (row["state"], row["phone"], row["name"]) == ("talking", "registered", "李静")
    assert row["talk"] == {
        "phase": "talk",
        "queue": "enterprise",
        "queued_at": TEN,
        "agent": "a2",
        "since": TEN + 5,
        "number": "138****8000",
        "call_id": "c1",
    }
    assert state["calls"]["c1"]["number"] == "138****8000"
    assert state["agents"]["a1"]["talk"] is None
    assert "13800138000" not in repr(state)


def test_queues_stand_in_their_order_with_who_waits_and_who_is_free() -> None:
    floor = Floor({"a1": AGENTS["a1"]})
    view = view_of(floor)
    floor.queues("c1", Need("enterprise"))
    floor.at(10)
    floor.queues("c2", Need("enterprise"))
    floor.queues("c3", Need("care_line"))
    floor.queues("c4", Need("general"))
    floor.at(20)
    queues = view.state(floor.now)["queues"]
    assert list(queues) == ["general", "enterprise", "care_line"], "care is no queue; the last has no name"
    assert [row["order"] for row in queues.values()] == [0, 1, 2]
    waiting = {code: (row["waiting"], row["longest_since"], row["ready"]) for code, row in queues.items()}
    assert waiting == {"general": (1, TEN + 10, 0), "enterprise": (2, TEN, 0), "care_line": (1, TEN + 10, 0)}
    assert (queues["care_line"]["zh"], queues["general"]["zh"]) == ("care_line", "综合")


def test_callbacks_of_ours_are_not_citizens_who_wait() -> None:
    floor = Floor({"a1": AGENTS["a1"]})
    floor.arrives("cb-1", direction="callback")
    floor.queues("cb-1", Need("enterprise"))
    assert view_of(floor).state(floor.now)["queues"]["enterprise"]["waiting"] == 0


def test_only_who_is_named_is_looked_at_again_and_who_has_gone_goes() -> None:
    floor = Floor(AGENTS)
    view = view_of(floor)
    view.state(floor.now)
    floor.agent(AgentFact.STATUS, "a1", status="break", reason="lunch")
    floor.agent(AgentFact.STATUS, "a2", status="break", reason="lunch")
    named = view.named([m for m in floor.journal if m.id == "a1"])
    assert named == {"a1"}
    assert agents(view.state(floor.now, named)) == {"a1": "not_ready", "a2": "idle", "a3": "idle"}
    floor.board.set_roster({AgentId("a1"): floor.roster[AgentId("a1")]})
    assert agents(view.state(floor.now, {AgentId("a3")}))["a2"] == "idle"
    assert "a3" not in view.state(floor.now, {AgentId("a3")})["agents"]
    assert list(view.state(floor.now)["agents"]) == ["a1"]


def test_milestones_of_calls_name_their_agents() -> None:
    floor = Floor(AGENTS)
    floor.queues("c1", Need("general"))
    told = len(floor.journal)
    floor.answers("c1")
    assert view_of(floor).named(floor.journal[told:]) == {floor.board.calls[next(iter(floor.board.calls))].agent}


def test_rungs_that_are_on_are_told() -> None:
    floor = Floor(AGENTS)
    floor.rung("borrow", True)
    assert view_of(floor).state(floor.now)["city"]["city"] == {"rungs": ["borrow"], "notices": []}
