"""FastAGI as bytes: the environment at the start, replies line by line, and commands. No I/O.

Read beside res_agi.c of Asterisk 22; where Asterisk surprises, the line that minds it says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple
from urllib.parse import parse_qsl

COMMAND_LIMIT: Final = 1024
"""Bytes of a command with its newline. Asterisk reads on until a newline comes, spinning a core meanwhile."""
MAX_ARGUMENTS: Final = 120
"""Words of a command; Asterisk drops what comes after its 127th."""
REPLY_LIMIT: Final = 65536
"""Bytes of one reply, usage text included."""
VALUE_LINES: Final = 64
"""Lines of one value; each may be the last, so each costs a look at the whole."""
UNKNOWN: Final = "unknown"
"""What Asterisk writes for a number or name that it has not."""

_HEADER = re.compile(r"(agi_[a-z0-9_]+): ?(.*)")
_RESULT = re.compile(r"200 result=(\S*)(?: \((.*)\))?(?: endpos=(\d+))?", re.DOTALL)


class AgiError(Exception):
    """Something about FastAGI went wrong; subclasses say what."""


class CallerHungUp(AgiError):
    """The caller is gone. `how` we learned it: a HANGUP line or reply 511, result=-1, or the end of the stream."""

    def __init__(self, how: Literal["hangup", "result", "eof"]) -> None:
        super().__init__(f"the caller is gone ({how})")
        self.how = how


class AgiTimeout(AgiError):
    """No reply within the command's deadline; the session is closed: a late reply would be taken for another's."""


class AgiProtocolError(AgiError):
    """The peer said something that FastAGI does not know, or refused a command's form (510, 520)."""


class AgiFailed(AgiError):
    """The command did not succeed although the caller is there: a sound that does not exist, an unknown application."""


class AgiBadValue(AgiError):
    """A value that cannot be sent; nothing was sent. The text names the kind of fault, never the value."""


@dataclass(frozen=True, slots=True)
class AgiEnv:
    """What Asterisk tells at the start of a session. All of it may be caller data, cleaned only by the dialplan."""

    script: str
    """First part of the path that the dialplan called: agi://host:port/<script>."""
    query: Mapping[str, str]
    uniqueid: str
    channel: str
    caller: str
    """Caller's number; "" if unknown."""
    dialled: str
    context: str
    extension: str
    language: str
    args: tuple[str, ...]


class Reply(NamedTuple):
    code: int
    """200, 510, 511 or 520"""
    result: str = ""
    value: str | None = None
    """What stood in brackets."""
    endpos: int | None = None
    """Samples played by STREAM FILE."""


@dataclass(frozen=True, slots=True)
class HangupLine:
    """The line HANGUP, which may come before, between or after replies."""


HANGUP_LINE: Final = HangupLine()


class HeaderReader:
    """Collects the environment. `feed` returns it when the empty line has come, with the bytes after it."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._data = bytearray()

    def feed(self, data: bytes) -> tuple[AgiEnv, bytes] | None:
        """AgiProtocolError: too long, NUL, a line of another form, a key twice, or something needed is missing."""
        if b"\0" in data:
            raise AgiProtocolError("NUL in the environment")
        self._data += data
        end = self._data.find(b"\n\n", max(0, len(self._data) - len(data) - 1))
        if end > self._max or (end < 0 and len(self._data) > self._max):
            raise AgiProtocolError(f"environment longer than {self._max} bytes")
        return None if end < 0 else (_environment(bytes(self._data[:end])), bytes(self._data[end + 2 :]))


def _environment(block: bytes) -> AgiEnv:
    found: dict[str, str] = {}
    for line in block.decode("utf-8", "replace").split("\n"):
        match = _HEADER.fullmatch(line)
        if match is None or "\r" in line:
            raise AgiProtocolError("a line of the environment is not of the form agi_name: value")
        if match[1] in found:
            raise AgiProtocolError(f"{match[1]} twice in the environment")
        found[match[1]] = match[2]
    if missing := [key for key in ("agi_uniqueid", "agi_channel") if not found.get(key)]:
        raise AgiProtocolError(f"no {missing[0]} in the environment")
    path, _, query = found.get("agi_network_script", "").partition("?")
    args: list[str] = []
    while (arg := found.get(f"agi_arg_{len(args) + 1}")) is not None:
        args.append(arg)
    dialled = _known(found.get("agi_dnid", "")) or found.get("agi_extension", "")
    return AgiEnv(
        script=path.strip("/").partition("/")[0],
        query=dict(parse_qsl(query, keep_blank_values=True)),
        uniqueid=found["agi_uniqueid"],
        channel=found["agi_channel"],
        caller=_known(found.get("agi_callerid", "")),
        dialled=dialled,
        context=found.get("agi_context", ""),
        extension=found.get("agi_extension", ""),
        language=found.get("agi_language", ""),
        args=tuple(args),
    )


def _known(value: str) -> str:
    return "" if value == UNKNOWN else value


class ReplyReader:
    """Cuts the stream into replies and HANGUP lines, whatever the cut points of the packets."""

    def __init__(self) -> None:
        self._tail = b""
        self._open: list[str] = []
        """Lines of a reply that is not complete: usage text up to `520 End`, or a value with a newline in it."""
        self._open_bytes = 0

    def feed(self, data: bytes) -> list[Reply | HangupLine]:
        """AgiProtocolError: a line that is no reply, or a reply without end."""
        *lines, self._tail = (self._tail + data).split(b"\n")
        found: list[Reply | HangupLine] = []
        for raw in lines:
            self._open_bytes += len(raw) + 1
            if self._open_bytes > REPLY_LIMIT:
                raise AgiProtocolError(f"a reply longer than {REPLY_LIMIT} bytes")
            item = self._line(raw.decode("utf-8", "replace"))
            if not self._open:
                self._open_bytes = 0
            if item is not None:
                found.append(item)
        if self._open_bytes + len(self._tail) > REPLY_LIMIT:
            raise AgiProtocolError(f"a reply longer than {REPLY_LIMIT} bytes")
        return found

    def _line(self, line: str) -> Reply | HangupLine | None:
        if self._open and self._open[0].startswith("520-"):
            if not line.startswith("520 "):
                self._open.append("520-")
                return None
            self._open.clear()
            return Reply(520)
        if self._open:
            self._open.append(line)
            if len(self._open) > VALUE_LINES:
                raise AgiProtocolError(f"a value of more than {VALUE_LINES} lines")
            return self._result("\n".join(self._open))
        if line.startswith("200 result="):
            return self._result(line)
        if line == "HANGUP":
            return HANGUP_LINE
        code = line[:3]
        if code == "100":
            return None
        if code in ("510", "511", "520"):
            if line[3:4] == "-":
                self._open.append(line)
                return None
            return Reply(int(code))
        raise AgiProtocolError("a line that is no AGI reply")

    def _result(self, text: str) -> Reply | None:
        match = _RESULT.fullmatch(text)
        if match is not None:
            self._open.clear()
            return Reply(200, match[1], match[2], int(match[3]) if match[3] else None)
        if " (" not in text:
            raise AgiProtocolError("a reply 200 of unknown form")
        if not self._open:
            self._open.append(text)
        return None


def encode_command(verb: str, *args: str) -> bytes:
    """`verb` as it is, each argument in quotes, newline at the end. AgiBadValue: it cannot be sent as one command."""
    line = " ".join([verb, *map(quote, args)])
    if len(args) > MAX_ARGUMENTS:
        raise AgiBadValue(f"{verb}: more than {MAX_ARGUMENTS} arguments")
    try:
        data = line.encode() + b"\n"
    except UnicodeEncodeError:
        raise AgiBadValue(f"{verb}: an argument cannot be written as UTF-8") from None
    if len(data) > COMMAND_LIMIT:
        raise AgiBadValue(f"{verb}: longer than {COMMAND_LIMIT} bytes")
    if b"\n" in data[:-1] or b"\r" in data or b"\0" in data:
        raise AgiBadValue(f"{verb}: an argument holds a line break or NUL")
    return data


def quote(argument: str) -> str:
    r"""In double quotes, with `\` and `"` escaped: the one form that Asterisk's parser reads back unchanged."""
    return '"' + argument.replace("\\", "\\\\").replace('"', '\\"') + '"'


def application_data(args: tuple[str, ...]) -> str:
    """Arguments of a dialplan application as one text. AgiBadValue: a comma would make two of one."""
    if any("," in arg for arg in args):
        raise AgiBadValue("EXEC: an argument holds a comma; give each argument of the application by itself")
    return ",".join(args)
