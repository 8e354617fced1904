"""The one thing a matter asks for (matters.toml, detail): number plates, accounts, the line of a bus. Pure."""

from __future__ import annotations

import re

from cti.tickets.prefill.found import Found, best_first
from cti.tickets.prefill.numbers import DIGITS, digits

_DIGIT = rf"[0-9{''.join(DIGITS)}]"
_PLATE = re.compile(r"[粤湘桂川赣闽鄂豫皖浙苏京沪津渝冀鲁晋辽吉黑陕甘宁青新贵云琼藏蒙][A-Z][A-Z0-9]{5,6}")
_LETTERS = {
    "爱斯": "S", "艾斯": "S", "爱死": "S", "S": "S", "诶": "A", "比": "B", "西": "C", "地": "D", "一": "E", "A": "A",
    "B": "B", "C": "C", "D": "D", "E": "E", "F": "F", "K": "K", "L": "L", "M": "M",
}  # fmt: skip
_SPOKEN_PLATE = re.compile(rf"[粤月越岳阅](?P<letter>{'|'.join(_LETTERS)})(?P<digits>{_DIGIT}{{5}})(?!{_DIGIT})")
_BUS = re.compile(r"(?P<line>[A-Z]?\d{1,3}路|[一二三四五六七八九十百]{1,4}路)(?:公交|车|，|的车)")
_ACCOUNT = re.compile(rf"(?:户号|编号|灯杆号|设备号|牌子上写着)(?:是|为|：)?(?P<code>(?:{_DIGIT}|[A-Z]){{4,}})")


def details(text: str) -> list[Found]:
    upper = text.upper()
    found = [Found(m[0], 0.95, m.start(), m.end()) for m in _PLATE.finditer(upper)]
    for match in _SPOKEN_PLATE.finditer(upper):
        plate = f"粤{_LETTERS[match['letter']]}{digits(match['digits'])}"
        found.append(Found(plate, 0.8, match.start(), match.end()))
    found += [Found(m["code"], 0.85, m.start("code"), m.end("code")) for m in _ACCOUNT.finditer(upper)]
    found += [Found(m["line"], 0.85, m.start("line"), m.end("line")) for m in _BUS.finditer(upper)]
    return best_first(found)
