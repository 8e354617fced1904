"""Phrases in the words of a model, words as people write them, and transcripts that can be kept."""

from __future__ import annotations

import pytest

from cti.speech.phrase_words import split
from recordings.transcript import Transcript, Utterance, Word, as_dict, from_dict, joined

KNOWN = {"转", "人工", "转人工", "社", "保", "社保", "卡", "pass"}


@pytest.mark.parametrize(
    ("phrase", "words"),
    [
        ("转人工", ["转人工"]),
        ("社保卡", ["社保", "卡"]),
        ("转 人工", ["转", "人工"]),
        ("社保 pass", ["社保", "pass"]),
        ("医保", None),
        ("转医保", None),
        ("", None),
    ],
)
def test_a_phrase_is_made_of_the_fewest_words_that_are_known(phrase: str, words: list[str] | None) -> None:
    assert split(phrase, KNOWN.__contains__) == words


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["路灯", "坏", "了"], "路灯坏了"),
        (["我", "用", "wifi", "six"], "我用wifi six"),
        (["app", "打不开"], "app打不开"),
        ([], ""),
    ],
)
def test_chinese_is_shown_without_blanks(words: list[str], text: str) -> None:
    assert joined(words) == text


def test_a_transcript_comes_back_as_it_was_kept() -> None:
    said = Utterance(1, (Word("路灯", 0.5, 0.9, 0.8), Word("坏了", 0.9, 1.5, 1.0)))
    transcript = Transcript((said,), 9.5, "tiny")
    assert from_dict(as_dict(transcript)) == transcript
    assert (said.text, said.start_s, said.end_s) == ("路灯坏了", 0.5, 1.5)
