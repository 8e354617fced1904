"""What a folder with a Vosk model says about itself, without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cti.speech.errors import SpeechError


class NoModel(SpeechError):
    """The folder holds no Vosk model; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    rate_hz: int
    """Of the sound it was made for."""
    lower_rates: bool
    """Whether it takes sound with a lower rate as it is: its features are then computed from the band that is there."""
    phrases: bool
    """Whether it can be told to expect certain phrases: its graph is put together while it runs."""

    def input_rate_hz(self, rate_hz: int) -> int:
        """The rate at which sound of `rate_hz` is given to it; another one has to be resampled."""
        # Vosk itself allows sound with a higher rate for every model.
        if rate_hz >= self.rate_hz or self.lower_rates:
            return rate_hz
        return self.rate_hz


def read_facts(folder: Path) -> ModelFacts:
    """NoModel."""
    if not any((folder / place).is_file() for place in ("am/final.mdl", "final.mdl")):
        raise NoModel(f"{folder}: no Vosk model (am/final.mdl is missing)")
    options = _options(folder / "conf" / "mfcc.conf") or _options(folder / "mfcc.conf")
    try:
        rate_hz = int(float(options.get("sample-frequency", "16000")))
    except ValueError:
        raise NoModel(f"{folder}: the sample-frequency in mfcc.conf is no number") from None
    graph = folder / "graph" if (folder / "graph").is_dir() else folder
    dynamic = (graph / "HCLr.fst").is_file() and (graph / "Gr.fst").is_file()
    return ModelFacts(rate_hz, options.get("allow-upsample") == "true", dynamic)


def _options(file: Path) -> dict[str, str]:
    """Kaldi's `--name=value` lines; {} when there is no such file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (line.partition("#")[0].strip().removeprefix("--").partition("=") for line in lines)
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
