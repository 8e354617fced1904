"""Numbers, places in the queue and minutes, as the caller hears them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.prompts import load_catalogue
from ivr_flows.spoken import MAX_SPOKEN, spoken
from ivr_flows.words import Prompt

CATALOGUE = load_catalogue()


def heard(prompt: Prompt, language: str) -> str:
    """What the recordings say, one after the other."""
    between = " " if language == "en" else ""
    return between.join(CATALOGUE.text(part, language).rstrip("。.") for part in spoken(prompt, language))


def test_a_recording_is_played_by_its_own_id() -> None:
    assert spoken(Prompt("greeting"), "zh-CN") == ("greeting",)


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        (0, "零", "zero"),
        (1, "一", "one"),
        (2, "二", "two"),
        (10, "十", "ten"),
        (12, "十二", "twelve"),
        (19, "十九", "nineteen"),
        (20, "二十", "twenty"),
        (21, "二十一", "twenty one"),
        (22, "二十二", "twenty two"),
        (30, "三十", "thirty"),
        (99, "九十九", "ninety nine"),
        (100, "一百", "one hundred"),
        (101, "一百零一", "one hundred one"),
        (102, "一百零二", "one hundred two"),
        (105, "一百零五", "one hundred five"),
        (110, "一百一十", "one hundred ten"),
        (112, "一百一十二", "one hundred twelve"),
        (120, "一百二十", "one hundred twenty"),
        (200, "两百", "two hundred"),
        (222, "两百二十二", "two hundred twenty two"),
        (1000, "一千", "one thousand"),
        (1001, "一千零一", "one thousand one"),
        (1010, "一千零一十", "one thousand ten"),
        (1200, "一千二百", "one thousand two hundred"),
        (2000, "两千", "two thousand"),
        (2020, "两千零二十", "two thousand twenty"),
        (2222, "两千二百二十二", "two thousand two hundred twenty two"),
        (9009, "九千零九", "nine thousand nine"),
        (9999, "九千九百九十九", "nine thousand nine hundred ninety nine"),
    ],
)
def test_numbers(value: int, mandarin: str, english: str) -> None:
    assert heard(Prompt(say="number", value=value), "zh-CN") == mandarin
    assert heard(Prompt(say="number", value=value), "en") == english
    assert heard(Prompt(say="number", value=str(value)), "zh-CN") == mandarin


@pytest.mark.parametrize(
    ("value", "mandarin", "english", "cantonese"),
    [
        (0, "预计一分钟之内为您接通", "The wait is less than a minute", "预计一分钟之内帮您接通"),
        (1, "预计还需等候大约一分钟", "The wait is about one minute", "预计仲要等大约一分钟"),
        (2, "预计还需等候大约两分钟", "The wait is about two minutes", "预计仲要等大约两分钟"),
        (12, "预计还需等候大约十二分钟", "The wait is about twelve minutes", "预计仲要等大约十二分钟"),
        (20, "预计还需等候大约二十分钟", "The wait is about twenty minutes", "预计仲要等大约二十分钟"),
        (22, "预计还需等候大约二十二分钟", "The wait is about twenty two minutes", "预计仲要等大约二十二分钟"),
        (200, "预计还需等候大约两百分钟", "The wait is about two hundred minutes", "预计仲要等大约二百分钟"),
    ],
)
def test_the_wait_in_minutes(value: int, mandarin: str, english: str, cantonese: str) -> None:
    assert heard(Prompt(say="minutes", value=value), "zh-CN") == mandarin
    assert heard(Prompt(say="minutes", value=value), "en") == english
    assert heard(Prompt(say="minutes", value=value), "yue") == cantonese


@pytest.mark.parametrize(
    ("value", "mandarin", "english"),
    [
        (1, "您现在排在第一位", "You are number one in the queue"),
        (2, "您现在排在第二位", "You are number two in the queue"),
        (11, "您现在排在第十一位", "You are number eleven in the queue"),
        (102, "您现在排在第一百零二位", "You are number one hundred two in the queue"),
        (200, "您现在排在第二百位", "You are number two hundred in the queue"),
    ],
)
def test_places_in_the_queue(value: int, mandarin: str, english: str) -> None:
    assert heard(Prompt(say="position", value=value), "zh-CN") == mandarin
    assert heard(Prompt(say="position", value=value), "en") == english


@pytest.mark.parametrize(
    ("value", "mandarin", "cantonese", "english"),
    [
        ("110", "幺幺零", "一一零", "one one zero"),
        (12345, "幺二三四五", "一二三四五", "one two three four five"),
        ("0769-2283 1", "零七六九二二八三幺", "零七六九二二八三一", "zero seven six nine two two eight three one"),
    ],
)
def test_digits_are_spoken_one_by_one(value: str | int, mandarin: str, cantonese: str, english: str) -> None:
    assert heard(Prompt(say="digits", value=value), "zh-CN") == mandarin
    assert heard(Prompt(say="digits", value=value), "yue") == cantonese
    assert heard(Prompt(say="digits", value=value), "en") == english


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(say="number", value=-1),
        Prompt(say="number", value=MAX_SPOKEN + 1),
        Prompt(say="number", value="1" * 5000),
        Prompt(say="number", value="twelve"),
        Prompt(say="number", value="１２"),  # full-width figures
        Prompt(say="number", value=True),
        Prompt(say="number"),
        Prompt(say="minutes", value=-1),
        Prompt(say="position", value=0),
        Prompt(say="position", value=10_000),
        Prompt(say="digits", value=""),
        Prompt(say="digits", value=-110),
        Prompt(say="digits", value="1" * 33),
        Prompt(say="digits", value="12a"),
        Prompt(say="digits"),
    ],
)
def test_what_cannot_be_spoken_is_refused_without_repeating_it(prompt: Prompt) -> None:
    with pytest.raises(ValueError, match="cannot be spoken") as refusal:
        spoken(prompt, "zh-CN")
    assert "twelve" not in str(refusal.value)
    assert "12a" not in str(refusal.value)


@given(value=st.integers(1, MAX_SPOKEN), say=st.sampled_from(["number", "digits", "minutes", "position"]))
def test_every_value_is_made_of_prompts_of_the_catalogue(value: int, say: str) -> None:
    for language in CATALOGUE.languages:
        parts = spoken(Prompt(say=say, value=value), language)  # type: ignore[arg-type]
        assert set(parts) <= set(CATALOGUE.ids())
        assert len(parts) <= 10
