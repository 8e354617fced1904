"""Renders the prompts of the catalogue with an installed voice, ahead of any call, and writes down what was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from cti.speech.prompt_files import RATES, Index, Made, is_fresh, load_index, save_index
from cti.speech.voices import Voice, VoiceError
from ivr_flows.prompts import MAIN_LANGUAGE, Catalogue

WIDEBAND_LANGUAGES = (MAIN_LANGUAGE,)
"""Also rendered at 16 kHz, for callers with wideband sound; it is two thirds of the size, so only where most are."""

Job = tuple[str, str]
"""Language and prompt id."""


def due(sounds: Path, catalogue: Catalogue, city: str, only: tuple[str, ...] = ()) -> list[Job]:
    """What is missing or says something else than the catalogue; with `only`, these ids, whatever their state."""
    index = load_index(sounds)
    jobs = []
    for language in catalogue.languages:
        made = index.files.get(language, {})
        for prompt_id in only or catalogue.ids():
            fresh = prompt_id in made and is_fresh(made[prompt_id], catalogue, language, prompt_id, city)
            if only or not fresh or not (sounds / language / f"{prompt_id}.wav").exists():
                jobs.append((language, prompt_id))
    return jobs


def build(
    jobs: list[Job], sounds: Path, catalogue: Catalogue, city: str, voices: Mapping[str, Voice]
) -> Iterator[tuple[Job, Made]]:
    """Renders one job after the other, each with the first of `voices` that speaks its language.

    The index is saved after each: work that is broken off is kept. VoiceError: nobody speaks a language, or one failed.
    """
    from cti.speech.sound import telephone, write_wav  # needs the optional packages

    for language, prompt_id in jobs:
        voice = speaking(voices, language)
        name = voice.name(language)
        speech = voice.render(catalogue.spoken_text(prompt_id, language, city), language)
        folder = sounds / language
        folder.mkdir(parents=True, exist_ok=True)
        seconds = 0.0
        for ending, rate in RATES.items():
            file = folder / f"{prompt_id}{ending}"
            if rate > 8000 and language not in WIDEBAND_LANGUAGES:
                file.unlink(missing_ok=True)
                continue
            pcm = telephone(speech, rate)
            write_wav(file, pcm, rate)
            seconds = round(len(pcm) / 2 / rate, 2)
        made = Made(catalogue.fingerprint(prompt_id, language, name, city), seconds, name)
        _enter(sounds, language, prompt_id, made, voice.licence)
        yield (language, prompt_id), made


def remove_orphans(sounds: Path, catalogue: Catalogue) -> list[Job]:
    """Deletes what was once rendered and is no longer in the catalogue; never a recording of the operator."""
    index = load_index(sounds)
    orphans = [
        (language, prompt_id)
        for language, names in index.files.items()
        for prompt_id in names
        if language not in catalogue.languages or prompt_id not in catalogue.ids()
    ]
    for language, prompt_id in orphans:
        for ending in RATES:
            (sounds / language / f"{prompt_id}{ending}").unlink(missing_ok=True)
    kept = {
        language: {name: made for name, made in names.items() if (language, name) not in orphans}
        for language, names in index.files.items()
    }
    if orphans:
        save_index(sounds, _with_used_licences({k: v for k, v in kept.items() if v}, index.licences))
    return orphans


def speaking(voices: Mapping[str, Voice], language: str) -> Voice:
    """The first that speaks this language. VoiceError."""
    for voice in voices.values():
        try:
            voice.name(language)
        except VoiceError:
            continue
        return voice
    have = ", ".join(voices) or "none"
    raise VoiceError(
        f"no installed voice speaks {language} (installed: {have}): run `make setup`, which unpacks espeak-ng; "
        "for a natural voice run setup/get_kokoro.sh and set YIHU_KOKORO_DIR"
    )


def _enter(sounds: Path, language: str, prompt_id: str, made: Made, licence: str) -> None:
    index = load_index(sounds)
    files = {key: dict(names) for key, names in index.files.items()}
    files.setdefault(language, {})[prompt_id] = made
    save_index(sounds, _with_used_licences(files, {**index.licences, made.voice: licence}))


def _with_used_licences(files: Mapping[str, Mapping[str, Made]], licences: Mapping[str, str]) -> Index:
    used = {made.voice for names in files.values() for made in names.values()}
    return Index(files, {voice: licence for voice, licence in licences.items() if voice in used})
