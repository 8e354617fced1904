"""One citizen's number in all the spellings that networks give it."""

from __future__ import annotations

from queues.dialling import Allowed, check_number


def canonical(number: str, area_code: str) -> str:
    """As to be dialled from here; what is no number of the mainland stays as it is. "" for a withheld one."""
    found = check_number(number, area_code)
    return found.number if isinstance(found, Allowed) else number


def spellings(number: str, area_code: str) -> tuple[str, ...]:
    """Of a canonical number: all of which the network may have written into the records of his calls."""
    if not number:
        return ()
    national = number.removeprefix("0")
    found = [number, national, f"0{national}", *(f"{code}{national}" for code in ("+86", "86", "0086"))]
    if area_code and number.startswith(area_code):
        found.append(number.removeprefix(area_code))
    return tuple(dict.fromkeys(found))
