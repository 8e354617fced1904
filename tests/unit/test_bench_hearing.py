"""Figures of `yihu bench speech`: what counts as an error, and when a word was there."""

from __future__ import annotations

import pytest

from cti.bench.hearing import accuracy, spoken_text, word_delays_s
from cti.bench.speech import callers
from cti.transcriber import Ended, Final, Partial
from recordings.transcript import Word


@pytest.mark.parametrize(
    ("text", "heard"),
    [("路灯坏了，很黑。", "路灯坏了很黑"), ("幺三八", "一三八"), ("APP 打不开！", "app打不开"), ("", "")],
)
def test_only_what_can_be_heard_is_compared(text: str, heard: str) -> None:
    assert spoken_text(text) == heard


def test_errors_are_characters_over_all_utterances() -> None:
    found = accuracy([("路灯坏了。", "路灯坏了"), ("我要投诉", "我投诉噪音")])
    assert (found.errors, found.characters, found.exact, found.error_rate) == (3, 8, 1, 0.375)
    assert accuracy([]).error_rate is None


def test_a_word_is_there_with_the_first_text_that_is_long_enough_for_it() -> None:
    """Given two words, spoken until 1.0 and 2.0 s, when texts come at 11.3 and 12.1, then that is 0.3 and 0.1 late."""
    words = (Word("路灯", 0.5, 1.0, 1.0), Word("坏了", 1.2, 2.0, 1.0))
    events = [(10.9, Partial("路")), (11.3, Partial("路灯")), (12.1, Partial("路灯花了")), (12.8, Final(words))]
    later = [(14.0, Final((Word("谢谢", 3.0, 3.5, 1.0),))), (14.0, Ended("finished"))]
    assert word_delays_s([*events, *later], 10.0) == pytest.approx([0.3, 0.1, 0.5])


def test_a_word_that_no_partial_text_had_is_there_with_the_final_one() -> None:
    events = [(11.0, Partial("路")), (12.5, Final((Word("路灯坏了", 0.5, 2.0, 1.0),)))]
    assert word_delays_s(events, 10.0) == [0.5]


def test_every_spoken_request_is_there_in_voices_of_both_kinds() -> None:
    shipped = callers()
    assert {one.known_voice for one in shipped} == {True, False}
    assert len(shipped) >= 60
    assert all(4 <= one.seconds <= 30 for one in shipped)
