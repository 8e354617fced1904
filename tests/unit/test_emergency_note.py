"""What the emergency script notes about a call that no daemon took."""

from __future__ import annotations

from cti.asterisk import names
from cti.asterisk.emergency import note


def test_the_note_of_a_call_the_fallback_served_says_who_answered_and_when() -> None:
    args = dict.fromkeys(names.EMERGENCY_ARGS, "") | {
        "phase": "ended",
        "queue_status": "CONTINUE",
        "queue_member": "PJSIP/a1001",
        "queue_entered_at": "1763750000",
        "talked_from": "1763750007.250",
        "at": "1763750099.875",
    }

    line = note(args, {"agi_callerid": "13800138000", "agi_uniqueid": "n0-1.2"}, 1763750100.0)

    assert (line["at"], line["queued_at"], line["talked_from"]) == (1763750099.875, 1763750000, 1763750007.25)
    assert line["pii_caller"] == "13800138000"
    assert [key for key, value in line.items() if value == "13800138000"] == ["pii_caller"]


def test_the_note_of_a_call_with_nothing_known_is_still_a_note() -> None:
    line = note({"phase": "arrived"}, {"agi_callerid": "unknown"}, 1.0)

    assert line["pii_caller"] == ""
    assert line["at"] == 1.0
    assert line["talked_from"] is None
    assert line["lost_at"] is None
