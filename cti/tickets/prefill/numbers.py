"""Numbers as they are spoken, and as a ticket has them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

DIGITS = {
    char: str(n)
    for n, chars in enumerate(("零〇", "一幺", "二", "三", "四", "五", "六", "七", "八", "九"))
    for char in chars
}
_SPOKEN = "零〇一二两三四五六七八九十百千万"
NUMBER = rf"(?:\d+|[{_SPOKEN}]+)"
_COUNTED = re.compile(
    rf"(?P<number>[{_SPOKEN}]+)(?P<unit>点半|点|号楼|号|栋|座|楼|层|室|单元|期|月份|月|日|块|元|万|年|岁|路车|米|平方)"
)
_HOUR_BEFORE = re.compile(r"(?:早上|上午|中午|下午|凌晨|晚上|半夜|夜里)$")
"""Without it 一点 is a little."""
_MINUTES = re.compile(rf"(?<=点)(?P<number>[{_SPOKEN}]+)(?P<unit>分)")
_SINGLE = re.compile(r"[一两](?:块|楼|期|层|年|万|米)")
"""一块地, 一楼: figures would make them stranger, not clearer."""


_ABOUT = re.compile(r"[一二两三四五六七八][二两三四五六七八九]")
"""三四天, 两三年: one or the other."""


@lru_cache(maxsize=2_000)
def value(spoken: str) -> int | None:
    """Of 三十八, 一万二, 两百五 or 38; None: this is no number."""
    if spoken.isdigit():
        return int(spoken)
    if not any(unit in spoken for unit in "十百千万"):
        # 一二〇四 is read digit by digit
        return int("".join(DIGITS.get(char, "2") for char in spoken)) if spoken else None
    from cn2an import cn2an

    try:
        return int(cn2an(spoken.replace("两", "二"), "smart"))
    except ValueError:
        return None


def in_figures(text: str) -> str:
    """三栋 as 3栋, 三月十五号 as 3月15号, 一万两千块 as 12000块; what is no quantity stays as it was said."""

    def figures(match: re.Match[str]) -> str:
        if _SINGLE.fullmatch(match[0]) or (
            match[0] == "一点" and not _HOUR_BEFORE.search(match.string, 0, match.start())
        ):
            return match[0]
        if _ABOUT.fullmatch(match["number"]) and match["unit"] not in ("号", "室", "号楼"):
            return match[0]
        number = value(match["number"])
        return match[0] if number is None else f"{number}{match['unit']}"

    return _MINUTES.sub(figures, _COUNTED.sub(figures, text))


def digits(text: str) -> str:
    """Each spoken digit as a figure; everything else is left out."""
    return "".join(DIGITS.get(char, char) for char in text if char in DIGITS or char.isdigit())
