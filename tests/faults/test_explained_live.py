"""Why a caller waited, asked of the running system while he waits and when it is over, by API and by command."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from cti.settings import PROJECT
from tests.support.city import City, citizen, eventually
from tests.support.stack import OFFER_TIMEOUT_S, RunningStack

pytestmark = pytest.mark.timeout(60)


async def test_a_wait_with_a_ring_no_answer_is_explained_live_and_afterwards(telephones: City) -> None:
    # Given one agent who lets it ring, one on a break, and a caller who waits
    api = telephones.api
    telephones.director.manner.ignored = (1,)
    silent, other = await telephones.hire(2, ready=False)
    telephones.dial([citizen(1)], rate=5)
    (call,) = await eventually(api.positions, 5, "one who waits")

    # Then the API says at once that nobody who could take him is idle
    live = await _why(telephones, call)
    assert (live["status"], live["queue"]) == ("waiting", "general")
    assert [cause["able"] for cause in live["causes"] if cause["kind"] == "busy"] == [{"break": 2}]

    # When one telephone rings in vain and the other agent answers
    await api.set_status(silent, "ready")
    await eventually(lambda: _ringing(telephones, call), 3, "ringing")
    await eventually(lambda: _waiting(telephones, call), OFFER_TIMEOUT_S + 2, "the end of ringing")
    telephones.director.manner.talk_s = (0.5, 0.5)
    await api.set_status(other, "ready")
    await telephones.over(30)
    (record,) = await telephones.check_records()

    # Then the seconds of the wait are accounted for, and the API and the command say the same
    why = await _why(telephones, call, "en")
    assert (why["status"], why["agent"], why["wait_s"]) == (
        "answered",
        other,
        pytest.approx(record.wait_queue_s, abs=0.01),
    )
    causes = {cause["kind"]: cause for cause in why["causes"]}
    assert causes["in_vain"]["rows"][0]["agent"] == silent
    assert causes["in_vain"]["seconds"] == pytest.approx(OFFER_TIMEOUT_S, abs=1.0)
    split = {key: value for key, value in causes["split"].items() if key != "kind"}
    assert sum(split.values()) == pytest.approx(why["wait_s"], abs=0.1)
    assert f"Answered by test agent {other} ({other})" in why["text"]
    assert record.pii_caller not in str(why)
    printed = _command(telephones.stack, record.sip_call_id, "--lang", "en")
    assert printed.splitlines()[-1] == why["text"].splitlines()[-1]
    assert f"{silent}: did not answer" in printed


async def _why(telephones: City, call: str, lang: str = "zh") -> dict[str, Any]:
    found: dict[str, Any] = await telephones.api._ask("GET", f"/api/calls/{call}/why?lang={lang}")
    return found


async def _ringing(telephones: City, call: str) -> bool:
    return bool((await _why(telephones, call))["status"] == "ringing")


async def _waiting(telephones: City, call: str) -> bool:
    return bool((await _why(telephones, call))["status"] == "waiting")


def _command(stack: RunningStack, *args: str) -> str:
    argv = [sys.executable, "-m", "cti.cli", "--settings", str(stack.file), "explain", *args]
    return subprocess.run(argv, capture_output=True, text=True, check=True, cwd=PROJECT, timeout=30).stdout
