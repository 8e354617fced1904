"""One SIP party at a time, played by SIPp: a citizen who calls through the trunk, a telephone that registers."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from cti.programs import find_program
from tests.support.ports import free_media_port, free_ports

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="test">\n'
_SDP = """
v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
"""


@dataclass
class Party:
    """A running SIPp with one call."""

    process: subprocess.Popen[bytes]
    messages: Path
    """Every SIP message, sent and received"""
    local_ip: str

    def wait(self, limit_s: float) -> int:
        """SIPp's exit code: 0 the scenario ran to its end, 1 it did not."""
        return self.process.wait(limit_s)

    def heard(self) -> str:
        return self.messages.read_text(encoding="utf-8", errors="replace") if self.messages.exists() else ""

    def call_id(self) -> str:
        """SIPp's own Call-ID of its one call ("1-4711@127.0.0.2")."""
        return f"1-{self.process.pid}@{self.local_ip}"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def start(scenario: str, folder: Path, target: str, local_ip: str = "127.0.0.2", port: int | None = None) -> Party:
    """Plays `scenario` once against `target` (host:port), from `port` or a free one. `folder` gets its files; stop()
    ends it if it must."""
    name = f"sipp-{time.monotonic_ns()}"
    file, messages = folder / f"{name}.xml", folder / f"{name}.msg"
    file.write_text(scenario, encoding="utf-8")
    (free,) = free_ports(1)
    argv = [*find_program("sipp").argv_prefix, target, "-sf", str(file), "-i", local_ip, "-p", str(port or free)]
    argv += ["-mp", str(free_media_port(local_ip)), "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error"]
    argv += ["-trace_msg", "-message_file", str(messages), "-trace_err", "-error_file", str(folder / f"{name}.err")]
    with (folder / f"{name}.out").open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder)
    return Party(process, messages, local_ip)


def citizen(
    *,
    caller: str = "13800138000",
    name: str = "",
    dialled: str = "12345",
    headers: tuple[str, ...] = (),
    hangs_up_after_ms: int | None = None,
    refused_with: int | None = None,
) -> str:
    """Calls, and waits for our hang-up; or hangs up itself; or expects to be refused. Texts go into the message as
    they are: hostile ones too, where XML can carry them."""
    invite = _message(
        f"""
INVITE sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: {name} <sip:{caller}@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:{dialled}@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:carrier@[local_ip]:[local_port]>
Max-Forwards: 70
{"".join(f"{header}{chr(10)}" for header in headers)}Content-Type: application/sdp
Content-Length: [len]
{_SDP}"""
    )
    if refused_with:
        ack = _in_dialog("ACK", 1, dialled, caller, name, branch="[last_Via:]")
        return f'{_HEAD}{invite}<recv response="100" optional="true"/><recv response="{refused_with}"/>{ack}</scenario>'
    ack = _in_dialog("ACK", 1, dialled, caller, name)
    early = "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))
    start_of_call = f'{_HEAD}{invite}{early}<recv response="200"/>{ack}'
    if hangs_up_after_ms is not None:
        bye = _in_dialog("BYE", 2, dialled, caller, name)
        pause = f'<pause milliseconds="{hangs_up_after_ms}"/>'
        return f'{start_of_call}{pause}{bye}<recv response="200"/></scenario>'
    ok = _message(
        "\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n"
    )
    return f'{start_of_call}<recv request="BYE"/>{ok}</scenario>'


def leaves_before_answer(*, dialled: str = "12345", after_ms: int = 1500) -> str:
    """Calls and gives up while it still rings."""
    caller, name = "13800138000", ""
    invite = citizen(caller=caller, dialled=dialled).split("</send>")[0] + "</send>"
    cancel = _in_dialog("CANCEL", 1, dialled, caller, name, branch="[last_Via:]", tagged=False)
    ack = _in_dialog("ACK", 1, dialled, caller, name, branch="[last_Via:]")
    return (
        f'{invite}<recv response="100" optional="true"/><recv response="180"/><pause milliseconds="{after_ms}"/>'
        f'{cancel}<recv response="200"/><recv response="487"/>{ack}</scenario>'
    )


def registration(user: str, password: str, *, port: int | None = None, refused: bool = False) -> str:
    """A telephone that signs in with a password, to be called at `port`, and is accepted or refused."""

    def register(cseq: int, authorization: str) -> str:
        return f"""
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{user}@[remote_ip]>;tag=[call_number]
To: <sip:{user}@[remote_ip]>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:{user}@[local_ip]:{port or "[local_port]"}>
Max-Forwards: 70
Expires: 120
{authorization}Content-Length: 0
"""

    first = _message(register(1, ""))
    second = _message(register(2, f"[authentication username={user} password={password}]\n"))
    end = "401" if refused else "200"
    return f'{_HEAD}{first}<recv response="401" auth="true"/>{second}<recv response="{end}"/></scenario>'


def answering(*, hangs_up_after_ms: int) -> str:
    """A telephone that rings, answers, and hangs up after a while."""
    answer = "\nSIP/2.0 {}\n[last_Via:]\n[last_From:]\n[last_To:];tag=t[call_number]\n[last_Call-ID:]\n[last_CSeq:]\n"
    answer += "Contact: <sip:[local_ip]:[local_port]>\n"
    ringing = _message(answer.format("180 Ringing") + "Content-Length: 0\n")
    ok = _message(answer.format("200 OK") + "Content-Type: application/sdp\nContent-Length: [len]\n" + _SDP)
    # The side that was called hangs up: From and To change places.
    bye = _message(
        """
BYE sip:[$1] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: [$3];tag=t[call_number]
To: [$2]
Call-ID: [call_id]
CSeq: 1 BYE
Max-Forwards: 70
Content-Length: 0
"""
    )
    keep = "".join(
        f'<ereg regexp="{regexp}" search_in="hdr" header="{header}" assign_to="{variables}"/>'
        for regexp, header, variables in (
            ("sip:([^&gt;]*)", "Contact:", "4,1"),
            ("(.*)", "From:", "5,2"),
            ("(.*)", "To:", "6,3"),
        )
    )
    end = f'<recv request="ACK"/><pause milliseconds="{hangs_up_after_ms}"/>{bye}<recv response="200"/>'
    unused = '<Reference variables="4,5,6"/>'
    return f'{_HEAD}<recv request="INVITE"><action>{keep}</action></recv>{ringing}{ok}{end}{unused}</scenario>'


def dialling(user: str, password: str, number: str) -> str:
    """An agent's telephone that dials a number, with its password, and waits for our hang-up."""

    def invite(cseq: int, authorization: str) -> str:
        return f"""
INVITE sip:{number}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{user}@[remote_ip]>;tag=[call_number]
To: <sip:{number}@[remote_ip]>
Call-ID: [call_id]
CSeq: {cseq} INVITE
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
{authorization}Content-Type: application/sdp
Content-Length: [len]
{_SDP}"""

    first = f'{_message(invite(1, ""))}<recv response="100" optional="true"/><recv response="401" auth="true"/>'
    first += _in_dialog("ACK", 1, number, user, "", branch="[last_Via:]")
    second = _message(invite(2, f"[authentication username={user} password={password}]\n"))
    early = "".join(f'<recv response="{code}" optional="true"/>' for code in (100, 180, 183))
    answered = f'<recv response="200"/>{_in_dialog("ACK", 2, number, user, "")}<recv request="BYE"/>'
    ok = _message(
        "\nSIP/2.0 200 OK\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n"
    )
    return f"{_HEAD}{first}{second}{early}{answered}{ok}</scenario>"


def _message(text: str) -> str:
    return f"<send><![CDATA[\n{text.strip()}\n\n]]></send>\n" if text.rstrip().endswith("0") else _with_body(text)


def _with_body(text: str) -> str:
    return f"<send><![CDATA[\n{text.strip()}\n]]></send>\n"


def _in_dialog(
    method: str, cseq: int, dialled: str, caller: str, name: str, *, branch: str = "", tagged: bool = True
) -> str:
    via = branch or "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]"
    return _message(
        f"""
{method} sip:{dialled}@[remote_ip]:[remote_port] SIP/2.0
{via}
From: {name} <sip:{caller}@[local_ip]:[local_port]>;tag=[call_number]
To: <sip:{dialled}@[remote_ip]:[remote_port]>{"[peer_tag_param]" if tagged else ""}
Call-ID: [call_id]
CSeq: {cseq} {method}
Max-Forwards: 70
Content-Length: 0
"""
    )
