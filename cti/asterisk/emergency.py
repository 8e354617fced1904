"""Notes a call that no daemon took: the script that Asterisk runs by itself, with arguments from the dialplan.

Appends one JSON line to the emergency file and leaves. It never holds the call up: three seconds in all, and any fault
ends it at once. It says nothing on stderr, because Asterisk's own output is no place for callers' numbers.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

from asterisk import agi as pyst

from cti.asterisk.names import EMERGENCY_ARGS, Phase

LIMIT_S = 3
_TEXT_LIMIT = 200
_UNSAFE = re.compile(r"[^\x20-\x7e]")


def main(argv: list[str]) -> int:
    """`argv`: the emergency file, then EMERGENCY_ARGS. 0: noted; 1: not noted."""
    signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
    signal.alarm(LIMIT_S)
    path = Path(argv[0])
    args = dict(zip(EMERGENCY_ARGS, argv[1:], strict=False))
    _append(path, note(args, _environment(), time.time()))
    return 0


def note(args: dict[str, str], environment: dict[str, str], at: float) -> dict[str, str | float | None]:
    """The line for one call. `args` by EMERGENCY_ARGS, `environment` as AGI gives it; what is missing becomes "" or
    None, the moment itself `at`. Numbers of people stand only in keys that start `pii_`. ValueError if the phase is not
    one of `Phase`."""
    text = {name: _clean(args.get(name, "")) for name in EMERGENCY_ARGS}
    caller = _clean(environment.get("agi_callerid", ""))
    return {
        "at": _number(text["at"]) or at,
        "phase": Phase(text["phase"]).value,
        "uniqueid": _clean(environment.get("agi_uniqueid", "")),
        "channel": _clean(environment.get("agi_channel", "")),
        "pii_caller": "" if caller == "unknown" else caller,
        "dialled": text["dialled"],
        "original": text["original"],
        "sip_call_id": text["sip_call_id"],
        "medium": text["medium"],
        "lost_at": _number(text["lost_at"]),
        "queued_at": _number(text["queue_entered_at"]),
        "queue_status": text["queue_status"],
        "queue_member": text["queue_member"],
        "dial_status": text["dial_status"],
        "talked_from": _number(text["talked_from"]),
    }


def _environment() -> dict[str, str]:
    """What Asterisk says about the call; pyst2 writes every line to its stderr, so it gets one that leads nowhere."""
    sys.stdin.reconfigure(errors="replace")  # type: ignore[union-attr]
    with Path(os.devnull).open("w") as nowhere:
        session = pyst.AGI(stdin=sys.stdin, stdout=sys.stdout, stderr=nowhere)
        return {str(key): str(value) for key, value in session.env.items()}


def _append(path: Path, line: dict[str, str | float | None]) -> None:
    """One write and an fsync under a lock: a line is whole, and what stands there stays.

    The daemon takes the file by renaming it and then asks for the same lock: it sees every line that was begun.
    """
    data = (json.dumps(line, ensure_ascii=True, separators=(",", ":")) + "\n").encode()
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if not _is_still(path, descriptor):
                continue  # taken away between open and lock
            os.write(descriptor, data)
            os.fsync(descriptor)
            return
        finally:
            os.close(descriptor)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _clean(text: str) -> str:
    return _UNSAFE.sub("", text)[:_TEXT_LIMIT]


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text) else None


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Exception:  # noqa: BLE001 - whatever it was, the caller must not wait for it, and a traceback could name him
        sys.exit(1)
