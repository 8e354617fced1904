"""What Vosk says, as it says it, read: the word for what it does not know is none."""

from __future__ import annotations

from cti.speech.vosk_result import final_words, partial_text
from recordings.transcript import Word


def test_a_finished_utterance_has_its_words_with_times_and_how_sure_they_are() -> None:
    result = """{"result": [{"conf": 0.8, "end": 1.2, "start": 0.6, "word": "路灯"},
        {"conf": 1.0, "end": 1.5, "start": 1.2, "word": "[unk]"}], "text": "路灯 [unk]"}"""
    assert final_words(result) == (Word("路灯", 0.6, 1.2, 0.8),)
    assert final_words('{"text": ""}') == ()


def test_what_is_understood_so_far_is_one_text() -> None:
    assert partial_text('{"partial": "路灯 [unk] 坏了"}') == "路灯坏了"
    assert partial_text('{"partial": "[unk]"}') == ""
    assert partial_text("{}") == ""
