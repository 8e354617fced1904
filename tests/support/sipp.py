"""One SIP party at a time, played by SIPp: a citizen who calls through the trunk, a telephone that registers."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from cti.programs import find_program
from tests.support.ports import free_ports

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


def start(scenario: str, folder: Path, target: str, local_ip: str = "127.0.0.2") -> Party:
    """Plays `scenario` once against `target` (host:port). `folder` gets its files; stop() ends it if it must."""
    name = f"sipp-{time.monotonic_ns()}"
    file, messages = folder / f"{name}.xml", folder / f"{name}.msg"
    file.write_text(scenario, encoding="utf-8")
    port, media = free_ports(2)
    argv = [*find_program("sipp").argv_prefix, target, "-sf", str(file), "-i", local_ip, "-p", str(port)]
    argv += ["-mp", str(media - media % 2), "-m", "1", "-nostdin", "-timeout", "60", "-timeout_error"]
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


def registration(user: str, password: str, *, refused: bool = False) -> str:
    """A telephone that signs in with a password, and is accepted or refused."""

    def register(cseq: int, authorization: str) -> str:
        return f"""
REGISTER sip:[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{user}@[remote_ip]>;tag=[call_number]
To: <sip:{user}@[remote_ip]>
Call-ID: [call_id]
CSeq: {cseq} REGISTER
Contact: <sip:{user}@[local_ip]:[local_port]>
Max-Forwards: 70
Expires: 120
{authorization}Content-Length: 0
"""

    first = _message(register(1, ""))
    second = _message(register(2, f"[authentication username={user} password={password}]\n"))
    end = "401" if refused else "200"
    return f'{_HEAD}{first}<recv response="401" auth="true"/>{second}<recv response="{end}"/></scenario>'


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
