"""Alerts: raised when a reading is bad for long enough, cleared when it is good again, silent once acknowledged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cti.alerts.ledger import Alerts
from cti.alerts.model import Alert, Fact, Kind, Measure, Reading, Severity
from cti.alerts.rules import AgeRule, AlertRules, PartRule, RateRule, WaitRule
from cti.calls import CityFact, Milestone
from cti.switchboard import Switchboard

RULES = AlertRules(
    remind_s=600.0,
    connection_rate=RateRule(below=0.9, critical_below=0.8, clear_by=0.003, least_calls=100, for_s=60, clear_for_s=60),
    longest_wait=WaitRule(above_s=60, critical_above_s=180, clear_by_s=15, for_s=30, clear_for_s=30),
    data_old=AgeRule(above_s=60, critical_above_s=300, clear_by_s=30, for_s=0, clear_for_s=10),
)
EVERY_S = 5.0


class City:
    """Readings every five seconds, and the record that follows; `begin_again` is a restart."""

    def __init__(self, rules: AlertRules = RULES) -> None:
        self.now = 1_000_000.0
        self.rules = rules
        self.alerts = Alerts(rules)
        self.board = Switchboard(0.0)
        self.journal: list[Milestone] = []

    def hear(self, kind: Kind, found: dict[str, Measure] | None, for_s: float = 0.0) -> list[str]:
        """The same reading from now on for so long; what happened, as `raised longest_wait:general`."""
        told: list[Fact] = self.alerts.hear(Reading(kind, found), self.now)
        end = self.now + for_s
        while self.now < end:
            self.now += EVERY_S
            told += self.alerts.hear(Reading(kind, found), self.now)
        return self.note(told)

    def waits(self, wait_s: float | None, for_s: float = 0.0) -> list[str]:
        return self.hear(Kind.LONGEST_WAIT, {} if wait_s is None else {"general": Measure(wait_s)}, for_s)

    def rate(self, answered: int, calls: int, for_s: float = 0.0) -> list[str]:
        return self.hear(Kind.CONNECTION_RATE, {"": Measure(answered, calls)}, for_s)

    def acknowledge(self, id_: str, by: str = "chen") -> list[str]:
        return self.note(self.alerts.acknowledge(id_, by, self.now))

    def note(self, facts: list[Fact]) -> list[str]:
        for fact in facts:
            self.journal += self.board.apply_city(CityFact.ALERT, fact.alert.id, fact.at, fact.data()).milestones
        return [f"{fact.what} {fact.alert.id}" for fact in facts]

    def begin_again(self) -> None:
        """What the switchboard folded back from the journal is all that the next process knows."""
        self.board = Switchboard(0.0)
        self.board.recover(self.journal, self.now)
        self.alerts = Alerts(self.rules)
        self.alerts.restore(sorted(self.board.city.values(), key=lambda fact: fact.at))

    def only(self) -> Alert:
        (alert,) = self.alerts.up
        return alert


# Raised and cleared


def test_a_wait_is_raised_once_when_it_has_been_too_long_for_long_enough() -> None:
    city = City()
    assert city.waits(59.0, for_s=60) == []
    assert city.waits(61.0, for_s=25) == []
    assert city.waits(61.0, for_s=120) == ["raised longest_wait:general"]
    assert city.only().severity is Severity.WARNING


def test_one_short_wait_between_two_long_ones_begins_anew() -> None:
    city = City()
    city.waits(70.0, for_s=25)
    assert city.waits(10.0) == []
    assert city.waits(70.0, for_s=25) == []


def test_it_is_cleared_when_it_has_been_good_for_long_enough_and_not_between_the_bounds() -> None:
    """Given a wait that is too long, when it falls under the bound but not far, then the alert stays."""
    city = City()
    city.waits(70.0, for_s=60)
    assert city.waits(50.0, for_s=120) == []
    assert city.waits(45.0, for_s=25) == []
    assert city.waits(50.0) == [], "it was not good for thirty seconds in a row"
    assert city.waits(45.0, for_s=25) == []
    assert city.waits(45.0, for_s=60) == ["cleared longest_wait:general"]
    assert city.alerts.up == []


def test_a_queue_in_which_nobody_waits_any_more_is_good() -> None:
    city = City()
    city.waits(70.0, for_s=60)
    assert city.waits(None, for_s=30) == ["cleared longest_wait:general"]
    assert city.journal[-1].data["value"] == 0.0
    assert city.journal[-1].data["why"] == "better"


def test_each_queue_has_an_alert_of_its_own() -> None:
    city = City()
    found = {"general": Measure(70.0), "enterprise": Measure(20.0), "video": Measure(400.0)}
    assert city.hear(Kind.LONGEST_WAIT, found, for_s=30) == [
        "raised longest_wait:general",
        "raised longest_wait:video",
    ]
    assert [(alert.subject, alert.severity) for alert in city.alerts.up] == [
        ("general", Severity.WARNING),
        ("video", Severity.CRITICAL),
    ]


def test_when_it_began_is_the_first_bad_reading_and_not_when_it_was_raised() -> None:
    city = City()
    began = city.now
    city.waits(70.0, for_s=45)
    alert = city.only()
    assert (alert.began_at, alert.raised_at) == (began, began + 30)
    assert alert.reading == Measure(70.0)


def test_the_last_reading_is_that_of_now_and_not_that_of_the_raising() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    city.waits(75.0)
    assert city.only().reading == Measure(75.0)


def test_a_rate_just_on_target_is_not_under_it() -> None:
    city = City()
    assert city.rate(900, 1000, for_s=300) == []
    assert city.rate(899, 1000, for_s=60) == ["raised connection_rate"]
    assert city.rate(902, 1000, for_s=300) == []
    assert city.rate(903, 1000, for_s=60) == ["cleared connection_rate"]


def test_a_target_of_all_calls_can_be_cleared() -> None:
    city = City(replace(RULES, connection_rate=RateRule(below=1.0)))
    assert city.rate(999, 1000, for_s=60) == ["raised connection_rate"]
    assert city.rate(1000, 1000, for_s=60) == ["cleared connection_rate"]


def test_few_calls_raise_no_alarm_and_a_new_day_takes_the_old_one_away() -> None:
    city = City()
    assert city.rate(0, 99, for_s=600) == []
    assert city.rate(50, 100, for_s=60) == ["raised connection_rate"]
    assert city.rate(0, 2, for_s=60) == ["cleared connection_rate"]
    assert city.journal[-1].data["why"] == "few"


def test_an_incomplete_recording_more_than_allowed_is_told_at_once() -> None:
    city = City()
    assert city.hear(Kind.RECORDING, {"": Measure(2, 40)}, for_s=60) == []
    assert city.hear(Kind.RECORDING, {"": Measure(3, 40)}) == ["raised recording"]
    assert city.hear(Kind.RECORDING, {"": Measure(1, 40)}, for_s=3600) == ["reminded recording"] * 6
    assert city.hear(Kind.RECORDING, {"": Measure(0, 40)}, for_s=600) == ["cleared recording"]


def test_an_agent_who_is_lost_is_one_alert_and_his_return_clears_it() -> None:
    city = City()
    lost = {"a1001": Measure(1.0, detail="phone_away")}
    assert city.hear(Kind.GHOST_AGENT, lost, for_s=30) == ["raised ghost_agent:a1001"]
    both = {"a1001": Measure(1.0, detail="phone_away page_away")}
    assert city.hear(Kind.GHOST_AGENT, both, for_s=30) == []
    assert city.only().reading.detail == "phone_away page_away"
    assert city.hear(Kind.GHOST_AGENT, {}, for_s=10) == ["cleared ghost_agent:a1001"]


@pytest.mark.parametrize(("part", "severity"), [("journal", Severity.CRITICAL), ("speech", Severity.WARNING)])
def test_a_part_without_which_calls_go_on_is_no_more_than_a_warning(part: str, severity: Severity) -> None:
    city = City()
    city.hear(Kind.PART, {part: Measure(1.0), "flows": Measure(0.0)}, for_s=60)
    assert (city.only().subject, city.only().severity) == (part, severity)


# Worse, acknowledged, reminded


def test_an_acknowledged_alert_is_silent_until_it_gets_worse() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    assert city.acknowledge("longest_wait:general", "chen") == ["acknowledged longest_wait:general"]
    assert (city.only().acknowledged_by, city.only().acknowledged_at) == ("chen", city.now)
    assert city.waits(150.0, for_s=7200) == [], "no reminder"
    assert city.waits(200.0, for_s=25) == []
    assert city.waits(200.0, for_s=60) == ["worse longest_wait:general"]
    assert city.only().severity is Severity.CRITICAL
    assert city.only().acknowledged_at is None, "it has to be acknowledged again"


def test_what_is_critical_stays_so_until_it_clears() -> None:
    city = City()
    city.waits(200.0, for_s=30)
    assert city.waits(100.0, for_s=300) == []
    assert city.waits(200.0, for_s=200) == []
    assert city.only().severity is Severity.CRITICAL


def test_whoever_does_not_acknowledge_is_reminded_but_not_while_it_gets_better() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    assert city.waits(70.0, for_s=595) == []
    assert city.waits(70.0, for_s=605) == ["reminded longest_wait:general"] * 2
    assert city.waits(70.0, for_s=590) == []
    assert city.waits(10.0, for_s=30) == ["cleared longest_wait:general"]


def test_nobody_is_reminded_where_the_rules_say_never() -> None:
    city = City(replace(RULES, remind_s=0.0))
    city.waits(70.0, for_s=30)
    assert city.waits(70.0, for_s=7200) == []


def test_acknowledging_twice_is_one_acknowledgement_and_what_is_not_up_cannot_be_acknowledged() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    city.acknowledge("longest_wait:general", "chen")
    assert city.acknowledge("longest_wait:general", "li") == []
    assert city.only().acknowledged_by == "chen"
    with pytest.raises(KeyError):
        city.acknowledge("longest_wait:video")


# What is not known


def test_what_is_not_known_raises_nothing_and_clears_nothing() -> None:
    city = City()
    assert city.waits(70.0, for_s=25) == []
    assert city.hear(Kind.LONGEST_WAIT, None, for_s=50) == []
    city.now += EVERY_S
    assert city.waits(70.0) == [], "nobody saw how long the wait was meanwhile"
    assert city.waits(70.0, for_s=10) == ["raised longest_wait:general"]
    city.waits(10.0, for_s=25)
    assert city.hear(Kind.LONGEST_WAIT, None, for_s=50) == []
    assert [alert.id for alert in city.alerts.up] == ["longest_wait:general"]


def test_what_has_not_been_known_for_a_while_is_said_and_so_is_that_it_is_known_again() -> None:
    city = City()
    city.rate(950, 1000)
    assert city.hear(Kind.CONNECTION_RATE, None, for_s=60) == []
    assert city.hear(Kind.CONNECTION_RATE, None, for_s=300) == [
        "raised data_old:connection_rate",
        "worse data_old:connection_rate",
    ]
    assert city.rate(950, 1000, for_s=10) == ["cleared data_old:connection_rate"]


def test_what_was_never_known_is_old_from_the_first_look_on() -> None:
    city = City()
    assert city.hear(Kind.CONNECTION_RATE, None, for_s=65) == ["raised data_old:connection_rate"]
    assert city.only().reading.value == 65.0


def test_a_source_of_data_is_judged_by_its_age() -> None:
    city = City()
    ages = {"asterisk": Measure(61.0), "records": Measure(0.2)}
    assert city.hear(Kind.DATA_OLD, ages) == ["raised data_old:asterisk"]
    city.hear(Kind.CONNECTION_RATE, None, for_s=65)
    assert len(city.alerts.up) == 2
    assert city.hear(Kind.DATA_OLD, {"asterisk": Measure(0.1)}, for_s=10) == ["cleared data_old:asterisk"]
    assert city.only().subject == "connection_rate", "it follows from the readings of the rate alone"
    with pytest.raises(ValueError, match="follows from that reading"):
        city.hear(Kind.DATA_OLD, {"connection_rate": Measure(1.0)})


# Other rules


def test_an_alert_whose_rule_is_switched_off_is_cleared_and_comes_no_more() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    city.alerts.take(replace(RULES, longest_wait=WaitRule(on=False)))
    assert city.waits(70.0, for_s=300) == ["cleared longest_wait:general"]
    assert city.journal[-1].data["why"] == "off"
    assert city.hear(Kind.LONGEST_WAIT, None, for_s=600) == [], "nobody wants to know how old it is either"


def test_ages_that_nobody_wants_to_know_are_cleared() -> None:
    city = City()
    city.hear(Kind.CONNECTION_RATE, None, for_s=65)
    city.alerts.take(replace(RULES, data_old=AgeRule(on=False)))
    assert city.hear(Kind.CONNECTION_RATE, None) == ["cleared data_old:connection_rate"]


def test_a_new_bound_counts_for_what_is_up() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    city.alerts.take(replace(RULES, longest_wait=WaitRule(above_s=120, critical_above_s=240)))
    assert city.waits(70.0, for_s=30) == ["cleared longest_wait:general"]


# Restart, and clocks


def test_after_a_restart_alerts_and_acknowledgements_are_as_they_were() -> None:
    city = City()
    city.waits(70.0, for_s=30)
    city.hear(Kind.PART, {"redis": Measure(1.0)}, for_s=60)
    city.acknowledge("longest_wait:general", "chen")
    before = city.alerts.up
    city.begin_again()
    assert city.alerts.up == before
    assert city.waits(70.0, for_s=7200) == [], "it is up, and acknowledged"
    assert city.waits(10.0, for_s=30) == ["cleared longest_wait:general"]
    city.begin_again()
    assert [alert.id for alert in city.alerts.up] == ["part:redis"]


def test_a_restart_takes_no_alert_away_before_it_was_seen_to_be_good() -> None:
    city = City()
    city.hear(Kind.RECORDING, {"": Measure(5, 40)})
    city.begin_again()
    assert city.hear(Kind.RECORDING, {"": Measure(0, 0)}, for_s=595) == [], "nothing is known of the time before"
    assert city.hear(Kind.RECORDING, {"": Measure(0, 0)}, for_s=5) == ["cleared recording"]


def test_facts_of_another_release_and_other_facts_are_passed_over() -> None:
    alerts = Alerts(RULES)
    raised = {"what": "raised", "severity": "warning", "began": 1.0, "raised": 1.0, "value": 1.0}
    alerts.restore(
        [
            Milestone("city", "borrow", 1, 1.0, CityFact.RUNG, {"on": True, "by": "rule"}),
            Milestone("city", "moon_phase:full", 2, 2.0, CityFact.ALERT, raised),
            Milestone("city", "part:redis", 3, 3.0, CityFact.ALERT, raised),
            Milestone("city", "part:pair", 4, 4.0, CityFact.ALERT, {**raised, "what": "sung"}),
        ]
    )
    assert [alert.id for alert in alerts.up] == ["part:redis"]


def test_a_clock_that_is_put_back_neither_raises_nor_silences() -> None:
    city = City(replace(RULES, part=PartRule(for_s=60)))
    city.hear(Kind.PART, {"redis": Measure(1.0)}, for_s=30)
    city.now -= 3600
    assert city.hear(Kind.PART, {"redis": Measure(1.0)}, for_s=25) == []
    assert city.hear(Kind.PART, {"redis": Measure(1.0)}, for_s=5) == ["raised part:redis"]
    city.now -= 3600
    assert city.hear(Kind.PART, {"redis": Measure(1.0)}) == ["reminded part:redis"]


def test_a_machine_that_stood_still_has_not_seen_what_happened_meanwhile() -> None:
    city = City()
    city.rate(850, 1000)
    city.now += 3600
    assert city.rate(850, 1000, for_s=25) == [], "thirty seconds of that hour count"
    assert city.rate(850, 1000, for_s=5) == ["raised connection_rate"]


def test_alerts_stand_with_the_newest_first() -> None:
    city = City()
    city.hear(Kind.PART, {"redis": Measure(1.0), "pair": Measure(1.0)}, for_s=60)
    city.waits(70.0, for_s=30)
    assert [alert.id for alert in city.alerts.up] == ["longest_wait:general", "part:pair", "part:redis"]
