"""A milestone in plain words, for the one who watches a call. Pure; numbers of callers are masked."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cti.calls import CallFact, Milestone, Value
from cti.logs import mask

_Data = Mapping[str, Value]
_PLACES = {
    "menu": "in the menu",
    "queue": "while waiting",
    "ringing": "while it rang at an agent",
    "no_seat": "because nobody with that skill was logged in",
    "overflow": "after the longest wait allowed",
    "fallback": "in the emergency queue",
}
_SIDES = {
    "caller": "the caller hangs up",
    "agent": "the agent hangs up",
    "system": "the system hangs up after a closing",
}
_OUTCOMES = {
    "no_answer": "does not answer and is paused for it; the caller keeps his place",
    "rejected": "refuses; the caller keeps his place",
    "unreachable": "cannot be reached; the caller keeps his place",
    "caller_left": "is not needed any more: the caller has left",
}


def narrate(milestone: Milestone) -> str:
    """One sentence without its full stop."""
    words = _WORDS.get(milestone.kind)
    if words is not None:
        return words(milestone.data)
    shown = ", ".join(f"{key} {value}" for key, value in milestone.data.items() if not key.startswith("pii_"))
    return f"{milestone.kind.replace('_', ' ')} ({shown})" if shown else milestone.kind.replace("_", " ")


def _arrived(data: _Data) -> str:
    caller = mask(data.get("pii_caller")) if data.get("pii_caller") else "a withheld number"
    return f"{caller} calls {data.get('dialled')}; flow {data.get('flow')}"


def _queued(data: _Data) -> str:
    place = f", place {data['position']}" if data.get("position") else ""
    return f"waits in the queue {data.get('queue')}{place}"


def _answered(data: _Data) -> str:
    waited = data.get("wait_s")
    return f"agent {data.get('agent')} answers" + (f" after {waited:.1f} s of waiting" if _is_number(waited) else "")


def _talk_ended(data: _Data) -> str:
    side = {"agent": "the agent hangs up", "caller": "the caller hangs up"}.get(
        str(data.get("side")), "the talk is cut"
    )
    talked = data.get("talk_s")
    return side + (f" after {talked:.1f} s of talk" if _is_number(talked) else "")


def _recorded(data: _Data) -> str:
    whole = "complete" if data.get("complete") else "NOT complete"
    return f"the talk is recorded, {whole}: {data.get('file')}, {data.get('bytes')} bytes"


def _ended(data: _Data) -> str:
    side = _SIDES.get(str(data.get("side")), "the call is cut")
    lost = data.get("lost_at")
    return side + (f"; lost {_PLACES.get(str(lost), lost)}" if lost else "")


def _is_number(value: Value) -> bool:
    return isinstance(value, int | float)


_WORDS: dict[str, Callable[[_Data], str]] = {
    CallFact.ARRIVED: _arrived,
    CallFact.ENTERED: lambda data: f"flow: {data.get('node')} ({data.get('type')})",
    CallFact.MENU_ENTERED: lambda data: f"hears the menu {data.get('node')}",
    CallFact.HUMAN_ASKED: lambda data: f"wants a person ({str(data.get('by')).replace('_', ' ')})",
    CallFact.QUEUED: _queued,
    CallFact.OFFERED: lambda data: f"rings at agent {data.get('agent')}",
    CallFact.OFFER_FAILED: lambda d: f"agent {d.get('agent')} {_OUTCOMES.get(str(d.get('outcome')), d.get('outcome'))}",
    CallFact.ANSWERED: _answered,
    CallFact.TALK_ENDED: _talk_ended,
    CallFact.RECORDED: _recorded,
    CallFact.SURVEY_OFFERED: lambda data: f"is asked how satisfied he is, 1 (best) to {data.get('scale')}",
    CallFact.RATED: lambda data: f"presses {data.get('score')}: {'' if data.get('satisfied') else 'not '}satisfied",
    CallFact.RESUMED: lambda data: f"a new daemon takes the call over ({data.get('phase')})",
    CallFact.ENDED: _ended,
}
