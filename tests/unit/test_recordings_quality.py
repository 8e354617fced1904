"""Inspection of talks by their words: given who says what when, then what is found."""

from __future__ import annotations

import pytest

from recordings.quality import Finding, Required, Rules, inspect
from recordings.spoken import Line, Side, Spoken
from recordings.transcript import Word

RULES = Rules(
    required=(
        Required("greeting", ("您好", "你好"), within_s=10.0),
        Required("goodbye", ("再见", "感谢来电"), last_s=15.0),
    ),
    forbidden=("不归我管", "自己想办法"),
)


def line(side: Side, start_s: float, end_s: float, text: str) -> Line:
    return Line(side, (Word(text, start_s, end_s, 0.9),))


def talk(*lines: Line, seconds: float = 60.0) -> Spoken:
    return Spoken(
        "c1", "1", "recording", "f", 0.0, seconds, "m", 0.0, tuple(sorted(lines, key=lambda one: one.start_s))
    )


GOOD = (
    line("agent", 1.0, 5.0, "您好这里是一二三四五热线"),
    line("citizen", 6.0, 26.0, "我们小区楼下烧烤店晚上很吵"),
    line("agent", 27.0, 45.0, "好的我帮您登记请问在哪个街道什么时候开始的我们会在五个工作日内答复您请保持电话畅通"),
    line("citizen", 46.0, 52.0, "好的谢谢"),
    line("agent", 53.0, 58.0, "感谢来电祝您生活愉快再见"),
)


def test_a_good_talk_has_figures_and_no_findings() -> None:
    found = inspect(talk(*GOOD), RULES)
    assert found is not None
    assert found.findings == ()
    assert (found.agent_s, found.citizen_s, found.overlap_s) == (27.0, 26.0, 0.0)
    assert found.silence_s == found.longest_silence_s == 2.0, "after the last word"
    assert found.agent_share == pytest.approx(27 / 53)


def kinds(*lines: Line, seconds: float = 60.0) -> list[Finding]:
    found = inspect(talk(*lines, seconds=seconds), RULES)
    assert found is not None
    return list(found.findings)


def test_what_an_agent_must_not_say_counts_for_him_alone() -> None:
    assert kinds(*GOOD, line("agent", 45.2, 45.8, "这个不归我管"))[0] == Finding("forbidden", "不归我管", 45.2)
    assert kinds(*GOOD, line("citizen", 45.2, 45.8, "他说不归我管")) == []


def test_who_takes_a_talk_over_need_not_greet_and_who_hands_it_over_need_not_say_goodbye() -> None:
    middle = talk(*GOOD[1:-1])
    parts = [inspect(middle, RULES, begins=begins, ends=ends) for begins in (True, False) for ends in (True, False)]
    assert [[finding.what for finding in part.findings] for part in parts if part is not None] == [
        ["greeting", "goodbye"],
        ["greeting"],
        ["goodbye"],
        [],
    ]


def test_what_has_to_be_said_is_looked_for_where_it_belongs() -> None:
    assert kinds(*GOOD[1:]) == [Finding("missing", "greeting", 0.0)]
    late = (*GOOD[:-1], line("agent", 53.0, 58.0, "您好您的诉求已经登记了"))
    assert kinds(*late) == [Finding("missing", "goodbye", 60.0)]


def test_silence_and_talking_over_one_another() -> None:
    gap = [one for one in GOOD if one.start_s != 27.0]
    assert Finding("silence", "20", 26.0) in kinds(*gap)
    assert kinds(*GOOD, line("citizen", 40.0, 44.5, "你听我说啊")) == [Finding("overlap", "4", 40.0)]


def test_who_speaks_alone_or_too_fast() -> None:
    alone = kinds(line("agent", 0.0, 58.0, "您好再见" * 40))
    assert [one.kind for one in alone] == ["share"]
    fast = kinds(line("agent", 0.0, 20.0, "您好再见" * 50), line("citizen", 20.0, 58.0, "好"))
    assert ("speed", "10.0") in [(one.kind, one.what) for one in fast]


def test_of_a_short_talk_or_one_channel_nothing_is_said() -> None:
    assert kinds(line("agent", 0.0, 2.0, "喂"), seconds=5.0) == []
    assert inspect(talk(line("both", 0.0, 2.0, "喂")), RULES) is None
    assert inspect(talk(), RULES) is None
