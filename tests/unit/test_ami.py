"""The AMI client against a scripted Asterisk on a real socket: cut, silent, hostile, slow."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from cti.asterisk import ami as ami_module
from cti.asterisk.ami import Ami, AmiBadValue, AmiDown, AmiEvent, AmiRefused, AmiTimeout
from cti.asterisk.ami_codec import MESSAGE_LIMIT
from cti.asterisk.channels import Channels
from cti.asterisk.snapshot import snapshot
from tests.support.fake_asterisk import NONCE, SECRET, FakeAmi, channel_headers, event, frame
from tests.support.waiting_async import eventually


@pytest.fixture
async def asterisk() -> AsyncIterator[FakeAmi]:
    async with FakeAmi() as fake:
        yield fake


@dataclass
class Client:
    """An Ami with what it told us."""

    ami: Ami
    events: list[AmiEvent] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)

    def names(self) -> list[str]:
        return [event.name for event in self.events]


@contextlib.asynccontextmanager
async def connected(
    asterisk: FakeAmi,
    *,
    on_up: Callable[[], Awaitable[None]] | None = None,
    on_event: Callable[[AmiEvent], None] | None = None,
    secret: str = SECRET,
    wait: bool = True,
) -> AsyncIterator[Client]:
    events: list[AmiEvent] = []
    downs: list[str] = []
    ami = Ami(
        host="127.0.0.1",
        port=asterisk.port,
        username="cti-ro",
        secret=secret,
        nonce=lambda: NONCE,
        on_event=on_event or events.append,
        on_up=on_up,
        on_down=downs.append,
        rng=random.Random(1),
    )
    task = asyncio.create_task(ami.run())
    try:
        if wait:
            await eventually(lambda: ami.synced, 2, "in step with Asterisk")
        yield Client(ami, events, downs)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def silent(_: dict[str, str]) -> bytes:
    return b""


async def test_logs_in_and_hears_events_in_order(asterisk: FakeAmi) -> None:
    async with connected(asterisk) as client:
        for number in range(100):
            asterisk.send(event("Newchannel", ("Uniqueid", f"1.{number}")))
        await eventually(lambda: len(client.events) == 100, 2, "all events")
    assert [heard.fields["Uniqueid"] for heard in client.events] == [f"1.{number}" for number in range(100)]


async def test_an_action_gets_its_own_reply_whatever_the_order(asterisk: FakeAmi) -> None:
    held: list[dict[str, str]] = []
    asterisk.answers["Hold"] = lambda headers: held.append(headers) or b""  # type: ignore[func-returns-value]
    async with connected(asterisk) as client:
        both = [asyncio.create_task(client.ami.action("Hold", ("Number", number))) for number in "12"]
        await eventually(lambda: len(held) == 2, 2, "both actions")
        for headers in reversed(held):
            reply = frame("Response: Success", f"ActionID: {headers['ActionID']}", f"Message: {headers['Number']}")
            asterisk.send(reply)
        assert [(await reply)["Message"] for reply in both] == ["1", "2"]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("PlayDTMF", "DTMF successfully queued"),
        ("Atxfer", "Atxfer successfully queued"),
        ("Originate", "Originate successfully queued"),
        ("QueueAdd", "Added interface to queue"),
    ],
)
async def test_no_wording_of_a_reply_makes_it_a_list(asterisk: FakeAmi, action: str, message: str) -> None:
    """panoramisk waits for ever after some of these and drops the connection at others."""
    asterisk.answers[action] = lambda headers: frame(
        "Response: Success", f"ActionID: {headers['ActionID']}", f"Message: {message}"
    )
    async with connected(asterisk) as client:
        assert (await client.ami.action(action))["Message"] == message


async def test_a_refusal_is_an_error_with_asterisks_reason(asterisk: FakeAmi) -> None:
    asterisk.answers["Redirect"] = lambda headers: frame(
        "Response: Error", f"ActionID: {headers['ActionID']}", "Message: No such channel"
    )
    async with connected(asterisk) as client:
        with pytest.raises(AmiRefused) as refused:
            await client.ami.action("Redirect")
        assert refused.value.message == "No such channel"
        with pytest.raises(AmiRefused):
            await client.ami.list_action("Redirect")
        taken = {asked: spread.up_to()[-1] for asked, spread in client.ami.replies.items()}
        assert (taken["action"], taken["list"]) == (1, 1), "a refusal is an answer"
        assert client.ami.timeouts == 0


async def test_a_value_that_would_become_a_second_action_is_not_sent(asterisk: FakeAmi) -> None:
    async with connected(asterisk) as client:
        with pytest.raises(AmiBadValue):
            await client.ami.action("Setvar", ("Value", "x\r\n\r\nAction: Command\r\nCommand: core stop now"))
        await client.ami.action("Ping")
    assert set(asterisk.names()) == {"Login", "Ping"}


async def test_a_list_is_collected_and_not_told_as_events(asterisk: FakeAmi) -> None:
    asterisk.listed = [channel_headers(f"{NONCE}-1.{number}", f"PJSIP/trunk-{number}") for number in range(50)]
    async with connected(asterisk) as client:
        items = await snapshot(client.ami)
        assert len(items) == 50
        assert client.events == []


async def test_a_timeout_leaves_nothing_behind_and_the_late_reply_is_nobodys(asterisk: FakeAmi) -> None:
    asterisk.answers["Slow"] = silent
    async with connected(asterisk) as client:
        for _ in range(3):
            with pytest.raises(AmiTimeout):
                await client.ami.action("Slow", timeout_s=0.01)
        late = (
            asterisk.actions[-1] if asterisk.names()[-1] == "Slow" else asterisk.actions[asterisk.names().index("Slow")]
        )
        asterisk.send(frame("Response: Success", f"ActionID: {late['ActionID']}", "Message: late"))
        await client.ami.action("Ping")
        link = client.ami._link
        assert link is not None
        assert len(link._requests) <= 1  # the client's own ping may be under way
        assert client.ami.refused_events == 0
        assert client.ami.timeouts == 3
        assert client.ami.replies["action"].up_to()[-1] == 1, "what came too late is no answer"


async def test_a_cut_fails_what_waits_and_sends_nothing_again(asterisk: FakeAmi) -> None:
    asterisk.answers["Originate"] = silent
    async with connected(asterisk) as client:
        waiting = asyncio.create_task(client.ami.action("Originate", timeout_s=30))
        listing = asyncio.create_task(client.ami.list_action("Originate", timeout_s=30))
        await eventually(lambda: asterisk.names().count("Originate") == 2, 2, "the actions")
        asterisk.drop()
        for task in (waiting, listing):
            with pytest.raises(AmiDown):
                await task
        await eventually(lambda: client.ami.connections == 2 and client.ami.synced, 2, "a new connection")
        await client.ami.action("Ping")
    assert asterisk.names().count("Originate") == 2


async def test_without_a_connection_an_action_fails_at_once() -> None:
    ami = Ami(
        host="127.0.0.1",
        port=1,
        username="x",
        secret="x",
        nonce=lambda: "",
        on_event=lambda _: None,
        rng=random.Random(1),
    )
    with pytest.raises(AmiDown):
        await ami.action("Ping")


async def test_events_during_the_resync_come_after_it_and_in_order(asterisk: FakeAmi) -> None:
    """Given a call that arrives while the list is being read; then the model has it, and the list did not undo it."""
    channels, order = Channels(), list[str]()

    async def on_up() -> None:
        listed = await snapshot(client_ami[0])
        asterisk.send(event("Newchannel", *channel_headers("n-1.2", "PJSIP/trunk-2")) + event("Newstate"))
        await client_ami[0].action("Ping")
        channels.replace(listed)
        order.append("list")

    def on_event(heard: AmiEvent) -> None:
        order.append(heard.name)
        channels.apply(heard)

    client_ami: list[Ami] = []
    asterisk.listed = [channel_headers("n-1.1", "PJSIP/trunk-1")]
    async with connected(asterisk, on_up=on_up, on_event=on_event, wait=False) as client:
        client_ami.append(client.ami)
        await eventually(lambda: client.ami.synced, 2, "in step")
        assert set(channels.channels) == {"n-1.1", "n-1.2"}
    assert order == ["list", "Newchannel", "Newstate"]


async def test_too_many_events_during_the_resync_mean_reading_again(
    asterisk: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "HELD_LIMIT", 50)
    ups = 0

    async def on_up() -> None:
        nonlocal ups
        ups += 1
        if ups == 1:
            asterisk.send(b"".join(event("Newstate", ("N", str(n))) for n in range(80)))
            await client_ami[0].action("Ping")

    client_ami: list[Ami] = []
    async with connected(asterisk, on_up=on_up, wait=False) as client:
        client_ami.append(client.ami)
        await eventually(lambda: client.ami.synced, 2, "in step")
        assert ups == 2
        assert len(client.events) < 50


async def test_a_handler_that_fails_is_seen_and_ends_nothing(asterisk: FakeAmi) -> None:
    heard: list[str] = []

    def on_event(one: AmiEvent) -> None:
        heard.append(one.name)
        if one.name == "Bad":
            raise KeyError("13800138000")

    with capture_logs() as logs:
        async with connected(asterisk, on_event=on_event) as client:
            asterisk.send(event("Bad") + event("Good"))
            await eventually(lambda: heard == ["Bad", "Good"], 2, "both events")
            assert client.ami.handler_errors == 1
            assert client.ami.connections == 1
            assert client.downs == []
    (line,) = [line for line in logs if line["event"] == "ami_handler_failed"]
    assert line["error"] == "KeyError"
    assert [key for key, value in line.items() if "138" in str(value)] == ["pii_detail"]


async def test_forged_events_change_nothing_and_ask_for_a_resync(
    asterisk: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "RESYNC_EVERY_S", 0.05)
    ups = 0

    async def on_up() -> None:
        nonlocal ups
        ups += 1

    async with connected(asterisk, on_up=on_up) as client:
        asterisk.send(event("Hangup", ("Uniqueid", "1"), nonce="n000000000000"))
        await eventually(lambda: ups == 2, 2, "a resync")
        assert client.ami.refused_events == 1
        for _ in range(50):  # hostile callers cannot make us do nothing else
            asterisk.send(event("Hangup", ("Uniqueid", "1"), ("Uniqueid", "2")))
        await eventually(lambda: client.ami.refused_events == 51, 2, "the refusals")
        assert ups <= 5
        assert client.events == []


async def test_a_poisoned_list_item_is_left_out_without_reading_for_ever(asterisk: FakeAmi) -> None:
    asterisk.listed = [
        channel_headers("n-1.1", "PJSIP/trunk-1"),
        channel_headers("n-1.2", "PJSIP/trunk-2", caller="1\r\nUniqueid: n-1.1"),
    ]
    ups = 0
    found: list[AmiEvent] = []

    async def on_up() -> None:
        nonlocal ups
        ups += 1
        found[:] = await snapshot(client_ami[0])

    client_ami: list[Ami] = []
    async with connected(asterisk, on_up=on_up, wait=False) as client:
        client_ami.append(client.ami)
        await eventually(lambda: client.ami.synced, 2, "in step")
        assert [item.fields["Uniqueid"] for item in found] == ["n-1.1"]
        assert not client.ami._resync.is_set()


async def test_a_silent_peer_is_left_within_three_seconds(asterisk: FakeAmi) -> None:
    async with connected(asterisk) as client:
        await eventually(lambda: client.ami.latency_ms is not None, 2, "a ping")
        asterisk.answers["Ping"] = silent
        began = time.monotonic()
        await eventually(lambda: client.downs, 4, "the silence noticed")
        took_s = time.monotonic() - began
        assert client.downs == ["two pings unanswered"]
        assert not client.ami.connected
        assert 1.5 < took_s < 3.0
        del asterisk.answers["Ping"]
        await eventually(lambda: client.ami.synced, 3, "in step again")


async def test_a_message_without_end_ends_the_connection(asterisk: FakeAmi) -> None:
    async with connected(asterisk) as client:
        asterisk.send(b"Event: Endless\r\nValue: " + b"x" * (2 * MESSAGE_LIMIT))  # whatever is said after it
        await eventually(lambda: client.ami.connections == 2, 5, "a new connection")
        assert "without end" in client.downs[0]


async def test_a_wrong_password_is_seen_and_not_hurried(asterisk: FakeAmi) -> None:
    with capture_logs() as logs:
        async with connected(asterisk, secret="wrong", wait=False) as client:
            await eventually(lambda: client.ami.login_refused, 2, "the refusal")
            await asyncio.sleep(0.3)
    assert asterisk.names() == ["Login"]
    assert client.downs == ["login refused"]
    assert [line["log_level"] for line in logs if line["event"] == "ami_login_refused"] == ["error"]


async def test_a_failing_resync_is_tried_again_with_patience(asterisk: FakeAmi) -> None:
    ups: list[float] = []

    async def on_up() -> None:
        ups.append(time.monotonic())
        if len(ups) < 4:
            raise ValueError("a fault of ours")

    with capture_logs() as logs:
        async with connected(asterisk, on_up=on_up, wait=False) as client:
            await eventually(lambda: client.ami.synced, 5, "in step at last")
    assert len(ups) == 4
    assert ups[3] - ups[0] > 0.2
    assert sum(line["event"] == "ami_resync_failed" for line in logs) == 3


async def test_asterisk_that_is_still_starting_is_read_again_when_it_has_booted(
    asterisk: FakeAmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ami_module, "RESYNC_EVERY_S", 0.05)
    asterisk.booted = False
    ups = 0

    async def on_up() -> None:
        nonlocal ups
        ups += 1

    async with connected(asterisk, on_up=on_up):
        assert ups == 1
        asterisk.send(event("FullyBooted"))
        await eventually(lambda: ups == 2, 2, "the state read again")


async def test_asterisk_tells_how_long_it_has_been_running(asterisk: FakeAmi) -> None:
    asterisk.booted = False
    async with connected(asterisk) as client:
        ami = client.ami
        assert ami.up_for_s is None
        asterisk.send(event("FullyBooted", ("Uptime", "77")))
        await eventually(lambda: ami.up_for_s is not None, 2, "its uptime told")
        assert ami.up_for_s == pytest.approx(77, abs=5)


async def test_nothing_connects_or_runs_after_the_end(asterisk: FakeAmi) -> None:
    async with connected(asterisk):
        pass
    await eventually(lambda: not asterisk.connections, 1, "our end of the connection closed")
    await asterisk.stop()
    loop = asyncio.get_running_loop()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [timer for timer in loop._scheduled if not timer.cancelled()] == []  # type: ignore[attr-defined]


async def test_the_way_back_is_at_once_and_then_patient(asterisk: FakeAmi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ami_module, "LASTING_S", 0.0)
    async with connected(asterisk) as client:
        began = time.monotonic()
        asterisk.drop()
        await eventually(lambda: client.ami.connections == 2, 2, "back")
        assert time.monotonic() - began < 0.2
        with capture_logs() as logs:
            await asterisk.stop()
            await eventually(lambda: len(logs) >= 6, 8, "several tries")
        delays = [line["delay_s"] for line in logs if line["event"] == "ami_reconnecting"]
        assert delays[0] == 0.0
        assert 0.05 <= delays[1] <= 0.1
        assert max(delays) <= 2.0
        await asterisk.__aenter__()
        await eventually(lambda: client.ami.synced, 3, "back again")
