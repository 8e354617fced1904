"""What was said as it is kept and shown: given recordings and their words, then who said it, and what is in stars."""

from __future__ import annotations

import pytest

from recordings.spoken import MESSAGE, Line, Spoken, lines, masked, masked_text, sides
from recordings.transcript import Transcript, Utterance, Word


def test_left_is_the_citizen_and_right_the_agent() -> None:
    talk = Transcript(
        (Utterance(0, (Word("路灯", 0.1, 0.5, 0.9),)), Utterance(1, (Word("您好", 1.0, 1.4, 0.8),))), 2.0, "m"
    )
    assert [(line.side, line.text) for line in lines(talk, sides(2, "1"))] == [("citizen", "路灯"), ("agent", "您好")]
    assert [line.side for line in lines(talk, sides(1, "1"))] == ["both"], "nobody knows who"
    assert [line.side for line in lines(talk, sides(1, MESSAGE))] == ["citizen"]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("我的电话是13800001234谢谢", "我的电话是138********谢谢"),
        ("我的电话是幺三八零零零零一二三四谢谢", "我的电话是幺三八********谢谢"),
        ("号码138 0000 1234", "号码138**********"),
        ("身份证44190019900101123X", "身份证441***************"),
        ("三栋一二零三室", "三栋一二零三室"),
        ("打了12345", "打了12345"),
        ("", ""),
    ],
)
def test_numbers_that_were_said_are_in_stars(said: str, shown: str) -> None:
    assert masked_text(said) == shown


def test_a_number_of_several_words_is_in_stars_too_and_times_stay() -> None:
    words = (
        Word("电话", 0.0, 0.4, 0.9),
        Word("一三八", 0.5, 1.0, 0.9),
        Word("零零零零", 1.1, 1.6, 0.9),
        Word("一二三四", 1.7, 2.2, 0.9),
    )
    spoken = Spoken("c1", "1", "recording", "f", 0.0, 3.0, "m", 0.0, (Line("citizen", words),))
    (line,) = masked(spoken).lines
    assert line.text == "电话一三八********"
    assert [(w.text, w.start_s) for w in line.words[2:]] == [("****", 1.1), ("****", 1.7)]
