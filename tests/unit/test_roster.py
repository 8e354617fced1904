"""The roster file: good ones are read whole, bad ones are refused with the place of the fault."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from agents.roster import RosterError, agent_from, agent_to, read_roster, sip_ha1
from cti.calls import AgentId
from cti.roster_file import RosterFile

GOOD = """
[agent.a1001]
name = "林小燕"
skills = { general = 3, enterprise = 1 }
"""


def test_an_agent_is_read_with_his_skills() -> None:
    agent = read_roster(GOOD, "roster.toml")["a1001"]
    assert (agent.name, dict(agent.skills)) == ("林小燕", {"general": 3, "enterprise": 1})


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        (
            "[agent.a1001]\nskills = { general = 9 }",
            "r.toml:1: agent a1001",
            "level must be a whole number from 1 to 5",
        ),
        ("\n[agent.1001]\nskills = { general = 3 }", "r.toml:2: agent 1001", "a small letter"),
        ("[agent.a1]\nskills = {}", "r.toml:1: agent a1", "skills: must be a table"),
        ("[agent.a1]\nskill = 3", "r.toml:1: agent a1", "unknown key 'skill'"),
        (
            "\n[agent.a1]\nskills = { general = 3 }\nphone = 13800138000",
            "r.toml:2: agent a1",
            "phone: cannot be called",
        ),
        (
            '[agent.a1]\nskills = { general = 3 }\nphone = "110"',
            "r.toml:1: agent a1",
            "phone: cannot be called (service)",
        ),
        ("[agents.a1]\n", "r.toml:1", "[agent.a1001]"),
        ("[agent.a1", "r.toml", "not valid TOML"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(RosterError) as error:
        read_roster(text, "r.toml")
    assert str(error.value).startswith(where)
    assert what in str(error.value)


def test_adding_keeps_what_an_operator_wrote(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text("# night shift first\n" + GOOD, encoding="utf-8")
    file = RosterFile(path)
    file.add("a1002", "", {"general": 2}, "secret-one", "secret-two")
    text = path.read_text(encoding="utf-8")
    assert "# night shift first" in text
    assert "secret" not in text
    agents = file.read()
    assert set(agents) == {"a1001", "a1002"}
    assert agents["a1002"].sip_ha1 == sip_ha1("a1002", "secret-two")


def test_adding_somebody_who_is_there_gives_him_passwords_and_keeps_what_is_not_given(tmp_path: Path) -> None:
    file = RosterFile(tmp_path / "roster.toml")
    new = file.add("a1002", "", {}, "one", "two")
    assert (new.name, new.skills) == ("a1002", {"general": 3})
    file.set_phone("a1002", "13800138000")
    with file.path.open("a") as text:
        text.write("wrap_up_s = 20.0\n")

    file.add("a1002", "Li", {"video": 2}, "one", "two")
    file.add("a1002", "", {}, "three", "four")

    agent = file.read()["a1002"]
    assert (agent.name, agent.skills, agent.phone, agent.wrap_up_s) == ("Li", {"video": 2}, "13800138000", 20.0)
    assert agent.sip_ha1 == sip_ha1("a1002", "four")


def test_a_disk_that_is_full_does_not_cost_the_agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RosterFile(tmp_path / "roster.toml")
    file.path.write_text(GOOD, encoding="utf-8")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert set(file.read_or_last_good()) == {"a1001"}


def test_a_broken_file_is_refused_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text("[agent.a1", encoding="utf-8")
    with pytest.raises(RosterError):
        RosterFile(path).add("a1002", "", {"general": 2}, "x", "y")
    assert path.read_text(encoding="utf-8") == "[agent.a1"


def test_removing_somebody_unknown_says_so(tmp_path: Path) -> None:
    with pytest.raises(RosterError, match="no agent a9"):
        RosterFile(tmp_path / "roster.toml").remove("a9")


def test_a_restart_with_a_broken_file_goes_on_with_the_last_good_one(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text(GOOD, encoding="utf-8")
    assert set(RosterFile(path).read_or_last_good()) == {"a1001"}
    path.write_text("[agent.a1", encoding="utf-8")
    assert set(RosterFile(path).read_or_last_good()) == {"a1001"}


def test_a_first_start_with_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text("[agent.a1", encoding="utf-8")
    with pytest.raises(RosterError):
        RosterFile(path).read_or_last_good()


def test_an_agent_s_own_number_is_kept_as_to_be_dialled(tmp_path: Path) -> None:
    path = tmp_path / "roster.toml"
    path.write_text("# night shift first\n" + GOOD, encoding="utf-8")
    file = RosterFile(path)
    before = file.read()[AgentId("a1001")]
    file.set_phone("a1001", "+8613800138000")
    assert file.read()[AgentId("a1001")] == replace(before, phone="13800138000")
    assert "# night shift first" in path.read_text(encoding="utf-8")
    file.set_phone("a1001", "")
    assert file.read()[AgentId("a1001")] == before
    file.add("a1002", "", {"general": 2}, "x", "y", "076922221111")
    assert file.read()[AgentId("a1002")].phone == "076922221111"
    assert file.read()[AgentId("a1002")] == agent_from("a1002", agent_to(file.read()[AgentId("a1002")]))


@pytest.mark.parametrize("number", ["110", "33334444", "16812345678", "+12025550123", "13800138000&PJSIP/a1"])
def test_a_number_that_cannot_be_called_is_refused_and_not_repeated(tmp_path: Path, number: str) -> None:
    path = tmp_path / "roster.toml"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(RosterError, match="phone: cannot be called") as error:
        RosterFile(path).set_phone("a1001", number)
    assert number not in str(error.value)
    assert path.read_text(encoding="utf-8") == GOOD


def test_an_agent_shows_his_number_to_nobody_who_prints_him() -> None:
    agent = agent_from("a1", {"skills": {"general": 3}, "phone": "13800138000"})
    assert agent.phone == "13800138000"
    assert agent.phone not in repr(agent)
