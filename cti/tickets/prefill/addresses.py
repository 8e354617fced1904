"""The place below the street: roads, estates, house numbers, what it is beside. Pure.

A place is read from where it begins (behind the name of the town, behind "in") to the last word that ends a place's
name, and not over a word with which a place's name cannot go on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.gazetteer import Mention
from cti.tickets.prefill.lexicon import PlaceWords, either
from cti.tickets.prefill.numbers import NUMBER, digits, in_figures

_LONGEST = 30
_NEAR = 2
"""Characters between a town and its community, or between two names of one place."""
_HOUSE = (
    rf"(?:(?<!月)第?{NUMBER}(?:号楼|号|栋|座|幢|单元|期|层|楼|室|房)(?:[A-Z]座?)?|{NUMBER}[A-Z]|(?<=[栋座楼号元期]){NUMBER}"
    r"|(?<=[一-鿿])[A-Z0-9]{1,3}(?:栋|座|出口|口))"
)
_VAGUE = 0.45
_PRECISE = re.compile(
    r"[一-鿿]{2}(?:路|大道|街|巷|花园|小区|苑|广场|公园|市场|医院|学校|小学|中学|车站|大厅|服务中心|工业区|工业园|社区|出口|管委会|派出所)|\d+(?:号|栋|座)"
)
_DATE = re.compile(rf"{NUMBER}月{NUMBER}号$")
_ROOM = re.compile(r"(?<=[栋座楼号元期])[零〇一幺二三四五六七八九]{2,4}$")
_HOUSES = re.compile(rf"，(?:{_HOUSE})+(?=[，。！？]|$)")
_ROAD = re.compile(
    r"[^，。！？、有没我被把了不在是的那这]{1,3}(?:路|大道|街|巷|花园|小区|苑)(?!灯|面|段|人|过|况|由|道)"
)
_NO_ROAD = re.compile(
    r"路(?:灯|面|段|人|过|况|由|边(?=烧|摆|堆|停))|街(?:道|上的人)|城管|里面有|河涌都|上(?:班|学|下|个|次|周|午)"
)
_GOES_ON = re.compile(
    r"的?(?:那个|那条|那座|那块|一个|一条|一家|一处)[^，。！？的了有没在被]{0,5}"
    r"(?:公交站|站台|工地|桥|路口|门口|公园|停车场|球场|仓库|空地|街|巷|小路|广场)"
)
_SKIPPED = re.compile(
    r"^(?:[，的]|那边|这边|那里|这里|那个|这个|那条|那座|有(?:一)?(?:个|条|块|处|片|段|座)|一个|一处|一块|嗰边|出来|附近的居民|村民)+"
)


class Addresses:
    def __init__(self, words: PlaceWords) -> None:
        self._words = words

    @cached_property
    def _end(self) -> re.Pattern[str]:
        tails = [tail for tail in self._words.tails if len(tail) > 1]  # 上, 里 end a place only behind its name
        return re.compile(f"{_HOUSE}|{either((*self._words.ends, *tails))}")

    @cached_property
    def _tail(self) -> re.Pattern[str]:
        return re.compile(f"的?(?:{either(self._words.tails)})(?!班|学|下|个|次|周|午|海)")

    @cached_property
    def _stop(self) -> re.Pattern[str]:
        return re.compile(f"[。！？，、；：]|{either(self._words.stops)}")

    @cached_property
    def _anchor(self) -> re.Pattern[str]:
        said = "我住在?|住在?|地址是|地点在|位于|就在|停在|堵在|在"
        return re.compile(f"(?:{said}|来)(?=[一-鿿]{{2}}市)|(?:{said}|往|建议)(?!线|那|这|家|职)")

    def addresses(self, text: str, mentions: Sequence[Mention]) -> list[Found]:
        """`mentions`: the towns and communities of the text."""
        found = []
        for mention in mentions:
            if mention.away or _is_followed(mention, mentions):
                continue
            found += self._read(text, mention.end, 0.9)
            if "." not in mention.place.code and (whole := self._named(text, mention)) is not None:
                found.append(whole)
        for match in self._anchor.finditer(text):
            if not any(m.start <= match.end() <= m.start + 3 for m in mentions):
                found += [_if_precise(one) for one in self._read(text, match.end(), 0.66)]
        if text and not any(m.start == 0 for m in mentions):
            found += [
                one
                for one in self._read(text, 0, 0.52)
                if _PRECISE.search(str(one.value)) and not any(m.start < one.end for m in mentions)
            ]
        return best_first(found)

    def _read(self, text: str, start: int, sure: float) -> list[Found]:
        """From here on; over one comma, if a place goes on behind it."""
        if (skipped := _SKIPPED.match(text[start : start + 8])) is not None:
            start += skipped.end()
        end = self._last_end(text, start)
        if end is None or end - start < 2:
            return []
        if (behind := _HOUSES.match(text, end)) is not None:
            end = behind.end()
        return [Found(_tidy(text[start:end]), sure, start, end)]

    def _last_end(self, text: str, start: int) -> int | None:
        limit = min(len(text), start + _LONGEST)
        road = _ROAD.match(text, start)  # 太平路, 新一路: a road's name may have any word in it
        stopped = self._stop.search(text, road.end() if road is not None else start, limit)
        while stopped is not None and self._is_inside(text, stopped):
            stopped = self._stop.search(text, stopped.end(), limit)
        if stopped is not None:
            limit = stopped.start()
        last = None
        for match in self._end.finditer(text, start, limit):
            if match[0].endswith("号") and _DATE.search(text, start, match.end()):
                continue
            refused = _NO_ROAD.match(text, match.start()) or (
                match[0] == "路" and _NO_ROAD.match(text, match.end() - 1)
            )
            if not refused:
                last = match.end()
        if last is not None and (more := self._tail.match(text, last)):
            last = more.end()
        if last is not None and (further := _GOES_ON.match(text, last)) is not None:
            last = further.end()
        return last

    def _is_inside(self, text: str, stopped: re.Match[str]) -> bool:
        """A word that stops belongs to a longer name of a place: 上 of 上沙, 打 of 打石路."""
        end = self._end.match(text, stopped.start())
        return end is not None and end.end() > stopped.end()

    def _named(self, text: str, mention: Mention) -> Found | None:
        """A place named after its town: 虎门大道, 东坑医院."""
        end = self._end.match(text, mention.end)
        if (
            end is None
            or _ROAD.match(text, mention.end)
            or end[0] in self._words.tails
            or text[mention.end - 1] in "镇道"
        ):
            return None
        last = self._last_end(text, mention.end) or end.end()
        return Found(_tidy(text[mention.start : last]), 0.92, mention.start, last)


def _if_precise(one: Found) -> Found:
    """In a hospital, at the roadside: without a name or a number nobody finds it by that."""
    return one if _PRECISE.search(str(one.value)) else replace(one, confidence=_VAGUE)


def _is_followed(mention: Mention, mentions: Sequence[Mention]) -> bool:
    """By its own community: the place is read from there on."""
    return any(
        other.place.code.startswith(f"{mention.place.code}.") and 0 <= other.start - mention.end <= _NEAR
        for other in mentions
    )


def _tidy(place: str) -> str:
    place = in_figures(place.strip("的，"))
    return _ROOM.sub(lambda room: digits(room[0]), place)
