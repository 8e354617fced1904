"""The parts that read a transcript: words and pauses, numbers, sounds, times, and the files of rules."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from cti.tickets.form import load_form
from cti.tickets.model import Guess, Ticket, ticket_from_json, ticket_json
from cti.tickets.prefill.city import load_city
from cti.tickets.prefill.classifier import WeightsError, load_classifier
from cti.tickets.prefill.gazetteer import Gazetteer, mentions, streets
from cti.tickets.prefill.lexicon import SHIPPED_RULES, RulesError, load_lexicon, load_rules
from cti.tickets.prefill.numbers import digits, in_figures
from cti.tickets.prefill.sound import LIKE_SOUND, SAME_SOUND, alike
from cti.tickets.prefill.times import day_of, times
from cti.tickets.prefill.words import joined, said
from recordings.transcript import Word


def test_a_pause_becomes_a_mark_and_hesitation_is_left_out() -> None:
    words = [
        Word("嗯", 0.0, 0.2, 1.0),
        Word("路灯", 0.3, 0.7, 1.0),
        Word("坏了", 1.2, 1.6, 1.0),
        Word("请", 3.0, 3.2, 1.0),
    ]

    text = joined(words)

    assert text.plain == "路灯，坏了。请"
    assert text.span(0, 2) == (300, 700)
    assert text.span(3, 5) == (1200, 1600)


def test_stammering_is_said_once() -> None:
    assert joined(said("我，我，我想投诉")).plain in ("我，我想投诉", "我想投诉")


@pytest.mark.parametrize(
    ("said_", "figures"),
    [
        ("三十八号", "38号"),
        ("五栋一二〇四室", "5栋1204室"),
        ("三月十五号", "3月15号"),
        ("一万两千块", "12000块"),
        ("十点二十分", "10点20分"),
        ("三四天", "三四天"),
        ("两三年", "两三年"),
        ("一块空地", "一块空地"),
        ("有一点吵", "有一点吵"),
    ],
)
def test_quantities_become_figures(said_: str, figures: str) -> None:
    assert in_figures(said_) == figures


def test_spoken_digits() -> None:
    assert digits("幺三八零零") == "13800"


def test_sounds_are_alike_as_ears_have_them() -> None:
    assert alike("厚", "后") == SAME_SOUND
    assert alike("涌", "冲") == SAME_SOUND  # 麻涌 is said chōng
    assert alike("石", "四") == LIKE_SOUND  # zh, ch, sh are z, c, s to many
    assert alike("虎", "门") == 0.0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("我在樟目头镇", "zhangmutou"),
        ("麻冲镇张澎村有人电鱼", "machong.zhangpeng"),
        ("常平土塘村口那里", "changping.tutang"),
        ("横力镇到常平火车站", "hengli"),
        ("从东莞站到黄江", None),
        ("其实没有什么", None),
        ("西湖很美", None),
    ],
)
def test_places_by_name_and_by_sound(text: str, code: str | None) -> None:
    found = streets(mentions(text, Gazetteer.of(load_form()), load_lexicon().place))
    assert (found[0].value if found and found[0].confidence >= 0.55 else None) == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("每天晚上营业到凌晨两点，很吵", "每天晚上营业到凌晨2点"),
        ("三月十五号交的材料", "3月15号"),
        ("已经停了，快六个小时", "快六个小时"),
        ("从上个星期开始的", "从上个星期开始"),
    ],
)
def test_times(text: str, value: str) -> None:
    assert times(text)[0].value == value


def test_three_times_in_two_days_is_no_time() -> None:
    assert all(found.confidence < 0.5 for found in times("电梯三天两头坏"))


@pytest.mark.parametrize(
    ("said_", "day"),
    [
        ("昨天晚上", date(2026, 11, 21)),
        ("3月15号", date(2026, 3, 15)),
        ("12月1号", date(2025, 12, 1)),  # the last one: he speaks of what has happened
        ("上周六", date(2026, 11, 14)),
        ("每天", None),
        ("2月30号", None),
    ],
)
def test_the_day_an_expression_names(said_: str, day: date | None) -> None:
    assert day_of(said_, today=date(2026, 11, 22)) == day


def test_a_row_of_an_earlier_release_has_no_span_and_is_read() -> None:
    # Given a ticket with a span, and what an earlier release would have written of it
    ticket = Ticket("t", "c", created_at=1.0)
    from cti.tickets.edit import Editing

    editing = Editing(ticket, at=2.0)
    editing.guess("street", Guess("humen", "speech", 0.9, span=(10, 20)))
    editing.guess("street", Guess("dalang", "speech", 0.5, span=(30, 40)))
    data = ticket_json(editing.ticket)
    assert ticket_from_json(data) == editing.ticket

    old = data["fields"]["street"]
    del old["span"], old["alternatives"][0]["span"]

    read = ticket_from_json(data).field("street")
    assert (read.span, read.alternatives[0].span) == (None, None)


def test_a_rule_with_an_unknown_code_is_refused_by_name(tmp_path: Path) -> None:
    own = tmp_path / "rules.toml"
    text = SHIPPED_RULES.read_text(encoding="utf-8")
    own.write_text(text.replace('[matter."order.city.noise"]', '[matter."order.city.music"]'), encoding="utf-8")

    with pytest.raises(RulesError, match=re.escape("the form has no matter order.city.music")):
        load_city(load_form(), rules=own)


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_text("[secret]\npatterns = ['(']", encoding="utf-8")
    with pytest.raises(RulesError, match="bad"):
        load_rules(bad)
    with pytest.raises(WeightsError, match="bad"):
        load_classifier(bad)
