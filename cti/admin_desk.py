"""The administrator's desk put together: its documents, its recordings, its REST."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from agents.roster import sip_ha1
from cti.accounts.trail import Trail
from cti.administration import Administration
from cti.city_days import LiveCalendar
from cti.directory_file import Entry
from cti.document_checks import Checks
from cti.document_history import History
from cti.documents import Documents
from cti.metrics.record import CallRecord
from cti.numbers import NumberTable
from cti.prompt_studio import PromptStudio, refusal
from cti.prompt_texts import PromptTexts
from cti.settings import Settings
from cti.skills import Skills
from cti.speech.prompt_files import PromptFiles
from cti.web.administration import AdministrationRoutes
from cti.web.prompts import PromptRoutes
from cti.yesterday import Yesterday
from ivr_flows.prompts import MAIN_LANGUAGE


class AdminDesk:
    """`numbers`, `skills` and `directory` give what is in use; `calls` reads the records between two times."""

    def __init__(
        self,
        settings: Settings,
        files: PromptFiles,
        texts: PromptTexts,
        calendar: LiveCalendar,
        numbers: Callable[[], NumberTable],
        skills: Callable[[], Skills],
        directory: Callable[[], Mapping[str, Entry]],
        calls: Callable[[float, float], Awaitable[Sequence[CallRecord]]],
        trail: Trail,
        wall: Callable[[], float],
    ) -> None:
        documents = Documents(settings, Checks(settings, lambda: files.durations(MAIN_LANGUAGE)))
        office = Administration(documents, History(settings.documents / "history"), wall)

        def departments() -> list[Mapping[str, Any]]:
            return [{"id": id_, "kind": one.kind, "zh": one.zh, "en": one.en} for id_, one in directory().items()]

        yesterday = Yesterday(settings, office)
        self._documents = AdministrationRoutes(office, yesterday, calls, skills, departments, sip_ha1, trail, wall)
        self._prompts = PromptRoutes(
            PromptStudio(settings, files, texts, wall),
            refusal,
            texts,
            numbers,
            calendar,
            settings.city.name,
            ZoneInfo(settings.city.timezone),
            tuple(settings.transfers),
            settings.calls.survey_scale,
            trail,
        )

    def routes(self) -> list[web.RouteDef]:
        return [*self._documents.routes(), *self._prompts.routes()]

    async def run(self) -> None:
        """Until cancelled: what somebody changes by hand becomes a version too."""
        await self._documents.run()
