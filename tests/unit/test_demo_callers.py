"""Plans of callers, sound and keys as packets, scenarios and their log lines: all without SIPp."""

from __future__ import annotations

import random
import re
import struct
import wave
import xml.etree.ElementTree as ET
from array import array
from collections import Counter
from pathlib import Path

import pytest

from cti.demo import audio
from cti.demo.account import LogLine
from cti.demo.media import EVENTS, PCMA, Line
from cti.demo.plan import Menu, Outcome, draw
from cti.demo.sipp import SCENARIOS


def test_the_same_seed_gives_the_same_callers_and_every_outcome() -> None:
    def sixty(seed: int) -> list[object]:
        return list(draw(60, random.Random(seed), ["12345", "12333"], Menu(), 20))

    assert sixty(7) == sixty(7) != sixty(8)
    counts = Counter(plan.outcome for plan in draw(60, random.Random(7), ["12345"], Menu(), 20))
    assert set(counts) == set(Outcome)
    assert counts.total() == 60


@pytest.mark.parametrize("count", [1, 3, 7, 12, 61])
def test_any_number_of_callers_can_be_drawn_each_with_a_number_of_his_own(count: int) -> None:
    plans = draw(count, random.Random(1), ["12345"], Menu(), 5)
    assert len({plan.number for plan in plans}) == count
    if count >= len(Outcome):
        assert {plan.outcome for plan in plans} == set(Outcome)


def test_who_leaves_while_waiting_calls_when_the_queue_is_full() -> None:
    plans = draw(60, random.Random(3), ["12345"], Menu(), 20)
    assert min(n for n, plan in enumerate(plans) if plan.outcome is Outcome.LEAVES_WAITING) >= 20


def test_shipped_samples_are_speech_of_a_few_seconds() -> None:
    assert len(audio.sample_names()) == 4
    assert all(64_000 < len(audio.load(name)) < 128_000 for name in audio.sample_names())


def test_a_law_is_the_standards() -> None:
    # ITU-T G.711: silence, the smallest steps and both ends of the scale.
    assert audio.encode([0, -1, 32767, -32768]) == bytes((0xD5, 0x55, 0xAA, 0x2A))


def test_every_byte_of_a_law_is_decoded_to_a_sample_that_it_stands_for() -> None:
    every = bytes(range(256))
    samples = array("h", audio.decode(every))
    assert audio.encode(list(samples)) == every
    assert samples[0xD5] == 8
    assert max(samples) == 32256


def test_a_wav_of_16_khz_becomes_8_khz_and_another_rate_is_refused_with_a_remedy(tmp_path: Path) -> None:
    def write(rate: int) -> str:
        with wave.open(str(tmp_path / f"{rate}.wav"), "wb") as wav:
            wav.setparams((1, 2, rate, 0, "NONE", ""))
            wav.writeframes(struct.pack("<160h", *range(160)))
        return str(tmp_path / f"{rate}.wav")

    assert len(audio.load(write(16000))) == 80
    with pytest.raises(audio.SoundError, match="sox IN -r 8000"):
        audio.load(write(11025))


class Sent(Line):
    """A line whose packets are kept: (payload type, marker, timestamp, payload)."""

    packets: list[tuple[int, bool, int, bytes]]

    def _send(self, kind: int, marker: bool, timestamp: int, payload: bytes) -> None:
        self.packets.append((kind, marker, timestamp, payload))


def test_a_key_is_one_event_with_three_ends_and_sound_goes_on_after_it() -> None:
    line = Sent(40000)
    line.packets = []
    line.connect("127.0.0.1", 5000)
    line.say(bytes(range(160)) * 2)
    line.press("5")
    for _ in range(14):
        line.tick()
    events = [packet for packet in line.packets if packet[0] == EVENTS]
    assert len(events) == 8
    assert [marker for _, marker, _, _ in events] == [True] + [False] * 7
    assert len({timestamp for _, _, timestamp, _ in events}) == 1
    decoded = [struct.unpack("!BBH", payload) for *_, payload in events]
    assert {key for key, _, _ in decoded} == {5}
    assert [bool(flags & 0x80) for _, flags, _ in decoded] == [False] * 5 + [True] * 3
    assert [length for *_, length in decoded] == [160, 320, 480, 640, 800, 800, 800, 800]
    assert line.packets[-1][0] == PCMA
    assert line.packets[-1][3] == bytes(range(160))
    assert [one.key for one in line.pressed] == ["5"]


def test_only_sound_that_is_not_silence_counts_as_heard() -> None:
    line = Line(40000)
    head = struct.pack("!BBHII", 0x80, PCMA, 1, 160, 1)
    line.datagram_received(head + b"\xd5" * 160, ("127.0.0.1", 5000))
    assert line.heard_s == 0
    line.datagram_received(head + bytes(range(160)), ("127.0.0.1", 5000))
    assert line.heard_s == pytest.approx(0.02)


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.xml")), ids=lambda path: path.stem)
def test_a_scenario_is_sound(path: Path) -> None:
    root = ET.parse(path).getroot()
    labels = {label.get("id") for label in root.iter("label")}
    assert {step.get("next") for step in root.iter() if step.get("next")} <= labels
    text = path.read_text(encoding="utf-8")
    assigned = {name for part in re.findall(r'assign_to="([^"]+)"', text) for name in part.split(",")}
    assert set(re.findall(r"\[\$(\w+)\]", text)) <= assigned
    for log in root.iter("log"):
        sample = log.get("message", "").replace("[timestamp]", "2026-11-21\t08:00:00.000001\t1795248000.000001")
        parsed = LogLine.parse(sample.replace("[$rang]", "a\tb\t1.0"))
        assert parsed.at == 1795248000.000001
        assert parsed.call_id == "[call_id]"
