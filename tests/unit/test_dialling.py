"""May we call this number? Whoever it is, only subscribers of the mainland, at decent hours, and not too often."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues.dialling import Allowed, Code, Dialling, Refused, Rules, check_number, is_open
from tests.support.hostile_numbers import hostile_numbers

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
RULES = Rules(on=True, area_code="0769", per_number_a_day=2, per_hour=3, concurrent=2)
MOBILE = "13800138000"


@pytest.mark.parametrize(
    ("given", "dialled"),
    [
        (MOBILE, MOBILE),
        ("19912345678", "19912345678"),
        ("+8613800138000", MOBILE),
        ("008613800138000", MOBILE),
        ("013800138000", MOBILE),
        ("076922221111", "076922221111"),
        ("07692222111", "07692222111"),
        ("01062341234", "01062341234"),
        ("02085551234", "02085551234"),
        ("+8676922221111", "076922221111"),
        ("+86076922221111", "076922221111"),
        ("00861062341234", "01062341234"),
        ("22221111", "076922221111"),
        ("2222111", "07692222111"),
    ],
)
def test_a_subscriber_of_the_mainland_is_called_by_his_national_number(given: str, dialled: str) -> None:
    assert check_number(given, "0769") == Allowed(dialled)


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("", Code.WITHHELD),
        ("110", Code.SERVICE),
        ("12345", Code.SERVICE),
        ("95588", Code.SERVICE),
        ("96110", Code.SERVICE),
        ("+8695588", Code.SERVICE),
        ("076912345", Code.SERVICE),
        ("1008611", Code.SERVICE),
        ("4008001234", Code.SERVICE),
        ("8008101234", Code.SERVICE),
        ("04008001234", Code.SERVICE),
        ("+864008001234", Code.SERVICE),
        ("16812345678", Code.PREMIUM),
        ("16830166", Code.PREMIUM),
        ("13491234567", Code.PREMIUM),
        ("17401234567", Code.PREMIUM),
        ("+85223456789", Code.FOREIGN),
        ("0085223456789", Code.FOREIGN),
        ("+19005551234", Code.FOREIGN),
        ("+86", Code.FOREIGN),
        ("12012345678", Code.NOT_A_NUMBER),
        ("138001380001", Code.NOT_A_NUMBER),
        ("09002345678", Code.NOT_A_NUMBER),
        ("0106234123", Code.NOT_A_NUMBER),
        ("076912221111", Code.NOT_A_NUMBER),
        ("+8622221111", Code.NOT_A_NUMBER),
    ],
)
def test_others_are_refused_and_told_why(number: str, code: Code) -> None:
    assert check_number(number, "0769") == Refused(code)


def test_a_local_number_needs_the_area_code_of_the_settings() -> None:
    assert check_number("22221111", "") == Refused(Code.AREA_UNKNOWN)


def test_two_hundred_hostile_numbers_and_none_is_called() -> None:
    numbers = hostile_numbers()

    assert len(numbers) >= 200
    assert [number for number in numbers if isinstance(Dialling(RULES).may(number, 0.0, NOON), Allowed)] == []


@given(st.text(alphabet="+0123456789&@,/ABs\n１", max_size=26))
def test_whatever_comes_in_only_plain_national_digits_go_out(number: str) -> None:
    found = check_number(number, "0769")

    if isinstance(found, Allowed):
        assert found.number.isascii()
        assert found.number.isdigit()
        assert 11 <= len(found.number) <= 12
        assert not found.number.startswith(("00", "0400", "0800"))
        assert found.number[-7:] == number[-7:]
        assert check_number(found.number, "") == found


def test_the_kill_switch_stops_everything() -> None:
    assert Dialling(Rules(on=False)).may(MOBILE, 0.0, NOON) == Refused(Code.OFF)


@pytest.mark.parametrize(
    ("hours", "at", "is_in"),
    [
        ("08:00-21:00", (7, 59), False),
        ("08:00-21:00", (8, 0), True),
        ("08:00-21:00", (20, 59), True),
        ("08:00-21:00", (21, 0), False),
        ("00:00-24:00", (23, 59), True),
        ("20:00-06:00", (5, 59), True),
        ("20:00-06:00", (12, 0), False),
    ],
)
def test_nobody_is_called_outside_the_hours(hours: str, at: tuple[int, int], is_in: bool) -> None:
    assert is_open(hours, NOON.replace(hour=at[0], minute=at[1])) is is_in


def test_outside_the_hours_is_a_refusal_for_now() -> None:
    assert Dialling(RULES).may(MOBILE, 0.0, NOON.replace(hour=3)) == Refused(Code.OUTSIDE_HOURS)


def test_one_number_is_called_so_often_a_day_however_it_is_written() -> None:
    dialling = Dialling(RULES)
    dialling.dialled("cb-1", MOBILE, 0.0)
    dialling.dialled("cb-2", MOBILE, 4000.0)
    dialling.dialled("cb-2", MOBILE, 4001.0)

    assert dialling.may("+8613800138000", 8000.0, NOON) == Refused(Code.TOO_OFTEN)
    assert dialling.may("13900139000", 8000.0, NOON) == Allowed("13900139000")
    assert dialling.may(MOBILE, 86_400.0, NOON) == Allowed(MOBILE)


def test_so_many_calls_an_hour_and_at_once() -> None:
    dialling = Dialling(RULES)
    for n in range(3):
        dialling.dialled(f"cb-{n}", f"1390013900{n}", 100.0)

    assert dialling.may(MOBILE, 200.0, NOON) == Refused(Code.HOUR_FULL)
    assert dialling.may(MOBILE, 3700.0, NOON, ongoing=2) == Refused(Code.ALL_BUSY)
    assert dialling.may(MOBILE, 3700.0, NOON, ongoing=1) == Allowed(MOBILE)


def test_for_somebody_on_duty_there_is_no_hour_but_every_other_rule() -> None:
    dialling = Dialling(RULES)
    night = NOON.replace(hour=3)
    assert dialling.may(MOBILE, 0.0, night) == Refused(Code.OUTSIDE_HOURS)
    assert dialling.may(MOBILE, 0.0, night, any_hour=True) == Allowed(MOBILE)
    assert dialling.may("110", 0.0, night, any_hour=True) == Refused(Code.SERVICE)
    dialling.beside |= {"one", "two"}
    assert dialling.may(MOBILE, 0.0, night, any_hour=True) == Refused(Code.ALL_BUSY)
    assert dialling.may(MOBILE, 0.0, NOON) == Refused(Code.ALL_BUSY), "a citizen's call does not come on top of them"
