"""What may be asked of a talk, and who can be called: rules, bounds, and numbers that nobody typed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.roster import Agent
from cti.asterisk.ami import AmiDown
from cti.asterisk.channels import Channel
from cti.calls import AgentFact, AgentId, CallFact, CallId, Milestone, Value
from cti.contact import Recordings
from cti.directory import Directory, MoveRefused
from cti.directory_file import DIRECTORY, read_directory
from cti.exchange import Exchange
from cti.moving import Moving
from cti.parties import Parties
from cti.settings import PROJECT
from cti.settings import Moving as Limits
from cti.skills import SKILLS, read_skills
from cti.switchboard import Switchboard
from cti.toml_file import TomlRefused
from tests.support.hostile_numbers import hostile_numbers

pytestmark = [pytest.mark.looptime, pytest.mark.usefixtures("no_blocking_on_the_loop")]

CALL = CallId("n1-1.1")
ENTRIES = """
[entry.water]
kind = "department"
zh = "供水公司"
en = "Water"
number = "10001"

[entry.at-night]
kind = "expert"
zh = "夜班专家"
en = "Night expert"
number = "10002"
hours = "22:00-06:00"

[entry.japanese]
kind = "interpreter"
zh = "日语"
en = "Japanese"
number = "10003"
modes = ["conference"]
"""
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Office:
    """Agents a1 … a3, ready; a1 talks to a citizen. `asked` is what Asterisk was asked for."""

    def __init__(self, *, dial: str = "PJSIP/{number}@trunk", **limits: Any) -> None:
        self.now = NOON.timestamp()
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.shown: list[AgentId] = []
        self.journal: list[Milestone] = []
        self.board = Switchboard(0.0)
        self.board.set_roster({AgentId(a): Agent(AgentId(a), a, {"general": 3}) for a in ("a1", "a2", "a3")})
        self.exchange = Exchange(self.board, self, lambda: self.now)
        channels = {
            CALL: Channel(CALL, CALL, "PJSIP/trunk-1", 6, "b1"),
            "n1-1.2": Channel("n1-1.2", CALL, "PJSIP/a1-2", 6, "b1"),
        }

        async def noted(_channel: str) -> str:
            return ""

        recordings = Recordings(PROJECT / "nowhere", lambda at: datetime.fromtimestamp(at, UTC))
        self.parties = Parties(self.exchange, self, lambda: channels, noted, recordings, 30.0, lambda _: 0.0)
        entries, skills = read_directory(ENTRIES, "directory.toml"), read_skills(SKILLS, "skills.toml").skill
        self.directory = Directory(
            self.exchange,
            lambda: entries,
            {"110": "PJSIP/110@trunk"},
            dial,
            lambda: skills,
            lambda at: datetime.fromtimestamp(at, UTC),
        )
        self.moving = Moving(
            self.exchange, self.parties, self.directory, Limits(dial=dial, **limits), self.shown.append
        )
        for agent in ("a1", "a2"):
            self.exchange.agent(AgentFact.LOGGED_IN, AgentId(agent))
            self.exchange.agent(AgentFact.STATUS, AgentId(agent), {"status": "ready"})
        self.call(CallFact.ARRIVED, pii_caller="13800138000", dialled="12345", channel="PJSIP/trunk-1")
        self.exchange.attach(CALL, self)
        self.call(CallFact.QUEUED, queue="general", need="general||+0")
        self.call(CallFact.ANSWERED, agent="a1", n=1, wait_s=0.0)

    def append(self, milestone: Milestone) -> None:
        self.journal.append(milestone)

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        self.asked.append((name, dict(headers)))
        return {}

    def call(self, kind: CallFact, **data: Value) -> None:
        self.exchange.call(kind, CALL, data)

    def refused(self, target: str, mode: str = "conference") -> str:
        """The code; "" if he is called."""
        try:
            self.moving.call_in(CALL, target, mode, "a1")  # type: ignore[arg-type]
        except MoveRefused as refused:
            return refused.code
        return ""

    async def dialled(self) -> list[str]:
        """The channels that Asterisk was asked to call."""
        for _ in range(5):
            await asyncio.sleep(0)
        return [headers["Channel"] for name, headers in self.asked if name == "Originate"]


async def test_who_is_in_the_list_is_called_by_the_number_that_stands_there() -> None:
    office = Office()
    assert [office.refused(target) for target in ("water", "110", "a2")] == ["", "", ""]
    assert await office.dialled() == ["PJSIP/10001@trunk", "PJSIP/110@trunk", "PJSIP/a2"]
    shown = {headers["Channel"]: headers["CallerID"] for _, headers in office.asked}
    assert shown == {"PJSIP/10001@trunk": "12345", "PJSIP/110@trunk": "12345", "PJSIP/a2": "13800138000"}
    assert office.shown == ["a2"], "his page knows before his telephone rings"


async def test_no_number_that_somebody_typed_is_ever_called() -> None:
    office = Office()
    hostile = [
        *(text for text in hostile_numbers() if text != "110"),
        "10001",
        "PJSIP/10001@trunk",
        "water&PJSIP/1@trunk",
        "water ",
        "WATER",
        "",
        "queue:",
    ]
    assert len(hostile) >= 200
    for text in hostile:
        assert office.refused(text) in ("unknown_target", "not_in_this_way"), text
        with pytest.raises(MoveRefused):
            await office.moving.send_on(CALL, text, "a1")
    assert await office.dialled() == []
    assert office.board.calls[CALL].phase == "talk"


async def test_what_the_rules_do_not_allow() -> None:
    office = Office()
    assert office.refused("at-night") == "closed"
    assert office.refused("japanese", "consult") == "not_in_this_way"
    assert office.refused("queue:general") == "not_in_this_way"
    assert office.refused("a3") == "unknown_target", "who is not at work is not in the list"
    assert office.refused("a1") == "agent_not_free"
    assert office.refused("water", "consult") == ""
    assert office.refused("110") == "consulting"
    assert Office(dial="").refused("water") == "off"
    assert Office(dial="").refused("110") == "", "help is called in any case"


async def test_bounds() -> None:
    office = Office(legs_per_call=2)
    assert [office.refused(target) for target in ("water", "a2", "japanese")] == ["", "", "too_many_here"]
    office = Office(legs_per_agent_hour=2)
    for _ in range(2):
        assert office.refused("water") == ""
        office.call(CallFact.PARTY_FAILED, p=office.board.calls[CALL].party_count, outcome="no_answer")
    assert office.refused("water") == "too_often"
    assert office.refused("110") == "", "help is called in any case"
    office.now += 3601
    assert office.refused("water") == ""
    assert Office(concurrent=1).refused("water") == ""


async def test_a_citizen_is_not_sent_on_if_asterisk_does_not_drop_the_agent() -> None:
    office = Office()

    async def broken(name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        raise AmiDown("gone")

    office.action = broken  # type: ignore[method-assign]
    with pytest.raises(MoveRefused, match="try again"):
        await office.moving.send_on(CALL, "queue:general", "a1")
    assert office.board.calls[CALL].moved is None
    assert [m.data["to"] for m in office.journal if m.kind == CallFact.MOVED] == ["general", None]


def test_the_shipped_list_and_the_example_can_be_read() -> None:
    assert read_directory(DIRECTORY, "directory.toml")
    example = (PROJECT / "docs" / "examples" / "directory.toml").read_text(encoding="utf-8")
    assert {entry.kind for entry in read_directory(example, "example").values()} == {
        *("department", "expert", "interpreter", "outside")
    }


async def test_the_list_says_what_everybody_does_now_and_shows_no_number() -> None:
    office = Office()
    rows = {whom.id: whom for whom in office.directory.all()}
    assert [rows[i].state for i in ("110", "water", "at-night", "a1", "a2")] == [
        "open",
        "open",
        "closed",
        "talking",
        "idle",
    ]
    assert (rows["queue:general"].state, rows["queue:general"].modes) == ("open", ("blind",))
    assert rows["queue:enterprise"].state == "no_seat"
    assert "a3" not in rows
    assert not any("1000" in str(row.as_json()) for row in rows.values())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[entry.xy]\nkind = "department"\nzh = "x"\nen = ""\nnumber = "1&2"\n', "number"),
        ('[entry.xy]\nkind = "department"\nzh = "x"\nen = ""\nnumber = "1"\n', "number"),
        ('[entry.xy]\nkind = "agent"\nzh = "x"\nen = ""\nnumber = "110"\n', "kind"),
        ('[entry.xy]\nkind = "expert"\nzh = "x"\nen = ""\nnumber = "110"\nmodes = []\n', "modes"),
        ('[entry.xy]\nkind = "expert"\nzh = "x"\nen = ""\nnumber = "110"\nhours = "8-17"\n', "hours"),
        ('[entry."a b"]\nkind = "expert"\nzh = "x"\nen = ""\nnumber = "110"\n', "entry"),
        ('[entry.xy]\nkind = "expert"\nzh = "x"\nen = ""\nnumber = "110"\nphone = "1"\n', "phone"),
    ],
)
def test_a_spoilt_list_says_where(text: str, fault: str) -> None:
    with pytest.raises(TomlRefused, match=rf"directory.toml:\d+: .*{fault}"):
        read_directory(text, "directory.toml")
