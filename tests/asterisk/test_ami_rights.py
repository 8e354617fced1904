"""The two AMI users can do what they are there for, and nothing else."""

from __future__ import annotations

import pytest

from cti.asterisk.names import AMI_CTL, AMI_RO, FALLBACK_QUEUE
from tests.asterisk.conftest import RunningAsterisk
from tests.support.raw_ami import RawAmi

DENIED = "Permission denied"
NOBODY_MAY = [
    ("Command", {"Command": "core show uptime"}),
    ("GetConfig", {"Filename": "manager.conf"}),
    ("UpdateConfig", {"SrcFilename": "manager.conf", "DstFilename": "manager.conf"}),
    ("DBPut", {"Family": "x", "Key": "y", "Val": "z"}),
    ("ModuleLoad", {"LoadType": "reload"}),
    ("Reload", {}),
    ("DialplanExtensionAdd", {"Context": "x", "Extension": "y", "Priority": "1", "Application": "NoOp"}),
    ("MixMonitor", {"Channel": "x", "File": "y"}),
    ("AGI", {"Channel": "x", "Command": "y"}),
    ("Filter", {"Operation": "Add", "Filter": "x"}),
    ("UserEvent", {"UserEvent": "x"}),
]
ACTS = [
    ("Hangup", {"Channel": "PJSIP/none-00000001", "Cause": "44"}),
    ("QueueAdd", {"Queue": "no-such", "Interface": "PJSIP/a1001"}),
    ("QueueRemove", {"Queue": FALLBACK_QUEUE, "Interface": "PJSIP/a9999"}),
    ("QueuePause", {"Queue": "no-such", "Interface": "PJSIP/a1001", "Paused": "true"}),
    ("Originate", {"Channel": "Local/none@no-such-context/n", "Context": "none", "Exten": "s", "Priority": "1"}),
]
LOOKS = [
    ("CoreSettings", {}),
    ("CoreShowChannels", {}),
    ("BridgeList", {}),
    ("Status", {}),
    ("DeviceStateList", {}),
    ("QueueStatus", {"Queue": FALLBACK_QUEUE}),
    ("Ping", {}),
]


@pytest.mark.parametrize("user", [AMI_RO, AMI_CTL])
@pytest.mark.parametrize(("action", "headers"), NOBODY_MAY)
def test_nobody_can_run_or_change_or_read_the_system(
    asterisk: RunningAsterisk, user: str, action: str, headers: dict[str, str]
) -> None:
    with asterisk.ami_ro() if user == AMI_RO else asterisk.ami_ctl() as ami:
        answer = ami.action(action, **headers)
    assert answer == {"Response": "Error", "Message": DENIED} | {k: v for k, v in answer.items() if k == "ActionID"}


@pytest.mark.parametrize(("action", "headers"), ACTS)
def test_who_observes_cannot_act_and_who_acts_can(
    asterisk: RunningAsterisk, action: str, headers: dict[str, str]
) -> None:
    with asterisk.ami_ro() as observer, asterisk.ami_ctl() as actor:
        assert observer.action(action, **headers)["Message"] == DENIED
        assert actor.action(action, **headers).get("Message") != DENIED


@pytest.mark.parametrize(("action", "headers"), LOOKS)
def test_who_observes_can_ask_for_every_list_of_a_resync(
    asterisk: RunningAsterisk, action: str, headers: dict[str, str]
) -> None:
    with asterisk.ami_ro() as observer:
        answer = observer.action(action, **headers)
    assert answer["Response"] == "Success", answer


def test_who_acts_cannot_read_the_database(asterisk: RunningAsterisk) -> None:
    with asterisk.ami_ctl() as actor:
        assert actor.action("DBGet", Family="x", Key="y")["Message"] == DENIED


def test_a_wrong_secret_is_refused(asterisk: RunningAsterisk) -> None:
    with RawAmi(asterisk.settings.asterisk.ami_port, AMI_CTL, asterisk.secret_ro) as ami:
        assert ami.login["Message"] == "Authentication failed"


def test_events_carry_the_name_of_this_start_and_their_time(asterisk: RunningAsterisk) -> None:
    with asterisk.ami_ro() as observer, asterisk.ami_ctl() as actor:
        actor.action("QueueAdd", Queue=FALLBACK_QUEUE, Interface="PJSIP/a1002")
        actor.action("QueueRemove", Queue=FALLBACK_QUEUE, Interface="PJSIP/a1002")
        event = observer.event("QueueMemberRemoved")
    assert event["SystemName"] == asterisk.server.nonce
    assert float(event["Timestamp"]) > 0
