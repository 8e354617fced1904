"""Everything about what is said in calls, as one part of a running daemon: live on desks, into drafts, kept, found.

Whoever listens to a call tells `calls` (cti.call_words). All else follows from milestones.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog
from aiohttp import web

from cti.call_words import CallWords, WhyNone
from cti.calls import AgentId, CallFact, CallId, Milestone
from cti.draft_filling import DraftFilling
from cti.exchange import Exchange
from cti.key_words import KEY_WORDS, read_key_words
from cti.metrics.record import CallRecord, fold_with_faults
from cti.prefill_files import PrefillFiles
from cti.quality_rules import QUALITY, read_quality_rules
from cti.settings import Settings
from cti.storage.read_quality import inspected
from cti.storage.sql import SqlStore
from cti.storage.sql_transcripts import SqlTranscripts
from cti.storage.store import StoreError
from cti.storage.worker import Worker
from cti.ticket_book import TicketBook
from cti.transcriber import Transcriber
from cti.transcribing import Transcribing, language_of, parts
from cti.watched_file import WatchedFile
from cti.web.quality import QualityRoutes
from cti.web.recordings import Recorded, RecordingRoutes, Sound
from cti.web.transcripts import TranscriptRoutes
from recordings.quality import Inspected
from recordings.spoken import LIVE, MESSAGE, Hit, Spoken

log = structlog.get_logger()

_LIMIT_S: Final = 5.0
_CATCH_UP_S: Final = 86_400.0
_AGAIN_S: Final = 5.0
_STARTS_IN: Final = 12
"""So many looks for a model; without one other machines may do it."""
_PRESENT: Final = frozenset({CallFact.ANSWERED, CallFact.PARTY_JOINED, CallFact.HANDED_OVER})

T = TypeVar("T")


class WordsHouse:
    """`run` it; `heard` with each batch of durable milestones, after the timelines and the tickets; `show` when an
    agent's page has come."""

    def __init__(
        self,
        settings: Settings,
        exchange: Exchange,
        transcriber: Transcriber,
        has_model: Callable[[], bool],
        book: TicketBook,
        timeline: Callable[[CallId], Sequence[Milestone] | None],
        tell: Callable[[AgentId, Mapping[str, Any]], object],
        name_of: Callable[[str], Mapping[str, str] | None],
        port_taken: Callable[[], bool],
    ) -> None:
        """`name_of`: somebody of the directory, in both languages. `port_taken`: no sound of live calls can come."""
        self._exchange = exchange
        self._name_of = name_of
        self._transcriber = transcriber
        self._has_model, self._port_taken = has_model, port_taken
        self._languages = settings.speech.languages
        self._folder = settings.recordings_dir
        self._timeline = timeline
        documents = settings.documents
        self.key_words = WatchedFile(documents / "key_words.toml", read_key_words, KEY_WORDS, needed=False)
        self.quality_rules = WatchedFile(documents / "quality.toml", read_quality_rules, QUALITY, needed=False)
        self.prefill = PrefillFiles(settings.documents / "tickets", book.rules.form)
        self.calls = CallWords(exchange, lambda: self.key_words.current, tell, self._why_not_live)
        self._filling = DraftFilling(book, timeline, self.calls.filled_from, self.prefill.city)
        book.on_open = self._filling.opened
        self.matter_of = self._filling.matter_of
        self.calls.on_words = self._words
        self.calls.on_over = self._over
        # A connection and a thread of their own: who searches in a year's words holds up no milestone.
        self._sql, self._worker = SqlStore(settings.sql_url), Worker("transcripts")
        self._store = SqlTranscripts(self._sql)
        self._transcribing = Transcribing(
            self._store,
            self._worker,
            transcriber,
            settings.recordings_dir,
            exchange.wall,
            self._ended_since,
            self._is_understood,
        )
        self._made_later = asyncio.Event()
        """A recording was made whose call has been looked at already."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.key_words.watch())
                group.create_task(self.quality_rules.watch())
                group.create_task(self.prefill.watch())
                group.create_task(self._filling.run())
                group.create_task(self._transcribing.run())
                group.create_task(self._catch_up())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._worker.stop()

    def routes(self) -> list[web.RouteDef]:
        wall = self._exchange.wall
        transcripts = TranscriptRoutes(self._of_call, self._is_his, self._search, wall)
        recordings = RecordingRoutes(self._recorded, self._is_his, self._folder, wall)
        return [*transcripts.routes(), *recordings.routes(), *QualityRoutes(self._inspect, wall).routes()]

    def heard(self, batch: Sequence[Milestone]) -> None:
        self.calls.heard_milestones(batch)
        for milestone in batch:
            if milestone.kind == CallFact.ENDED and milestone.stream == "call":
                timeline = self._timeline(CallId(milestone.id)) or ()
                if language_of(timeline) in self._languages:
                    self._transcribing.over(fold_with_faults(timeline)[0])
            elif milestone.kind == CallFact.RECORDED_LATE:
                self._made_later.set()

    def show(self, agent_id: AgentId) -> None:
        """The words of the call that he has, to his page that has come."""
        desk = self._exchange.board.desks.get(agent_id)
        if desk is not None and desk.call_id is not None:
            self.calls.show(desk.call_id, agent_id)

    # Inside

    def _why_not(self, language: str) -> WhyNone:
        if not self._has_model():
            return "off"
        return "language" if language and not self._transcriber.hears(language) else ""

    def _why_not_live(self, language: str) -> WhyNone:
        """Of a call that lives; recordings need no port."""
        return "port" if self._has_model() and self._port_taken() else self._why_not(language)

    def _words(self, call_id: CallId) -> None:
        if words := self.calls.words(call_id):
            self._filling.heard(call_id, words, complete=not self.calls.is_open(call_id))

    def _over(self, call_id: CallId) -> None:
        """What was heard is kept until the recording is transcribed; of what was not recorded nothing is."""
        began_at, lines = self.calls.kept(call_id)
        self.calls.forget(call_id)
        record, _ = fold_with_faults(self._timeline(call_id) or ())
        recorded = parts(record)
        if not lines or not recorded:
            return
        now = self._exchange.wall()
        seconds = max(line.end_s for line in lines)
        spoken = Spoken(call_id, LIVE, "live", recorded[0].file, began_at, seconds, "", now, tuple(lines))
        task = asyncio.create_task(self._transcribing.keep_live(spoken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _catch_up(self) -> None:
        for _ in range(_STARTS_IN):
            if self._has_model():
                break
            await asyncio.sleep(_AGAIN_S)
        while True:
            self._made_later.clear()
            try:
                if count := await self._transcribing.catch_up(self._exchange.wall() - _CATCH_UP_S):
                    log.info("transcription_caught_up", recordings=count)
                await self._made_later.wait()
            except StoreError as error:
                log.warning("transcription_behind", problem=str(error))
            await asyncio.sleep(_AGAIN_S)  # until what was told is in the database

    def _ended_since(self, since: float) -> list[CallRecord]:
        return self._sql.calls(since, self._exchange.wall())

    def _is_understood(self, call_id: str) -> bool:
        return language_of(self._sql.milestones(call_id)) in self._languages

    async def _of_call(self, call_id: CallId) -> Sequence[Spoken] | None:
        stored = await self._read(self._store.of_call, call_id)
        began_at, lines = self.calls.kept(call_id)
        if lines:
            now = self._exchange.wall()
            return [*stored, Spoken(call_id, LIVE, "live", "", began_at, now - began_at, "", now, tuple(lines))]
        return stored if stored or await self._milestones(call_id) else None

    async def _is_his(self, call_id: CallId, user: str) -> bool:
        return any(m.kind in _PRESENT and m.data.get("agent") == user for m in await self._milestones(call_id))

    async def _recorded(self, call_id: CallId) -> Recorded | None:
        milestones = await self._milestones(call_id)
        if not milestones:
            return None
        record, _ = fold_with_faults(milestones)
        with_whom = {MESSAGE: (MESSAGE, "")} | {one.name: (one.kind, one.who) for one in record.segments}
        sounds = []
        for one in parts(record):
            kind, who = with_whom.get(one.segment, ("agent", ""))
            name = self._name_of(who) if who and kind != "agent" else None
            sounds.append(Sound(one.segment, one.file, one.began_at, one.seconds, kind, who, name))
        return Recorded(record.arrived_at, record.ended_at, self._why_not(language_of(milestones)), sounds)

    async def _milestones(self, call_id: CallId) -> Sequence[Milestone]:
        if live := self._timeline(call_id):
            return live
        return await self._read(lambda: self._sql.milestones(call_id))

    async def _search(self, text: str, since: float, until: float, limit: int) -> Sequence[Hit]:
        return await self._read(self._store.search, text, since, until, limit)

    async def _inspect(self, since: float, until: float, limit: int) -> tuple[Sequence[Inspected], float]:
        rules = self.quality_rules.current
        return await self._read(inspected, self._sql, self._store, rules, since, until, limit)

    async def _read(self, job: Callable[..., T], *args: Any) -> T:
        try:
            async with asyncio.timeout(_LIMIT_S):
                return await self._worker.run(job, *args)
        except StoreError as error:
            raise TimeoutError(str(error)) from None
