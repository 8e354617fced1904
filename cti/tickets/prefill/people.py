"""Who calls: name, gender and the number he wants to be reached at. Pure."""

from __future__ import annotations

import re
from functools import cached_property

from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.lexicon import NameWords, either
from cti.tickets.prefill.numbers import DIGITS, digits

_DIGIT = rf"[0-9{''.join(DIGITS)}]"
_NUMBER = re.compile(rf"{_DIGIT}(?:[\s，。、\-]?{_DIGIT}){{6,11}}")
_CORRECTED = re.compile(r"不对|错了|应该是|重新说")
_NUMBER_WORDS = re.compile(r"电话|手机|号码|联系|座机")
_NO_NUMBER = re.compile(r"(?:车牌|户号|编号|工单号?|单号|账号|卡号|身份证)[^，。]{0,4}$")
_EMERGENCY = frozenset(("110", "119", "120", "122"))


class Names:
    def __init__(self, words: NameWords) -> None:
        self._words = words

    @cached_property
    def _surname(self) -> str:
        return f"(?:{either(self._words.double)}|[{self._words.surnames}])"

    @cached_property
    def _titles(self) -> str:
        return either((*self._words.female, *self._words.male))

    @cached_property
    def _own(self) -> list[tuple[re.Pattern[str], float]]:
        name, titles = self._surname, self._titles
        end = r"(?=[，。！]|$|是|在|电话|我|住|手机|男|女|他|工作)"
        return [
            (re.compile(rf"我(?:的名字)?叫(?P<name>{name}[一-鿿]{{1,2}}){end}"), 0.9),
            (re.compile(rf"(?:我|本人|免贵)姓(?P<name>{name})"), 0.92),
            (re.compile(rf"(?:我是|我叫|叫我)(?P<name>{name})(?P<title>{titles})"), 0.92),
            (re.compile(rf"(?:^|[，。！])(?P<name>{name})(?P<title>{titles})(?=[，。！]|$)"), 0.8),
        ]

    def names(self, text: str) -> list[Found]:
        found = []
        for pattern, sure in self._own:
            for match in pattern.finditer(text):
                found.append(Found(match["name"], sure, match.start("name"), match.end("name")))
        return best_first(found)

    def genders(self, text: str) -> list[Found]:
        """As he calls himself; what others are called says nothing."""
        found: list[Found] = []
        surname = self._surname
        own = re.compile(
            rf"(?:我是|我叫|叫我|(?:我|免贵)姓{surname}，?(?:叫)?|(?:^|[，。！]))(?:{surname})(?P<title>{self._titles})(?=[，。！]|$)"
        )
        for match in own.finditer(text):
            gender = "female" if match["title"] in self._words.female else "male"
            found.append(Found(gender, 0.9, match.start("title"), match.end("title")))
        return best_first(found)


def phones(text: str) -> list[Found]:
    """Eleven digits of a mobile number, or a number of the city that is called one; the last that he corrected to."""
    found: list[Found] = []
    for match in _NUMBER.finditer(text):
        number = digits(match[0])
        before = text[: match.start()]
        if _NO_NUMBER.search(before[-8:]) or number in _EMERGENCY:
            continue
        named = _NUMBER_WORDS.search(before[-12:]) is not None
        if re.fullmatch(r"1[3-9]\d{9}", number):
            sure = 0.95
        elif named and len(number) in (7, 8, 11, 12):
            sure = 0.7
        elif named and len(number) in (9, 10):
            sure = 0.4  # a digit is lost
        else:
            continue
        if found and _CORRECTED.search(text[found[-1].end : match.start()]):
            found = [Found(one.value, one.confidence - 0.3, one.start, one.end) for one in found]
        found.append(Found(number, sure, match.start(), match.end()))
    return best_first(found)
