"""Recordings of the city's own: judged, made fit, played at once, every one kept and restored."""

from __future__ import annotations

import io
import math
import struct
import wave
from pathlib import Path

import pytest

from cti.prompt_studio import NoSuchPrompt, PromptStudio, TooLongForFlow
from cti.prompt_texts import PromptTexts
from cti.settings import Settings, load_settings
from cti.speech.prompt_files import PromptFiles
from cti.speech.uploaded import Unusable, judged
from cti.speech.voices import Speech
from ivr_flows.words import Prompt

GREETING = Prompt("greeting")


def sound(seconds: float = 2.0, rate: int = 44_100, level: float = 0.3, channels: int = 2, width: int = 2) -> bytes:
    """A WAV file with a tone, and half a second of silence around it."""
    tone = [level * math.sin(2 * math.pi * 440 * n / rate) for n in range(int(seconds * rate))]
    samples = [0.0] * (rate // 4) + tone + [0.0] * (rate // 4)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        whole = [max(-1.0, min(1.0, s)) for s in samples for _ in range(channels)]
        if width == 2:
            file.writeframes(struct.pack(f"<{len(whole)}h", *(round(s * 32767) for s in whole)))
        else:
            file.writeframes(b"".join(round(s * 8388607).to_bytes(3, "little", signed=True) for s in whole))
    return out.getvalue()


class Whistle:
    licence = "free"

    def name(self, language: str) -> str:
        return "whistle"

    def render(self, text: str, language: str) -> Speech:
        return Speech(b"\x00\x10\x00\xf0" * 12_000, 24_000)


class House:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.files = PromptFiles(own=settings.documents / "sounds")
        self.texts = PromptTexts(settings.documents / "prompts")
        self.studio = PromptStudio(settings, self.files, self.texts, lambda: 500.0, lambda: {"whistle": Whistle()})

    def played(self, language: str = "zh-CN") -> str:
        (path,) = self.files.files(GREETING, language)
        return path


@pytest.fixture
def house(tmp_path: Path) -> House:
    file = tmp_path / "yihu.toml"
    file.write_text('var = "var"\n', encoding="utf-8")
    return House(load_settings(file))


def test_an_upload_of_any_rate_is_played_at_once_at_the_telephones_rate_and_level(house: House) -> None:
    take = house.studio.upload("zh-CN", "greeting", sound(), "li", "新录音")
    assert (take.n, take.who, take.how, take.warnings) == (1, "li", "uploaded", ())
    assert take.seconds == pytest.approx(2.12, abs=0.05)  # without the silence around it
    assert house.played() == str(house.settings.documents / "sounds" / "zh-CN" / "greeting")
    assert house.files.durations("zh-CN")["greeting"] == pytest.approx(take.seconds, abs=0.02)
    assert house.files.source("greeting", "zh-CN") == "recorded"
    for ending, rate in ((".wav", 8000), (".wav16", 16000)):
        with wave.open(house.played() + ending) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 1, 2)


@pytest.mark.parametrize("width", [2, 3])
def test_the_level_is_measured_on_the_speech_alone(width: int) -> None:
    found = judged(sound(level=0.1, width=width))
    assert found.level_dbfs == pytest.approx(-23.0, abs=0.5)  # a sine of -20 dB peak


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (sound(level=0.001), "silent"),
        (sound(seconds=0.05), "too_short"),
        (b"RIFF....", "no_wav"),
        (b"ID3\x04 an mp3", "no_wav"),
        (b"", "no_wav"),
    ],
)
def test_what_nobody_could_hear_is_refused(house: House, data: bytes, code: str) -> None:
    with pytest.raises(Unusable) as caught:
        house.studio.upload("zh-CN", "greeting", data, "li", "")
    assert caught.value.code == code
    assert house.studio.takes("zh-CN", "greeting") == []
    assert "documents" not in house.played()


def test_too_loud_and_too_quiet_are_said() -> None:
    assert judged(sound(level=3.0)).warnings == ("clipped",)
    assert judged(sound(level=0.015)).warnings == ("quiet",)


def test_a_recording_that_keeps_callers_longer_than_their_flow_allows_is_refused_by_name(house: House) -> None:
    with pytest.raises(TooLongForFlow, match=r"city\.yaml:.*limits\.greeting_s is 5"):
        house.studio.upload("zh-CN", "greeting", sound(seconds=9.0), "li", "")
    assert "documents" not in house.played()
    assert house.studio.upload("en", "greeting", sound(seconds=9.0), "li", "").n == 1


def test_a_voice_says_the_text_of_today_and_is_stale_tomorrow(house: House) -> None:
    take = house.studio.voice("zh-CN", "greeting", "li", "")
    assert (take.how, take.voice) == ("voiced", "whistle")
    assert house.files.source("greeting", "zh-CN") == "whistle"
    catalogue = house.texts.catalogue
    assert not [f for f in house.files.check(catalogue) if (f.language, f.prompt_id) == ("zh-CN", "greeting")]
    own = house.settings.documents / "prompts" / "zh-CN.toml"
    own.parent.mkdir(parents=True)
    own.write_text('[greeting]\ntext = "您好，{city}为您服务，通话将被录音。"\n', encoding="utf-8")
    changed = PromptTexts(own.parent).catalogue
    assert ("zh-CN", "greeting", "stale") in [(f.language, f.prompt_id, f.problem) for f in house.files.check(changed)]


def test_any_version_and_the_shipped_one_can_be_restored(house: House) -> None:
    house.studio.upload("zh-CN", "greeting", sound(seconds=1.0), "li", "")
    first = Path(house.played() + ".wav").read_bytes()
    house.studio.upload("zh-CN", "greeting", sound(seconds=2.0), "li", "")
    third = house.studio.restore("zh-CN", "greeting", 1, "wang", "上一版说错了")
    assert (third.n, third.how, third.of, third.why) == (3, "restored", 1, "上一版说错了")
    assert Path(house.played() + ".wav").read_bytes() == first
    house.studio.restore("zh-CN", "greeting", 0, "wang", "")
    assert "documents" not in house.played()
    assert [take.n for take in house.studio.takes("zh-CN", "greeting")] == [4, 3, 2, 1]
    assert house.studio.file("zh-CN", "greeting", 3).read_bytes() == first


def test_a_file_that_was_put_there_by_hand_is_kept_before_another_takes_its_place(house: House) -> None:
    house.studio.upload("zh-CN", "greeting", sound(seconds=1.0), "li", "")
    played = Path(house.played() + ".wav")
    with wave.open(str(played), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\x01\x02" * 8000)
    by_hand = played.read_bytes()
    house.studio.upload("zh-CN", "greeting", sound(seconds=2.0), "li", "")
    assert [take.how for take in house.studio.takes("zh-CN", "greeting")] == ["uploaded", "found", "uploaded"]
    assert house.studio.file("zh-CN", "greeting", 2).read_bytes() == by_hand


@pytest.mark.parametrize(("language", "id_"), [("zh-CN", "nothing"), ("fr", "greeting"), ("../x", "greeting")])
def test_there_is_nothing_else_to_record(house: House, language: str, id_: str) -> None:
    for ask in (
        lambda: house.studio.file(language, id_),
        lambda: house.studio.upload(language, id_, sound(), "li", ""),
        lambda: house.studio.restore(language, id_, 0, "li", ""),
    ):
        with pytest.raises(NoSuchPrompt):
            ask()
    with pytest.raises(NoSuchPrompt):
        house.studio.restore("zh-CN", "greeting", 7, "li", "")


def test_every_prompt_is_listed_with_its_texts_and_what_is_known_of_its_sound(house: House) -> None:
    house.studio.upload("zh-CN", "greeting", sound(), "li", "")
    rows = {row["id"]: row for row in house.studio.overview()}
    assert rows["greeting"]["sounds"]["zh-CN"]["takes"] == 1
    assert rows["greeting"]["texts"].keys() == {"zh-CN", "en", "yue"}
    assert rows["fallback_wait"]["by_asterisk"] is True
