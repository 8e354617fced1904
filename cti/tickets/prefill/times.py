"""When it happened, since when, how often: the expression as it was said, its numbers in figures. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta

from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.numbers import NUMBER, in_figures, value

_WEEKDAY = "[一二三四五六日天末]"
_WEEK = rf"(?:周|星期|礼拜){_WEEKDAY}"
_DATE = rf"(?:(?:\d{{4}}|今|去|前)年)?{NUMBER}月(?:份|{NUMBER}[号日])?[底初中]?"
_DAY = (
    rf"大前天|今天|昨天|前天|昨晚|今早|今晚|昨夜|前晚|刚才|刚刚|{_DATE}|(?:[上这]个?|本){_WEEK}|上个?(?:周|星期|礼拜)|"
    rf"这个?(?:周|星期|礼拜)|{_WEEK}|上个?月[底初中]?|这个月|这{NUMBER}个月|本月|去年(?:{NUMBER}月)?|今年(?:{NUMBER}月份?)?|前年|年初|年底|"
    r"最近|近期|这几天|前几天|前两天|这两天|这段时间|(?:中秋节|国庆节?|春节|过年|五一|端午)(?:那几天|期间|那天)?|"
    r"[一-鿿](?<![的了在])[一-鿿]{1,3}(?:那天|那几天)(?=[晚早上下中，。]|$)"
)
_OFTEN = (
    rf"每天都是|每天|天天|每晚|每个(?:周末|星期{_WEEKDAY}?|晚上)|周末|长期|常年|从早到晚|没日没夜|二十四小时不停|24小时不停|"
    r"上下班的时候|高峰期|放学的时候|下雨天|晚高峰|早高峰|成日|成晚|夜夜"
)
_PART = "早上|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨|深夜|清晨|白天|大清早|一上午|晚间"
_CLOCK = (
    rf"{NUMBER}点(?:{NUMBER}分|[一三]刻|半|钟|多|左右|[零二三四五]?十[一二三四五六七八九]?(?![个块元几多天]))*(?:左右)?"
)
_COUNT = rf"(?:{NUMBER}|半|几|好几|十几|十来|成|俩)"
_UNITS = r"(?:个?(?:半|多|来)?(?:星期|礼拜|小时|钟头|季度)|个(?:半|多|来)?(?:月|钟)|(?:多|来)?(?:天|周|年|晚))"
_LONG = rf"(?:已经有?|快|将近|连着|连续|有|都)?{_COUNT}{_UNITS}(?:多|半)?(?:晚上)?"
_JOIN = r"(?:都是|的|都|里)?"
_MOMENT = rf"(?:{_OFTEN}|{_DAY}|{_PART}|{_CLOCK})"
_TO = r"(?:一直)?(?:营业|吵|跳|持续|开|闹|加班|搞|施工|叫|干|唱)?(?:到|至)(?:了)?"
_ANY = re.compile(
    rf"(?P<since>从|自从)?(?P<moment>{_MOMENT}(?:{_JOIN}{_MOMENT})*)(?:{_TO}{_MOMENT}(?:{_JOIN}{_MOMENT})*|{_TO}(?:天亮|现在))?"
    r"(?P<after>开始|起|以后|之后|后|左右|前后|的时候)?"
)
_FROM_CLOCK = re.compile(rf"从{_MOMENT}一直.{{0,2}}到{_MOMENT}(?:{_MOMENT})*")
_UNTIL = re.compile(r"一直[一-鿿]{0,2}到(?:天亮|深夜)|一直到现在")
_DURATION = re.compile(_LONG)
_NO_DURATION_BEFORE = re.compile(
    r"(?:每|满|等|交了?|要|需要|至少|第|再|拖到|收我们?|上|过|住|送|隔|充|买了|才|一个|到|办了|说|怀孕|今年|一月|打了|不到)$"
)
_NO_DURATION_AFTER = re.compile(
    r"内|之内|以内|后|假|级|期|卡|就|的?(?:工资|房租|费|孩子|小孩|人|宝宝|合同|租)|之|以上|前|未|才|一次|多少|我就|医"
)
_NO_TIME = re.compile(rf"三天两头|隔三差五|{NUMBER}月|一点|的.*")
_NO_PART_AFTER = re.compile(r"很|看不|没有灯|走路|容易|都不敢|不敢")
_WEAK = frozenset(("周末", "最近", "近期", "今年", "去年", "前年", "刚刚", "下雨天", "白天"))
_NO_DURATION = frozenset(("一天", "二十四小时", "24小时"))


def times(text: str) -> list[Found]:
    """Best first."""
    found = []
    for pattern in (_FROM_CLOCK, _UNTIL):
        found += [Found(in_figures(m[0]), 0.9, m.start(), m.end()) for m in pattern.finditer(text)]
    for match in _ANY.finditer(text):
        said = match[0]
        if _NO_TIME.fullmatch(said) or text[: match.start()].endswith(("什么", "几", "大白", "大")):
            continue
        found.append(Found(in_figures(said), _weight(match, text), match.start(), match.end()))
    for match in _DURATION.finditer(text):
        if _counts(match, text) and not any(f.start <= match.start() < f.end for f in found):
            marked = match[0].startswith(("已经", "快", "将近", "连着", "连续", "都"))
            found.append(Found(in_figures(match[0]), 0.8 if marked else 0.62, match.start(), match.end()))
    return best_first(found)


def _weight(match: re.Match[str], text: str) -> float:
    said, moment = match[0], match["moment"]
    if moment in ("今年", "本月"):
        return 0.45
    if moment in _WEAK:
        return 0.5
    if moment == said and re.fullmatch(_PART, said) and _NO_PART_AFTER.match(text, match.end()):
        return 0.4
    weight = 0.84 if re.search(rf"{_OFTEN}|{_DAY}|{_CLOCK}", said) else 0.7
    if match["since"] or match["after"]:
        weight += 0.04
    if len(said) >= 6:
        weight += 0.04
    if re.search(r"超过$|等到$|改到$|延长到$|还是$|说好$|过$", text[: match.start()]):
        weight -= 0.4
    return weight


def _counts(match: re.Match[str], text: str) -> bool:
    before, after = text[: match.start()], text[match.end() :]
    return not (
        _NO_DURATION_BEFORE.search(before[-4:])
        or _NO_DURATION_AFTER.match(after)
        or match[0] in _NO_DURATION
        or text.startswith("三天两头", match.start())
    )


def day_of(said: str, today: date) -> date | None:
    """The calendar day that an expression names, if it names one: 昨天晚上, 3月15号, 上周六."""
    for words, back in (
        (("大前天",), 3),
        (("前天", "前晚"), 2),
        (("昨天", "昨晚", "昨夜"), 1),
        (("今天", "今早", "今晚"), 0),
    ):
        if said.startswith(words):
            return today - timedelta(days=back)
    if (match := re.match(rf"({NUMBER})月({NUMBER})[号日]", said)) is not None:
        month, day = value(match[1]), value(match[2])
        try:
            named = date(today.year, month or 0, day or 0)
        except ValueError:
            return None
        return named if named <= today else named.replace(year=today.year - 1)
    if (match := re.match(rf"(上|这|本)?个?(?:周|星期|礼拜)({_WEEKDAY})", said)) is not None and match[2] != "末":
        monday = today - timedelta(days=today.weekday())
        weeks = 1 if match[1] == "上" else 0
        named = monday + timedelta(days="一二三四五六日".index(match[2].replace("天", "日")) - 7 * weeks)
        return named if named <= today else None
    return None


def dated(said: str, today: date | None) -> str:
    """With the day it names: 昨天晚上（11月21日）."""
    day = day_of(said, today) if today is not None else None
    shown = f"{day.month}月{day.day}日" if day is not None else ""
    return f"{said}（{shown}）" if shown and not said.startswith(shown) else said
