"""What is wrong with a value, or with a ticket that is to be submitted: which field, and what to do about it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from cti.tickets.form import Form, Words
from cti.tickets.model import Ticket, Value

FaultCode = Literal["missing", "unconfirmed", "bad_value"]
_PHONE = re.compile(r"\+?[0-9]{3,20}")
_SPACES = re.compile(r"[\s\-()（）]+")


@dataclass(frozen=True, slots=True)
class Fault:
    field: str
    code: FaultCode
    message: Words

    def as_json(self) -> dict[str, Any]:
        return {"field": self.field, "code": self.code, "message": self.message.model_dump()}


def cleaned(form: Form, name: str, value: Value) -> Value:
    """As it is stored: an empty text is no value; a number has no blanks; no NUL and no half characters."""
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if form.field(name).kind in ("phone", "ticket"):
        text = _SPACES.sub("", text) if form.field(name).kind == "phone" else text.strip()
    return text if text.strip() else None


def value_fault(form: Form, name: str, value: Value) -> Fault | None:
    """Of a value that is `cleaned`; None: it may stand in this field."""
    if value is None:
        return None
    field = form.field(name)
    if field.kind == "yes_no":
        if not isinstance(value, bool):
            return _bad(name, f"{field.zh}只能为是或否", f"{field.en} is yes or no")
        return None
    if not isinstance(value, str):
        return _bad(name, f"{field.zh}应为文字", f"{field.en} is a text")
    if field.kind == "choice" and form.choice(name, value) is None:
        return _bad(name, f"{field.zh}没有这个选项，请重新选择", f"{field.en}: there is no such choice; choose again")
    if field.kind == "phone" and not _PHONE.fullmatch(value):
        return _bad(name, f"{field.zh}只能是 3 至 20 位数字", f"{field.en} has 3 to 20 digits")
    if len(value) > field.max:
        return _bad(
            name, f"{field.zh}最多 {field.max} 字，请删减", f"{field.en} has at most {field.max} characters: shorten it"
        )
    return None


def submission_faults(form: Form, ticket: Ticket, finish_code: str, reason: str | None) -> list[Fault]:
    """What keeps it from being submitted with this finish code, in the order of the form."""
    finish = form.finish(finish_code)
    if finish is None or finish.by_system:
        return [_bad("finish", "没有这种办理方式，请重新选择", "There is no such finish; choose again")]
    faults = []
    required = form.required(ticket, finish)
    for name in required:
        field = ticket.field(name)
        if field.value is None:
            faults.append(_missing(form, name))
        elif field.state == "check":
            words = form.field(name)
            faults.append(Fault(name, "unconfirmed", Words(zh=f"请确认{words.zh}", en=f"Confirm: {words.en}")))
    for name, field in ticket.fields.items():
        # A code may have gone from the form since it was chosen.
        if name != "finish" and (fault := value_fault(form, name, field.value)) is not None:
            faults.append(fault)
    if finish.reasons and not any(reason == known.id for known in finish.reasons):
        faults.append(
            Fault("finish", "missing", Words(zh=f"请选择{finish.zh}的理由", en=f"{finish.en}: choose the reason"))
        )
    return faults


def _missing(form: Form, name: str) -> Fault:
    field = form.field(name)
    words = field.missing or Words(zh=f"请填写{field.zh}", en=f"{field.en} is needed")
    return Fault(name, "missing", words)


def _bad(name: str, zh: str, en: str) -> Fault:
    return Fault(name, "bad_value", Words(zh=zh, en=en))
