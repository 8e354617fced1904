"""The tidy text and the title of a request: nothing a citizen said that matters may disappear."""

from __future__ import annotations

import re
from random import Random

import pytest
from cn2an import an2cn

from cti.tickets.form import load_form
from cti.tickets.prefill.content import tidy, title
from cti.tickets.prefill.numbers import in_figures
from cti.tickets.prefill.words import joined, said

_SPOKEN = str.maketrans("0123456789", "零一二三四五六七八九")


def told(text: str) -> str:
    return tidy(joined(said(text)).plain)


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        # telephone numbers, accounts, plates: every digit, zeros too
        ("我的电话是幺三八零零零零一二三四", "我的电话是13800001234。"),
        ("一三八零零一一零零一一请打给我", "13800110011请打给我。"),
        ("电话是一三八，零零零零，一二三四", "电话是13800001234。"),
        ("座机零七六九二二八八一一二二", "座机076922881122。"),
        ("座机八八六六，零零一一", "座机8866，0011。"),
        ("户号是零零一一一一五六", "户号是00111156。"),
        ("车牌粤S幺二A四五", "车牌粤S12A45。"),
        ("你们一二三四五热线", "你们12345热线。"),
        # houses and rooms
        ("我住三栋二零一", "我住3栋201。"),
        ("三栋二单元一一二", "3栋2单元112。"),
        ("三栋三栋二零一", "3栋3栋201。"),
        ("人民路幺二三号", "人民路123号。"),
        ("五栋十二楼一二零四室", "5栋12楼1204室。"),
        ("二零一，二零二，二零三室", "201，202，203室。"),
        ("三四五楼都停水", "三四五楼都停水。"),
        ("三元里社区", "三元里社区。"),
        # sums
        ("收了我一千二百块", "收了我1200块。"),
        ("一百零五块五毛", "105块5毛。"),
        ("四百二十八块六毛五", "428块6毛5。"),
        ("三块五一斤", "3块5一斤。"),
        ("十块十块地收", "10块10块地收。"),
        ("欠我三万五", "欠我三万五。"),
        ("欠我三万五千块", "欠我35000块。"),
        ("一百二十八万八千的房款", "一百二十八万八千的房款。"),
        ("三百万五千块", "3005000块。"),
        ("三百万五块", "三百万五块。"),
        ("两三百块", "两三百块。"),
        # days and times
        ("二零二六年十一月二十二号晚上八点零五分", "2026年11月22号晚上8点05分。"),
        ("零八年买的", "08年买的。"),
        ("上午九点十五开始", "上午9点15开始。"),
        ("晚上十一点三刻", "晚上11点三刻。"),
        ("五一期间", "五一期间。"),
        ("十一二点才停", "十一二点才停。"),
        # lengths and the like
        ("三点五米宽", "3.5米宽。"),
        ("两百五十户人家", "250户人家。"),
        ("三零五路公交", "305路公交。"),
        # words
        ("余额少了报销额度不够", "余额少了报销额度不够。"),
        ("一家一家敲门", "一家一家敲门。"),
        ("他打我他打我儿子", "他打我他打我儿子。"),
        ("他骂我，他骂我老婆", "他骂我，他骂我老婆。"),
        ("不能不能停水", "不能不能停水。"),
        ("喂流浪猫的人", "喂流浪猫的人。"),
        ("保姆喂我妈吃过期的药", "保姆喂我妈吃过期的药。"),
        ("喂你好，我想投诉，我想投诉楼下楼下餐馆", "我想投诉楼下餐馆。"),
        ("嗯，额，投诉投诉物业", "投诉物业。"),
    ],
)
def test_what_was_said_stands_in_the_text(spoken: str, written: str) -> None:
    assert told(spoken) == written


def test_every_telephone_number_comes_through() -> None:
    chance = Random(5)
    for _ in range(300):
        number = f"1{chance.randrange(3, 10)}{chance.randrange(10**9):09d}"
        spoken = number.translate(_SPOKEN)
        if chance.random() < 0.5:
            spoken = spoken.replace("一", "幺")
        if chance.random() < 0.5:
            spoken = f"{spoken[:3]}，{spoken[3:7]}，{spoken[7:]}"

        assert number in told(f"我的电话是{spoken}，麻烦快一点")


def test_every_sum_date_and_room_comes_through() -> None:
    chance = Random(6)
    for _ in range(300):
        sum_, room = chance.randrange(10, 10_000_000), chance.randrange(101, 3000)
        month, day = chance.randrange(1, 13), chance.randrange(1, 29)

        text = told(
            f"{an2cn(month)}月{an2cn(day)}号收了{an2cn(sum_)}块，我住{an2cn(month)}栋{str(room).translate(_SPOKEN)}室"
        )

        assert text == f"{month}月{day}号收了{sum_}块，我住{month}栋{room}室。"


def test_what_has_figures_already_stays_as_it_is() -> None:
    written = "13800001234，3栋201，2026年11月22日8点05分，3.5米，1200元，粤S12345。"

    assert in_figures(written) == written
    assert in_figures(in_figures("三栋二零一欠三万五千块")) == in_figures("三栋二零一欠三万五千块")


def test_no_title_loses_what_it_is_about() -> None:
    form = load_form()

    made = title(form, "humen", "人民路一百二十三号" * 6, "烧烤店", "complaint", "order.city.noise")

    assert made.endswith(form.way("matters", "order.city.noise")[-1].zh)
    assert re.match("虎门", made)
    assert len(made) <= 40
