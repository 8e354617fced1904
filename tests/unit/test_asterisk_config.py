"""The configuration and the code agree on every name they share. Reads asterisk-config as text: no Asterisk needed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from cti.asterisk import names
from cti.settings import PROJECT
from recordings.naming import sides_of

CONFIG = Path(__file__).parents[2] / "asterisk-config"
DIALPLAN = sorted(CONFIG.glob("extensions*.conf"))


def statements(path: Path) -> Iterator[str]:
    """Lines that say something: comments and blank lines left out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = re.sub(r"(^|\s);.*", "", line).strip()
        if text:
            yield text


def dialplan() -> str:
    return "\n".join(text for path in DIALPLAN for text in statements(path))


def section(file: str, name: str) -> dict[str, str]:
    """key -> last value of one section."""
    inside, found = False, {}
    for text in statements(CONFIG / file):
        if text.startswith("["):
            inside = text == f"[{name}]"
        elif inside:
            key, _, value = text.partition("=")
            found[key.strip()] = value.removeprefix(">").strip()
    return found


def contexts() -> dict[str, str]:
    found: dict[str, str] = {}
    name = ""
    for line in dialplan().splitlines():
        if head := re.fullmatch(r"\[([\w-]+)\]", line):
            name = head[1]
        else:
            found[name] = found.get(name, "") + line + "\n"
    return found


def applications(name: str, text: str) -> list[list[str]]:
    """The arguments of each use of an application: split at commas outside of ${...} and brackets."""
    return [split_arguments(found) for found in re.findall(rf"(?<![\w-]){name}\((.*)\)$", text, re.MULTILINE)]


def split_arguments(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += (character in "({[") - (character in ")}]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def test_every_agi_address_is_a_route_of_the_daemon_and_every_route_is_used() -> None:
    used = {found[1] for found in re.finditer(r"agi://\$\{CTI_AGI_(?:FIRST|SECOND)\}/([\w-]+)", dialplan())}

    assert used == set(names.AGI_ROUTES)


def test_the_citizens_arguments_come_in_the_order_the_daemon_reads() -> None:
    variables = {
        names.CitizenArg.SIP_CALL_ID: names.CTI_SIP_CALL_ID,
        names.CitizenArg.DIALLED: names.CTI_DIALLED,
        names.CitizenArg.ORIGINAL: names.CTI_ORIGINAL,
        names.CitizenArg.DIAL_STATUS: names.DIAL_STATUS,
        names.CitizenArg.ANSWERED_AT: names.CTI_ANSWERED_AT,
        names.CitizenArg.MEDIUM: names.CTI_MEDIUM,
        names.CitizenArg.ARRIVED_AT: names.CTI_ARRIVED_AT,
        names.CitizenArg.LOST_AT: names.CTI_LOST_AT,
    }
    expected = ["${" + variables[arg] + "}" for arg in names.CITIZEN_ARGS]
    calls = [args for args in applications("AGI", dialplan()) if args[0].endswith("/" + names.AGI_CITIZEN)]

    assert [args[1:] for args in calls] == [expected, expected]


def test_the_callbacks_arguments_come_in_the_order_the_daemon_reads() -> None:
    variables = {
        names.CallbackArg.CALL: names.CTI_CALLBACK,
        names.CallbackArg.DIAL_STATUS: names.DIAL_STATUS,
        names.CallbackArg.ANSWERED_AT: names.CTI_ANSWERED_AT,
        names.CallbackArg.LOST_AT: names.CTI_LOST_AT,
    }
    expected = ["${" + variables[arg] + "}" for arg in names.CALLBACK_ARGS]
    calls = [args for args in applications("AGI", dialplan()) if args[0].endswith("/" + names.AGI_CALLBACK)]

    assert [args[1:] for args in calls] == [expected, expected]


def test_the_emergency_script_gets_its_arguments_in_order() -> None:
    variables = {
        "phase": "ARG1",
        "sip_call_id": names.CTI_SIP_CALL_ID,
        "dialled": names.CTI_DIALLED,
        "original": names.CTI_ORIGINAL,
        "queue_status": "QUEUESTATUS",
        "dial_status": names.DIAL_STATUS,
        "talked_from": names.CTI_ANSWERED_AT,
        "queue_member": "MEMBERINTERFACE",
        "queue_entered_at": names.CTI_QUEUED_AT,
        "lost_at": names.CTI_LOST_AT,
        "medium": names.CTI_MEDIUM,
        "at": "STRFTIME(,,%s.%3q)",
    }
    (call,) = [args for args in applications("AGI", dialplan()) if args[0] == names.EMERGENCY_SCRIPT]
    phases = set(re.findall(r"Gosub\(cti-emergency,s,1\((\w+)\)\)", dialplan()))

    assert call[1:] == ["${" + variables[name] + "}" for name in names.EMERGENCY_ARGS]
    assert phases == {phase.value for phase in names.Phase}


def test_every_context_the_code_names_exists() -> None:
    named = {
        names.CONTEXT_TRUNK,
        names.CONTEXT_CITIZEN,
        names.CONTEXT_FALLBACK,
        names.CONTEXT_AGENT,
        names.CONTEXT_PROVISION,
        names.AGENT_HEADERS,
        names.AGENT_ANSWERED,
        names.AGENT_GONE,
        names.CONTEXT_CALLBACK,
        names.CALLBACK_ANSWERED,
        names.CONTEXT_STANDBY,
        names.CONTEXT_GUEST,
        names.CONTEXT_PARTY,
        names.PARTY_ANSWERED,
        names.CONTEXT_ASIDE,
    }
    assert named <= set(contexts())
    assert f"exten => {names.PROVISION_WAIT_EXTEN},1," in contexts()[names.CONTEXT_PROVISION]
    assert "exten => s,1," in contexts()[names.CONTEXT_PROVISION]
    assert "exten => s,1," in contexts()[names.AGENT_HEADERS]
    assert "exten => s,1," in contexts()[names.AGENT_ANSWERED]
    assert "exten => s,1," in contexts()[names.CONTEXT_CALLBACK]
    assert "exten => s,1," in contexts()[names.CALLBACK_ANSWERED]
    assert "exten => s,1," in contexts()[names.CONTEXT_STANDBY]
    assert f"exten => {names.STANDBY_TOLD_EXTEN},1," in contexts()[names.CONTEXT_STANDBY]
    for exten in (*names.PARTY_WAYS, names.PARTY_JOIN, names.PARTY_MUSIC):
        assert f"exten => {exten},1," in contexts()[names.CONTEXT_PARTY]
    assert "exten => s,1," in contexts()[names.PARTY_ANSWERED]
    for exten in ("s", names.ASIDE_BACK):
        assert f"exten => {exten},1," in contexts()[names.CONTEXT_ASIDE]


def test_a_call_that_is_taken_out_of_a_session_goes_on_at_a_label_that_exists() -> None:
    assert f"same => n({names.LABEL_LOST})," in contexts()[names.CONTEXT_CITIZEN]


def test_every_context_the_dialplan_jumps_to_exists() -> None:
    jumps = re.findall(r"(?:Goto|Gosub)\(([a-z][\w-]*),[^,)]+,\d", dialplan())
    jumps += re.findall(r"\?([a-z][\w-]*),\w+,\d", dialplan())

    assert jumps
    assert set(jumps) <= set(contexts())


def test_every_label_the_dialplan_jumps_to_exists_in_its_context() -> None:
    for context, text in contexts().items():
        labels = set(re.findall(r"n\((\w+)\),", text)) | set(re.findall(r"exten => ([^,]+),", text))
        jumps = {args[0] for args in applications("Goto", text) if len(args) == 1}
        jumps |= set(re.findall(r"\?(\w+)(?::\w+)?\)$", text, re.MULTILINE))
        jumps |= {args[0] for args in applications("Goto", text) if len(args) == 2 and "$" not in args[0]}
        assert jumps <= labels, context


def test_every_channel_variable_of_ours_is_known_to_the_code() -> None:
    used = set(re.findall(r"\bCTI_[A-Z_]+\b", dialplan()))
    known = {value for name, value in vars(names).items() if name.startswith("CTI_")}

    assert used == known


def test_every_file_of_the_dialplan_is_included_and_begins_by_saying_what_it_takes() -> None:
    included = set(re.findall(r"#include (\S+)", (CONFIG / "extensions.conf").read_text()))

    assert included == {path.name for path in DIALPLAN} - {"extensions.conf"}
    for path in CONFIG.glob("*.conf"):
        assert path.read_text(encoding="utf-8").startswith("; "), path.name


def test_every_prompt_is_one_of_ours_and_in_the_catalogue() -> None:
    played = {args[0] for args in applications("Playback", dialplan())}
    catalogue = CONFIG.parent / "ivr_flows" / "prompts"
    texts = "\n".join(
        path.read_text(encoding="utf-8") for path in catalogue.rglob("*") if path.suffix != ".pyc" and path.is_file()
    )

    assert played == set(names.DIALPLAN_PROMPTS)
    for prompt in played:
        assert re.search(rf"\b{prompt}\b", texts), f"{prompt} is not in {catalogue}"


def test_the_agents_telephone_gets_the_headers_it_reads() -> None:
    headers = re.findall(r"PJSIP_HEADER\(add,([\w-]+)\)", contexts()[names.AGENT_HEADERS])

    assert headers == [names.HEADER_CALL, names.HEADER_LEG]
    assert f"exten => {names.TEST_EXTEN},1," in contexts()[names.CONTEXT_AGENT]
    assert f"(hangup_handler_push)={names.AGENT_GONE},s,1" in contexts()[names.AGENT_HEADERS]
    assert f'"${{HANGUPCAUSE}}" = "{names.LOST_CAUSE}"' in contexts()[names.AGENT_GONE]


@pytest.mark.parametrize(
    ("context", "variable", "recorded"),
    [
        (names.AGENT_ANSWERED, "ARG1", "agent"),
        (names.PARTY_ANSWERED, names.CTI_RECORDING, "agent"),
        (names.CALLBACK_ANSWERED, "ARG1", "citizen"),
    ],
)
def test_both_sides_of_a_talk_are_written_to_where_the_recording_is_made_of_them(
    context: str, variable: str, recorded: str
) -> None:
    """What the recorded line says (r) is its own side, what it hears (t) the other."""
    text = contexts()[context]
    written = re.search(r"MixMonitor\(,r\((.+?)\)t\((.+?)\)\)", text)
    assert written is not None
    sides = [f"@recordings@/{side}" for side in sides_of(PurePosixPath(f"${{{variable}}}"))]
    said, heard = sides if recorded == "citizen" else reversed(sides)
    assert (written[1], written[2]) == (said, heard)


def test_only_digits_can_be_dialled_and_no_agent_can_dial_out() -> None:
    patterns = re.findall(r"exten => ([^,]+),", contexts()[names.CONTEXT_TRUNK])

    assert {pattern.removeprefix("_").removeprefix("+").replace("X", "") for pattern in patterns} == {""}
    assert "Dial(" not in dialplan()


def test_a_guest_can_dial_the_video_entries_and_nothing_else() -> None:
    dialled = re.findall(r"exten => ([^,]+),", contexts()[names.CONTEXT_GUEST])

    assert dialled == [*names.GUEST_ENTRIES, names.BESIDE_EXTEN, names.PICTURE_EXTEN]
    assert "include" not in contexts()[names.CONTEXT_GUEST]


def test_every_outcome_of_the_queue_has_a_branch_and_an_unknown_one_too() -> None:
    branches = set(re.findall(r"exten => (_?queue_[^,]*),1,", contexts()[names.CONTEXT_FALLBACK]))

    assert branches == {f"queue_{status}" for status in names.QUEUE_STATUSES} | {"queue_", "_queue_."}


def test_the_queue_and_its_music_have_the_names_the_code_uses() -> None:
    (queue,) = applications("Queue", dialplan())
    assert queue[0] == names.FALLBACK_QUEUE
    assert queue[1] == f"cb({names.AGENT_HEADERS}^s^1(${{UNIQUEID}}^offer))"
    assert queue[6] == names.AGENT_ANSWERED
    assert section("queues.conf", names.FALLBACK_QUEUE)["ringinuse"] == "no"
    assert section("queues.conf", "general")["persistentmembers"] == "yes"
    assert section("queues.conf", names.FALLBACK_QUEUE)["musicclass"] == names.MUSIC_CLASS
    assert section("musiconhold.conf", names.MUSIC_CLASS)["mode"] == "files"
    assert {args[0] for args in applications("StartMusicOnHold", dialplan())} == {names.MUSIC_CLASS}


def test_the_trunk_is_known_by_its_address_and_nobody_is_anonymous() -> None:
    text = "\n".join(statements(CONFIG / "pjsip.conf"))
    assert f"[{names.TRUNK}]" in text
    assert "anonymous" not in text
    assert section("pjsip.conf", "global")["endpoint_identifier_order"] == "ip,username"
    assert "identify_by = ip\n" in text
    assert f"context = {names.CONTEXT_TRUNK}\n" in text


@pytest.mark.parametrize("address", [names.DB_AUTH, names.DB_AOR, names.DB_ENDPOINT])
def test_agents_are_read_from_where_the_daemon_writes_them(address: str) -> None:
    family, kind = address.split("/")
    assert f"{kind} = astdb,{family}" in list(statements(CONFIG / "sorcery.conf"))


def test_the_two_ami_users_have_no_right_that_runs_programs() -> None:
    assert section("manager.conf", names.AMI_RO)["write"] == "reporting"
    assert section("manager.conf", names.AMI_CTL)["write"] == "agent,originate,call"
    assert section("manager.conf", "general")["bindaddr"] == "127.0.0.1"
    users = re.findall(r"^\[([\w-]+)\]$", (CONFIG / "manager.conf").read_text(), re.MULTILINE)
    assert users == ["general", names.AMI_RO, names.AMI_CTL]


def test_modules_are_named_one_by_one_and_in_an_order_that_loads() -> None:
    lines = list(statements(CONFIG / "modules.conf"))
    modules = [line.removeprefix("require = ") for line in lines if line.startswith("require")]

    assert section("modules.conf", "modules")["autoload"] == "no"
    optional = ["load = res_audiosocket.so", "load = chan_audiosocket.so"]
    assert lines[-2:] == optional
    assert len(modules) == len(set(modules)) == len(lines) - 4
    assert modules.index("res_speech.so") < modules.index("res_agi.so")
    assert not {"func_shell.so", "app_system.so", "func_env.so", "pbx_spool.so", "res_pjsip_refer.so"} & set(modules)


def test_every_application_and_function_of_the_dialplan_has_its_module() -> None:
    modules = set(re.findall(r"require = (\w+)\.so", (CONFIG / "modules.conf").read_text()))
    provided_by = {
        "AGI": "res_agi",
        "ExecIf": "app_exec",
        "Gosub": "app_stack",
        "Return": "app_stack",
        "StartMusicOnHold": "res_musiconhold",
        "MixMonitor": "app_mixmonitor",
        "Playback": "app_playback",
        "Playtones": "app_playtones",
        "StopPlaytones": "app_playtones",
        "MusicOnHold": "res_musiconhold",
        "BridgeAdd": "app_bridgeaddchan",
        "ChanSpy": "app_chanspy",
        "Queue": "app_queue",
        "Reload": "app_reload",
        "Echo": "app_echo",
        "TIMEOUT": "func_timeout",
        "CALLERID": "func_callerid",
        "REDIRECTING": "func_callerid",
        "CHANNEL": "func_channel",
        "FILTER": "func_strings",
        "MASTER_CHANNEL": "func_channel",
        "STRFTIME": "func_strings",
        "IF": "func_logic",
        "PJSIP_HEADER": "res_pjsip_header_funcs",
    }
    built_in = {"Answer", "Bridge", "Goto", "GotoIf", "Hangup", "NoOp", "Ringing", "Set", "Wait"}
    used = set(re.findall(r"(?<![A-Za-z_])([A-Z][A-Za-z_]+)\(", dialplan()))

    assert used - built_in == set(provided_by)
    assert set(provided_by.values()) <= modules


def test_every_application_that_the_daemon_runs_has_its_module() -> None:
    modules = set(re.findall(r"require = (\w+)\.so", (CONFIG / "modules.conf").read_text()))
    provided_by = {"Dial": "app_dial", "Playtones": "app_playtones", "StopPlaytones": "app_playtones"}
    built_in = {"Wait"}
    sources = (path.read_text(encoding="utf-8") for path in (PROJECT / "cti").rglob("*.py"))
    used = {name for source in sources for name in re.findall(r'\.exec\("(\w+)"', source)}

    assert used - built_in == set(provided_by)
    assert set(provided_by.values()) <= modules
