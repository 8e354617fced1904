"""The names by which this code and `asterisk-config/` know each other; a test holds the two together.

The dialplan cannot import anything, so each name stands twice: here and in `asterisk-config/*.conf`.
`tests/unit/test_asterisk_config.py` reads both and fails when they differ.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Literal, get_args

from cti.calls import GuestEntry

# AGI: what the dialplan calls, as the path of agi://host:port/<route>
AGI_CITIZEN: Final = "citizen"
"""A citizen's call. Arguments: `CITIZEN_ARGS`."""
AGI_PROVISION: Final = "provision"
"""A session without a caller, asked for by ourselves, in which the daemon writes agents with DATABASE PUT and DEL."""
AGI_CALLBACK: Final = "callback"
"""An agent's telephone that was called for a callback. Arguments: `CALLBACK_ARGS`."""
AGI_BESIDE: Final = "beside"
"""A guest's second line to the talk that his visit belongs to: a picture beside a voice call, or a page that was loaded
anew."""
AGI_ROUTES: Final = (AGI_CITIZEN, AGI_PROVISION, AGI_CALLBACK, AGI_BESIDE)
EMERGENCY_SCRIPT: Final = "emergency"
"""The script in Asterisk's agi-bin that notes a call which no daemon took (`cti/asterisk/emergency.py`)."""


class CitizenArg(StrEnum):
    """The arguments of the route `citizen` in their order: agi_arg_1, agi_arg_2, ...; the dialplan cleaned them all."""

    SIP_CALL_ID = "sip_call_id"
    """The SIP Call-ID, reduced to letters, digits and @._:+- and to 128 characters"""
    DIALLED = "dialled"
    """The number dialled: digits, perhaps a leading +, at most 24 characters"""
    ORIGINAL = "original"
    """The number dialled first, when the call was diverted to us; else empty"""
    DIAL_STATUS = "dial_status"
    """DIALSTATUS of the last Dial() of this call; empty at the first entry"""
    ANSWERED_AT = "answered_at"
    """UTC second (with milliseconds) at which an agent last answered; empty before"""
    MEDIUM = "medium"
    """voice or video"""
    ARRIVED_AT = "arrived_at"
    """UTC second (with milliseconds) at which the call arrived"""
    LOST_AT = "lost_at"
    """Since when no daemon has the call: its arrival at the first entry, later the end of the last session, or of the
    talk that outlived it. Empty if the daemon at the first address has just lost it"""


CITIZEN_ARGS: Final = tuple(CitizenArg)


class CallbackArg(StrEnum):
    """The arguments of the route `callback` in their order."""

    CALL = "call"
    """Our id of the call: what Originate set CTI_CALLBACK to"""
    DIAL_STATUS = "dial_status"
    """DIALSTATUS of the Dial() to the citizen; empty before"""
    ANSWERED_AT = "answered_at"
    """UTC second (with milliseconds) at which the citizen answered; empty before"""
    LOST_AT = "lost_at"
    """Since when no daemon serves it, as of a citizen's call"""


CALLBACK_ARGS: Final = tuple(CallbackArg)


class Phase(StrEnum):
    """First argument of the emergency script; the others are `EMERGENCY_ARGS`."""

    ARRIVED = "arrived"
    """No daemon took the call for ten seconds: the fallback queue begins"""
    ENDED = "ended"
    """The call of the fallback queue is over"""


EMERGENCY_ARGS: Final = (
    "phase",
    "sip_call_id",
    "dialled",
    "original",
    "queue_status",
    "dial_status",
    "talked_from",
    "queue_member",
    "queue_entered_at",
    "lost_at",
    "medium",
    "at",
)
"""The arguments of the emergency script in their order; all but the first may be empty."""

# Channel variables
CTI_DONE: Final = "CTI_DONE"
"""Set to 1 by the daemon as its last deed. The dialplan believes nothing else: AGISTATUS says SUCCESS after a crash."""
CTI_ARRIVED_AT: Final = "CTI_ARRIVED_AT"
"""UTC second, with milliseconds, at which the call arrived."""
CTI_ANSWERED_AT: Final = "CTI_ANSWERED_AT"
"""UTC second, with milliseconds, at which an agent answered; set in AGENT_ANSWERED. (Dial()'s own ANSWEREDTIME counts
from our answer to the citizen.)"""
CTI_AGENT_LOST: Final = "CTI_AGENT_LOST"
"""1 on the citizen's channel if the agent's line went dead in the talk; set in AGENT_GONE, anew for each agent."""
CTI_LOST_AT: Final = "CTI_LOST_AT"
"""UTC second, with milliseconds, since when no daemon serves the call. The daemon sets it to "" when it takes the call;
the dialplan to the present after a session that ended without CTI_DONE. Ten seconds after it the fallback begins."""
CTI_CALLBACK: Final = "CTI_CALLBACK"
"""The call for which an agent's telephone was called; set by Originate."""
CTI_CITIZEN: Final = "CTI_CITIZEN"
"""Name of the citizen's channel, on that of a party and of an agent who consults."""
CTI_AGENT: Final = "CTI_AGENT"
"""Name of the channel of the agent whom a party is called by."""
CTI_RECORDING: Final = "CTI_RECORDING"
"""File of the recording of a party's part in the talk, in @recordings@."""
CTI_RELOAD: Final = "CTI_RELOAD"
"""1 if a telephone was written or deleted whose name Asterisk learns only by reading all of them again."""
CTI_LOSSES: Final = "CTI_LOSSES"
"""How often a daemon was lost shortly after it took the call (the dialplan counts): the bound against a crash loop."""
CTI_ENTERED_AT: Final = "CTI_ENTERED_AT"
"""UTC second of the last try to reach a daemon."""
CTI_AGI_FIRST: Final = "CTI_AGI_FIRST"
"""Global: host:port of the daemon that is asked first. Of two daemons the deciding one puts itself there, for one that
stands still takes connections all the same."""
CTI_AGI_SECOND: Final = "CTI_AGI_SECOND"
"""Global: host:port of the daemon that is asked when the first is not there or does not finish; may be empty."""
CTI_SIP_CALL_ID: Final = "CTI_SIP_CALL_ID"
CTI_DIALLED: Final = "CTI_DIALLED"
CTI_ORIGINAL: Final = "CTI_ORIGINAL"
CTI_MEDIUM: Final = "CTI_MEDIUM"
CTI_QUEUED_AT: Final = "CTI_QUEUED_AT"
"""UTC second at which the call entered the fallback queue; unset before."""
DIAL_STATUS: Final = "DIALSTATUS"
"""Written by Dial(). "ANSWER" tells the fallback that the citizen has been served and needs no queue, so the daemon
sets it to "" when a citizen who has talked is to wait for somebody again."""
PACKETS_HEARD: Final = "CHANNEL(rtcp,rxcount)"
"""How many packets of sound a channel has received."""
HANGUP_CAUSE: Final = "HANGUPCAUSE"
"""Why a channel ended (Q.850)."""
DIALLED_AGENT: Final = "DIALEDPEERNUMBER"
"""Written by Dial(): whom it called, the agent's id."""

# Contexts
CONTEXT_TRUNK: Final = "from-trunk"
CONTEXT_CITIZEN: Final = "cti-citizen"
CONTEXT_FALLBACK: Final = "cti-fallback"
LABEL_LOST: Final = "lost"
"""In extension s of CONTEXT_CITIZEN: where a call goes on that is taken out of a session."""
CONTEXT_AGENT: Final = "from-agent"
"""Where calls that an agent's telephone places arrive; `context` of every agent's endpoint."""
CONTEXT_GUEST: Final = "from-video-guest"
"""Where calls of citizens' pages arrive; `context` of every guest's endpoint."""
GUEST_ENTRIES: Final = get_args(GuestEntry)
"""What a guest may dial to begin his call."""
BESIDE_EXTEN: Final = "beside"
PICTURE_EXTEN: Final = "picture"
"""What a guest may dial besides; both lead to AGI_BESIDE, whose argument they are."""
CONTEXT_PROVISION: Final = "cti-provision"
PROVISION_CHANNEL: Final = f"Local/s@{CONTEXT_PROVISION}/n"
"""`Channel` of the Originate that opens a provisioning session; its other half waits in `PROVISION_WAIT_EXTEN`."""
PROVISION_WAIT_EXTEN: Final = "wait"
"""`Exten` of that Originate, in CONTEXT_PROVISION, `Priority` 1."""
AGENT_HEADERS: Final = "cti-agent-headers"
"""Pre-dial handler: Dial(PJSIP/a1001,15,gb(cti-agent-headers^s^1(<call id>^<leg>)))."""
AGENT_ANSWERED: Final = "cti-agent-answered"
"""Subroutine on the agent's channel at his answer, with the recording: Dial(…,U(cti-agent-answered^<day>/<file>))."""
AGENT_GONE: Final = "cti-agent-gone"
"""Hangup handler on the agent's channel: what ended it, before Dial() returns."""
LOST_CAUSE: Final = 44
"""Hang-up cause of a channel from which no sound came for the endpoint's `rtp_timeout`; also when we cut a dead one."""
CONTEXT_CALLBACK: Final = "cti-callback"
"""`Context` of the Originate that calls an agent's telephone for a callback; `Exten` s, `Priority` 1."""
CALLBACK_ANSWERED: Final = "cti-callback-answered"
"""Subroutine on the citizen's channel at his answer: Dial(…,U(cti-callback-answered^<day>/<file>))."""
CONTEXT_PARTY: Final = "cti-party"
"""`Context` of the Originate that calls somebody to a talk; `Exten` is one of PARTY_WAYS."""
PARTY_WAYS: Final = ("conference", "consult", "whisper")
PARTY_JOIN: Final = "join"
"""Extension of CONTEXT_PARTY: to the citizen, for who whispered, and for the music."""
PARTY_MUSIC: Final = "music"
"""Extension of CONTEXT_PARTY: the other half of the Local channel that plays music to the citizen during a consult."""
PARTY_ANSWERED: Final = "cti-party-answered"
"""Subroutine on the party's channel at his answer."""
CONTEXT_ASIDE: Final = "cti-aside"
"""Where an agent is (AMI Redirect) who consults; `Exten` s, `Priority` 1."""
ASIDE_BACK: Final = "back"
"""Extension of CONTEXT_ASIDE: back to the citizen."""
CONTEXT_LISTEN: Final = "cti-listen"
"""`Context` of the Originate by which we hear what one line says; `Exten` s, `Priority` 1. Its channel is nobody's leg:
it is in no bridge, its name does not begin with PJSIP, and its id, LISTEN_ID and a uuid, is not made of a call's."""
LISTEN_ID: Final = "listen-"
CTI_HEARD: Final = "CTI_HEARD"
"""Name of the channel that is listened to."""
CONTEXT_SUPERVISE: Final = "cti-supervise"
"""Where a supervisor's or a guest's telephone is that we called; `Exten` is how it takes part, or SUPERVISE_WAIT."""
SUPERVISE_WAIT: Final = "wait"
SUPERVISE_ID: Final = "supervise-"
"""Beginning of the ids of their channels, which are nobody's legs: of no agent and of no citizen."""
CONTEXT_STANDBY: Final = "cti-standby"
"""`Context` of the Originate that calls in an agent on stand-by; `Exten` s, `Priority` 1."""
STANDBY_TOLD_EXTEN: Final = "told"
"""Extension of CONTEXT_STANDBY in which only he is who has heard the request."""

# SIP headers that the handler adds to the INVITE for the agent
HEADER_CALL: Final = "X-CTI-Call"
HEADER_LEG: Final = "X-CTI-Leg"
LegKind = Literal["offer", "reattach", "consult", "party", "callback", "beside"]
"""What the agent's telephone rings for: a call; the talk he was in when his browser was lost; to be asked by a
colleague; to join a talk; a callback of ours; a second line of the citizen whom he talks to, with his picture. A page
answers reattach, consult and beside by itself."""
LEGS: Final = get_args(LegKind)
TEST_EXTEN: Final = "test"
"""What an agent's telephone may dial: he hears himself."""

# Everything else
FALLBACK_QUEUE: Final = "fallback"
MUSIC_CLASS: Final = "default"
TRUNK: Final = "trunk"
"""The PJSIP endpoint of the carrier."""
QUEUE_STATUSES: Final = (
    "TIMEOUT",
    "FULL",
    "JOINEMPTY",
    "LEAVEEMPTY",
    "JOINUNAVAIL",
    "LEAVEUNAVAIL",
    "CONTINUE",
    "WITHDRAW",
)
"""Every value of QUEUESTATUS that Asterisk 22 documents for Queue()."""

PROMPT_FALLBACK_WAIT: Final = "fallback_wait"
PROMPT_CLOSING_SORRY: Final = "closing_sorry"
PROMPT_AGENT_NO_DIALLING: Final = "agent_no_dialling"
PROMPT_CALLBACK_HELLO: Final = "callback_hello"
PROMPT_STANDBY_CALL: Final = "standby_call"
DIALPLAN_PROMPTS: Final = (
    PROMPT_FALLBACK_WAIT,
    PROMPT_CLOSING_SORRY,
    PROMPT_AGENT_NO_DIALLING,
    PROMPT_CALLBACK_HELLO,
    PROMPT_STANDBY_CALL,
)
"""Prompts that the dialplan plays by itself; the prompt catalogue must have them."""

# AMI
AMI_RO: Final = "cti-ro"
AMI_CTL: Final = "cti-ctl"

# PJSIP objects of agents in the Asterisk database: family and the object's type
DB_AUTH: Final = "ps_auth/auth"
DB_AOR: Final = "ps_aor/aor"
DB_ENDPOINT: Final = "ps_endpoint/endpoint"

NONCE_FILE: Final = "asterisk.nonce"
"""In settings.run_dir: the `systemname` of the running embedded Asterisk, new at each of its starts."""
EMERGENCY_FILE: Final = "emergency.jsonl"
"""In settings.spool_dir: what the emergency script noted, one JSON object a line."""
