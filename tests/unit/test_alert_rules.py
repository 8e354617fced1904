"""The section `alerts` of a city's rules: its defaults, and every fault with its line and its key."""

from __future__ import annotations

import re

import pytest

from cti.alerts.model import Kind
from cti.alerts.rules import ALERTS, AlertRules
from cti.rules import Rules, read_rules
from cti.toml_file import TomlRefused


def test_the_shipped_text_says_every_default() -> None:
    """Given the text with every # before a key taken away, then it is a rule for everything, and changes nothing."""
    said = re.sub(r"^# (?=\w+ = )", "", ALERTS, flags=re.MULTILINE)
    assert len(re.findall(r"^\w+ = ", said, re.MULTILINE)) == 1 + sum(len(vars(AlertRules().of(kind))) for kind in Kind)
    assert read_rules(said, "") == Rules()


def test_a_city_has_bounds_of_its_own() -> None:
    text = "[alerts]\nremind_s = 0\n[alerts.connection_rate]\nbelow = 0.95\n[alerts.ghost_agent]\ntell = []\n"
    alerts = read_rules(text, "r").alerts
    assert (alerts.remind_s, alerts.connection_rate.below, alerts.ghost_agent.tell) == (0.0, 0.95, ())
    assert alerts.longest_wait == AlertRules().longest_wait


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "[alerts.connection_rate]\nbelow = 95\n",
            "r:2: alerts.connection_rate.below: Input should be less than or equal to 1",
        ),
        (
            "[alerts.connection_rate]\nbelow = 0.7\n",
            "r:1: alerts.connection_rate.critical_below: must not be above below (0.7)",
        ),
        (
            "[alerts.longest_wait]\nabove_s = 60\ncritical_above_s = 30\n",
            "r:3: alerts.longest_wait.critical_above_s: must not be below above_s (60)",
        ),
        (
            "[alerts.data_old]\ncritical_above_s = 30\n",
            "r:2: alerts.data_old.critical_above_s: must not be below above_s (60)",
        ),
        (
            "[alerts.recording]\nincomplete = 20\n",
            "r:1: alerts.recording.critical_incomplete: must not be below incomplete (20)",
        ),
        (
            '[alerts.part]\ntell = [\n  "webhook",\n  "webhook",\n]\n',
            "r:4: alerts.part.tell.1: webhook stands here a second time",
        ),
        ('[alerts.part]\ntell = ["mayor"]\n', "r:2: alerts.part.tell.0: Input should be 'supervisor', 'administrator'"),
        ("[alerts.part]\nabove_s = 1\n", "r:2: alerts.part.above_s: unknown key; known here: on, for_s, clear_for_s"),
        (
            "[alerts.parts]\n",
            "r:1: alerts.parts: unknown key; known here: remind_s, connection_rate, longest_wait, ghost_agent",
        ),
        ("[alerts.ghost_agent]\nfor_s = -1\n", "r:2: alerts.ghost_agent.for_s: Input should be greater than or equal"),
    ],
)
def test_a_fault_of_an_alert_has_its_line(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused) as caught:
        read_rules(text, "r")
    assert any(found.startswith(fault) for found in caught.value.faults), caught.value.faults
