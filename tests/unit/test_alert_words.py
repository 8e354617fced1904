"""Alerts in words: every kind in both languages with its figures, and as JSON; of people agents' ids alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cti.alerts.judge import LESSER_PARTS
from cti.alerts.model import Alert, Fact, Kind, Measure, Severity, What, Why, fact_of
from cti.alerts.rules import AlertRules
from cti.alerts.shown import Voices, as_json, message, message_id
from cti.alerts.words import PARTS, SEVERITIES, SOURCES, TITLES, WHATS, sentence, state, title
from cti.calls import CityFact, Milestone
from cti.storage.segments import decode, encode

ZONE = ZoneInfo("Asia/Shanghai")
VOICES = Voices(ZONE)
RULES = AlertRules()
AT = datetime(2026, 11, 22, 14, 31, 5, tzinfo=ZONE).timestamp()


def alert(kind: Kind, subject: str, measure: Measure, severity: Severity = Severity.WARNING) -> Alert:
    return Alert(kind, subject, severity, AT, AT + 30, AT + 30, measure)


RATE = alert(Kind.CONNECTION_RATE, "", Measure(1799, 2000))
WAIT = alert(Kind.LONGEST_WAIT, "social_security", Measure(185.4))
GHOST = alert(Kind.GHOST_AGENT, "a1001", Measure(1.0, detail="phone_away page_away"))
RECORDING = alert(Kind.RECORDING, "", Measure(3, 120))
OLD = alert(Kind.DATA_OLD, "asterisk", Measure(62.0))
PART = alert(Kind.PART, "records", Measure(1.0))
ALL = (RATE, WAIT, GHOST, RECORDING, OLD, PART)


@pytest.mark.parametrize(
    ("up", "zh", "en"),
    [
        (
            RATE,
            "接通率低于目标｜今日接通率 89.9%（1799/2000）；目标 90%，14:31 起未达到。",
            "Connection rate under target｜Connection rate today 89.9% (1799 of 2000); the target of 90% has been "
            "missed since 14:31.",
        ),
        (
            WAIT,
            "等待过久：社会保障｜“社会保障”队列等得最久的市民已等 03:05；14:31 起超过 01:00。",
            "Long wait: social security｜Longest wait in queue “social security”: 03:05; over 01:00 since 14:31.",
        ),
        (
            GHOST,
            "座席失联：a1001｜座席 a1001 示闲，但话机和页面失联，14:31 起不派话。",
            "Ghost agent: a1001｜Agent a1001 is ready, but without telephone and page: no calls are offered "
            "since 14:31.",
        ),
        (
            RECORDING,
            "录音不完整｜最近 15 分钟的录音：120 段中 3 段不完整。",
            "Recordings incomplete｜Recordings of the last 15 min: 3 of 120 incomplete.",
        ),
        (
            OLD,
            "数据过旧：Asterisk｜Asterisk 的数据已 62 秒没有更新。",
            "Data old: Asterisk｜Nothing new is known of Asterisk for 62 s.",
        ),
        (
            PART,
            "部件异常：通话记录数据库｜通话记录数据库异常（14:31 起）；原因和处理办法见 yihu doctor。",
            "Part not well: the database of records｜Not well since 14:31: the database of records; "
            "`yihu doctor` says why.",
        ),
    ],
    ids=lambda case: case.kind if isinstance(case, Alert) else "",
)
def test_every_alert_has_a_title_and_a_sentence_with_its_figures(up: Alert, zh: str, en: str) -> None:
    assert f"{title(up, VOICES.zh)}｜{state(up, RULES, VOICES.zh)}" == zh
    assert f"{title(up, VOICES.en)}｜{state(up, RULES, VOICES.en)}" == en


@pytest.mark.parametrize(
    ("up", "why", "zh", "en"),
    [
        (
            replace(RATE, reading=Measure(903, 1000)),
            "better",
            "今日接通率 90.3%（903/1000）；达到目标 90%。",
            "Connection rate today 90.3% (903 of 1000); on target (90%).",
        ),
        (
            replace(RATE, reading=Measure(1, 1)),
            "few",
            "今日结束的来电 1 通，不足 100 通，暂不判断接通率。",
            "1 call has ended today; under 100 the rate says nothing.",
        ),
        (
            replace(WAIT, reading=Measure(0.0)),
            "better",
            "“社会保障”队列现在没有人等待。",
            "Nobody waits in queue “social security” now.",
        ),
        (
            replace(GHOST, reading=Measure(0.0)),
            "better",
            "座席 a1001 已恢复连接，或不再示闲。",
            "Agent a1001 is connected again, or no longer ready.",
        ),
        (
            replace(RECORDING, reading=Measure(0, 80)),
            "better",
            "最近 15 分钟的录音：80 段中 0 段不完整。",
            "Recordings of the last 15 min: 0 of 80 incomplete.",
        ),
        (replace(OLD, reading=Measure(0.1)), "better", "Asterisk 的数据恢复更新。", "News again of Asterisk."),
        (
            replace(PART, reading=Measure(0.0)),
            "better",
            "通话记录数据库恢复正常。",
            "Well again: the database of records.",
        ),
        (PART, "off", "这项告警已停用。", "This alert has been switched off."),
    ],
    ids=lambda case: case.kind if isinstance(case, Alert) else "",
)
def test_what_is_over_says_why(up: Alert, why: Why, zh: str, en: str) -> None:
    fact = Fact(What.CLEARED, AT + 60, up, why)
    assert sentence(fact, RULES, VOICES.zh) == zh
    assert sentence(fact, RULES, VOICES.en) == en


def test_a_rate_never_looks_better_than_it_is_and_a_long_wait_has_hours() -> None:
    near = replace(RATE, reading=Measure(89_999, 100_000))
    assert "89.9%" in state(near, RULES, VOICES.zh)
    assert "1:01:01" in state(replace(WAIT, reading=Measure(3661.9)), RULES, VOICES.zh)


def test_what_is_good_again_but_not_cleared_yet_is_not_said_to_be_bad_now() -> None:
    back = {
        GHOST: "座席 a1001 14:31 起失联，现已恢复。",
        PART: "通话记录数据库已恢复（14:31 起）；原因和处理办法见 yihu doctor。",
        WAIT: "“社会保障”队列现在没有人等待；14:31 起超过 01:00。",
    }
    for up, said in back.items():
        assert state(replace(up, reading=Measure(0.0)), RULES, VOICES.zh) == said


def test_there_are_words_for_every_code() -> None:
    assert TITLES.keys() == set(Kind)
    assert SEVERITIES.keys() == set(Severity)
    assert WHATS.keys() == set(What)
    assert {kind for kind in Kind if kind is not Kind.DATA_OLD} <= SOURCES.keys()
    assert PARTS.keys() >= LESSER_PARTS
    for table in (TITLES, SEVERITIES, WHATS, SOURCES, PARTS):
        assert all(zh and en for zh, en in table.values())


def test_what_nobody_has_words_for_is_said_by_its_id() -> None:
    assert title(alert(Kind.PART, "moon", Measure(1.0)), VOICES.zh) == "部件异常：moon"
    assert title(alert(Kind.LONGEST_WAIT, "pets", Measure(1.0)), VOICES.en) == "Long wait: pets"


def test_an_alert_as_pages_get_it() -> None:
    seen = replace(WAIT, acknowledged_by="chen", acknowledged_at=AT + 40, told_at=AT + 40)
    assert (as_json(WAIT, RULES, VOICES)["state"], as_json(WAIT, RULES, VOICES)["by"]) == ("raised", None)
    found = as_json(seen, RULES, VOICES)
    assert json.loads(json.dumps(found)) == {
        "id": "longest_wait:social_security",
        "rule": "longest_wait",
        "subject": "social_security",
        "level": "warning",
        "since": AT,
        "raised_at": AT + 30,
        "state": "acknowledged",
        "by": "chen",
        "acknowledged_at": AT + 40,
        "note": None,
        "reading": {"value": 185.4, "of": None, "detail": None},
        "target": 60.0,
        "tell": ["supervisor", "webhook"],
        "title": {"zh": "等待过久：社会保障", "en": "Long wait: social security"},
        "words": {lang: state(seen, RULES, w) for lang, w in (("zh", VOICES.zh), ("en", VOICES.en))},
    }


def test_the_target_of_an_alert_is_the_bound_of_its_rule() -> None:
    targets = {up.kind: as_json(up, RULES, VOICES)["target"] for up in ALL}
    assert targets == {
        Kind.CONNECTION_RATE: 0.9,
        Kind.LONGEST_WAIT: 60.0,
        Kind.GHOST_AGENT: None,
        Kind.RECORDING: 3,
        Kind.DATA_OLD: 60.0,
        Kind.PART: None,
    }


def test_the_message_of_a_webhook_says_everything_but_who_acknowledged() -> None:
    seen = replace(RATE, severity=Severity.CRITICAL, acknowledged_by="chen", acknowledged_at=AT + 40)
    body = message(Fact(What.ACKNOWLEDGED, AT + 40, seen), "dongguan", RULES, VOICES)
    assert json.loads(json.dumps(body)) == {
        "type": "alert.acknowledged",
        "timestamp": "2026-11-22T14:31:45.000+08:00",
        "data": {
            "city": "dongguan",
            "id": "connection_rate",
            "kind": "connection_rate",
            "subject": None,
            "severity": "critical",
            "began_at": AT,
            "raised_at": AT + 30,
            "reading": {"value": 1799, "of": 2000, "detail": None},
            "is_up": True,
            "is_acknowledged": True,
            "why": None,
            "title": {"zh": "接通率低于目标", "en": "Connection rate under target"},
            "text": {lang: state(seen, RULES, w) for lang, w in (("zh", VOICES.zh), ("en", VOICES.en))},
        },
    }
    assert "chen" not in json.dumps(body)


@pytest.mark.parametrize("what", What)
@pytest.mark.parametrize("up", ALL, ids=lambda up: up.kind)
def test_every_fact_is_a_milestone_that_says_all_of_it_and_a_message(up: Alert, what: What) -> None:
    seen = replace(up, acknowledged_by="chen", acknowledged_at=AT + 40) if what is What.CLEARED else up
    fact = Fact(what, AT + 50, replace(seen, told_at=AT + 50), "better" if what is What.CLEARED else "")
    milestone = decode(encode(Milestone("city", up.id, 1, fact.at, CityFact.ALERT, fact.data())))
    assert fact_of(milestone) == fact
    body = message(fact, "dongguan", RULES, VOICES)
    assert body["type"] == f"alert.{what}"
    assert body["data"]["is_up"] is (what is not What.CLEARED)
    assert all(body["data"]["text"].values())


def test_each_message_has_an_id_of_its_own_that_stays_the_same() -> None:
    facts = [Fact(what, at, up) for what in What for at in (AT, AT + 0.001) for up in ALL]
    assert len({message_id(fact) for fact in facts}) == len(facts)
    assert message_id(facts[0]) == message_id(replace(facts[0]))
    assert "." not in message_id(facts[0]), "it parts the id from the time where it is signed"
