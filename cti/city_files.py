"""Every file that a city writes and a running daemon reads again when it changes: documents, flows, prompts, people."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from agents.roster import Agent
from cti.accounts.people import User
from cti.calls import AgentId
from cti.city_days import DAYS, LiveCalendar, read_days
from cti.directory_file import DIRECTORY, read_directory
from cti.flow_files import FlowFiles
from cti.numbers import NUMBERS, read_numbers
from cti.prompt_texts import PromptTexts
from cti.roster_file import RosterFile
from cti.rules import RULES, Rules, read_rules
from cti.schedule_file import ScheduleFile
from cti.settings import Settings
from cti.skills import SKILLS, read_skills
from cti.speech.prompt_files import PromptFiles
from cti.users_file import UsersFile
from cti.watched_file import WatchedFile

_POLL_S = 0.5


class CityFiles:
    """`current` of each is its last good content; a file that is wrong is said, and changes nothing."""

    def __init__(self, settings: Settings) -> None:
        documents = settings.documents
        self.numbers = WatchedFile(documents / "numbers.toml", read_numbers, NUMBERS)
        self.rules = WatchedFile(documents / "rules.toml", read_rules, RULES)
        self.days = WatchedFile(documents / "calendar.toml", read_days, DAYS)
        self.skills = WatchedFile(documents / "skills.toml", read_skills, SKILLS)
        self.directory = WatchedFile(documents / "directory.toml", read_directory, DIRECTORY)
        self.calendar = LiveCalendar(lambda: self.days.current)
        self.roster = RosterFile(settings.roster)
        self.schedule = ScheduleFile(settings.schedule)
        self.schedule.load()
        self.users = UsersFile(settings.users)
        self.users.load()
        self.prompts = PromptFiles(own=documents / "sounds")
        self.prompt_texts = PromptTexts(documents / "prompts")
        self.flows = FlowFiles(
            settings.flows,
            self.prompt_texts,
            settings.transfers,
            versions=settings.var / "flows",
            durations=lambda: self.prompts.durations("zh-CN"),
            entries=self.numbers.current.entries(),
            own=settings.own_flows,
        )
        self.numbers.check_with(partial(read_numbers, flows=self.flows))

    def watching(
        self,
        on_roster: Callable[[dict[AgentId, Agent]], None],
        on_users: Callable[[Mapping[str, User]], None],
        on_rules: Callable[[Rules], None],
        poll_s: float = _POLL_S,
    ) -> list[Coroutine[Any, Any, None]]:
        """To be run as long as the daemon: reads what has changed, and tells who has to know."""
        return [
            self.flows.watch(poll_s),
            self.roster.watch(on_roster, poll_s),
            self.users.watch(on_users, poll_s),
            self.schedule.watch(poll_s),
            self.numbers.watch(lambda table: self.flows.enter_at(table.entries()), poll_s),
            self.rules.watch(on_rules, poll_s),
            self.days.watch(poll_s=poll_s),
            self.skills.watch(poll_s=poll_s),
            self.directory.watch(poll_s=poll_s),
            self.prompt_texts.watch(),
            self.prompts.watch(),
        ]
