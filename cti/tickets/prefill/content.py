"""The title and the tidy text of a request. Pure."""

from __future__ import annotations

import re

from cti.tickets.form import Form
from cti.tickets.prefill.numbers import SPOKEN, in_figures

_GREETING = re.compile(r"^(?:喂+(?=[，。！？你您是请我听]|$)|你好|您好|请问是政府吗|是政府吗|听得到吗|，|。|？|！)+")
_TWICE = re.compile(
    r"(?P<word>[一-鿿]{2,4})(?P=word)(?=[^，。]{2})|(?P<lead>(?:我想|我要|请问)[一-鿿]{0,2})，(?P=lead)"
)
_MEANT = re.compile(rf"[{SPOKEN}几半每不没无别]|[我你您他她它的]$|(?P<twice>.)(?P=twice)")
"""A word with this may be meant twice: 一家一家, 十块十块, 不能不, 天天; 他打我 … 他打我儿子 is no stammer."""
_END = "。！？"
_TITLE = 40
_LONGEST = 4_000


def tidy(text: str) -> str:
    """Without greeting and stammering, quantities in figures, with a full stop."""
    text = _GREETING.sub("", text)
    text = _TWICE.sub(_once, text)
    text = in_figures(text).strip("，；： ")
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1]
    return text if not text or text.endswith(tuple(_END)) else f"{text}。"


def _once(match: re.Match[str]) -> str:
    word: str = match["word"] or match["lead"]
    return match[0] if match["word"] is not None and _MEANT.search(word) else word


def title(form: Form, street: str, address: str, target: str, kind: str, matter: str) -> str:
    """Where, who, what: 虎门镇人民路金地花园楼下烧烤店噪声扰民. "" if it is not known what it is about."""
    way = form.way("matters", matter)
    if not way:
        return ""
    places = form.way("streets", street)
    where = "".join(node.zh for node in places)
    if address.startswith(tuple(node.zh for node in places)) or any(address in node.zh for node in places if address):
        address = address if len(address) > len(where) else ""
    who = "" if target and target in address else target
    shown = form.type(kind)
    what = f"{shown.zh}：{way[-1].zh}" if shown is not None and kind in _NAMED else way[-1].zh
    place = f"{where}{address}"
    if kind in _NAMED:
        return f"{what}{f'（{place}）' if place else ''}{f'，{who}' if who else ''}"[:_TITLE]
    return f"{place}{who}"[: _TITLE - len(what)] + what


_NAMED = frozenset(("consultation", "suggestion", "praise"))
