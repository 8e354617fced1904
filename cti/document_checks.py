"""What is wrong with a document's text: by the same readers that a running city uses, and by what the other documents
say. Every problem has its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from agents.roster import Agent, RosterError, read_roster
from agents.schedule import ScheduleError, findings, read_schedule
from cti.accounts.people import Role, UsersError, read_users
from cti.calls import AgentId
from cti.city_days import read_days
from cti.directory_file import read_directory
from cti.flow_files import flow_paths, read_flow_text
from cti.flow_matters import form_of, unknown_matters
from cti.key_words import read_key_words
from cti.numbers import NUMBERS, read_numbers
from cti.quality_rules import read_quality_rules
from cti.rules import read_rules
from cti.settings import Settings
from cti.skills import SKILLS, read_skills
from cti.tickets.form import Form, FormError, load_form
from cti.tickets.prefill.lexicon import load_rules
from cti.tickets.prefill.own_rules import read_own_rules
from cti.toml_file import TomlRefused, line_of
from cti.watched_file import read_document
from ivr_flows.errors import FlowError
from ivr_flows.graph import prompts_of
from ivr_flows.loader import load
from ivr_flows.model import Flow, Route
from ivr_flows.prompts import MAIN_LANGUAGE, PromptError, load_catalogue, read_wordings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Problem:
    line: int
    text: str
    level: Literal["error", "warning"] = "error"
    node: str = ""
    """Of a flow."""


_FAULT = re.compile(r"^.*?:(\d+): (.*)$", re.DOTALL)
_NODE = re.compile(r"^node ([a-z][a-z0-9_]*): ")


def problem_of(fault: str) -> Problem:
    """`city.yaml:23: node main_menu: …` taken apart."""
    found = _FAULT.match(fault)
    line, text = (int(found[1]), found[2]) if found else (_toml_line(fault), fault.partition(": ")[2] or fault)
    node = _NODE.match(text)
    return Problem(line, text, node=node[1] if node else "")


def _toml_line(fault: str) -> int:
    """Where TOML itself says it is."""
    found = re.search(r"at line (\d+)", fault)
    return int(found[1]) if found else 1


def _nearer(problem: Problem, text: str) -> Problem:
    """The line of the key where the reader has named it, and only the line of its table."""
    found = re.match(r"(agent|user) (\w+): (?:unknown key ')?(\w+)", problem.text)
    line = line_of(text, found.groups()) if found else 0
    return replace(problem, line=line) if line > problem.line else problem


class Checks:
    """Judges texts by the files as they stand now; `seconds` gives the lengths of the recordings by prompt id."""

    def __init__(self, settings: Settings, seconds: Callable[[], Mapping[str, float]]) -> None:
        self._settings = settings
        self._seconds = seconds

    # One document each; `name` is the file, for messages

    def roster(self, text: str) -> list[Problem]:
        try:
            agents = read_roster(text, "roster.toml")
        except RosterError as error:
            return [_nearer(problem_of(str(error)), text)]
        used = {skill: f"agent.{agent.id}" for agent in agents.values() for skill in agent.skills}
        return list(self._unnamed(text, used))

    def users(self, text: str) -> list[Problem]:
        try:
            users = read_users(text, "users.toml")
        except UsersError as error:
            return [_nearer(problem_of(str(error)), text)]
        if not any(Role.ADMINISTRATOR in user.roles for user in users.values()):
            return [
                Problem(1, "nobody is an administrator here: only the token of the installation is left", "warning")
            ]
        return []

    def schedule(self, text: str) -> list[Problem]:
        try:
            schedule = read_schedule(text, "schedule.toml")
        except ScheduleError as error:
            return [problem_of(str(error))]
        today = datetime.now(ZoneInfo(self._settings.city.timezone)).date()
        monday = today - timedelta(days=today.weekday())
        found = findings(schedule, self._agents(), monday) if schedule.shifts else []
        return [Problem(1, what, "warning") for what in found]

    def directory(self, text: str) -> list[Problem]:
        return self._toml(lambda: read_directory(text, "directory.toml"))

    def numbers(self, text: str) -> list[Problem]:
        try:
            table = read_numbers(text, "numbers.toml", _FlowsOnDisk(self._settings))
        except TomlRefused as error:
            return [problem_of(fault) for fault in error.faults]
        known = self._skills()
        return [
            Problem(line_of(text, ("did", n, "skill")), f"did.{n}.skill: skill {did.skill} has no name", "warning")
            for n, did in enumerate(table.did)
            if did.skill and did.skill not in known
        ]

    def rules(self, text: str) -> list[Problem]:
        try:
            rules = read_rules(text, "rules.toml")
        except TomlRefused as error:
            return [problem_of(fault) for fault in error.faults]
        found = []
        if rules.surge.broadcast_prompt not in self._prompts():
            at = ("surge", "broadcast_prompt")
            found.append(
                Problem(line_of(text, at), f"surge.broadcast_prompt: no prompt {rules.surge.broadcast_prompt}")
            )
        known = self._skills()
        for n, rule in enumerate(rules.overflow):
            for key, skill in (("queue", rule.queue), ("to", rule.to)):
                if skill not in known:
                    line = line_of(text, ("overflow", n, key))
                    found.append(Problem(line, f"overflow.{n}.{key}: skill {skill} has no name", "warning"))
        return found

    def calendar(self, text: str) -> list[Problem]:
        return self._toml(lambda: read_days(text, "calendar.toml"))

    def skills(self, text: str) -> list[Problem]:
        try:
            known = read_skills(text, "skills.toml").skill
        except TomlRefused as error:
            return [problem_of(fault) for fault in error.faults]
        used = {**self._skills_of_agents(), **self._queues_of_flows()}
        return [
            Problem(1, f"{where} has the skill {skill}, which has no name here", "warning")
            for skill, where in sorted(used.items())
            if skill not in known
        ]

    def prefill(self, text: str) -> list[Problem]:
        nothing: Form | None = None
        form = _or_else(lambda: load_form(self._file("tickets")), nothing, FormError)
        try:
            own = read_own_rules(text, "prefill.toml", form)
        except TomlRefused as error:
            return [problem_of(fault) for fault in error.faults]
        return [
            Problem(line_of(text, at), f"{'.'.join(map(str, at))}: {what}", "warning")
            for at, what in own.idle(load_rules())
        ]

    def key_words(self, text: str) -> list[Problem]:
        return self._toml(lambda: read_key_words(text, "key_words.toml"))

    def quality(self, text: str) -> list[Problem]:
        return self._toml(lambda: read_quality_rules(text, "quality.toml"))

    def flow(self, name: str, text: str) -> list[Problem]:
        try:
            flow = self.load_flow(name, text)
        except FlowError as error:
            return [problem_of(fault) for fault in error.faults]
        found = [replace(problem_of(warning), level="warning") for warning in flow.warnings]
        for node, what in unknown_matters(flow, form_of(self._file("tickets"))):
            found.append(Problem(_yaml_line(text, node), what, node=node))
        used = {node.queue: f"nodes.{at}" for at, node in flow.nodes.items() if isinstance(node, Route)}
        known = self._skills()
        for skill, at in used.items():
            if skill not in known:
                node = at.removeprefix("nodes.")
                line = _yaml_line(text, node)
                found.append(Problem(line, f"node {node}: queue {skill} has no name", "warning", node))
        return found

    def prompts(self, language: str, text: str) -> list[Problem]:
        try:
            own = read_wordings(text, f"{language}.toml")
        except PromptError as error:
            return [problem_of(str(error))]
        if language == MAIN_LANGUAGE:
            known = {*load_catalogue().ids(), *own}
            flows = _FlowsOnDisk(self._settings)
            return [
                Problem(1, f"[{prompt}] is missing: flow {name} plays it at node {at}")
                for name in flows.names
                for at, node in flows.current(name).nodes.items()
                for prompt, _ in prompts_of(node)
                if prompt not in known
            ]
        ids = self._prompts()
        return [
            Problem(line_of(text, (id_,)), f"[{id_}] is not defined in {MAIN_LANGUAGE}; add it there first")
            for id_ in own
            if id_ not in ids
        ]

    def load_flow(self, name: str, text: str) -> Flow:
        """As a running city would. FlowError."""
        table = _or_else(lambda: read_document(self._file("numbers.toml"), read_numbers, NUMBERS), None, TomlRefused)
        entries = table.entries().get(name, set()) if table is not None else set()
        seconds, prompts = self._seconds(), self._prompts()
        return load(text, name, prompts, self._settings.transfers, durations=seconds, entries=entries)

    # What the other documents say

    def _file(self, name: str) -> Path:
        return self._settings.documents / name

    def _prompts(self) -> Collection[str]:
        own = self._settings.documents / "prompts"
        return _or_else(lambda: load_catalogue(own=own), load_catalogue(), PromptError).ids()

    def _skills(self) -> Collection[str]:
        shipped = read_skills(SKILLS, "")
        return _or_else(
            lambda: read_document(self._file("skills.toml"), read_skills, SKILLS), shipped, TomlRefused
        ).skill

    def _skills_of_agents(self) -> dict[str, str]:
        return {skill: f"agent {agent.id}" for agent in self._agents().values() for skill in agent.skills}

    def _agents(self) -> Mapping[AgentId, Agent]:
        nobody: Mapping[AgentId, Agent] = {}
        return _or_else(lambda: read_roster(_text(self._settings.roster), ""), nobody, RosterError)

    def _queues_of_flows(self) -> dict[str, str]:
        flows = _FlowsOnDisk(self._settings)
        return {
            node.queue: f"flow {name}"
            for name in flows.names
            for node in flows.current(name).nodes.values()
            if isinstance(node, Route)
        }

    def _unnamed(self, text: str, used: Mapping[str, str]) -> Iterator[Problem]:
        known = self._skills()
        for skill, table in used.items():
            if skill not in known:
                line = line_of(text, (*table.split("."), "skills"))
                yield Problem(line, f"{table}: skill {skill} has no name", "warning")

    @staticmethod
    def _toml(read: Callable[[], object]) -> list[Problem]:
        try:
            read()
        except TomlRefused as error:
            return [problem_of(fault) for fault in error.faults]
        return []


class _FlowsOnDisk:
    """The flow files that can be used as they stand."""

    def __init__(self, settings: Settings) -> None:
        self._flows: dict[str, Flow] = {}
        for name, path in flow_paths(settings.flows, settings.own_flows).items():
            try:
                self._flows[name] = load(read_flow_text(path), name, None, settings.transfers)
            except FlowError:
                continue

    @property
    def names(self) -> Collection[str]:
        return self._flows.keys()

    def current(self, name: str) -> Flow:
        return self._flows[name]


def _or_else(read: Callable[[], T], otherwise: T, refused: type[Exception]) -> T:
    """Another document that cannot be used is no fault of this one."""
    try:
        return read()
    except refused:
        return otherwise


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _yaml_line(text: str, node: str) -> int:
    lines: Iterable[tuple[int, str]] = enumerate(text.splitlines(), 1)
    return next((n for n, line in lines if re.match(rf"\s+{re.escape(node)}:", line)), 1)
