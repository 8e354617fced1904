"""Alerts under readings of every kind in any order, with gaps, acknowledgements and restarts."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cti.alerts.ledger import Alerts
from cti.alerts.model import CALM, Alert, Fact, Kind, Measure, Reading, What
from cti.alerts.rules import AgeRule, AlertRules, GhostRule, PartRule, RateRule, RecordingRule, WaitRule
from cti.calls import CityFact, Milestone
from cti.storage.kept import Lasting
from cti.switchboard import Switchboard

RULES = AlertRules(
    remind_s=90.0,
    connection_rate=RateRule(least_calls=30, for_s=20.0, clear_for_s=20.0),
    longest_wait=WaitRule(for_s=10.0, clear_for_s=15.0),
    ghost_agent=GhostRule(for_s=10.0, clear_for_s=5.0),
    recording=RecordingRule(clear_for_s=30.0),
    data_old=AgeRule(above_s=40.0, critical_above_s=100.0, clear_by_s=40.0),
    part=PartRule(for_s=0.0, clear_for_s=0.0),
)
SUBJECTS = {
    Kind.CONNECTION_RATE: [""],
    Kind.LONGEST_WAIT: ["general", "video"],
    Kind.GHOST_AGENT: ["a1", "a2"],
    Kind.RECORDING: [""],
    Kind.DATA_OLD: ["asterisk", "records"],
    Kind.PART: ["journal", "redis"],
}
# Around each bound, and far from it.
VALUES = {
    Kind.CONNECTION_RATE: [Measure(25, 29), *(Measure(n, 1000) for n in (700, 799, 850, 899, 902, 903, 990))],
    Kind.LONGEST_WAIT: [Measure(v) for v in (0.0, 30.0, 45.0, 50.0, 61.0, 120.0, 181.0)],
    Kind.GHOST_AGENT: [CALM, Measure(1.0, detail="phone_away")],
    Kind.RECORDING: [Measure(n, 100) for n in (0, 1, 3, 9, 10, 50)],
    Kind.DATA_OLD: [Measure(v) for v in (0.0, 20.0, 41.0, 101.0)],
    Kind.PART: [CALM, Measure(1.0)],
}


def readings(kind: Kind) -> st.SearchStrategy[Reading]:
    known = st.fixed_dictionaries({}, optional={one: st.sampled_from(VALUES[kind]) for one in SUBJECTS[kind]})
    return st.builds(Reading, st.just(kind), st.none() | known)


LOOKS = st.lists(
    st.tuples(st.sampled_from((1.0, 5.0, 20.0)), st.tuples(*(readings(kind) for kind in Kind)), st.integers(0, 9)),
    max_size=24,
)
"""Seconds that pass, what is read then, and whether somebody acknowledges (the so-manieth that is up)."""
Look = tuple[float, tuple[Reading, ...], int]


class Run:
    def __init__(self) -> None:
        self.alerts = Alerts(RULES)
        self.board = Switchboard(0.0)
        self.facts: list[Fact] = []
        self.journal: list[Milestone] = []

    def hear(self, now: float, heard: tuple[Reading, ...]) -> None:
        for reading in heard:
            self._note(self.alerts.hear(reading, now))

    def acknowledge(self, now: float, n: int) -> None:
        if n < len(self.alerts.up):
            self._note(self.alerts.acknowledge(self.alerts.up[n].id, "chen", now))

    def _note(self, facts: list[Fact]) -> None:
        self.facts += facts
        for fact in facts:
            self.journal += self.board.apply_city(CityFact.ALERT, fact.alert.id, fact.at, fact.data()).milestones


def played(looks: list[Look]) -> Run:
    run, now = Run(), 1_000_000.0
    for seconds, heard, n in looks:
        now += seconds
        run.hear(now, heard)
        run.acknowledge(now, n)
    return run


def lasting(alerts: list[Alert]) -> list[Alert]:
    """Without the last reading, which is no fact until something happens."""
    return [replace(alert, reading=CALM) for alert in alerts]


@settings(max_examples=50)
@given(LOOKS)
def test_raised_once_then_cleared_once_and_everything_else_between(looks: list[Look]) -> None:
    up: dict[str, str] = {}
    for fact in played(looks).facts:
        id_ = fact.alert.id
        assert (id_ in up) is (fact.what is not What.RAISED), fact
        match fact.what:
            case What.CLEARED:
                del up[id_]
            case What.WORSE:
                assert up[id_] == "warning"
                up[id_] = "critical"
            case What.RAISED:
                up[id_] = fact.alert.severity
            case _:
                assert fact.alert.severity == up[id_]


@settings(max_examples=50)
@given(LOOKS)
def test_who_has_acknowledged_hears_of_it_again_only_when_it_clears_or_gets_worse(looks: list[Look]) -> None:
    seen: set[str] = set()
    for fact in played(looks).facts:
        if fact.alert.id in seen:
            assert fact.what in (What.WORSE, What.CLEARED), fact
            seen.discard(fact.alert.id)
        if fact.what is What.ACKNOWLEDGED:
            seen.add(fact.alert.id)


@settings(max_examples=50)
@given(LOOKS, st.randoms(use_true_random=False))
def test_it_does_not_matter_which_kind_is_read_first(looks: list[Look], rng: random.Random) -> None:
    shuffled = [(seconds, tuple(rng.sample(heard, len(heard))), n) for seconds, heard, n in looks]
    one, other = played(looks), played(shuffled)
    assert one.alerts.up == other.alerts.up
    said = [[(fact.at, fact.alert.id, fact.what, fact.why) for fact in run.facts] for run in (one, other)]
    assert sorted(said[0]) == sorted(said[1])


@settings(max_examples=50)
@given(LOOKS)
def test_what_is_made_anew_from_facts_is_what_was_kept_live(looks: list[Look]) -> None:
    """From the whole journal, from what a new journal file begins with, and from what the switchboard has kept."""
    run = played(looks)
    newest = Lasting()
    for milestone in run.journal:
        newest.add(milestone)
    board = Switchboard(0.0)
    board.recover(run.journal, 2_000_000.0)
    for source in (run.journal, newest.milestones(), board.city.values()):
        again = Alerts(RULES)
        again.restore(source)
        assert lasting(again.up) == lasting(run.alerts.up)


@settings(max_examples=50)
@given(LOOKS)
def test_nothing_is_raised_or_cleared_sooner_than_its_rule_says(looks: list[Look]) -> None:
    changed: dict[str, float] = {}
    for fact in played(looks).facts:
        rule = RULES.of(fact.alert.kind)
        if fact.what is What.RAISED:
            assert fact.at - fact.alert.began_at >= rule.for_s
            assert fact.at - changed.get(fact.alert.id, 0.0) >= rule.for_s
        elif fact.what is What.CLEARED:
            assert fact.at - changed[fact.alert.id] >= rule.clear_for_s
        if fact.what in (What.RAISED, What.CLEARED):
            changed[fact.alert.id] = fact.at


@settings(max_examples=50)
@given(LOOKS)
def test_what_is_good_for_long_enough_clears_everything(looks: list[Look]) -> None:
    run = played(looks)
    now = 1_000_000.0 + sum(seconds for seconds, _, _ in looks)
    good = {kind: {} for kind in Kind} | {Kind.CONNECTION_RATE: {"": Measure(990, 1000)}}
    for _ in range(20):
        now += 5.0
        run.hear(now, tuple(Reading(kind, found) for kind, found in good.items()))
    assert run.alerts.up == []
