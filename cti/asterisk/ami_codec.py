"""AMI as bytes: messages cut out of the stream and judged, actions written. No I/O.

Callers choose some of the text in these messages, so a message is believed only if it shows that Asterisk made it:
an event carries the `SystemName` that we chose at random for this start of Asterisk, a reply or a list item the random
ActionID of an action of ours (Asterisk 22 writes no SystemName into list items, nor into the FullyBooted of a log-in).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

MESSAGE_LIMIT: Final = 4 * 1024 * 1024
"""Bytes of an incoming message; without an end by then the stream is taken for broken."""
GREETING_LIMIT: Final = 256
LINE_LIMIT: Final = 1024
"""Bytes of an outgoing line with its end; Asterisk throws longer ones away."""
HEADER_LIMIT: Final = 128
"""Headers of an action, `Action` and `ActionID` included; Asterisk ignores what comes after."""

_GREETING: Final = b"Asterisk Call Manager/"
_END: Final = b"\r\n\r\n"
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_REPEATED = re.compile(r"Output|Variable|\w*ChanVariable")
"""Headers that Asterisk itself writes more than once into a message."""


class AmiError(Exception):
    """Something about AMI went wrong; subclasses say what."""


class AmiDown(AmiError):
    """Not connected, or the connection broke before the reply: then it is NOT known whether the action was done."""


class AmiTimeout(AmiError):
    """No reply in time: it is not known whether the action was done."""


class AmiRefused(AmiError):
    """Asterisk answered `Response: Error`; `message` is its reason."""

    def __init__(self, action: str, message: str) -> None:
        super().__init__(f"{action}: {message}")
        self.message = message


class AmiBadValue(AmiError):
    """Text that cannot be sent; nothing was sent. Says which header and what is wrong, never the value."""


class AmiBroken(AmiError):
    """The peer's stream cannot be AMI: no greeting, or a message without end."""


@dataclass(frozen=True, slots=True)
class AmiEvent:
    name: str
    fields: Mapping[str, str]
    """All headers but the repeated ones, in Asterisk's spelling."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Channel variables of ChanVariable headers; those of a prefixed one (DestChanVariable) as "Dest.NAME"."""


@dataclass(frozen=True, slots=True)
class AmiReply:
    action_id: str
    ok: bool
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that cannot be believed. `in_list`: it belongs to a list that we asked for.

    `torn`: nothing shows that Asterisk began it, so it may be the rest of the message before it, cut off by its caller.
    """

    reason: str
    in_list: bool = False
    torn: bool = False


Message = AmiEvent | AmiReply | Refused


class AmiReader:
    """Takes the stream in pieces of any size and gives messages.

    `nonce`: the SystemName that events must carry. `knows`: whether an ActionID is one of ours that may still be
    answered.
    """

    def __init__(self, nonce: str, knows: Callable[[str], bool], limit: int = MESSAGE_LIMIT) -> None:
        self._nonce = nonce
        self._knows = knows
        self._limit = limit
        self._buffer = bytearray()
        self._greeted = False
        self.version = ""
        self.expect_booted = False
        """While a log-in is under way Asterisk adds a FullyBooted event without SystemName."""

    def feed(self, data: bytes) -> list[Message]:
        """AmiBroken: this is not AMI, or a message exceeds the limit."""
        buffer = self._buffer
        searched = max(0, len(buffer) - 3)
        buffer += data
        if not self._greeted:
            if not self._greeting():
                return []
            searched = 0
        # Only complete messages are decoded, so no character is ever cut.
        cut = buffer.rfind(_END, searched)
        if len(buffer) - max(cut, 0) > self._limit:
            raise AmiBroken(f"a message without end after {self._limit} bytes")
        if cut < 0:
            return []
        complete = buffer[:cut].decode("utf-8", "replace")
        del buffer[: cut + 4]
        found: list[Message] = []
        for text in complete.split("\r\n\r\n"):
            message = self._judge(text)
            if type(message) is Refused and message.torn and found and type(found[-1]) is AmiEvent:
                # The event before it then lacks its own end and may have another's. Asterisk writes an event at once,
                # so both are in one read.
                in_list = self._knows(found[-1].fields.get("ActionID", ""))
                found[-1] = Refused("cut short", in_list)
                message = Refused(message.reason, in_list, torn=True)
            found.append(message)
        return found

    def _greeting(self) -> bool:
        """Takes the greeting's line off the buffer; False: it is not complete yet."""
        line, end, _ = bytes(self._buffer[: GREETING_LIMIT + 2]).partition(b"\r\n")
        if not _GREETING.startswith(line[: len(_GREETING)]) or (not end and len(self._buffer) > GREETING_LIMIT):
            raise AmiBroken("what listens there is not Asterisk's manager interface")
        if end:
            del self._buffer[: len(line) + 2]
            self.version = line[len(_GREETING) :].decode("ascii", "replace").strip()
            self._greeted = True
        return self._greeted

    def _judge(self, text: str) -> Message:
        lines = text.split("\r\n")
        breaks = len(lines) - 1
        if text.count("\n") != breaks or text.count("\r") != breaks or "\0" in text:
            return self._refuse("a control character", lines)
        variables: dict[str, str] = {}
        try:
            fields = dict([line.split(": ", 1) for line in lines])
        except ValueError:
            return self._refuse("a line without a name", lines)
        if len(fields) != len(lines) or "ChanVariable: " in text:
            collected = _collect(lines)
            if collected is None:
                return self._refuse("a header twice", lines)
            fields, variables = collected
        if lines[0].startswith("Event: "):
            if fields.get("SystemName", "") == self._nonce or self._knows(fields.get("ActionID", "")):
                return AmiEvent(fields["Event"], fields, variables)
            if self.expect_booted and fields["Event"] == "FullyBooted":
                return AmiEvent("FullyBooted", fields)
            return Refused("an event without our SystemName", torn=True)
        if lines[0].startswith("Response: "):
            action_id = fields.get("ActionID", "")
            if self._knows(action_id):
                return AmiReply(action_id, fields["Response"] not in ("Error", "Fail"), fields)
            return Refused("a reply to no action of ours", torn=True)
        return Refused("neither event nor reply", torn=True)

    def _refuse(self, reason: str, lines: list[str]) -> Refused:
        """A malformed message; begun by Asterisk if it says in its first lines what only Asterisk knows."""
        for line in lines[:5]:
            name, _, value = line.partition(": ")
            if name == "ActionID" and self._knows(value):
                return Refused(reason, in_list=True)
            if name == "SystemName" and value == self._nonce != "":
                return Refused(reason)
        return Refused(reason, torn=True)


def _collect(lines: list[str]) -> tuple[dict[str, str], dict[str, str]] | None:
    """Fields and variables of a message with repeated headers; None if one is repeated that must not be."""
    fields: dict[str, str] = {}
    variables: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name.endswith("ChanVariable"):
            key, _, content = value.partition("=")
            prefix = name.removesuffix("ChanVariable")
            variables[f"{prefix}.{key}" if prefix else key] = content
        elif name not in fields:
            fields[name] = value
        elif _REPEATED.fullmatch(name):
            fields[name] += "\n" + value
        else:
            return None
    return fields, variables


def encode_action(action: str, action_id: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The bytes of one action. AmiBadValue: a header could not arrive as it is, or would be read as two."""
    lines = [("Action", action), ("ActionID", action_id), *headers]
    if len(lines) > HEADER_LIMIT:
        raise AmiBadValue(f"{action}: more than {HEADER_LIMIT} headers")
    parts = []
    for number, (name, value) in enumerate(lines):
        if not _HEADER_NAME.fullmatch(name) or (number > 1 and name.lower() in ("action", "actionid")):
            raise AmiBadValue(f"{action}: a header of ours is misnamed")
        try:
            line = f"{name}: {value}\r\n".encode()
        except UnicodeEncodeError:
            raise AmiBadValue(f"{action}: {name} cannot be written as UTF-8") from None
        if "\r" in value or "\n" in value or "\0" in value:
            raise AmiBadValue(f"{action}: {name} holds a line break or NUL")
        if len(line) > LINE_LIMIT:
            raise AmiBadValue(f"{action}: {name} makes a line of more than {LINE_LIMIT} bytes")
        parts.append(line)
    return b"".join(parts) + b"\r\n"
