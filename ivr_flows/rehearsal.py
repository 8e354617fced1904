"""A flow without a telephone: a caller who does what a line of keys says, and commands told in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ivr_flows.errors import FlowsError
from ivr_flows.words import (
    CallerLeft,
    Command,
    Event,
    Gather,
    Gathered,
    HangUp,
    Heard,
    Listen,
    Mark,
    MessageTaken,
    Play,
    Played,
    Prompt,
    RecordMessage,
    Route,
    RouteEnded,
    SetLanguage,
    Survey,
    Transfer,
    TransferEnded,
)

Texts = Callable[[Prompt], str]
"""The words of a prompt, in the language of the moment."""

SPOKEN_A_SECOND = 4
"""Characters, of a message in the script."""


class ScriptError(FlowsError):
    """The keys of a scripted caller are not of the form that `ScriptedCaller` reads."""


class ScriptedCaller:
    """Answers what a flow asks for.

    `keys`, read from left to right: `0`-`9`, `*` and `#` are pressed when the flow asks; `-` is silence (in a queue:
    until he gives up); `+` before a key presses it while a prompt plays or while he waits; `n` in a queue: nobody is
    logged in; `h` hangs up. When nothing is left he stays silent. `said`: his sentences, one for each time the flow
    listens, asks him while he waits, or takes a message; without one left nothing is heard. Agents answer and hang up;
    transfers succeed.
    """

    def __init__(self, keys: str = "", said: Iterable[str] = ()) -> None:
        self._tokens: list[str] = []
        self._said = list(said)
        rest = iter(keys.replace(" ", "").replace(",", ""))
        for char in rest:
            token = char + next(rest, "") if char == "+" else char
            if token[-1] not in "0123456789*#-nh" or token in ("+", "+-", "+n", "+h"):
                raise ScriptError(f"keys: {token!r} is neither a key nor - + n h; example: 1#5 or +3 or --1")
            self._tokens.append(token)

    def answer(self, command: Command) -> Event:
        """The outcome of a command that waits."""
        if self._tokens[:1] == ["h"]:
            return CallerLeft()
        match command:
            case Play():
                return Played(self._early(command.barge_in))
            case Gather():
                return self._keys(command)
            case Survey():
                return Gathered(self._key() or "", True)
            case Listen():
                if digit := self._early("0123456789*#"):
                    return Heard(None, digit=digit)
                return Heard(self._said.pop(0), 1.0) if self._said else Heard(None)
            case Route():
                if self._tokens[:1] == ["n"] and command.no_seat:
                    self._tokens.pop(0)
                    return RouteEnded("no_seat")
                if digit := self._early(command.leave_keys):
                    return RouteEnded("left_by_key", digit)
                if self._early(command.callback_key):
                    return RouteEnded("callback")
                if self._tokens[:1] == ["-"] and command.max_wait_s is not None:
                    self._tokens.pop(0)
                    return RouteEnded("gave_up")
                if command.ask is not None and self._said:
                    return RouteEnded("said", heard=Heard(self._said.pop(0), 1.0))
                return RouteEnded("talked")
            case RecordMessage():
                if self._tokens[:1] in (["0"], ["+0"]):
                    return MessageTaken(0.0, self._tokens.pop(0)[-1])
                return MessageTaken(len(self._said.pop(0)) / SPOKEN_A_SECOND if self._said else 0.0)
            case Transfer():
                return TransferEnded(True)
            case HangUp() | Mark() | SetLanguage():
                return CallerLeft()

    def _early(self, among: str) -> str | None:
        if self._tokens and self._tokens[0][0] == "+" and self._tokens[0][1] in among:
            return self._tokens.pop(0)[1]
        return None

    def _key(self) -> str | None:
        """The next key, None for silence."""
        token = self._tokens.pop(0) if self._tokens and self._tokens[0] != "h" else "-"
        return None if token in ("-", "n") else token[-1]

    def _keys(self, command: Gather) -> Gathered:
        digits = command.already
        while len(digits) < command.max_digits:
            key = self._key()
            if key is None:
                return Gathered(digits, False)
            if key == command.terminator:
                return Gathered(digits, True)
            digits += key
        return Gathered(digits, True)


def tell(commands: Iterable[Command], texts: Texts) -> Iterator[str]:
    """Each command as a line or two for a reader."""
    for command in commands:
        match command:
            case Mark("entered", data):
                yield f"[{data['node']}] {data['type']}"
            case Mark():
                facts = "".join(f" {key} {value}" for key, value in command.data.items())
                yield f"    mark    {command.kind}{facts}"
            case SetLanguage():
                yield f"    speaks  {command.language}"
            case HangUp():
                yield f"    hang up ({command.reason})"
            case Play():
                yield from _plays(command.prompts, texts)
            case Gather():
                yield from _plays(command.prompts, texts)
                keys = "a key" if command.max_digits == 1 else f"up to {command.max_digits} digits"
                ended = f", {command.terminator} ends them" if command.terminator else ""
                yield f"    asks    {keys} within {command.first_s:g} s{ended}"
            case Listen():
                yield from _plays(command.prompts, texts)
                times = f"{command.first_s:g} s for a first word, at most {command.max_s:g} s"
                yield f"    listens {times} for {', '.join((*command.phrases, *command.matters))}"
            case Survey():
                yield from _plays(command.prompts, texts)
                yield f"    asks    a rating from 1 (best) to {command.scale}"
            case Route():
                yield "    queue   " + ", ".join(_waits(command))
                if command.ask is not None:
                    yield from (f"    asks    {texts(prompt)}" for prompt in command.ask.prompts)
                yield from (f"    hears   {texts(prompt)}" for prompt in command.comfort)
            case RecordMessage():
                yield from _plays(command.prompts, texts)
                yield f"    records at most {command.max_s:g} s, # ends it, {command.leave_keys} leaves"
            case Transfer():
                yield f"    dials   {command.target}"


def tell_event(event: Event) -> str:
    """What the caller did, for a reader."""
    match event:
        case Played(None):
            return "listens to the end"
        case Played(digit) | Heard(_, _, str(digit)):
            return f"presses {digit} at once"
        case Gathered(""):
            return "says nothing"
        case Gathered(digits):
            return f"presses {digits}"
        case Heard(None):
            return "nothing is heard"
        case Heard(text):
            return f"says {text}"
        case RouteEnded("talked"):
            return "an agent answers, they talk, the agent hangs up"
        case RouteEnded("gave_up"):
            return "waits in vain"
        case RouteEnded("callback"):
            return "asks to be called back"
        case RouteEnded("no_seat"):
            return "nobody is logged in"
        case RouteEnded("said", _, Heard(text)):
            return f"says {text} while waiting"
        case RouteEnded(_, digit):
            return f"presses {digit} while waiting"
        case MessageTaken(_, str(digit)):
            return f"presses {digit} instead of speaking"
        case MessageTaken(seconds):
            return f"speaks for {seconds:g} s" if seconds else "says nothing"
        case TransferEnded(connected):
            return "is connected, and the other side hangs up" if connected else "is not connected"
        case _:
            return "hangs up"


def _waits(route: Route) -> Iterator[str]:
    yield route.need.to_text()
    if route.language:
        yield f"speaks {route.language}"
    if route.news_every_s is not None:
        yield f"news every {route.news_every_s:g} s"
    if route.max_wait_s is not None:
        yield f"at most {route.max_wait_s:g} s"
    if route.leave_keys:
        yield f"leaves with {' '.join(route.leave_keys)}"
    if route.callback_key:
        yield f"called back with {route.callback_key}"


def _plays(prompts: tuple[Prompt, ...], texts: Texts) -> Iterator[str]:
    yield from (f"    plays   {texts(prompt)}" for prompt in prompts)
