"""What a citizen wants who says it in the menu."""

from __future__ import annotations

from pathlib import Path

import pytest

from cti.tickets.form import load_form
from cti.tickets.prefill.city import City, load_city
from cti.tickets.prefill.intent import NOTHING, menu_intent
from cti.tickets.prefill.lexicon import SHIPPED_RULES


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(load_form())


@pytest.mark.parametrize(
    ("said", "matter", "kind"),
    [
        ("我要投诉楼下烧烤店晚上太吵了", "order.city.noise", "complaint"),
        ("请问一下社保卡怎么办理", "society.labour.social_security", "consultation"),
        ("嗯，那个，我要投诉公交车司机", "traffic.public.bus", "complaint"),
    ],
)
def test_a_clear_request_is_understood(city: City, said: str, matter: str, kind: str) -> None:
    intent = menu_intent(said, city)

    assert (intent.matter, intent.type) == (matter, kind)
    assert intent.confidence >= city.rules.menu.matter
    assert not intent.urgent


@pytest.mark.parametrize("said", ["", "嗯", "喂喂", "你好", "我想说一个事情", "，。"])
def test_what_says_nothing_is_not_understood(city: City, said: str) -> None:
    assert menu_intent(said, city) == NOTHING


def test_of_a_matter_the_part_that_is_sure_is_given(city: City) -> None:
    """Noise or bad air: it has to do with the environment."""
    intent = menu_intent("楼下很臭又很吵", city)

    assert intent.matter == "order"
    assert intent.confidence >= city.rules.menu.matter


def test_type_alone_has_its_own_confidence(city: City) -> None:
    intent = menu_intent("我要表扬你们", city)

    assert (intent.matter, intent.type) == ("", "praise")
    assert intent.confidence >= city.rules.menu.type


@pytest.mark.parametrize(
    "said",
    [
        "一一九", "110", "幺幺零", "我要报警", "帮我转一一零", "快帮我叫救护车", "打幺二零",
        "我家着火了快派人来", "有人要跳楼", "有人被困在电梯里了", "报警",
    ],
)  # fmt: skip
def test_who_is_in_need_is_urgent(city: City, said: str) -> None:
    assert menu_intent(said, city).urgent


@pytest.mark.parametrize(
    "said",
    [
        "我上次报警了没有人管", "我电话是一三八一一零二二三三四", "请问消防证怎么办", "路灯坏了",
        "我的快递一百二十块钱", "打了一一〇五号房的电话", "我住一二零四室",
    ],
)  # fmt: skip
def test_others_are_not(city: City, said: str) -> None:
    assert not menu_intent(said, city).urgent


def test_a_city_may_ask_for_more_certainty(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(SHIPPED_RULES.read_text(encoding="utf-8").replace("matter = 0.7\n", "matter = 1.0\n"))
    careful = load_city(load_form(), rules=rules)

    assert menu_intent("我要投诉楼下烧烤店晚上太吵了", careful).matter == ""
