"""Which recording is played, what is wrong with recordings, and what the shipped ones measure."""

from __future__ import annotations

import os
import wave
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from cti.asterisk.names import DIALPLAN_PROMPTS
from cti.cli import main
from cti.speech import prompt_build
from cti.speech.prompt_files import RATES, SOUNDS, Finding, Index, Made, PromptFiles, PromptFilesError, save_index
from cti.speech.voices import EspeakVoice, Speech, VoiceError, installed_voices
from ivr_flows.prompts import Catalogue, Wording, load_catalogue
from ivr_flows.words import Prompt

CATALOGUE = load_catalogue()
SHIPPED = PromptFiles()

SMALL = Catalogue(
    {
        "zh-CN": {"greeting": Wording("您好，{city}"), "goodbye": Wording("再见"), "n_2": Wording("二")},
        "en": {"greeting": Wording("Hello")},
    }
)


def record(file: Path, seconds: float = 0.5, rate: int = 8000, channels: int = 1) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(int(seconds * rate) * 2 * channels))


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Shipped audio of SMALL: Mandarin whole, English only the greeting."""
    files: dict[str, dict[str, Made]] = {}
    for language, prompt_id, seconds in (
        ("zh-CN", "greeting", 2.0),
        ("zh-CN", "goodbye", 1.0),
        ("zh-CN", "n_2", 0.5),
        ("en", "greeting", 1.5),
    ):
        record(tmp_path / language / f"{prompt_id}.wav", seconds)
        made = Made(SMALL.fingerprint(prompt_id, language, "a voice"), seconds, "a voice")
        files.setdefault(language, {})[prompt_id] = made
    save_index(tmp_path, Index(files, {"a voice": "free"}))
    return tmp_path


# The shipped recordings


def test_every_prompt_has_a_recording_that_says_its_text_in_every_language() -> None:
    assert list(SHIPPED.check(CATALOGUE)) == []
    for language in CATALOGUE.languages:
        assert SHIPPED.durations(language).keys() == set(CATALOGUE.ids())
        for prompt_id in CATALOGUE.ids():
            (path,) = SHIPPED.files(Prompt(prompt_id), language)
            assert path == str(SOUNDS / language / prompt_id)


def test_the_shipped_files_are_what_asterisk_plays() -> None:
    counted = 0
    for ending, rate in RATES.items():
        for file in SOUNDS.glob(f"*/*{ending}"):
            with wave.open(str(file)) as sound:
                shape = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth(), sound.getcomptype())
                seconds = sound.getnframes() / rate
            assert shape == (rate, 1, 2, "NONE"), file
            assert seconds == pytest.approx(SHIPPED.durations(file.parent.name)[file.stem], abs=0.02), file
            counted += 1
    assert counted >= len(CATALOGUE.ids()) * len(CATALOGUE.languages)


def test_mandarin_is_there_in_wideband_too() -> None:
    for prompt_id in CATALOGUE.ids():
        assert (SOUNDS / "zh-CN" / f"{prompt_id}.wav16").exists(), prompt_id


def test_nobody_waits_long_for_the_menu() -> None:
    for language in CATALOGUE.languages:
        seconds = SHIPPED.durations(language)
        assert seconds["greeting"] <= 5.0, language
        assert seconds["greeting"] + seconds["menu_main"] <= 15.0, language


def test_the_level_is_even_and_nothing_is_clipped() -> None:
    import array

    for file in SOUNDS.glob("*/*.wav"):
        with wave.open(str(file)) as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
        assert max(abs(sample) for sample in samples) < 30_000, file
        frames = [samples[n : n + 80] for n in range(0, len(samples) - 79, 80)]
        power = [sum(sample * sample for sample in frame) / 80 for frame in frames]
        speech = [each for each in power if each > max(power) / 10_000]
        rms = (sum(speech) / len(speech)) ** 0.5
        assert 1_600 < rms < 3_600, (file, rms)  # -26 to -19 dBFS


def test_what_the_dialplan_plays_by_itself_is_in_the_catalogue() -> None:
    assert set(DIALPLAN_PROMPTS) <= set(CATALOGUE.ids())


# Which file is played


def test_a_spoken_value_is_several_files() -> None:
    parts = SHIPPED.files(Prompt(say="position", value=23), "zh-CN")
    assert [Path(part).name for part in parts] == ["position_before", "n_20", "n_3", "position_after"]


def test_what_a_language_lacks_is_played_in_mandarin(sounds: Path) -> None:
    files = PromptFiles(sounds)
    assert files.files(Prompt("greeting"), "en") == (str(sounds / "en" / "greeting"),)
    assert files.files(Prompt("goodbye"), "en") == (str(sounds / "zh-CN" / "goodbye"),)
    assert files.files(Prompt("goodbye"), "fr") == (str(sounds / "zh-CN" / "goodbye"),)
    assert files.durations("en") == {"greeting": 1.5, "goodbye": 1.0, "n_2": 0.5}
    assert files.source("goodbye", "en") == "as zh-CN"


def test_a_recording_put_beside_wins(sounds: Path) -> None:
    record(sounds / "own" / "zh-CN" / "greeting.wav", seconds=4)
    record(sounds / "own" / "zh-CN" / "goodbye.wav16", seconds=3, rate=16000)
    files = PromptFiles(sounds, sounds / "own")
    assert files.files(Prompt("greeting"), "zh-CN") == (str(sounds / "own" / "zh-CN" / "greeting"),)
    assert files.durations("zh-CN") == {"greeting": 4.0, "goodbye": 3.0, "n_2": 0.5}
    assert files.durations("en")["goodbye"] == 3.0
    assert files.source("greeting", "zh-CN") == "recorded"


def test_a_recording_that_asterisk_would_refuse_is_not_used(sounds: Path) -> None:
    folder = sounds / "own" / "zh-CN"
    record(folder / "greeting.wav", rate=44_100, channels=2)
    record(folder / "n_2.wav16", rate=8000)
    (folder / "goodbye.wav").write_bytes(b"RIFF")
    (folder / "goodbye.mp3").write_bytes(b"")
    (folder / ".hidden").write_bytes(b"")
    files = PromptFiles(sounds, sounds / "own")
    assert files.files(Prompt("greeting"), "zh-CN") == (str(sounds / "zh-CN" / "greeting"),)
    faults = {f.prompt_id: f.remedy for f in files.check(SMALL) if f.problem == "unplayable"}
    assert faults.keys() == {"greeting.wav", "n_2.wav16", "goodbye.wav", "goodbye.mp3"}
    assert faults["greeting.wav"].startswith(
        "44100 Hz, 16 bits, 2 channel(s); it is not used. Wanted: .wav with 8000 Hz"
    )
    assert faults["n_2.wav16"].startswith("8000 Hz")


def test_a_missing_recording_or_a_senseless_value_does_not_cost_the_call(sounds: Path) -> None:
    files = PromptFiles(sounds)
    with capture_logs() as logs:
        assert files.files(Prompt("survey_ask_3"), "zh-CN") == ()
        assert files.files(Prompt(say="digits", value="13800138000x"), "zh-CN") == ()
    assert [entry["event"] for entry in logs] == ["prompt_without_recording", "prompt_value_not_spoken"]
    assert "13800138000" not in str(logs)


# What the check finds


def test_a_changed_text_makes_its_recording_stale(sounds: Path) -> None:
    changed = replace(
        SMALL, wordings={**SMALL.wordings, "zh-CN": {**SMALL.wordings["zh-CN"], "goodbye": Wording("再会")}}
    )
    found = {(f.language, f.prompt_id): f.problem for f in PromptFiles(sounds).check(changed)}
    assert found == {("zh-CN", "goodbye"): "stale", ("en", "goodbye"): "missing", ("en", "n_2"): "missing"}


def test_another_city_makes_only_the_greeting_stale(sounds: Path) -> None:
    found = [f for f in PromptFiles(sounds).check(SMALL, city="玉林") if f.problem == "stale"]
    assert [(f.language, f.prompt_id) for f in found] == [("zh-CN", "greeting")]


def test_a_recording_of_the_operator_is_never_stale(sounds: Path) -> None:
    record(sounds / "own" / "zh-CN" / "greeting.wav")
    assert not [f for f in PromptFiles(sounds, sounds / "own").check(SMALL, city="玉林") if f.language == "zh-CN"]


def test_missing_and_orphaned_recordings_are_found(sounds: Path) -> None:
    (sounds / "zh-CN" / "goodbye.wav").unlink()
    record(sounds / "zh-CN" / "old.wav")
    record(sounds / "own" / "zh-CN" / "greting.wav")
    found = [
        (f.problem, f.language, f.prompt_id)
        for f in PromptFiles(sounds, sounds / "own").check(SMALL)
        if f.language != "en"
    ]
    assert found == [
        ("missing", "zh-CN", "goodbye"),
        ("orphaned", "zh-CN", "old"),
        ("orphaned", "own/zh-CN", "greting"),
    ]


def test_a_damaged_index_is_named(sounds: Path) -> None:
    (sounds / "index.json").write_text('{"files": {"zh-CN": {"a": {}}}, "licences": {}}', encoding="utf-8")
    with pytest.raises(PromptFilesError, match=r"index\.json: damaged .*restore it, or delete it"):
        PromptFiles(sounds)


# Rendering


class Whistle:
    """A voice that needs nothing installed: a second of a square wave. Speaks Mandarin only."""

    licence = "free"

    def name(self, language: str) -> str:
        if language != "zh-CN":
            raise VoiceError("Mandarin only")
        return "whistle"

    def render(self, text: str, language: str) -> Speech:
        return Speech(b"\x00\x10\x00\xf0" * 12_000, 24_000)


def test_what_is_due_is_what_changed_or_was_asked_for(sounds: Path) -> None:
    assert prompt_build.due(sounds, SMALL, "东莞") == [("en", "goodbye"), ("en", "n_2")]
    assert prompt_build.due(sounds, SMALL, "玉林") == [("zh-CN", "greeting"), ("en", "goodbye"), ("en", "n_2")]
    assert prompt_build.due(sounds, SMALL, "东莞", only=("n_2",)) == [("zh-CN", "n_2"), ("en", "n_2")]


def test_orphans_of_ours_are_removed_and_the_operators_are_kept(sounds: Path) -> None:
    record(sounds / "own" / "zh-CN" / "n_2.wav")
    without = Catalogue({"zh-CN": {"greeting": SMALL.wordings["zh-CN"]["greeting"]}})
    removed = prompt_build.remove_orphans(sounds, without)
    assert sorted(removed) == [("en", "greeting"), ("zh-CN", "goodbye"), ("zh-CN", "n_2")]
    assert not (sounds / "en" / "greeting.wav").exists()
    assert (sounds / "own" / "zh-CN" / "n_2.wav").exists()
    assert [f for f in PromptFiles(sounds, sounds / "own").check(without) if not f.language.startswith("own")] == []


def test_rendered_files_are_fit_for_the_telephone(sounds: Path) -> None:
    ((job, made),) = prompt_build.build([("zh-CN", "goodbye")], sounds, SMALL, "东莞", {"whistle": Whistle()})
    assert job == ("zh-CN", "goodbye")
    assert made.voice == "whistle"
    files = PromptFiles(sounds)
    assert not [f for f in files.check(SMALL) if f.language == "zh-CN"]
    assert files.durations("zh-CN")["goodbye"] == pytest.approx(1.12, abs=0.03)
    for ending, rate in RATES.items():
        with wave.open(str(sounds / "zh-CN" / f"goodbye{ending}")) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (rate, 1, 2)


def test_without_a_voice_for_a_language_the_remedy_is_named(sounds: Path) -> None:
    with pytest.raises(VoiceError, match=r"no installed voice speaks en \(installed: whistle\): .*espeak-ng"):
        list(prompt_build.build([("en", "goodbye")], sounds, SMALL, "东莞", {"whistle": Whistle()}))


def test_espeak_renders_every_language(sounds: Path) -> None:
    if "espeak" not in installed_voices():
        assert "CI" not in os.environ, "espeak-ng is missing: run `make setup`"
        pytest.skip("espeak-ng is missing: run `make setup`")
    catalogue = replace(SMALL, wordings={**SMALL.wordings, "yue": {}})
    jobs = [(language, "greeting") for language in catalogue.languages]
    for (language, _), made in prompt_build.build(jobs, sounds, catalogue, "东莞", {"espeak": EspeakVoice()}):
        assert made.voice.startswith("espeak-ng"), language
        assert 0.3 < made.seconds < 4, language


# The command


def test_the_command_lists_and_checks() -> None:
    listed = CliRunner().invoke(main, ["prompts", "list", "--language", "en"], env={"COLUMNS": "200"})
    assert listed.exit_code == 0
    assert "thanks_goodbye" in listed.output
    checked = CliRunner().invoke(main, ["prompts", "check"])
    assert checked.exit_code == 0, checked.output
    assert "every recording is there" in checked.output


def test_the_check_fails_for_a_city_whose_greeting_is_not_recorded(tmp_path: Path) -> None:
    (tmp_path / "yihu.toml").write_text('[city]\ncode = "yulin"\nname = "玉林"\n', encoding="utf-8")
    checked = CliRunner().invoke(main, ["--settings", str(tmp_path / "yihu.toml"), "prompts", "check"])
    assert checked.exit_code == 1
    assert "stale      zh-CN/greeting: its text or the city changed: yihu prompts build, or record it" in checked.output
    assert Finding("zh-CN", "greeting", "stale", "x").problem in checked.output


def test_an_unknown_prompt_cannot_be_built() -> None:
    built = CliRunner().invoke(main, ["prompts", "build", "--only", "greting"])
    assert built.exit_code == 1
    assert "no prompt 'greting' in the catalogue" in built.output
