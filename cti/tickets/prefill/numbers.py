"""Numbers as they are spoken, and as a ticket has them. Pure.

Whatever becomes figures says the same as before: a quantity its value, digits said one by one all of them, zeros too.
What could be read in two ways stays as it was said.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

DIGITS = {
    char: str(n)
    for n, chars in enumerate(("零〇", "一幺", "二", "三", "四", "五", "六", "七", "八", "九"))
    for char in chars
}
PROVINCES = "粤湘桂川赣闽鄂豫皖浙苏京沪津渝冀鲁晋辽吉黑陕甘宁青新贵云琼藏蒙"
"""The first character of a number plate."""
_DIGIT = "".join(DIGITS)
SPOKEN = f"{_DIGIT}两十百千万"
NUMBER = rf"(?:\d+|[{SPOKEN}]+)"
_COUNTED = re.compile(
    rf"(?<![亿{SPOKEN}])(?P<number>[{SPOKEN}]+)"
    r"(?P<unit>点半|点(?![一二三四五六七八九](?![十刻分]))|号楼|号|栋|座|楼|层|室|单元|期(?!间)|月份|月|日|块"
    rf"|元(?![里桥坊路村街宫山])|万(?![{SPOKEN}])|年|岁"
    r"|路车|路公交|米|平方|平米|公里|公斤|斤|吨|户)"
)
_HOUR_BEFORE = re.compile(r"(?:早上|上午|中午|下午|凌晨|晚上|半夜|夜里)$")
"""Without it 一点 is a little."""
_MINUTES = re.compile(
    rf"(?<=\d点)(?P<number>[{SPOKEN}]+)(?P<unit>分)|"
    r"(?<=\d点)(?P<bare>零[一二三四五六七八九]|[二三四五]?十[一二三四五六七八九]?)(?![个块元几多天万千百])"
)
_DECIMAL = re.compile(rf"(?P<whole>[{SPOKEN}]+)点(?P<part>[{_DIGIT}]+)(?=米|公里|平方|平米|万|吨|公斤|倍|度|个百分点)")
_SMALL_CHANGE = re.compile(
    r"(?<=\d[块米])(?P<part>[一二两三四五六七八九])(?P<unit>[毛角]?)(?![个位次天年月块人只种样起直定般些点百千万十])"
    r"(?:(?P<cents>[一二三四五六七八九])(?=分?(?:钱|$|[，。！？])))?"
)
"""Behind 三块, 三米: 五, 五毛, 五毛五."""
_CHANGE_FIRST = re.compile(r"[一二两三四五六七八九][一两]")
"""三块五一斤: not 51."""
_SINGLE = re.compile(r"[一两](?:块|楼|期|层|年|万|米|斤|户)")
"""一块地, 一楼: figures would make them stranger, not clearer."""
_ABOUT = re.compile(r"[一二两三四五六七八][二两三四五六七八九]")
"""三四天, 两三年: one or the other."""
_SAID_WHOLE = ("号", "室", "号楼")
"""Numbers of houses and rooms are no counts: 二三号 is 23."""
_STRING = re.compile(rf"(?<![{SPOKEN}亿点几])[\d{_DIGIT}]{{3,}}(?![十百千万亿几])")
_STRINGS = re.compile(rf"(?:[\d{_DIGIT}]{{3,}}[，、。\s\-]){{1,3}}[\d{_DIGIT}]{{3,}}(?![十百千万亿几])")
"""A telephone number with pauses."""
_LONG = 5
"""So many digits are no enumeration."""
_MOBILE = re.compile(r"1[3-9]\d{9}")
_BEHIND_HOUSE = tuple("栋座幢楼层号元期梯")
_PARTS = re.compile("楼|层|期|栋|个|组|队|单元|人")
_PLATE = re.compile(rf"(?<=[{PROVINCES}][A-Za-z])[A-Za-z\d{_DIGIT}]{{4,7}}")
_COLLOQUIAL = re.compile(r"[十百]万[一二三四五六七八九]$")
"""三百万五: cn2an takes it for 3000005, people mean 3050000."""


@lru_cache(maxsize=2_000)
def value(spoken: str) -> int | None:
    """Of 三十八, 一万二, 两百五 or 38; None: this is no number."""
    if spoken.isdigit():
        return int(spoken)
    if not any(unit in spoken for unit in "十百千万"):
        # 一二〇四 is read digit by digit
        return int(_one_by_one(spoken)) if spoken else None
    if _COLLOQUIAL.search(spoken):
        return None
    from cn2an import cn2an

    try:
        return int(cn2an(spoken.replace("两", "二"), "smart"))
    except ValueError:
        return None


def in_figures(text: str) -> str:
    """三栋二零一 as 3栋201, 三月十五号 as 3月15号, 一万两千块 as 12000块, 幺三八零零… as 13800…; what is no quantity
    stays as it was said."""
    text = _PLATE.sub(lambda m: _one_by_one(m[0]), text)
    text = _STRINGS.sub(_paused, text)
    text = _STRING.sub(_string, text)
    text = _DECIMAL.sub(_decimal, text)
    text = _COUNTED.sub(_counted, text)
    text = _MINUTES.sub(_minutes, text)
    return _SMALL_CHANGE.sub(lambda m: "".join(DIGITS.get(c, "2" if c == "两" else c) for c in m[0]), text)


def digits(text: str) -> str:
    """Each spoken digit as a figure; everything else is left out."""
    return "".join(DIGITS.get(char, char) for char in text if char in DIGITS or char.isdigit())


def _one_by_one(text: str) -> str:
    return "".join(DIGITS.get(char, "2" if char == "两" else char) for char in text)


def _figures(number: str) -> str | None:
    """None: nobody knows what it is. What begins with a zero was said digit by digit and keeps it."""
    if number[0] in "零〇":
        return _one_by_one(number) if all(char in DIGITS for char in number) else None
    found = value(number)
    return None if found is None else str(found)


def _counted(match: re.Match[str]) -> str:
    number, unit = match["number"], match["unit"]
    if _SINGLE.fullmatch(match[0]) or (match[0] == "一点" and not _HOUR_BEFORE.search(match.string, 0, match.start())):
        return match[0]
    if _CHANGE_FIRST.fullmatch(number) and match.string.endswith("块", 0, match.start()):
        return match[0]
    if unit not in _SAID_WHOLE and (_ABOUT.fullmatch(number) or _is_row(number)):
        return match[0]
    figures = _figures(number)
    return match[0] if figures is None else f"{figures}{unit}"


def _is_row(number: str) -> bool:
    """三四五: one after the other, 三四五楼 are three floors."""
    said = [int(DIGITS[char]) for char in number if char in DIGITS]
    return len(said) == len(number) > 2 and all(b == a + 1 for a, b in pairwise(said))


def _minutes(match: re.Match[str]) -> str:
    said = match["number"] or match["bare"]
    figures = _figures(said)
    return match[0] if figures is None else f"{figures}{match['unit'] or ''}"


def _decimal(match: re.Match[str]) -> str:
    whole = None if _HOUR_BEFORE.search(match.string, 0, match.start()) else _figures(match["whole"])
    return match[0] if whole is None else f"{whole}.{_one_by_one(match['part'])}"


def _string(match: re.Match[str]) -> str:
    """Digits said one by one: of a telephone, an account, a room. 三四五 may be an enumeration, and stays."""
    said = match[0]
    named = any(char in "零〇幺" for char in said) or match.string[: match.start()].endswith(_BEHIND_HOUSE)
    if (named or len(said) >= _LONG) and not (_is_row(said) and _PARTS.match(match.string, match.end())):
        return _one_by_one(said)
    return said


def _paused(match: re.Match[str]) -> str:
    said = _one_by_one(match[0])
    whole = digits(said)
    return whole if _MOBILE.fullmatch(whole) else said
