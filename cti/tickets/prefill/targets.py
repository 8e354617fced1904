"""Whom a request is about: a shop, a factory, a landlord, somebody to be praised. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.gazetteer import Mention
from cti.tickets.prefill.lexicon import TargetWords, either

_LONGEST = 8
_BREAKS = re.compile(
    r"[。！？，、；：的了在是有被把我你他她和跟与给叫让找说去到从就都还想要问请门口旁边对面附近里面那这个班搞头们号栋位辆名]|因为|所以|[周期][一二三四五六日]|(?<=[一-鿿]{2})路|花园|小区|交叉口|楼下|底下|一下|很多|一个|一家|社区|街道|镇|村(?!委|干)|投诉|举报|表扬|感谢|反映"
)

_NO_PARTY = re.compile(r"电话|群里|房(?![东租])|里面的?东西|员工|证(?!明)")

_CLAUSE = re.compile(r"(?:^|[，。！？、；]|的|镇|社区|街道|村|现在|但是|结果|因为)$")
_SAID_OF = re.compile(r"(?!门口|旁边|附近|对面|里面?|上班|边|口|后面|前面|，|。|！|？|、).")
_SAYS_MORE = re.compile(
    r"[没不了在很被把是有要会能都还就也]|问题|情况|事|月|星期|天|年|小时|坑|洞|路|树|灯|位置|建议|意见|地方|电话|钱|证|人$|声"
)


class Targets:
    def __init__(self, words: TargetWords) -> None:
        self._words = words

    @cached_property
    def _end(self) -> re.Pattern[str]:
        return re.compile(either(self._words.ends))

    @cached_property
    def _does(self) -> re.Pattern[str]:
        return re.compile(f"(?:，|也|又|就|还|还在|他)?(?:{either(self._words.does)})")

    @cached_property
    def _counted(self) -> re.Pattern[str]:
        return re.compile(f"(?:{either(self._words.counted_by)})(?:卖[^，。的]{{1,4}}的)?$")

    @cached_property
    def _counts(self) -> re.Pattern[str]:
        return re.compile(either(self._words.counted_by))

    @cached_property
    def _led(self) -> re.Pattern[str]:
        return re.compile(f"(?:{either(self._words.led_by)})(?:一下|下)?[^，。]{{0,14}}$")

    def targets(self, text: str, mentions: Sequence[Mention], kind: str | None) -> list[Found]:
        """`kind`: the type of the request, if it is known."""
        found = []
        for match in self._end.finditer(text):
            if _NO_PARTY.match(text, match.end()):
                continue
            bare = match[0] in self._words.bare
            start = match.start() if bare else self._start(text, match.start(), mentions)
            said = text[start : match.end()]
            sure = self._sure(text, start, match, kind)
            if sure > 0:
                found.append(Found(said, sure, start, match.end()))
        if kind in ("complaint", "report"):
            found += self._counted_ones(text, mentions)
        return best_first(_longest(found))

    def _counted_ones(self, text: str, mentions: Sequence[Mention]) -> list[Found]:
        """Who is counted and named to the end of the clause, whatever he is: 一个卖家电的，"""
        found = []
        for match in self._to_the_end.finditer(text):
            inside = any(m.start < match.end("who") and match.start("who") < m.end for m in mentions)
            if not inside and not _SAYS_MORE.search(match["who"]):
                found.append(Found(match["who"], 0.58, match.start("who"), match.end("who")))
        return found

    @cached_property
    def _to_the_end(self) -> re.Pattern[str]:
        counted = either([word for word in self._words.counted_by if len(word) > 1])
        return re.compile(f"(?:投诉|举报|反映)[^，。]{{0,14}}?(?:{counted})(?P<who>[^，。！？]{{2,8}})(?=[，。！？])")

    def _start(self, text: str, end: int, mentions: Sequence[Mention]) -> int:
        """Where the words before the end begin that belong to it: 铝合金 of 铝合金加工店."""
        earliest = max([0, end - _LONGEST, *(m.end for m in mentions if m.end <= end)])
        for match in self._counts.finditer(text, earliest, end):
            earliest = match.end()
        breaks = [m.end() for m in _BREAKS.finditer(text, earliest, end)]
        return breaks[-1] if breaks else earliest

    def _is_subject(self, before: str, after: str) -> bool:
        """He begins the clause and something is said of him."""
        return _CLAUSE.search(before) is not None and _SAID_OF.match(after) is not None

    def _sure(self, text: str, start: int, match: re.Match[str], kind: str | None) -> float:
        before, after = text[:start], text[match.end() :]
        weak = match[0] in self._words.weak and start == match.start()
        sure = 0.42 if weak else 0.56
        if self._led.search(before):
            sure += 0.2
        if self._counted.search(before):
            sure += 0.14
        if self._does.match(after):
            sure += 0.2
        elif weak and kind in ("complaint", "report", "praise") and self._is_subject(before, after):
            sure += 0.12
        if re.match("门口|旁边|对面|附近|楼下|上班|做工|打工|里面|住|工作了", after):
            sure -= 0.25 if not self._counted.search(before) else 0.06
        if re.search(r"(?:跟|找|问|向|和|叫|给|去|打|对|申请|上|没有|有一个)$", before):
            sure -= 0.16
        if match[0] in self._words.called and kind in ("complaint", "report") and not self._led.search(before):
            sure -= 0.2
        if kind in ("consultation", "suggestion"):
            sure -= 0.3
        elif kind == "help":
            sure -= 0.12
        elif kind == "praise" and not self._led.search(before):
            sure -= 0.06
        return max(0.0, min(0.95, sure))


def _longest(found: list[Found]) -> list[Found]:
    """Of those that begin at one place the longest, as sure as the surest: 大货车停车场, not 大货车."""
    kept: dict[int, Found] = {}
    for one in found:
        other = kept.get(one.start)
        sure = max(one.confidence, other.confidence) if other is not None else one.confidence
        kept[one.start] = Found(one.value, sure, one.start, one.end)
    return list(kept.values())
