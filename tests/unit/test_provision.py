"""Agents' telephones follow the roster, and the fallback queue's members follow the agents."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from agents.roster import Agent
from agents.status import Desk, Status
from agents.telephone import Telephone
from cti.asterisk.ami_codec import AmiDown, AmiEvent
from cti.calls import AgentId
from cti.fallback_members import FallbackMembers
from cti.provision import Provisioner, objects


class Database:
    """Asterisk's database as one AGI session sees it."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], str] = {}
        self.writes = 0
        self.reloads = 0

    async def database_put(self, family: str, key: str, value: str) -> None:
        self.rows[family, key] = value
        self.writes += 1

    async def database_del(self, family: str, key: str) -> bool:
        return self.rows.pop((family, key), None) is not None

    async def set_variable(self, name: str, value: str) -> None:
        self.reloads += name == "CTI_RELOAD" and value == "1"


class Manager:
    """Answers Originate by opening a provisioning session; queue actions change `members`."""

    def __init__(self) -> None:
        self.provisioner: Provisioner | None = None
        self.database = Database()
        self.down = 0
        self.members: dict[str, bool] = {}
        self.actions: list[str] = []

    async def action(self, name: str, *headers: tuple[str, str], timeout_s: float = 2.0) -> Mapping[str, str]:
        if self.down:
            self.down -= 1
            raise AmiDown("Asterisk is away")
        self.actions.append(name)
        fields = dict(headers)
        match name:
            case "Originate":
                assert self.provisioner is not None
                await self.provisioner.serve(self.database)  # type: ignore[arg-type]
            case "QueueAdd" | "QueuePause":
                self.members[fields["Interface"]] = fields["Paused"] == "true"
            case "QueueRemove":
                del self.members[fields["Interface"]]
        return {}

    async def list_action(self, name: str, *headers: tuple[str, str], timeout_s: float = 5.0) -> list[AmiEvent]:
        if name == "DBGetTree":
            keys = [f"/{family}/{key}" for family, key in self.database.rows if dict(headers)["Family"] == family]
            return [AmiEvent("DBGetTreeResponse", {"Key": key}) for key in keys]
        rows = [AmiEvent("QueueParams", {"Queue": "fallback"})]
        for interface, paused in self.members.items():
            rows.append(AmiEvent("QueueMember", {"Location": interface, "Paused": str(int(paused))}))
        return rows


def agent(name: str, ha1: str) -> Agent:
    return Agent(AgentId(name), name, {"general": 3}, sip_ha1=ha1)


async def settle(provisioner: Provisioner) -> None:
    provisioner.request()
    await asyncio.wait_for(provisioner.settled(), 5)


async def test_telephones_follow_the_roster_and_only_changes_are_written() -> None:
    manager, roster = Manager(), {"a1": Telephone("x"), "a2": Telephone("y")}
    manager.provisioner = provisioner = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(provisioner.run())
    await settle(provisioner)
    assert {key for _, key in manager.database.rows} == {"a1", "a2"}
    assert manager.database.writes == 6
    roster["a2"] = Telephone("changed")
    await settle(provisioner)
    assert manager.database.writes == 9
    del roster["a1"]
    await settle(provisioner)
    assert {key for _, key in manager.database.rows} == {"a2"}
    running.cancel()


async def test_it_is_tried_again_when_asterisk_was_away() -> None:
    manager, roster = Manager(), {"a1": Telephone("x")}
    manager.down = 1
    manager.provisioner = provisioner = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(provisioner.run())
    await settle(provisioner)
    assert manager.database.rows
    running.cancel()


async def test_everything_is_written_again_for_a_new_asterisk() -> None:
    manager, roster = Manager(), {"a1": Telephone("x")}
    manager.provisioner = provisioner = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(provisioner.run())
    await settle(provisioner)
    manager.database.rows.clear()
    provisioner.request(forget=True)
    await asyncio.wait_for(provisioner.settled(), 5)
    assert len(manager.database.rows) == 3
    running.cancel()


async def test_who_left_the_roster_while_no_daemon_ran_loses_his_telephone() -> None:
    manager, roster = Manager(), {"a1": Telephone("x"), "a2": Telephone("y")}
    manager.provisioner = before = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(before.run())
    await settle(before)
    running.cancel()
    del roster["a2"]

    manager.provisioner = after = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(after.run())
    await settle(after)
    running.cancel()

    assert {key for _, key in manager.database.rows} == {"a1"}


async def test_asterisk_reads_all_telephones_again_only_if_agents_came_or_left() -> None:
    manager, roster = Manager(), {"a1": Telephone("x"), "a2": Telephone("y")}
    manager.provisioner = provisioner = Provisioner(manager, manager, lambda: roster)
    running = asyncio.ensure_future(provisioner.run())
    await settle(provisioner)
    assert manager.database.reloads == 1

    roster["a1"] = Telephone("of the browser", browser=True)
    await asyncio.wait_for(provisioner.written("a1"), 5)
    assert json.loads(manager.database.rows["ps_endpoint/endpoint", "a1"])["webrtc"] == "yes"
    assert manager.database.reloads == 1

    del roster["a1"]
    await settle(provisioner)
    assert manager.database.reloads == 2
    running.cancel()


def test_a_browsers_telephone_is_encrypted_and_one_with_a_picture_is_not_timed() -> None:
    desk = objects("a1", Telephone("x"), 8)["ps_endpoint/endpoint"]
    browser = objects("a1", Telephone("x", browser=True), 8)["ps_endpoint/endpoint"]
    video = objects("a1", Telephone("x", browser=True, video=True), 8)["ps_endpoint/endpoint"]

    assert (desk.get("webrtc"), desk["allow"], desk["rtp_timeout"]) == (None, "!all,alaw,ulaw", "8")
    assert (browser["webrtc"], browser["allow"], browser["rtp_timeout"]) == ("yes", "!all,alaw,ulaw,opus", "8")
    assert (video["webrtc"], video["allow"]) == ("yes", "!all,alaw,ulaw,opus,vp8,h264")
    assert "rtp_timeout" not in video
    assert {one["context"] for one in (desk, browser, video)} == {"from-agent"}


async def test_members_of_the_fallback_queue_are_those_who_are_logged_in() -> None:
    manager = Manager()
    manager.members = {"PJSIP/gone": False, "PJSIP/a1": True}
    desks = [Desk(agent("a1", ""), Status.READY), Desk(agent("a2", ""), Status.BREAK, "lunch")]
    members = FallbackMembers(manager, manager, lambda: desks)
    await members.compare()
    assert manager.members == {"PJSIP/a1": False, "PJSIP/a2": True}
    manager.actions.clear()
    await members.compare()
    assert manager.actions == [], "nothing to do the second time"

    manager.members.clear()  # another Asterisk
    await members.compare()
    assert manager.members == {}, "what was agreed on is not looked at again"
    members.request(forget=True)
    await members.compare()
    assert manager.members == {"PJSIP/a1": False, "PJSIP/a2": True}
