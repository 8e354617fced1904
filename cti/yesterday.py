"""What publishing a text would have touched yesterday: the right count for each document. Blocks, reads files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from agents.roster import RosterError, read_roster
from cti import dry_run
from cti.administration import Administration, Faulty
from cti.city_days import DAYS, read_days
from cti.document_checks import Problem, problem_of
from cti.dry_run import Touched
from cti.flow_files import flow_paths, read_flow_text
from cti.metrics.record import CallRecord
from cti.numbers import NUMBERS, read_numbers
from cti.rules import read_rules
from cti.settings import Settings
from cti.toml_file import TomlRefused
from cti.watched_file import read_document
from ivr_flows.errors import FlowError
from ivr_flows.loader import load
from ivr_flows.model import Flow
from ivr_flows.prompts import PromptError, load_catalogue, read_wordings


class Yesterday:
    def __init__(self, settings: Settings, office: Administration) -> None:
        self._settings = settings
        self._office = office
        self._zone = ZoneInfo(settings.city.timezone)

    def span(self, now: float) -> tuple[float, float]:
        """From its midnight to the next, by the city's time."""
        today = datetime.combine(datetime.fromtimestamp(now, self._zone).date(), time(), self._zone)
        return (today - timedelta(days=1)).timestamp(), today.timestamp()

    def touched(
        self, id_: str, text: str, new_secrets: Mapping[str, str], calls: Iterable[CallRecord], since: float
    ) -> Touched:
        """`text` as it would be published, with marks for secrets; `calls` of the day that began at `since`. KeyError,
        Faulty."""
        standing = self._office.standing(id_)
        old, new = self._office.text(id_, standing.live.n), self._office.full(id_, text, new_secrets)
        try:
            return self._counted(id_, old, new, calls, since)
        except (TomlRefused, RosterError, FlowError, PromptError) as error:
            raise Faulty([problem_of(str(error))]) from None
        except KeyError as error:
            raise Faulty([Problem(1, f"{error.args[0]} is not there")]) from None

    def _counted(self, id_: str, old: str, new: str, calls: Iterable[CallRecord], since: float) -> Touched:
        kind, _, name = id_.partition(".")
        match kind:
            case "numbers":
                return dry_run.numbers(read_numbers(old, ""), read_numbers(new, ""), calls)
            case "rules":
                return dry_run.rules(read_rules(old, ""), read_rules(new, ""), calls)
            case "roster":
                return dry_run.roster(read_roster(old, ""), read_roster(new, ""), calls)
            case "calendar":
                day = datetime.fromtimestamp(since, self._zone).date()
                return dry_run.calendar(read_days(old, ""), read_days(new, ""), day, calls)
            case "flow":
                return self._flow(name, old, new, calls)
            case "prompts":
                shipped = load_catalogue().wordings[name]
                before, after = ({**shipped, **read_wordings(text, "")} for text in (old, new))
                return dry_run.prompts(before, after, self._flows(), calls)
            case "skills":
                return dry_run.names_only(calls)
            case _:
                return dry_run.not_counted(calls)

    def _flow(self, name: str, old: str, new: str, calls: Iterable[CallRecord]) -> Touched:
        documents, transfers = self._settings.documents, self._settings.transfers
        table = read_document(documents / "numbers.toml", read_numbers, NUMBERS)
        days = read_document(documents / "calendar.toml", read_days, DAYS)
        return dry_run.flow(
            load(old, name, None, transfers),
            load(new, name, None, transfers),
            calls,
            lambda dialled: table.find(dialled).entry,
            days,
            lambda at: datetime.fromtimestamp(at, self._zone),
        )

    def _flows(self) -> Iterable[Flow]:
        for name, path in flow_paths(self._settings.flows, self._settings.own_flows).items():
            try:
                yield load(read_flow_text(path), name, None, self._settings.transfers)
            except FlowError:
                continue
