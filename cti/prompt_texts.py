"""What the city's prompts say: the texts of the release, and over them the city's own, followed while they change."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator
from pathlib import Path

from cti.toml_file import TomlRefused
from cti.watched_file import WatchedFile
from ivr_flows.prompts import MAIN_LANGUAGE, Catalogue, PromptError, Wording, load_catalogue, read_wordings


class PromptTexts(Collection[str]):
    """As a collection it holds the ids that there are now."""

    def __init__(self, own: Path) -> None:
        self._shipped = load_catalogue()
        self._own = {language: WatchedFile(own / f"{language}.toml", _read, "") for language in self._shipped.languages}

    @property
    def catalogue(self) -> Catalogue:
        """As it is now. What the main language does not define is left out."""
        main = {**self._shipped.wordings[MAIN_LANGUAGE], **self._own[MAIN_LANGUAGE].current}
        both = {language: {**self._shipped.wordings[language], **file.current} for language, file in self._own.items()}
        return Catalogue({language: {id_: w for id_, w in both[language].items() if id_ in main} for language in both})

    async def watch(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            for file in self._own.values():
                group.create_task(file.watch())

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self._shipped.wordings[MAIN_LANGUAGE] or prompt_id in self._own[MAIN_LANGUAGE].current

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._shipped.ids(), *self._own[MAIN_LANGUAGE].current)))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _read(text: str, name: str) -> dict[str, Wording]:
    try:
        return read_wordings(text, name)
    except PromptError as error:
        raise TomlRefused([str(error)]) from None
