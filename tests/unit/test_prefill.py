"""A draft is filled from what a citizen says: the right fields, where each was heard, and steadily."""

from __future__ import annotations

import time
from datetime import date

import pytest

from cti.tickets.edit import Change, Editing
from cti.tickets.first_fill import Known
from cti.tickets.form import load_form
from cti.tickets.model import Ticket
from cti.tickets.prefill.city import City, load_city
from cti.tickets.prefill.fill import Filled, prefill, write
from cti.tickets.prefill.words import said
from recordings.transcript import Word

LIGHT = "喂你好，虎门镇怀德社区连升路三十八号门口的路灯坏了两个星期了，我姓王，电话一三八零零零零五六七八。"


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(load_form())


def values(filled: dict[str, Filled]) -> dict[str, object]:
    return {name: field.guess.value for name, field in filled.items()}


def test_a_request_fills_who_where_what_and_since_when(city: City) -> None:
    filled = values(prefill(said(LIGHT), Known(), city))

    assert filled["type"] == "help"
    assert filled["matter"] == "construction.facilities.street_light"
    assert filled["street"] == "humen.huaide"
    assert filled["address"] == "连升路38号门口"
    assert filled["happened_at"] == "两个星期"
    assert filled["caller_name"] == "王"
    assert filled["contact_phone"] == "13800005678"
    assert filled["department"] == "urban_management"
    assert filled["title"] == "虎门镇怀德社区连升路38号门口道路照明"
    assert str(filled["content"]).startswith("虎门镇怀德社区连升路38号门口的路灯坏了")


def test_what_was_not_said_stays_empty(city: City) -> None:
    filled = prefill(said("我想反映一个情况"), Known(), city)

    assert not filled.keys() & {"street", "address", "contact_phone", "caller_name", "matter", "secret", "urgency"}
    assert prefill((), Known(), city) == {}


def test_a_value_names_the_words_it_was_heard_in(city: City) -> None:
    # Given words with times as a recogniser gives them
    words = [
        Word("我在", 1.0, 1.4, 1.0),
        Word("厚街镇", 1.4, 2.0, 1.0),
        Word("家里", 2.1, 2.4, 1.0),
        Word("停电", 2.4, 2.9, 1.0),
        Word("了", 2.9, 3.0, 1.0),
    ]

    filled = prefill(words, Known(), city)

    assert filled["street"].guess.span == (1400, 2000)
    assert filled["content"].guess.span == (1000, 3000)
    assert filled["street"].guess.source == "speech"
    assert filled["street"].guess.confidence > 0.9


def test_a_town_is_found_by_its_sound_and_says_so(city: City) -> None:
    filled = prefill(said("我在后街镇的工厂上班，老板拖欠工资"), Known(), city)

    assert filled["street"].guess.value == "houjie"
    assert filled["street"].guess.note == {"zh": "按读音：后街镇", "en": "By its sound: 后街镇"}


def test_what_is_written_by_another_word_is_no_town(city: City) -> None:
    filled = prefill(said("其实我想问问清洗空调的事，完成以后要多少钱"), Known(), city)
    assert "street" not in filled


def test_an_exception_of_the_rules_names_the_department_and_its_reason(city: City) -> None:
    filled = prefill(said("茶山镇的工地每天半夜施工，噪音吵得睡不着，我要投诉"), Known(), city)

    assert filled["matter"].guess.value == "order.city.noise"
    assert filled["department"].guess.value == "environment"
    assert filled["department"].guess.source == "rule"
    assert filled["department"].guess.note == {"zh": "规则：噪声扰民，工地", "en": "Rule: Noise, 工地"}


def test_the_way_through_the_menu_decides_between_equals(city: City) -> None:
    words = said("我想问问这个怎么申请，多久能办好")

    assert values(prefill(words, Known(), city)).get("matter") != "society.labour.social_security"
    with_menu = prefill(words, Known(path=("main", "social_security")), city)
    assert with_menu["matter"].guess.value == "society.labour.social_security"


def test_of_who_has_called_before_the_whole_name_is_taken(city: City) -> None:
    filled = prefill(said("我姓王，家里停电了"), Known(name="王丽华"), city)
    assert filled["caller_name"].guess.value == "王丽华"


def test_a_corrected_number_is_the_last_one(city: City) -> None:
    filled = prefill(said("电话13800001111，不对，应该是13900002222"), Known(), city)

    assert filled["contact_phone"].guess.value == "13900002222"
    assert [g.value for g in filled["contact_phone"].alternatives] == ["13800001111"]


def test_a_number_with_long_pauses_is_one_number(city: City) -> None:
    parts = (("我的电话是", 0.0), ("一三八", 2.0), ("零零零零", 4.0), ("幺二三四", 5.1))
    words = [Word(text, start_s, start_s + 0.6, 0.9) for text, start_s in parts]

    filled = prefill(words, Known(), city)

    assert filled["contact_phone"].guess.value == "13800001234"
    assert filled["content"].guess.value == "我的电话是。13800001234。"


def test_yesterday_is_dated_where_the_day_is_known(city: City) -> None:
    words = said("昨天晚上八点，寮步镇有人打架")

    assert prefill(words, Known(), city)["happened_at"].guess.value == "昨天晚上8点"
    dated = prefill(words, Known(), city, today=date(2026, 11, 22))
    assert dated["happened_at"].guess.value == "昨天晚上8点（11月21日）"


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("大朗镇有人赌博，请替我保密", "secret", True),
        ("石排镇停水了，处理好了给我回个电话", "wants_reply", True),
        ("石排镇停水了，不用给我回电话", "wants_reply", False),
        ("常平镇有栋楼着火了，快来人", "urgency", "urgent"),
        ("我的车被粤S3A7Q9堵住了，通知车主挪车", "detail", "粤S3A7Q9"),
        ("我是陈女士，我要投诉物业乱收费", "caller_gender", "female"),
    ],
)
def test_single_fields(city: City, text: str, field: str, value: object) -> None:
    assert prefill(said(text), Known(), city)[field].guess.value == value


def test_while_he_speaks_a_field_keeps_its_value_until_another_is_clearly_better(city: City) -> None:
    # Given a transcript that grows word by word
    text = "我要投诉虎门镇人民路金地花园楼下的烧烤店，每天晚上营业到凌晨两点，吵得我睡不着觉，物业也不管"
    before: dict[str, Filled] = {}
    seen: dict[str, list[object]] = {}
    for end in range(2, len(text) + 1):
        before = prefill(said(text[:end]), Known(), city, before=before)
        for name in ("type", "street", "caller_name", "secret", "department", "matter"):
            if name in before and (not seen.get(name) or seen[name][-1] != before[name].guess.value):
                seen.setdefault(name, []).append(before[name].guess.value)

    # Then each of these was filled once and stayed
    assert seen == {
        "type": ["complaint"],
        "street": ["humen"],
        "matter": ["order.city.noise"],
        "department": ["urban_management"],
    }


def test_a_kind_that_stands_is_not_swung_back_and_forth_by_what_comes_next(city: City) -> None:
    # Given words that speak for a question, then for a complaint, then for a question again
    text = "我想问一下健身房关门了怎么办，年卡不退，帮我要回来"
    before: dict[str, Filled] = {}
    kinds = set()
    for end in range(2, len(text) + 1):
        before = prefill(said(text[:end]), Known(), city, before=before)
        if "type" in before:
            kinds.add(before["type"].guess.value)

    assert kinds == {"consultation"}


def test_four_hundred_characters_take_less_than_twenty_milliseconds_of_the_processor(city: City) -> None:
    words = said((LIGHT * 9)[:400])
    prefill(words, Known(), city)
    took = []
    for n in range(5):
        began = time.process_time()
        prefill((*words[n:], *words[:n]), Known(), city)
        took.append(time.process_time() - began)
    assert min(took) < 0.02


def test_writing_into_a_draft_leaves_what_a_person_wrote(city: City) -> None:
    # Given a draft in which the agent has written the street
    editing = Editing(Ticket("t", "c", created_at=1.0), at=2.0)
    editing.change(Change("street", "dalang", 0), "7001", lambda _field, _base: ())

    write(editing, prefill(said(LIGHT), Known(), city))
    write(editing, prefill(said("电话13800001111，不对，应该是13900002222"), Known(), city))

    ticket = editing.ticket
    assert ticket.field("street").value == "dalang"
    assert ticket.field("street").proposal is not None
    assert ticket.field("street").proposal.value == "humen.huaide"
    assert ticket.field("matter").value == "construction.facilities.street_light"
    assert ticket.field("matter").state == "check"
    assert ticket.field("address").span is not None
    assert [guess.value for guess in ticket.field("contact_phone").alternatives] != []
