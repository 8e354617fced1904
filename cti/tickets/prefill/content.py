"""The title and the tidy text of a request. Pure."""

from __future__ import annotations

import re

from cti.tickets.form import Form
from cti.tickets.prefill.numbers import in_figures

_GREETING = re.compile(r"^(?:喂|你好|您好|请问是政府吗|是政府吗|听得到吗|，|。|？|！)+")
_TWICE = re.compile(r"(?P<word>[一-鿿]{2,4})，?(?P=word)(?=[^，。]{2})")
_REDUPLICATED = frozenset(("天天", "常常", "慢慢", "刚刚", "谢谢"))
_END = "。！？"
_TITLE = 40
_LONGEST = 4_000


def tidy(text: str) -> str:
    """Without greeting and stammering, quantities in figures, with a full stop."""
    text = _GREETING.sub("", text)
    text = _TWICE.sub(lambda m: m[0] if m["word"][:2] in _REDUPLICATED else m["word"], text)
    text = in_figures(text).strip("，；： ")
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1]
    return text if not text or text.endswith(tuple(_END)) else f"{text}。"


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
    return f"{place}{who}{what}"[:_TITLE]


_NAMED = frozenset(("consultation", "suggestion", "praise"))
