"""What the agents at work are doing, by what they can."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agents.doing import Doing
from cti.calls import AgentId

CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["a1", "a2", "a3", "a4"]),
        st.sampled_from([{"general": 3}, {"general": 3, "english": 1}, {"enterprise": 5}]),
        st.sampled_from(["", "idle", "talking", "break"]),
    ),
    max_size=30,
)


@given(CHANGES)
def test_the_counts_are_those_of_the_last_word_on_each_agent(changes: list[tuple[str, dict[str, int], str]]) -> None:
    doing, last = Doing(), {}
    for agent, skills, what in changes:
        doing.put(AgentId(agent), skills, what)
        last[agent] = skills, what
    here = {agent: (skills, what) for agent, (skills, what) in last.items() if what}
    general = Counter(what for skills, what in here.values() if "general" in skills)
    assert doing.able(lambda skills: "general" in skills) == general
    assert doing.able(lambda skills: True).total() == len(here)
    assert doing.of([AgentId("a1"), AgentId("a9")]) == Counter(what for a, (_, what) in here.items() if a == "a1")
